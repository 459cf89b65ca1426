/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing .zurt files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "support/reseal.h"
#include "support/sample_graph.h"
#include "support/test_allocator.h"

typedef struct fixture {
    zurt_ctx *ctx;
    zi_graph *g;
    uint8_t *file; /* the sample's .zurt */
    size_t size;
    uint8_t *copy; /* room for changes; 64-byte aligned */
} fixture;

static int setup(void **state)
{
    static fixture f;
    zi_meta meta = sample_meta();
    if (zurt_ctx_create(NULL, &f.ctx))
        return -1;
    f.g = sample_graph(f.ctx);
    if (!f.g || zi_model_write(f.ctx, f.g, &meta, &f.file, &f.size)) {
        fprintf(stderr, "%s\n", zurt_ctx_error(f.ctx));
        return -1;
    }
    f.copy = zi_alloc_aligned(&f.ctx->allocator, f.size + 64);
    *state = &f;
    return f.copy ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    zi_free(&f->ctx->allocator, f->copy);
    zi_free(&f->ctx->allocator, f->file);
    zi_graph_destroy(f->g);
    zurt_ctx_destroy(f->ctx);
    return 0;
}

static zurt_status load(fixture *f, size_t size)
{
    zurt_model *m = (void *)1;
    zurt_status st = zurt_model_load_mem(f->ctx, f->copy, size, &m);
    if (st)
        assert_null(m);
    else
        zurt_model_destroy(m);
    return st;
}

static void loads_what_was_written(void **state)
{
    fixture *f = *state;
    zurt_model *m;
    assert_int_equal(zurt_model_load_mem(f->ctx, f->file, f->size, &m), ZURT_OK);
    char *before, *after;
    assert_int_equal(zi_graph_print(f->ctx, f->g, &before), ZURT_OK);
    assert_int_equal(zi_graph_print(f->ctx, m->graph, &after), ZURT_OK);
    assert_string_equal(before, after);
    zi_free(&f->ctx->allocator, before);
    zi_free(&f->ctx->allocator, after);
    assert_int_equal(m->graph->n_tensors, f->g->n_tensors);
    for (size_t i = 0; i < f->g->n_tensors; i++) {
        const zi_tensor *a = &f->g->tensors[i], *b = &m->graph->tensors[i];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->from_nchw, b->from_nchw);
        assert_int_equal(a->quant.n, b->quant.n);
        for (uint32_t k = 0; k < a->quant.n; k++) {
            assert_true(a->quant.scale[k] == b->quant.scale[k]);
            assert_int_equal(a->quant.zero_point[k], b->quant.zero_point[k]);
        }
        if (!a->data)
            continue;
        assert_memory_equal(a->data, b->data, zi_tensor_bytes(a));
        assert_true((uintptr_t)b->data % ZI_ALIGN == 0);
        assert_in_range((uintptr_t)b->data, (uintptr_t)f->file, (uintptr_t)f->file + f->size);
    }
    for (size_t i = 0; i < f->g->n_nodes; i++) {
        const zi_node *a = &f->g->nodes[i], *b = &m->graph->nodes[i];
        assert_memory_equal(&a->attr, &b->attr, sizeof(a->attr));
        assert_string_equal(a->note, b->note);
    }
    zurt_model_destroy(m);
}

static void writes_the_same_bytes_again(void **state)
{
    fixture *f = *state;
    zurt_model *m;
    uint8_t *again;
    size_t size;
    assert_int_equal(zurt_model_load_mem(f->ctx, f->file, f->size, &m), ZURT_OK);
    assert_int_equal(zi_model_write(f->ctx, m->graph, &m->meta, &again, &size), ZURT_OK);
    assert_int_equal(size, f->size);
    assert_memory_equal(again, f->file, size);
    zi_free(&f->ctx->allocator, again);
    zurt_model_destroy(m);
}

static void stores_equal_constants_once_and_unused_ones_never(void **state)
{
    fixture *f = *state;
    zi_graph *g = sample_graph(f->ctx);
    sample s = {f->ctx, g, ZURT_OK};
    sample_const(&s, "unused", ZURT_S32, 1, (int32_t[]){1000}, 9);
    assert_int_equal(s.st, ZURT_OK);
    zi_meta meta = sample_meta();
    uint8_t *file;
    size_t size;
    assert_int_equal(zi_model_write(f->ctx, g, &meta, &file, &size), ZURT_OK);
    assert_int_equal(size, f->size);
    assert_memory_equal(file, f->file, size);
    zurt_model *m;
    assert_int_equal(zurt_model_load_mem(f->ctx, file, size, &m), ZURT_OK);
    const void *tables[2] = {NULL, NULL};
    size_t n = 0;
    for (size_t i = 0; i < m->graph->n_tensors; i++) {
        if (strncmp(m->graph->tensors[i].name, "table", 5) == 0)
            tables[n++] = m->graph->tensors[i].data;
    }
    assert_int_equal(n, 2);
    assert_ptr_equal(tables[0], tables[1]);
    zurt_model_destroy(m);
    zi_free(&f->ctx->allocator, file);
    zi_graph_destroy(g);
}

static void answers_queries(void **state)
{
    fixture *f = *state;
    zurt_model *m;
    assert_int_equal(zurt_model_load_mem(f->ctx, f->file, f->size, &m), ZURT_OK);
    assert_int_equal(zurt_model_n_inputs(m), 1);
    assert_int_equal(zurt_model_n_outputs(m), 1);
    assert_null(zurt_model_input(m, 1));
    assert_null(zurt_model_output(m, 1));
    const zurt_tensor_info *in = zurt_model_input(m, 0);
    assert_string_equal(in->name, "image");
    assert_int_equal(in->dtype, ZURT_F32);
    assert_int_equal(in->rank, 4);
    assert_int_equal(in->dims[3], 2);
    assert_int_equal(in->bytes, 6 * 6 * 2 * 4);
    assert_int_equal(in->from_nchw, 1);
    assert_int_equal(zurt_model_norm(m)->channels, 2);
    assert_true(zurt_model_norm(m)->mean[0] == 0.1307f);
    assert_true(zurt_model_norm(m)->std[1] == 0.3081f);
    assert_int_equal(zurt_model_norm(m)->fit, ZURT_FIT_CENTRE_CROP);
    assert_int_equal(zurt_model_n_labels(m), 4);
    assert_string_equal(zurt_model_label(m, 3), "three");
    assert_null(zurt_model_label(m, 4));
    assert_string_equal(zurt_model_description(m), "sample graph of the tests");
    zurt_node_info info;
    assert_int_equal(zurt_model_n_nodes(m), f->g->n_nodes);
    assert_int_equal(zurt_model_node(m, 1, &info), ZURT_OK);
    assert_string_equal(info.op, "Conv");
    assert_int_equal(info.macs, 6 * 6 * 4 * 9 * 2);
    assert_int_equal(info.param_bytes, 4 * 9 * 2 + 4 * 4);
    assert_string_equal(info.note, "fused with Relu6");
    assert_int_equal(zurt_model_node(m, f->g->n_nodes, &info), ZURT_E_ARG);
    zurt_model_destroy(m);
}

static void refuses_every_truncation(void **state)
{
    fixture *f = *state;
    for (size_t n = 0; n < f->size; n++) {
        memcpy(f->copy, f->file, n);
        memset(f->copy + n, 0, f->size - n);
        zi_error_text(f->ctx)[0] = 0;
        assert_int_equal(load(f, n), ZURT_E_FORMAT);
        assert_true(zurt_ctx_error(f->ctx)[0]);
    }
}

static void refuses_trailing_bytes(void **state)
{
    fixture *f = *state;
    memcpy(f->copy, f->file, f->size);
    memset(f->copy + f->size, 0, 64);
    assert_int_equal(load(f, f->size + 1), ZURT_E_FORMAT);
    assert_int_equal(load(f, f->size + 64), ZURT_E_FORMAT);
    assert_int_equal(load(f, f->size), ZURT_OK);
}

static void refuses_every_changed_byte(void **state)
{
    fixture *f = *state;
    memcpy(f->copy, f->file, f->size);
    for (size_t i = 0; i < f->size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            f->copy[i] ^= (uint8_t)(1 << bit);
            assert_int_not_equal(load(f, f->size), ZURT_OK);
            f->copy[i] = f->file[i];
        }
    }
    assert_int_equal(load(f, f->size), ZURT_OK);
}

/* Behind the check sums; only that it ends, with a status and a message. */
static void survives_every_changed_byte_with_right_check_sums(void **state)
{
    fixture *f = *state;
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < f->size; i++) {
        for (size_t k = 0; k < sizeof(values) + 8; k++) {
            memcpy(f->copy, f->file, f->size);
            f->copy[i] = values[k % sizeof(values)];
            if (k >= sizeof(values))
                f->copy[i] = (uint8_t)(f->file[i] ^ 1u << (k - sizeof(values)));
            reseal(f->copy, f->size);
            zi_error_text(f->ctx)[0] = 0;
            zurt_status st = load(f, f->size);
            assert_in_range(st, ZURT_OK, ZURT_E_LIMIT);
            assert_true(st == ZURT_OK || zurt_ctx_error(f->ctx)[0]);
        }
    }
}

static void refuses_other_versions(void **state)
{
    fixture *f = *state;
    memcpy(f->copy, f->file, f->size);
    zi_put_u32(f->copy + ZI_H_MAJOR, ZI_FORMAT_MAJOR + 1);
    assert_int_equal(load(f, f->size), ZURT_E_VERSION);
    reseal(f->copy, f->size);
    assert_int_equal(load(f, f->size), ZURT_E_VERSION);
    zi_put_u32(f->copy + ZI_H_MAJOR, ZI_FORMAT_MAJOR);
    zi_put_u32(f->copy + ZI_H_MINOR, ZI_FORMAT_MINOR + 1);
    reseal(f->copy, f->size);
    assert_int_equal(load(f, f->size), ZURT_E_VERSION);
}

/* A fit that 1.0 does not know. */
static void letterbox_is_of_version_1_1(void **state)
{
    fixture *f = *state;
    sample s = {.ctx = f->ctx, .g = sample_graph(f->ctx)};
    zi_meta meta = sample_meta();
    uint8_t *bytes;
    size_t size;
    zurt_model *m;
    meta.norm.fit = ZURT_FIT_LETTERBOX;
    assert_int_equal(zi_model_write(s.ctx, s.g, &meta, &bytes, &size), ZURT_OK);
    assert_int_equal(zi_get_u32(bytes + ZI_H_MINOR), 1);
    assert_int_equal(zurt_model_load_mem(s.ctx, bytes, size, &m), ZURT_OK);
    assert_int_equal(zurt_model_norm(m)->fit, ZURT_FIT_LETTERBOX);
    zurt_model_destroy(m);
    zi_free(&s.ctx->allocator, bytes);
    zi_graph_destroy(s.g);
}

/* Section 0 is META: optional, and the reader has defaults for it. */
static void skips_unknown_sections_if_optional(void **state)
{
    fixture *f = *state;
    uint8_t *entry = f->copy + ZI_HEADER_BYTES;
    memcpy(f->copy, f->file, f->size);
    zi_put_u32(entry + ZI_S_TYPE, 77);
    reseal(f->copy, f->size);
    zurt_model *m;
    assert_int_equal(zurt_model_load_mem(f->ctx, f->copy, f->size, &m), ZURT_OK);
    assert_int_equal(zurt_model_n_labels(m), 0);
    assert_string_equal(zurt_model_description(m), "");
    assert_true(zurt_model_norm(m)->std[0] == 1.0f);
    zurt_model_destroy(m);
    zi_put_u32(entry + ZI_S_FLAGS, 0);
    reseal(f->copy, f->size);
    assert_int_equal(load(f, f->size), ZURT_E_VERSION);
    zi_put_u32(entry + ZI_S_FLAGS, 2);
    reseal(f->copy, f->size);
    assert_int_equal(load(f, f->size), ZURT_E_FORMAT);
}

static void refuses_misaligned_memory_and_null(void **state)
{
    fixture *f = *state;
    zurt_model *m = (void *)1;
    memcpy(f->copy + 16, f->file, f->size);
    assert_int_equal(zurt_model_load_mem(f->ctx, f->copy + 16, f->size, &m), ZURT_E_ARG);
    assert_null(m);
    assert_int_equal(zurt_model_load_mem(f->ctx, NULL, 0, &m), ZURT_E_ARG);
    assert_int_equal(zurt_model_load_mem(f->ctx, f->file, f->size, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_model_load_mem(NULL, f->file, f->size, &m), ZURT_E_ARG);
    assert_int_equal(zurt_model_load_file(f->ctx, NULL, &m), ZURT_E_ARG);
    zurt_model_destroy(NULL);
}

/* Refusing request 1, 2, 3 ... until the work succeeds: each time NOMEM and nothing left. */
static void loading_survives_refused_memory(void **state)
{
    fixture *f = *state;
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    assert_non_null(ctx);
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        zurt_model *m = (void *)1;
        size_t live = counter.n_live;
        zt_allocator_arm(&counter, n);
        st = zurt_model_load_mem(ctx, f->file, f->size, &m);
        if (st) {
            assert_int_equal(st, ZURT_E_NOMEM);
            assert_null(m);
        }
        if (!st)
            assert_true(n > 20);
        zurt_model_destroy(st ? NULL : m);
        assert_int_equal(counter.n_live, live);
    }
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
}

static void writing_survives_refused_memory(void **state)
{
    fixture *f = *state;
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    assert_non_null(ctx);
    zi_meta meta = sample_meta();
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        uint8_t *file;
        size_t size, live = counter.n_live;
        zt_allocator_arm(&counter, n);
        st = zi_model_write(ctx, f->g, &meta, &file, &size);
        if (st)
            assert_int_equal(st, ZURT_E_NOMEM);
        else
            assert_true(n > 10);
        zi_free(&ctx->allocator, file);
        assert_int_equal(counter.n_live, live);
    }
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
}

static void refuses_to_write_an_invalid_graph(void **state)
{
    fixture *f = *state;
    zi_graph *g = sample_graph(f->ctx);
    zi_meta meta = sample_meta();
    uint8_t *file;
    size_t size;
    g->tensors[g->outputs[0]].dims[1] = 5;
    assert_int_equal(zi_model_write(f->ctx, g, &meta, &file, &size), ZURT_E_ARG);
    assert_null(file);
    zi_graph_destroy(g);
}

static void put_file(const char *path, const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static void loads_files(void **state)
{
    fixture *f = *state;
    char path[] = "test_model_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    zurt_model *m;
    put_file(path, f->file, f->size);
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_OK);
    assert_int_equal(zurt_model_n_inputs(m), 1);
    zurt_model_destroy(m);
    put_file(path, f->file, f->size / 2);
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_E_FORMAT);
    assert_null(m);
    assert_non_null(strstr(zurt_ctx_error(f->ctx), path));
    put_file(path, f->file, 0);
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_E_FORMAT);
    assert_int_equal(truncate(path, (off_t)(ZI_MAX_FILE_BYTES + 1)), 0);
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_E_LIMIT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_E_IO);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_E_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(zurt_model_load_file(f->ctx, ".", &m), ZURT_E_IO);
}

/* tests/golden keeps a file of each format version. */
static void reads_format_1_0_for_ever(void **state)
{
    fixture *f = *state;
    const char *source = getenv("ZURT_SOURCE");
    char path[1024];
    if (!source)
        skip();
    snprintf(path, sizeof(path), "%s/tests/golden/format_1_0.zurt", source);
    zurt_model *m;
    assert_int_equal(zurt_model_load_file(f->ctx, path, &m), ZURT_OK);
    static const char *ops[] = {"Quantize",   "Conv",  "Lut",     "Lut",       "MaxPool",
                                "Pad",        "Slice", "Resize",  "Transpose", "ReduceMean",
                                "Dequantize", "Clip",  "Reshape", "Softmax"};
    assert_int_equal(zurt_model_n_nodes(m), sizeof(ops) / sizeof(ops[0]));
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        zurt_node_info info;
        assert_int_equal(zurt_model_node(m, i, &info), ZURT_OK);
        assert_string_equal(info.op, ops[i]);
    }
    const zi_graph *g = m->graph;
    const zi_tensor *w = &g->tensors[g->nodes[1].in[1]];
    assert_int_equal(zi_crc32c(0, w->data, zi_tensor_bytes(w)), 0x114373c7u);
    assert_true(w->quant.scale[3] == 0.0125f);
    assert_true(g->nodes[1].clamp_lo == 0.0f && g->nodes[1].clamp_hi == 6.0f);
    assert_true(g->nodes[2].attr.lut.unary.alpha == 0.125f);
    assert_int_equal(g->nodes[5].attr.pad.before[2], -1);
    assert_int_equal(g->nodes[6].attr.slice.step[3], -1);
    assert_int_equal(g->nodes[7].attr.resize.out[1], 6);
    assert_true(zurt_model_norm(m)->crop_ratio == 0.875f);
    assert_string_equal(zurt_model_label(m, 3), "three");
    zurt_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_what_was_written),
        cmocka_unit_test(writes_the_same_bytes_again),
        cmocka_unit_test(stores_equal_constants_once_and_unused_ones_never),
        cmocka_unit_test(answers_queries),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(refuses_trailing_bytes),
        cmocka_unit_test(refuses_every_changed_byte),
        cmocka_unit_test(survives_every_changed_byte_with_right_check_sums),
        cmocka_unit_test(refuses_other_versions),
        cmocka_unit_test(letterbox_is_of_version_1_1),
        cmocka_unit_test(skips_unknown_sections_if_optional),
        cmocka_unit_test(refuses_misaligned_memory_and_null),
        cmocka_unit_test(loading_survives_refused_memory),
        cmocka_unit_test(writing_survives_refused_memory),
        cmocka_unit_test(refuses_to_write_an_invalid_graph),
        cmocka_unit_test(loads_files),
        cmocka_unit_test(reads_format_1_0_for_ever),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
