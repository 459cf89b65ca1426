/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration, quantisation and metadata behind `quantize` and `compile`. */
#include "convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "report.h"
#include "shown.h"

/* The lines of a text file, without their ends, behind what the list has; they stand in *text,
 * which the caller frees. */
static int read_lines(cli *c, const char *path, cli_list *lines, char **text)
{
    uint8_t *bytes;
    size_t size;
    int code = data_read_file(c, path, &bytes, &size);
    if (code == EXIT_DONE)
        code = cli_check_text(c, path, bytes, size);
    *text = code == EXIT_DONE ? malloc(size + 1) : NULL;
    if (code == EXIT_DONE && !*text)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (*text && size)
        memcpy(*text, bytes, size);
    char *rest = *text;
    if (*text)
        (*text)[size] = 0;
    for (char *line; code == EXIT_DONE && rest && (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = 0;
        if (!rest && !line[0])
            break; // what follows the last newline
        if (!cli_list_add(lines, line))
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    free(bytes);
    return code;
}

/* --keep-float @FILE: the names in it, one a line. */
static int read_names(cli *c, convert_options *o)
{
    cli_list names = {0};
    int code = EXIT_DONE;
    for (size_t i = 0; code == EXIT_DONE && i < o->keep_float.n; i++) {
        const char *item = o->keep_float.items[i];
        char *text = NULL;
        if (item[0] == '@')
            code = read_lines(c, item + 1, &names, &text);
        else if (!cli_list_add(&names, item))
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        if (text && !cli_list_add(&o->texts, text))
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    cli_list_free(&o->keep_float);
    o->keep_float = names;
    return code;
}

static int parse(cli *c, int argc, char **argv, const char *suffix, convert_options *o)
{
    *o = (convert_options){
        .target = target_options_default(), .quantize = ZURT_QUANTIZE_OPTIONS_INIT, .samples = 200};
    zurt_quantize_options *q = &o->quantize;
    const cli_binding bindings[] = {
        {OPT_CALIB, .text = &o->calib},
        {OPT_METHOD, .choice = CLI_CHOICE(&q->method)},
        {OPT_PERCENTILE, .f64 = &q->percentile, .given = &o->percentile_given},
        {OPT_SAMPLES, .size = &o->samples},
        {OPT_PER_TENSOR, .u32 = &q->per_tensor},
        {OPT_IO, .choice = CLI_CHOICE(&q->io)},
        {OPT_REQUIRE_INT8, .u32 = &q->require_int8},
        {OPT_KEEP_FLOAT, .list = &o->keep_float},
        {OPT_REPORT, .text = &o->report},
        {OPT_HOLD_OUT, .u32 = &q->hold_out},
        {OPT_FLOAT_BUDGET, .f64 = &q->float_budget},
        {OPT_TARGET_SQNR, .f64 = &q->target_db},
        {OPT_SQNR_SAMPLES, .u32 = &q->report_sqnr},
        {OPT_OUTPUT, .text = &o->output},
        {OPT_FORCE, .flag = &o->force},
        {0},
    };
    cli_bind(c, bindings);
    target_bind_options(c, &o->target);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    if (strcmp(o->output, "-") != 0 && !cli_has_suffix(o->output, suffix))
        return cli_usage(c, "-o %s: %s writes a %s file, name it so", o->output, c->command,
                         suffix);
    if (q->hold_out == 1)
        return cli_usage(c, "--hold-out 1 leaves no sample to calibrate with");
    if (o->percentile_given && q->method != ZURT_CALIB_PERCENTILE && q->method != ZURT_CALIB_AUTO)
        cli_note(c, "--percentile has no effect without --method percentile or auto");
    if (q->float_budget > 0.0 && (q->require_int8 || !q->report_sqnr))
        return cli_usage(c, "--float-budget leaves nodes in float, those with the largest errors: "
                            "it goes with neither --require-int8 nor --sqnr-samples 0");
    if (q->target_db > 0.0 && !(q->float_budget > 0.0))
        return cli_usage(c, "--target-sqnr says when to stop: give --float-budget, too");
    code = read_names(c, o);
    o->model = c->arguments[0];
    q->threads = o->target.session.threads;
    const char *const reads[] = {o->model, o->calib, o->target.labels};
    for (int i = 0; code == EXIT_DONE && i < 3; i++)
        code = reads[i] ? cli_reads(c, reads[i]) : EXIT_DONE;
    if (code == EXIT_DONE)
        code = cli_check_output(c, o->output, o->force);
    if (code == EXIT_DONE && o->report)
        code = cli_check_output(c, o->report, o->force);
    return code;
}

/* ---- samples for the quantiser ---- */

typedef struct sample_feed {
    cli *c;
    const data_source *data;
    const zurt_norm *norm;
    const zurt_tensor_info *inputs;
    size_t batch;  // of input 0; a sample fills one element, the next ones follow
    int code;      // exit code of the failure that ended the calibration
    bool all_grey; // no sample of an RGB input had a colour
    bool is_imagenet;
} sample_feed;

/* Refuses what no scale can hold, by the sample's name; the library knows its number alone. */
static int check_finite(const sample_feed *f, size_t i, const zurt_span *one, size_t n_inputs)
{
    char name[DATA_NAME_BYTES];
    for (size_t k = 0; k < n_inputs; k++) {
        const float *x = one[k].data;
        size_t n = f->inputs[k].dtype == ZURT_F32 ? one[k].bytes / sizeof(*x) : 0;
        for (size_t at = 0; at < n; at++) {
            if (!isfinite(x[at]))
                return cli_fail(f->c, ZURT_E_FORMAT,
                                "%s: value %zu of input '%s' is %s; leave the sample out or mend "
                                "it",
                                data_name(f->data, i, name), at, f->inputs[k].name,
                                isnan(x[at]) ? "NaN" : "infinite");
        }
    }
    return EXIT_DONE;
}

/* An input of three colours: [N, H, W, 3], or [N, 3, H, W] where no node asked for another order.
 */
static bool is_rgb(const zurt_tensor_info *info)
{
    return info->dtype == ZURT_F32 && info->rank == 4 && (info->dims[3] == 3 || info->dims[1] == 3);
}

/* Three equal channels in every pixel, as pixels or as they are. */
static bool is_grey(const sample_feed *f, const zurt_span *one)
{
    if (!is_rgb(&f->inputs[0]))
        return false;
    size_t n_pixels = one[0].bytes / sizeof(float) / 3;
    bool planes = f->inputs[0].dims[3] != 3;
    size_t pixel = planes ? 1 : 3, channel = planes ? n_pixels : 1;
    const float *mean = f->norm->mean, *std = f->norm->std;
    for (size_t i = 0; i < n_pixels; i++) {
        const float *x = (const float *)one[0].data + i * pixel;
        float r = x[0], g = x[channel], b = x[2 * channel];
        float pixel_g = g * std[1] + mean[1];
        bool same = r == g && r == b;
        if (!same && (fabsf(r * std[0] + mean[0] - pixel_g) > 1e-3f ||
                      fabsf(b * std[2] + mean[2] - pixel_g) > 1e-3f))
            return false;
    }
    return true;
}

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
        if (f->code == EXIT_DONE)
            f->code = check_finite(f, i, one, n_inputs);
        f->all_grey = f->all_grey && f->code == EXIT_DONE && is_grey(f, one);
    }
    free(one);
    return f->code == EXIT_DONE ? ZURT_OK : ZURT_E_IO;
}

/* ImageNet's classes, with or without a background. */
static bool is_imagenet(const zurt_graph *g)
{
    zurt_tensor_info y;
    return zurt_graph_output(g, 0, &y) == ZURT_OK && y.rank > 1 &&
           (y.dims[y.rank - 1] == 1000 || y.dims[y.rank - 1] == 1001);
}

static void warn_of_pictures(cli *c, const convert_options *o, const sample_feed *feed)
{
    if (feed->all_grey)
        cli_note(c,
                 "warning: '%s' takes colours, and no calibration sample has one; calibrate with "
                 "pictures like those that the network will see",
                 feed->inputs[0].name);
    if (data_is_pictures(feed->data) && is_rgb(&feed->inputs[0]) && feed->is_imagenet &&
        !o->target.norm_given)
        cli_note(c, "pictures are fed as pixels / 255, without --input-norm: right only if the "
                    "network was trained so. torchvision's and most of timm's want --input-norm "
                    "0.485/0.229,0.456/0.224,0.406/0.225");
}

/* Batches that n samples fill. The last one may begin DATA again: then it does not judge, for it
 * holds samples that calibrate. */
static size_t n_runs(size_t n, size_t batch, uint32_t hold_out)
{
    size_t full = n / batch, runs = full + (n % batch != 0);
    bool judges = runs >= ZURT_QUANT_SPLIT_LEAST && hold_out && runs % hold_out == 0;
    return judges && runs > full ? full : runs;
}

static int quantise(cli *c, convert_options *o, zurt_graph *source, zurt_graph **out,
                    zurt_quant_report **report)
{
    target t;
    data_source *data = &o->data;
    int code = target_wrap(c, source, &o->target, &t);
    if (code == EXIT_DONE)
        code = data_open(c, o->calib, data);
    if (code == EXIT_DONE)
        code = target_bind(c, &t, data);
    if (code == EXIT_DONE) {
        size_t n = o->samples < data->n ? o->samples : data->n;
        data->n = n;
        o->batch = t.batch;
        sample_feed feed = {.c = c,
                            .data = data,
                            .norm = &t.norm,
                            .inputs = t.inputs,
                            .batch = t.batch,
                            .code = EXIT_DONE,
                            .all_grey = true,
                            .is_imagenet = is_imagenet(source)};
        zurt_quantize_options q = o->quantize;
        q.keep_float = o->keep_float.items;
        q.n_keep_float = o->keep_float.n;
        q.sample = feed_sample;
        q.sample_self = &feed;
        q.n_samples = n_runs(n, t.batch, q.hold_out);
        q.progress = cli_progress;
        q.progress_self = c;
        zurt_status st = zurt_quantize(c->ctx, source, &q, out, report);
        cli_progress_end(c);
        if (st == ZURT_E_ARG && o->keep_float.n) // every other option has been checked
            code = cli_usage(c, "--keep-float: %s", zurt_ctx_error(c->ctx));
        else if (st) // a failed sample has been stated already
            code = feed.code != EXIT_DONE ? feed.code : cli_fail(c, st, NULL);
        else
            warn_of_pictures(c, o, &feed);
    }
    target_close(&t);
    return code;
}

const char *convert_sample_name(void *self, size_t sample, char *text)
{
    const convert_options *o = self;
    size_t at = sample * (o->batch ? o->batch : 1);
    return data_name(&o->data, o->data.n ? at % o->data.n : at, text);
}

report_counts convert_count(const convert_options *o, const zurt_quant_report *report)
{
    size_t batch = o->batch ? o->batch : 1;
    size_t all = zurt_quant_report_n_samples(report) * batch;
    if (o->data.n && all > o->data.n)
        all = o->data.n; // the last run begins again
    size_t held_out = zurt_quant_report_n_held_out(report) * batch;
    size_t compared = zurt_quant_report_n_compared(report) * batch;
    return (report_counts){all - held_out, held_out, compared < all ? compared : all};
}

/* ---- metadata ---- */

/* Scores of classes stand along the last axis of a tensor that has no other. */
static void check_label_count(cli *c, const char *path, size_t n, const zurt_graph *g)
{
    zurt_tensor_info y;
    if (zurt_graph_output(g, 0, &y) || y.rank < 2)
        return;
    for (int32_t d = 1; d + 1 < y.rank; d++) {
        if (y.dims[d] != 1)
            return;
    }
    if ((size_t)y.dims[y.rank - 1] != n)
        cli_note(c,
                 "warning: %s has %zu names, output '%s' has %d classes; is it this model's file?",
                 path, n, y.name, (int)y.dims[y.rank - 1]);
}

static int set_labels(cli *c, const char *path, zurt_graph *g)
{
    cli_list labels = {0};
    char *text = NULL;
    int code = read_lines(c, path, &labels, &text);
    if (code == EXIT_DONE) {
        zurt_status st = zurt_graph_set_labels(c->ctx, g, labels.items, labels.n);
        code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    }
    if (code == EXIT_DONE)
        check_label_count(c, path, labels.n, g);
    cli_list_free(&labels);
    free(text);
    return code;
}

static int set_metadata(cli *c, const convert_options *o, const zurt_quant_report *report,
                        zurt_graph *g)
{
    const char *slash = strrchr(o->model, '/');
    char text[512];
    if (o->calib)
        snprintf(text, sizeof(text), "%s, %s calibration%s, zurt %s", slash ? slash + 1 : o->model,
                 report_method_name(report ? zurt_quant_report_method(report) : o->quantize.method),
                 o->quantize.per_tensor ? ", per-tensor weights" : "", zurt_version());
    else
        snprintf(text, sizeof(text), "%s, its own scales, zurt %s", slash ? slash + 1 : o->model,
                 zurt_version());
    zurt_status st = zurt_graph_set_norm(c->ctx, g, &o->target.norm);
    if (!st)
        st = zurt_graph_set_description(c->ctx, g, text);
    if (st)
        return cli_fail(c, st, NULL);
    return o->target.labels ? set_labels(c, o->target.labels, g) : EXIT_DONE;
}

static int write_report(cli *c, const convert_options *o, const zurt_quant_report *report)
{
    if (!report) {
        cli_note(c, "--report: nothing was quantised here, the model brought its own scales");
        return EXIT_DONE;
    }
    const report_samples samples = {.name = convert_sample_name,
                                    .self = (void *)(uintptr_t)o,
                                    .counts = convert_count(o, report)};
    output_file f;
    int code = output_open(c, o->report, &f);
    if (code == EXIT_DONE)
        report_write(f.file, o->model, report, cli_has_suffix(o->report, ".json"), &samples);
    return output_close(c, &f, code);
}

/* An --input-norm of several channels is of an input that has as many. */
static int check_channels(cli *c, const target_options *o, const zurt_graph *g)
{
    const int32_t channels = o->norm.channels;
    zurt_tensor_info info = {.name = ""};
    size_t n = zurt_graph_n_inputs(g);
    for (size_t i = 0; i < n; i++) {
        // of another rank than a picture's it may hold pixels in any order
        if (zurt_graph_input(g, i, &info) || info.rank != 4 || info.dims[3] == channels ||
            info.dims[1] == channels)
            return EXIT_DONE;
    }
    if (channels < 2 || n == 0)
        return EXIT_DONE;
    return cli_usage(
        c, "--input-norm is of %d channels, and no input has as many: '%s' is [%d, %d, %d, %d]",
        (int)channels, info.name, (int)info.dims[0], (int)info.dims[1], (int)info.dims[2],
        (int)info.dims[3]);
}

/* *out is the int8 graph with its metadata, *source what it came from: destroy it after *out. */
static int convert_graph(cli *c, convert_options *o, zurt_graph **source, zurt_graph **out,
                         zurt_quant_report **report)
{
    const zurt_import_options import = target_import(&o->target);
    zurt_status st = zurt_import_file(c->ctx, o->model, &import, source);
    if (st)
        return cli_fail(c, st, NULL);
    int code = check_channels(c, &o->target, *source);
    if (code != EXIT_DONE)
        return code;
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
        code = set_metadata(c, o, *report, *out);
    if (code == EXIT_DONE && o->report)
        code = write_report(c, o, *report);
    return code;
}

static int write_model(cli *c, const zurt_graph *graph, const char *path, const conversion *kind)
{
    void *bytes = NULL;
    size_t size = 0;
    zurt_status st = kind->emit(c->ctx, graph, &bytes, &size);
    int code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    if (code == EXIT_DONE)
        st = kind->check(c->ctx, bytes, size);
    if (st && code == EXIT_DONE) {
        char reason[512];
        snprintf(reason, sizeof(reason), "%s", zurt_ctx_error(c->ctx));
        code = cli_fail(c, st, "%s is not written: %s: %s", path, kind->refusal, reason);
    }
    if (code == EXIT_DONE)
        code = output_write(c, path, bytes, size);
    zurt_buffer_free(c->ctx, bytes);
    return code;
}

int convert_command(cli *c, int argc, char **argv, const conversion *kind)
{
    convert_options o;
    zurt_graph *source = NULL;
    zurt_graph *graph = NULL;
    zurt_quant_report *report = NULL;
    int code = parse(c, argc, argv, kind->suffix, &o);
    if (kind->float_io)
        o.quantize.io = ZURT_IO_FLOAT;
    if (code == EXIT_DONE)
        code = convert_graph(c, &o, &source, &graph, &report);
    if (code == EXIT_DONE)
        code = write_model(c, graph, o.output, kind);
    if (code == EXIT_DONE)
        convert_summary(c, &o, source, graph, report);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(graph);
    zurt_graph_destroy(source);
    data_close(&o.data);
    cli_list_free(&o.keep_float);
    for (size_t i = 0; i < o.texts.n; i++)
        free((void *)(uintptr_t)o.texts.items[i]);
    cli_list_free(&o.texts);
    return code;
}
