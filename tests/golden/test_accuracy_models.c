/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every float model of $ZURT_DATA/onnx becomes int8 and runs; the table goes to docs/accuracy.md.
 * Calibrated on the model's golden input and, so that more than one sample is seen, on weaker and
 * noisier versions of it; compared on the golden input itself.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden/accuracy.h"
#include "graph_handle.h"

#define N_SAMPLES 4

typedef struct model {
    const char *name;
    const char *golden; /**< "case" of golden/NAME.case.in.f32; NULL: no golden input, noise */
    double min_sqnr;    /**< dB that every output must keep */
    int32_t height, width;
} model;

static const model models[] = {
    {"fastestdet_352", "dog", 10.0, 0, 0},
    {"lenet_mnist", "t10k_0_9", 25.0, 0, 0},
    {"mnist_sm_keras", "t10k_0", 20.0, 0, 0},
    {"mobilenetv2_0.5_128_2class", "person", 15.0, 0, 0},
    {"mobilenetv2_1.0_224_dynint8", "samoyed", 10.0, 0, 0},
    {"mobilenetv2_1.0_224_float_deq", "samoyed", 10.0, 0, 0},
    {"nanodet_320", "horses", 10.0, 0, 0},
    {"pointpillars_pfe", NULL, 10.0, 0, 0},
    {"ppocrv3_en_textdet", "yolo_dog", 10.0, 736, 736},
    {"resnet20_cifar10", "ic01_0", 15.0, 0, 0},
    {"ultraface_rfb_320", "faces_1", 15.0, 0, 0},
    {"unet_sentinel_cloud_224", "rand", 15.0, 0, 0},
    {"yolox_nano_416", "dog", 7.0, 0, 0},
    {"yunet_n_320", "faces_2", 10.0, 0, 0},
};

typedef struct source {
    const zi_graph *g;
    float *x; /* the golden input in the graph's layout; NULL: noise */
} source;

static float noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / 8388608.0f - 1.0f;
}

/** What a lidar would give: points within 50 m, up to 100 of them, the rest masked out. */
static float point(const char *name, uint32_t *seed)
{
    float u = 0.5f + 0.5f * noise(seed);
    if (!strncmp(name, "num", 3))
        return floorf(1.0f + 99.0f * u);
    if (!strcmp(name, "mask"))
        return u < 0.5f ? 0.0f : 1.0f;
    return !strcmp(name, "pillar_i") ? u : 50.0f * u;
}

/** Sample 0 is the golden input; others scale it down and add a little noise. */
static zurt_status sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    const source *s = self;
    uint32_t seed = (uint32_t)index + 1;
    float gain = 1.0f - 0.1f * (float)index;
    for (size_t i = 0; i < n_inputs; i++) {
        float *to = inputs[i].data;
        for (size_t k = 0; k < inputs[i].bytes / sizeof(float); k++)
            to[k] = s->x ? s->x[k] * (index ? gain + 0.05f * noise(&seed) : 1.0f)
                         : point(s->g->tensors[s->g->inputs[i]].name, &seed);
    }
    return ZURT_OK;
}

/** The golden input, moved to NHWC where the graph wants it so. */
static float *golden_input(const model *m, const zi_tensor *t)
{
    char path[256];
    size_t bytes;
    snprintf(path, sizeof(path), "golden/%s.%s.in.f32", m->name, m->golden);
    float *raw = data_file(path, &bytes);
    assert_int_equal(bytes, zi_tensor_bytes(t));
    if (!t->from_nchw)
        return raw;
    size_t c = (size_t)t->dims[3], hw = (size_t)t->dims[1] * (size_t)t->dims[2];
    float *x = malloc(bytes);
    assert_non_null(x);
    for (size_t n = 0; n < (size_t)t->dims[0]; n++) {
        for (size_t i = 0; i < hw; i++) {
            for (size_t k = 0; k < c; k++)
                x[(n * hw + i) * c + k] = raw[(n * c + k) * hw + i];
        }
    }
    free(raw);
    return x;
}

/** Float nodes of the report by op, and the reasons. */
static size_t print_float(const zurt_quant_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < zurt_quant_report_n_layers(r); i++) {
        const zurt_quant_layer *l = zurt_quant_report_layer(r, i);
        bool is_border = !strcmp(l->op, "Quantize") || !strcmp(l->op, "Dequantize");
        if (is_border || strcmp(l->type, "f32"))
            continue;
        n++;
        print_message("    %s '%s': %s\n", l->op, l->name, l->reason);
        assert_true(l->reason[0] != '\0');
    }
    return n;
}

static void check_model(const model *m)
{
    zurt_ctx *ctx;
    char name[128];
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    snprintf(name, sizeof(name), "%s.onnx", m->name);
    zurt_graph *graph = data_model_sized(ctx, name, m->height, m->width);
    source s = {graph->g, NULL};
    if (m->golden)
        s.x = golden_input(m, &graph->g->tensors[graph->g->inputs[0]]);
    zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
    zurt_quant_report *report;
    o.sample = sample;
    o.sample_self = &s;
    o.n_samples = N_SAMPLES;
    o.report_sqnr = 1;
    o.method = ZURT_CALIB_MSE;
    o.hold_out = 0; // sample 0 is the golden input, and is what is judged
    double start = now_ms();
    zurt_graph *q = quantised(ctx, graph, &o, &report);
    double ms = now_ms() - start;
    size_t n_float = print_float(report), n_nodes = zurt_graph_n_nodes(q);
    double worst = INFINITY, best = -INFINITY;
    for (size_t i = 0; i < zurt_graph_n_outputs(q); i++) {
        worst = fmin(worst, zurt_quant_report_output_sqnr(report, i));
        best = fmax(best, zurt_quant_report_output_sqnr(report, i));
    }
    print_message("| %s | %zu | %zu | %.1f to %.1f | %.1f s |\n", m->name, n_nodes, n_float, worst,
                  best, ms / 1e3);
    assert_true(zurt_graph_is_quantized(q));
    assert_true(worst >= m->min_sqnr);
    free(s.x);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(q);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
}

static void every_float_model_becomes_int8_and_runs(void **state)
{
    (void)state;
    char path[1024];
    if (!data_path(path, sizeof(path), "onnx/lenet_mnist.onnx"))
        skip();
    const char *only = getenv("ZURT_ONLY");
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        if (!only || strstr(models[i].name, only))
            check_model(&models[i]);
    }
}

/** Layers of an own error above this are kept in float: what `compile` proposes. */
#define KEEP_DB 15.0

/** The detector's first layers have loud and quiet channels behind Swish: 16 % of its MACs. */
static void layers_ranked_first_are_worth_float(void **state)
{
    (void)state;
    char path[1024];
    if (!data_path(path, sizeof(path), "onnx/yolox_nano_416.onnx"))
        skip();
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    const model *m = NULL;
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        m = strcmp(models[i].name, "yolox_nano_416") ? m : &models[i];
    assert_non_null(m);
    zurt_graph *graph = data_model_sized(ctx, "yolox_nano_416.onnx", m->height, m->width);
    source s = {graph->g, NULL};
    if (m->golden)
        s.x = golden_input(m, &graph->g->tensors[graph->g->inputs[0]]);
    zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
    o.sample = sample;
    o.sample_self = &s;
    o.n_samples = N_SAMPLES;
    o.report_sqnr = 1;
    o.method = ZURT_CALIB_MSE;
    o.hold_out = 0; // sample 0 is the golden input, and is what is judged
    zurt_quant_report *before, *after;
    zurt_graph *all = quantised(ctx, graph, &o, &before);
    const char *names[8];
    for (size_t i; o.n_keep_float < 8; o.n_keep_float++) {
        i = zurt_quant_report_ranked(before, o.n_keep_float);
        if (i == SIZE_MAX || zurt_quant_report_layer(before, i)->own_sqnr_db >= KEEP_DB)
            break;
        names[o.n_keep_float] = zurt_quant_report_layer(before, i)->name;
        print_message("    in float: %s, own error %.1f dB\n", names[o.n_keep_float],
                      zurt_quant_report_layer(before, i)->own_sqnr_db);
    }
    o.keep_float = names;
    zurt_graph *kept = quantised(ctx, graph, &o, &after);
    double was = zurt_quant_report_output_sqnr(before, 0);
    double is = zurt_quant_report_output_sqnr(after, 0);
    print_message("| yolox_nano_416 | %zu layers in float | %.1f to %.1f dB |\n", o.n_keep_float,
                  was, is);
    assert_in_range(o.n_keep_float, 1, 8);
    assert_true(is > was + 6.0);
    free(s.x);
    zurt_quant_report_destroy(before);
    zurt_quant_report_destroy(after);
    zurt_graph_destroy(all);
    zurt_graph_destroy(kept);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_float_model_becomes_int8_and_runs),
        cmocka_unit_test(layers_ranked_first_are_worth_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
