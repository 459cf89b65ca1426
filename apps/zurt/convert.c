/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration, quantisation and metadata behind `quantize` and `compile`. */
#include "convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "output.h"
#include "report.h"
#include "shown.h"

/* By zurt_calib_method, as the words of --method are. */
static const char *const method_names[] = {"minmax", "percentile", "mse", "entropy"};

static int take_option(cli *c, const option_row *row, const char *value, void *self)
{
    convert_options *o = self;
    int word = 0;
    bool good = true;
    switch (row->id) {
    case OPT_CALIB:
        o->calib = value;
        break;
    case OPT_METHOD:
        good = cli_word(c, row, value, &word) == EXIT_DONE;
        o->quantize.method = (zurt_calib_method)word;
        break;
    case OPT_PERCENTILE:
        good = cli_parse_double(c, "--percentile", value, 50.0, 100.0, &o->quantize.percentile);
        break;
    case OPT_SAMPLES:
        good = cli_parse_size(c, "--samples", value, 1, 1u << 30, &o->samples);
        break;
    case OPT_PER_TENSOR:
        o->quantize.per_tensor = 1;
        break;
    case OPT_IO:
        good = cli_word(c, row, value, &word) == EXIT_DONE;
        o->quantize.io = (zurt_io_type)word;
        break;
    case OPT_REQUIRE_INT8:
        o->quantize.require_int8 = 1;
        break;
    case OPT_KEEP_FLOAT:
        if (!cli_list_add(&o->keep_float, value))
            return cli_fail(c, ZURT_E_NOMEM, "out of memory");
        break;
    case OPT_REPORT:
        o->report = value;
        break;
    case OPT_SQNR_SAMPLES:
        good = cli_parse_u32(c, "--sqnr-samples", value, 0, 1u << 20, &o->quantize.report_sqnr);
        break;
    case OPT_LABELS:
        o->labels = value;
        break;
    case OPT_OUTPUT:
        o->output = value;
        break;
    case OPT_FORCE:
        o->force = true;
        break;
    default:
        return target_option(c, row, value, &o->target);
    }
    return good ? EXIT_DONE : EXIT_USAGE;
}

int convert_parse(cli *c, int argc, char **argv, convert_options *o)
{
    *o = (convert_options){
        .target = target_options_default(), .quantize = ZURT_QUANTIZE_OPTIONS_INIT, .samples = 200};
    int code = cli_parse(c, argc, argv, take_option, o);
    if (code != EXIT_DONE)
        return code;
    if (c->n_arguments != 1 || !o->output)
        return cli_usage(c, "wants one MODEL and -o OUT");
    o->model = c->arguments[0];
    o->quantize.threads = o->target.session.threads;
    const char *const reads[] = {o->model, o->calib, o->labels};
    for (int i = 0; code == EXIT_DONE && i < 3; i++)
        code = reads[i] ? cli_reads(c, reads[i]) : EXIT_DONE;
    if (code == EXIT_DONE)
        code = cli_check_output(c, o->output, o->force);
    if (code == EXIT_DONE && o->report)
        code = cli_check_output(c, o->report, o->force);
    return code;
}

void convert_free(convert_options *o)
{
    cli_list_free(&o->keep_float);
}

/* ---- samples for the quantiser ---- */

typedef struct sample_feed {
    cli *c;
    const data_source *data;
    const zurt_norm *norm;
    const zurt_tensor_info *inputs;
    size_t batch; // of input 0; a sample fills one element, the next ones follow
    int code;     // exit code of the failure that ended the calibration
} sample_feed;

static zurt_status feed_sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    sample_feed *f = self;
    zurt_span *one = calloc(n_inputs + 1, sizeof(*one));
    f->code = one ? EXIT_DONE : cli_fail(f->c, ZURT_E_NOMEM, "out of memory");
    for (size_t b = 0; f->code == EXIT_DONE && b < f->batch; b++) {
        for (size_t k = 0; k < n_inputs; k++) {
            size_t bytes = inputs[k].bytes / f->batch;
            one[k] = (zurt_span){(uint8_t *)inputs[k].data + b * bytes, bytes};
        }
        size_t i = (index * f->batch + b) % f->data->n;
        f->code = data_fill(f->c, f->data, i, f->norm, f->inputs, one, n_inputs);
    }
    free(one);
    return f->code == EXIT_DONE ? ZURT_OK : ZURT_E_IO;
}

static int quantise(cli *c, convert_options *o, zurt_graph *source, zurt_graph **out,
                    zurt_quant_report **report)
{
    target t;
    data_source data = {0};
    int code = target_wrap(c, source, &o->target, &t);
    if (code == EXIT_DONE)
        code = data_open(c, o->calib, &data);
    if (code == EXIT_DONE)
        code = target_bind(c, &t, &data);
    if (code == EXIT_DONE) {
        size_t n = o->samples < data.n ? o->samples : data.n;
        data.n = n;
        sample_feed feed = {c, &data, &t.norm, t.inputs, t.batch, EXIT_DONE};
        zurt_quantize_options q = o->quantize;
        q.keep_float = o->keep_float.items;
        q.n_keep_float = o->keep_float.n;
        q.sample = feed_sample;
        q.sample_self = &feed;
        q.n_samples = (n + t.batch - 1) / t.batch;
        q.progress = cli_progress;
        q.progress_self = c;
        zurt_status st = zurt_quantize(c->ctx, source, &q, out, report);
        cli_progress_end(c);
        if (st == ZURT_E_ARG && o->keep_float.n) // every other option has been checked
            code = cli_usage(c, "--keep-float: %s", zurt_ctx_error(c->ctx));
        else if (st) // a failed sample has been stated already
            code = feed.code != EXIT_DONE ? feed.code : cli_fail(c, st, NULL);
    }
    data_close(&data);
    target_close(&t);
    return code;
}

/* ---- metadata ---- */

static int set_labels(cli *c, const char *path, zurt_graph *g)
{
    uint8_t *bytes;
    size_t size;
    int code = data_read_file(c, path, &bytes, &size);
    if (code == EXIT_DONE)
        code = cli_check_text(c, path, bytes, size);
    char *text = code == EXIT_DONE ? malloc(size + 1) : NULL;
    if (code == EXIT_DONE && !text)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (text && size)
        memcpy(text, bytes, size);
    cli_list labels = {0};
    char *rest = text;
    if (text)
        text[size] = 0;
    for (char *line; code == EXIT_DONE && rest && (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = 0;
        if (!rest && !line[0])
            break; // what follows the last newline
        if (!cli_list_add(&labels, line))
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    if (code == EXIT_DONE) {
        zurt_status st = zurt_graph_set_labels(c->ctx, g, labels.items, labels.n);
        code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    }
    cli_list_free(&labels);
    free(text);
    free(bytes);
    return code;
}

static int set_metadata(cli *c, const convert_options *o, zurt_graph *g)
{
    const char *slash = strrchr(o->model, '/');
    char text[512];
    if (o->calib)
        snprintf(text, sizeof(text), "%s, %s calibration%s, zurt %s", slash ? slash + 1 : o->model,
                 method_names[o->quantize.method],
                 o->quantize.per_tensor ? ", per-tensor weights" : "", zurt_version());
    else
        snprintf(text, sizeof(text), "%s, its own scales, zurt %s", slash ? slash + 1 : o->model,
                 zurt_version());
    zurt_status st = zurt_graph_set_norm(c->ctx, g, &o->target.norm);
    if (!st)
        st = zurt_graph_set_description(c->ctx, g, text);
    if (st)
        return cli_fail(c, st, NULL);
    return o->labels ? set_labels(c, o->labels, g) : EXIT_DONE;
}

static int write_report(cli *c, const convert_options *o, const zurt_quant_report *report)
{
    if (!report) {
        cli_note(c, "--report: nothing was quantised here, the model brought its own scales");
        return EXIT_DONE;
    }
    output_file f;
    int code = output_open(c, o->report, &f);
    if (code == EXIT_DONE)
        report_write(f.file, o->model, report, cli_has_suffix(o->report, ".json"));
    return output_close(c, &f, code);
}

int convert_graph(cli *c, convert_options *o, zurt_graph **source, zurt_graph **out,
                  zurt_quant_report **report)
{
    *source = NULL;
    *out = NULL;
    *report = NULL;
    const zurt_import_options import = target_import(&o->target);
    zurt_status st = zurt_import_onnx_file(c->ctx, o->model, &import, source);
    if (st)
        return cli_fail(c, st, NULL);
    int code = EXIT_DONE;
    if (zurt_graph_is_quantized(*source)) {
        if (o->calib)
            cli_note(c, "%s brings its own scales; --calib is not used", o->model);
        o->calib = NULL;
        *out = *source;
        *source = NULL;
    } else if (!o->calib) {
        code = cli_usage(c, "%s is a float model: --calib DATA is needed", o->model);
    } else {
        code = quantise(c, o, *source, out, report);
    }
    if (code == EXIT_DONE)
        code = set_metadata(c, o, *out);
    if (code == EXIT_DONE && o->report)
        code = write_report(c, o, *report);
    return code;
}

static int64_t file_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

/* A node that computes in float, and not only to hand int8 results out. */
static bool is_float_node(const zurt_graph *g, size_t i, zurt_node_info *info)
{
    return zurt_graph_node(g, i, info) == ZURT_OK && info->dtype == ZURT_F32 &&
           strcmp(info->op, "Dequantize") != 0;
}

static size_t count_float(const zurt_graph *g)
{
    size_t n = 0;
    zurt_node_info info;
    for (size_t i = 0; i < zurt_graph_n_nodes(g); i++)
        n += is_float_node(g, i, &info);
    return n;
}

void convert_summary(cli *c, const convert_options *o, const zurt_graph *source,
                     const zurt_graph *out, const zurt_quant_report *report)
{
    int64_t before = file_bytes(o->model);
    int64_t after = file_bytes(o->output);
    size_t n_float = count_float(out);
    double ratio = before > 0 ? (double)after / (double)before : NAN;
    if (c->stdout_taken)
        return;
    double sqnr = report ? zurt_quant_report_output_sqnr(report, 0) : NAN;
    size_t source_nodes = zurt_graph_source_nodes(source ? source : out);
    if (c->json) {
        json_writer j;
        json_begin(&j, stdout);
        json_string(&j, "model", o->model);
        json_string(&j, "output", o->output);
        json_uint(&j, "source_nodes", source_nodes);
        json_uint(&j, "nodes", zurt_graph_n_nodes(out));
        json_uint(&j, "float_nodes", n_float);
        json_int(&j, "source_bytes", before);
        json_int(&j, "bytes", after);
        json_double(&j, "ratio", ratio);
        json_double(&j, "output_sqnr_db", sqnr);
        json_end(&j);
        return;
    }
    printf("%s: %zu nodes (%zu in the source), %lld bytes, %.3f of the source's\n",
           shown(o->output), zurt_graph_n_nodes(out), source_nodes, (long long)after, ratio);
    if (!isnan(sqnr))
        printf("output SQNR against float: %.1f dB\n", sqnr);
    if (n_float == 0)
        printf("every node computes in int8\n");
    for (size_t i = 0; i < zurt_graph_n_nodes(out); i++) {
        zurt_node_info info;
        if (is_float_node(out, i, &info))
            printf("in float: %s '%s'%s%s\n", info.op, shown(info.name), info.note[0] ? ": " : "",
                   shown(info.note));
    }
}
