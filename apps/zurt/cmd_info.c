/* SPDX-License-Identifier: Apache-2.0 */
/* zurt info: this build, or what a model file says about itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_info.h"
#include "columns.h"
#include "compiler_part.h"
#include "doctor.h"
#include "json.h"
#include "shown.h"
#include "target.h"

typedef struct cpu_feature {
    uint32_t bit;
    const char *name;
} cpu_feature;

static const cpu_feature features[] = {{ZURT_CPU_NEON, "neon"},
                                       {ZURT_CPU_AVX2, "avx2"},
                                       {ZURT_CPU_AVX512, "avx512"},
                                       {ZURT_CPU_VNNI, "avx512vnni"},
                                       {ZURT_CPU_AVX_VNNI, "avxvnni"}};

typedef struct device_row {
    zurt_device device;
    const char *name; // as --device takes it
    const char *what; // where it is there
} device_row;

static const device_row devices[] = {
    {ZURT_DEVICE_CPU, "cpu", "every operator"},
    {ZURT_DEVICE_SIM, "sim", "the PL's sources in this process, as of kv260 or zcu104"},
    {ZURT_DEVICE_XRT, "xrt", "the PL through XRT: driver, library and xclbin are there"},
};

enum { N_DEVICES = sizeof(devices) / sizeof(devices[0]) };

/* Where compile and quantize are done; the text is static or `beside`. */
static const char *compiler_place(const char *beside)
{
    if (compiler)
        return "in this command";
    return beside ? beside : "absent; install zurt-compiler, or compile on another machine";
}

static void json_build(const char *const *missing, const char *place)
{
    uint32_t cpu = zurt_cpu_features();
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "version", zurt_version());
    json_array(&j, "cpu");
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (cpu & features[i].bit)
            json_string(&j, NULL, features[i].name);
    }
    json_close(&j);
    json_array(&j, "devices");
    for (size_t i = 0; i < N_DEVICES; i++) {
        json_object(&j, NULL);
        json_string(&j, "name", devices[i].name);
        json_bool(&j, "available", !missing[i]);
        json_string(&j, "reason", missing[i] ? missing[i] : "");
        json_close(&j);
    }
    json_close(&j);
    json_string(&j, "compiler", place);
    json_object(&j, "build");
    for (size_t i = 0; i < sizeof(zurt_build_info) / sizeof(zurt_build_info[0]); i++)
        json_string(&j, zurt_build_info[i].key, zurt_build_info[i].value);
    json_close(&j);
    json_end(&j);
}

static void print_build(const char *const *missing, const char *place)
{
    uint32_t cpu = zurt_cpu_features();
    printf("zurt %s\n%-18s", zurt_version(), "cpu features");
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (cpu & features[i].bit)
            printf(" %s", features[i].name);
    }
    printf("\n");
    for (size_t i = 0; i < N_DEVICES; i++) {
        char lead[32];
        char text[2048];
        snprintf(lead, sizeof(lead), "device %s", devices[i].name);
        snprintf(text, sizeof(text), "%s%s", missing[i] ? "absent: " : "",
                 missing[i] ? missing[i] : devices[i].what);
        columns_wrap(stdout, 19, lead, text);
    }
    printf("%-18s %s\n", "compiler of models", shown(place));
    for (size_t i = 0; i < sizeof(zurt_build_info) / sizeof(zurt_build_info[0]); i++)
        printf("%-18s %s\n", zurt_build_info[i].key, zurt_build_info[i].value);
}

/* This build and this machine; a device that is absent is no failure. */
static int build_info(cli *c)
{
    char *missing[N_DEVICES] = {NULL};
    char *beside = compiler ? NULL : compiler_beside();
    int code = EXIT_DONE;
    for (size_t i = 0; i < N_DEVICES; i++) {
        if (zurt_device_probe(c->ctx, devices[i].device, NULL) == ZURT_OK)
            continue;
        missing[i] = strdup(zurt_ctx_error(c->ctx));
        if (!missing[i])
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    if (code == EXIT_DONE && c->json)
        json_build((const char *const *)missing, compiler_place(beside));
    else if (code == EXIT_DONE)
        print_build((const char *const *)missing, compiler_place(beside));
    for (size_t i = 0; i < N_DEVICES; i++)
        free(missing[i]);
    free(beside);
    return code;
}

static void json_tensors(json_writer *j, const char *key, const zurt_tensor_info *infos, size_t n)
{
    json_array(j, key);
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_string(j, "name", infos[i].name);
        json_string(j, "type", zurt_dtype_name(infos[i].dtype));
        json_array(j, "shape");
        for (int32_t d = 0; d < infos[i].rank; d++)
            json_int(j, NULL, infos[i].dims[d]);
        json_close(j);
        json_double(j, "scale", (double)infos[i].scale);
        json_int(j, "zero_point", infos[i].zero_point);
        json_bool(j, "from_nchw", infos[i].from_nchw);
        json_close(j);
    }
    json_close(j);
}

static void print_tensors(const char *title, const zurt_tensor_info *infos, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%s '%s': %s [", title, shown(infos[i].name), zurt_dtype_name(infos[i].dtype));
        for (int32_t d = 0; d < infos[i].rank; d++)
            printf("%s%d", d ? ", " : "", infos[i].dims[d]);
        printf("]");
        if (infos[i].scale > 0.0f)
            printf(" = %g * (q - %d)", (double)infos[i].scale, infos[i].zero_point);
        printf("%s\n", infos[i].from_nchw ? ", NHWC (the source model had NCHW)" : "");
    }
}

static size_t count_nodes(const target *t, uint64_t *macs, size_t *param_bytes)
{
    size_t n = t->is_zurt ? zurt_model_n_nodes(t->model) : compiler->n_nodes(t);
    *macs = 0;
    *param_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        zurt_node_info info;
        zurt_status st =
            t->is_zurt ? zurt_model_node(t->model, i, &info) : compiler->node(t, i, &info);
        if (!st) {
            *macs += info.macs;
            *param_bytes += info.param_bytes;
        }
    }
    return n;
}

static int model_info(cli *c, const char *path, const target_options *options)
{
    target t;
    int code = target_open(c, path, options, &t);
    if (code == EXIT_DONE) {
        uint64_t macs;
        size_t param_bytes;
        size_t nodes = count_nodes(&t, &macs, &param_bytes);
        const char *description = t.is_zurt ? zurt_model_description(t.model) : "";
        size_t labels = t.is_zurt ? zurt_model_n_labels(t.model) : 0;
        zurt_session_info session = {0};
        if (t.session)
            zurt_session_info_get(t.session, &session);
        if (c->json) {
            json_writer j;
            json_begin(&j, stdout);
            json_string(&j, "model", path);
            json_string(&j, "description", description);
            json_uint(&j, "nodes", nodes);
            json_uint(&j, "macs", macs);
            json_uint(&j, "param_bytes", param_bytes);
            json_uint(&j, "arena_bytes", session.arena_bytes);
            json_uint(&j, "labels", labels);
            json_tensors(&j, "inputs", t.inputs, t.n_in);
            json_tensors(&j, "outputs", t.outputs, t.n_out);
            json_end(&j);
        } else {
            printf("%s%s%s\n", shown(path), description[0] ? ": " : "", shown(description));
            printf("%zu nodes, %.1f MMAC, %zu bytes of parameters\n", nodes, (double)macs * 1e-6,
                   param_bytes);
            if (t.session)
                printf("activations: %zu bytes, scratch: %zu bytes\n", session.arena_bytes,
                       session.scratch_bytes);
            print_tensors("input", t.inputs, t.n_in);
            print_tensors("output", t.outputs, t.n_out);
            if (labels)
                printf("%zu class names\n", labels);
        }
    }
    target_close(&t);
    return code;
}

static void json_board(const char *path, const zurt_board *board, const zurt_board_info *b)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "xclbin", path);
    json_string(&j, "board", b->name);
    json_uint(&j, "engine_version", b->engine_version);
    json_uint(&j, "macs_per_cycle", b->macs_per_cycle);
    json_uint(&j, "pixels_per_cycle", b->pixels_per_cycle);
    json_uint(&j, "results_per_cycle", b->results_per_cycle);
    json_uint(&j, "scratchpad_bytes", b->scratchpad_bytes);
    json_uint(&j, "ring_bytes", b->ring_bytes);
    json_uint(&j, "clock_khz", b->clock_khz);
    json_uint(&j, "link_khz", b->link_khz);
    json_uint(&j, "ddr_bytes_per_us", b->ddr_bytes_per_us);
    json_array(&j, "ops");
    for (size_t i = 0; zurt_board_op(board, i); i++)
        json_string(&j, NULL, zurt_board_op(board, i));
    json_close(&j);
    json_end(&j);
}

static void print_board(const char *path, const zurt_board *board, const zurt_board_info *b)
{
    printf("%s: '%s', engine version %u\n", shown(path), shown(b->name), b->engine_version);
    printf("%-18s %u multiply-accumulates a cycle (%u pixels), %u results a cycle, %.0f MHz\n",
           "array", b->macs_per_cycle, b->pixels_per_cycle, b->results_per_cycle,
           (double)b->clock_khz * 1e-3);
    if (b->link_khz)
        printf("%-18s %.1f MHz reached by the tools%s\n", "clock", (double)b->link_khz * 1e-3,
               doctor_compare_clocks(b->clock_khz, b->link_khz)
                   ? "; times are modelled for the table's: make_caps BOARD FILE RQ MHZ"
                   : "");
    printf("%-18s %zu KiB of activations, %zu KiB of weights\n", "on chip",
           b->scratchpad_bytes / 1024, b->ring_bytes / 1024);
    printf("%-18s %.1f GB/s assumed\n", "DDR", (double)b->ddr_bytes_per_us * 1e-3);
    char ops[2048] = "";
    size_t n = 0;
    for (size_t i = 0; zurt_board_op(board, i) && n < sizeof(ops); i++)
        n += (size_t)snprintf(ops + n, sizeof(ops) - n, "%s%s", i ? ", " : "",
                              zurt_board_op(board, i));
    columns_wrap(stdout, 19, "ops", ops);
}

/* What an overlay's file says about itself: no device is needed. */
static int board_info(cli *c, const char *path)
{
    zurt_board *board;
    zurt_board_info info;
    zurt_status st = zurt_board_load_xclbin(c->ctx, path, &board);
    if (!st)
        st = zurt_board_info_get(board, &info);
    if (st)
        return cli_fail(c, st, NULL);
    if (c->json)
        json_board(path, board, &info);
    else
        print_board(path, board, &info);
    zurt_board_destroy(board);
    return EXIT_DONE;
}

int cmd_info(cli *c, int argc, char **argv)
{
    target_options options = target_options_default();
    options.session.device = ZURT_DEVICE_CPU;
    options.session.threads = 1; // the same figures on every machine
    options.facts_only = true;
    target_bind_options(c, &options);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    if (c->n_arguments == 0)
        return build_info(c);
    if (cli_has_suffix(c->arguments[0], ".xclbin"))
        return board_info(c, c->arguments[0]);
    return model_info(c, c->arguments[0], &options);
}
