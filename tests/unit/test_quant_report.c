/* SPDX-License-Identifier: Apache-2.0 */
/* What the quantiser says about samples, layers and outputs. */
#include <math.h>
#include <string.h>

#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/graph_builder.h"

enum { SIDE = 8, CHANNELS = 4, WIDTH = 8 };

typedef struct source {
    size_t at;    /* the sample that is not as the others */
    float factor; /* its values times this */
    float value;  /* if not 0: one of its values */
} source;

static zurt_status sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    const source *s = self;
    builder b = {.seed = (uint32_t)index * 977u + 1u};
    for (size_t i = 0; i < n_inputs; i++) {
        float *x = inputs[i].data;
        for (size_t k = 0; k < inputs[i].bytes / sizeof(float); k++)
            x[k] = (0.5f + 0.5f * builder_random(&b)) * (index == s->at ? s->factor : 1.0f);
        if (index == s->at && s->value != 0.0f)
            x[5] = s->value;
    }
    return ZURT_OK;
}

static zi_id layer(builder *b, zi_op op, const char *name, const zi_attr *a, zi_id x, zi_id w)
{
    zi_id y = w == ZI_NONE ? build_op(b, op, name, a, 1, x) : build_op(b, op, name, a, 2, x, w);
    b->g->nodes[b->g->n_nodes - 1].name = name;
    return y;
}

/** Weights of a 1x1 convolution: `from` and `to` scale its input and output channels. */
static zi_id weights(builder *b, int32_t n_out, int32_t n_in, const float *from, const float *to)
{
    zi_id w = build_noise(b, "w", DIMS(n_out, 1, 1, n_in));
    float *v = (float *)(uintptr_t)b->g->tensors[w].data;
    for (int32_t o = 0; o < n_out; o++) {
        for (int32_t i = 0; i < n_in; i++)
            v[o * n_in + i] *= (from ? from[i] : 1.0f) * (to ? to[o] : 1.0f);
    }
    return w;
}

/** Loud channels beside quiet ones behind Swish, of which the next layer wants the quiet ones. */
static void build_uneven(builder *b)
{
    static const float loud[WIDTH] = {200, 200, 200, 200, 1, 1, 1, 1};
    static const float wanted[WIDTH] = {1e-4f, 1e-4f, 1e-4f, 1e-4f, 1, 1, 1, 1};
    const zi_attr one = {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}};
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, CHANNELS));
    zi_id t = layer(b, ZI_OP_Conv, "stem", &one, x, weights(b, WIDTH, CHANNELS, NULL, loud));
    t = layer(b, ZI_OP_Swish, "swish", NULL, t, ZI_NONE);
    t = layer(b, ZI_OP_Conv, "pick", &one, t, weights(b, WIDTH, WIDTH, wanted, NULL));
    t = layer(b, ZI_OP_Relu, "relu", NULL, t, ZI_NONE);
    t = layer(b, ZI_OP_Conv, "middle", &one, t, weights(b, WIDTH, WIDTH, NULL, NULL));
    t = layer(b, ZI_OP_Relu, "relu2", NULL, t, ZI_NONE);
    build_output(b, layer(b, ZI_OP_Conv, "last", &one, t, weights(b, 4, WIDTH, NULL, NULL)));
}

static void build_even(builder *b)
{
    const zi_attr one = {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}};
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, CHANNELS));
    zi_id t = layer(b, ZI_OP_Conv, "first", &one, x, weights(b, WIDTH, CHANNELS, NULL, NULL));
    t = layer(b, ZI_OP_Relu, "relu", NULL, t, ZI_NONE);
    build_output(b, layer(b, ZI_OP_Conv, "last", &one, t, weights(b, 4, WIDTH, NULL, NULL)));
}

static void build_mask(builder *b)
{
    static const float mask[] = {0.0f, -INFINITY, 0.0f, 0.0f};
    const zi_attr one = {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}};
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, CHANNELS));
    zi_id t = layer(b, ZI_OP_Conv, "first", &one, x, weights(b, 4, CHANNELS, NULL, NULL));
    t = layer(b, ZI_OP_Add, "masked", NULL, t, build_const(b, "mask", ZURT_F32, DIMS(4), mask));
    build_output(b, layer(b, ZI_OP_Softmax, "y", ATTR(.axis = {.axis = 3}), t, ZI_NONE));
}

typedef struct fixture {
    builder b;
    source source;
    zurt_graph *graph, *out;
    zurt_quant_report *report;
    zurt_quantize_options options;
} fixture;

static void start(fixture *f, void (*build)(builder *b))
{
    *f = (fixture){.b = builder_make(),
                   .source = {SIZE_MAX, 1.0f, 0.0f},
                   .options = ZURT_QUANTIZE_OPTIONS_INIT};
    build(&f->b);
    assert_checked(&f->b);
    assert_int_equal(zc_graph_wrap(f->b.ctx, f->b.g, &f->graph), ZURT_OK);
    f->options.sample = sample;
    f->options.sample_self = &f->source;
    f->options.n_samples = 16;
    f->options.report_sqnr = 16;
    f->options.method = ZURT_CALIB_MSE;
    f->options.hold_out = 0;
    f->options.threads = 1;
}

static void again(fixture *f)
{
    zurt_quant_report_destroy(f->report);
    zurt_graph_destroy(f->out);
    if (zurt_quantize(f->b.ctx, f->graph, &f->options, &f->out, &f->report))
        fail_msg("%s", zurt_ctx_error(f->b.ctx));
}

static void refused(fixture *f, const char *text)
{
    assert_int_equal(zurt_quantize(f->b.ctx, f->graph, &f->options, &f->out, &f->report),
                     ZURT_E_FORMAT);
    if (!strstr(zurt_ctx_error(f->b.ctx), text))
        fail_msg("'%s' is not in: %s", text, zurt_ctx_error(f->b.ctx));
    assert_null(f->out);
    assert_null(f->report);
}

static void finish(fixture *f)
{
    zurt_quant_report_destroy(f->report);
    zurt_graph_destroy(f->out);
    zurt_graph_destroy(f->graph);
    zurt_ctx_destroy(f->b.ctx);
}

static zurt_quant_quality quality(const fixture *f)
{
    zurt_quant_quality q;
    assert_int_equal(zurt_quant_report_quality(f->report, 0, &q), ZURT_OK);
    return q;
}

static void a_sample_of_another_scale_is_named(void **state)
{
    (void)state;
    fixture f;
    start(&f, build_even);
    again(&f);
    assert_int_equal(zurt_quant_report_n_samples(f.report), 16);
    assert_int_equal(zurt_quant_report_n_compared(f.report), 16);
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(zurt_quant_report_sample(f.report, i)->is_unusual, 0);
        assert_true(zurt_quant_report_sample_sqnr(f.report, 0, i) > 25.0);
    }
    zurt_quant_quality q = quality(&f);
    assert_int_equal(q.verdict, ZURT_VERDICT_GOOD);
    assert_true(q.worst_db <= q.median_db && fabs(q.median_db - q.sqnr_db) < 3.0);

    f.source = (source){3, 255.0f, 0.0f};
    again(&f);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(zurt_quant_report_sample(f.report, i)->is_unusual, i == 3);
    double range = zurt_quant_report_sample(f.report, 3)->range;
    assert_true(range > 200.0 && range < 300.0);
    // The large sample alone looks well; together with it, so do all. Each alone does not.
    q = quality(&f);
    assert_true(q.sqnr_db > 25.0 && q.median_db < 10.0 && q.worst_sample != 3);
    assert_true(q.worst_db == zurt_quant_report_sample_sqnr(f.report, 0, q.worst_sample));
    assert_int_equal(q.verdict, ZURT_VERDICT_BROKEN);
    assert_null(zurt_quant_report_sample(f.report, 16));
    assert_true(isnan(zurt_quant_report_sample_sqnr(f.report, 0, 16)));
    assert_int_equal(zurt_quant_report_quality(f.report, 1, &q), ZURT_E_ARG);
    finish(&f);
}

static void held_out_samples_judge_and_do_not_calibrate(void **state)
{
    (void)state;
    fixture f;
    start(&f, build_even);
    f.options.hold_out = 4;
    f.source = (source){7, 255.0f, 0.0f}; // the second of those that judge
    again(&f);
    assert_int_equal(zurt_quant_report_n_samples(f.report), 16);
    assert_int_equal(zurt_quant_report_n_held_out(f.report), 4);
    assert_int_equal(zurt_quant_report_n_compared(f.report), 4);
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(zurt_quant_report_compared(f.report, k), 4 * k + 3);
    assert_true(zurt_quant_report_compared(f.report, 4) == SIZE_MAX);
    // It was seen by no range, and is lost; the others are not worse for it.
    assert_true(zurt_quant_report_tensor(f.report, 0)->seen_max < 2.0f);
    assert_int_equal(quality(&f).worst_sample, 7);
    assert_true(quality(&f).worst_db < 10.0);
    assert_true(zurt_quant_report_sample_sqnr(f.report, 0, 0) > 25.0);
    // Seven are not split.
    f.options.n_samples = 7;
    again(&f);
    assert_int_equal(zurt_quant_report_n_held_out(f.report), 0);
    assert_int_equal(zurt_quant_report_n_compared(f.report), 7);
    f.options.hold_out = 1;
    zurt_quant_report *report;
    zurt_graph *out;
    assert_int_equal(zurt_quantize(f.b.ctx, f.graph, &f.options, &out, &report), ZURT_E_ARG);
    finish(&f);
}

static void auto_takes_the_method_that_is_nearest_to_float(void **state)
{
    (void)state;
    fixture f;
    start(&f, build_even);
    f.options.method = ZURT_CALIB_AUTO;
    f.options.hold_out = 4;
    again(&f);
    zurt_calib_method chosen = zurt_quant_report_method(f.report);
    double best = zurt_quant_report_method_db(f.report, chosen);
    for (zurt_calib_method m = ZURT_CALIB_MINMAX; m < ZURT_CALIB_AUTO; m++)
        assert_true(zurt_quant_report_method_db(f.report, m) <= best);
    assert_true(isnan(zurt_quant_report_method_db(f.report, ZURT_CALIB_AUTO)));
    // The graph is that of the chosen method.
    float scale = zurt_quant_report_tensor(f.report, 0)->scale;
    f.options.method = chosen;
    again(&f);
    assert_true(zurt_quant_report_tensor(f.report, 0)->scale == scale);
    assert_int_equal(zurt_quant_report_method(f.report), chosen);
    assert_true(isnan(zurt_quant_report_method_db(f.report, chosen)));
    finish(&f);
}

static void what_is_not_finite_is_refused_by_name(void **state)
{
    (void)state;
    fixture f;
    start(&f, build_even);
    f.source = (source){11, 1.0f, NAN};
    refused(&f, "calibration sample 11: value 5 of input 'x' is NaN");
    f.source.value = INFINITY;
    refused(&f, "calibration sample 11: value 5 of input 'x' is infinite");
    f.source = (source){SIZE_MAX, 1.0f, 0.0f};
    float *w = (float *)(uintptr_t)f.b.g->tensors[f.b.g->nodes[2].in[1]].data;
    w[3] = NAN;
    refused(&f, "node 2 'last' (Conv): weight 'w': value 3 is NaN");
    w[3] = -INFINITY;
    refused(&f, "weight 'w': value 3 is infinite");
    finish(&f);
    // An infinite mask has a meaning; its node stays float.
    start(&f, build_mask);
    again(&f);
    bool found = false;
    for (size_t i = 0; i < zurt_quant_report_n_layers(f.report); i++) {
        const zurt_quant_layer *l = zurt_quant_report_layer(f.report, i);
        found = found || (!strcmp(l->name, "masked") && strstr(l->reason, "infinite"));
    }
    assert_true(found);
    finish(&f);
}

static void without_an_int8_layer_there_is_no_figure(void **state)
{
    (void)state;
    static const char *const all[] = {"first", "relu", "last"};
    fixture f;
    start(&f, build_even);
    f.options.keep_float = all;
    f.options.n_keep_float = 3;
    again(&f);
    assert_true(isnan(zurt_quant_report_output_sqnr(f.report, 0)));
    assert_int_equal(quality(&f).verdict, ZURT_VERDICT_NONE);
    assert_true(isnan(quality(&f).median_db));
    f.options.n_keep_float = 0;
    f.options.report_sqnr = 0;
    again(&f);
    assert_int_equal(zurt_quant_report_n_compared(f.report), 0);
    assert_int_equal(quality(&f).verdict, ZURT_VERDICT_NONE);
    assert_true(zurt_quant_report_ranked(f.report, 0) == SIZE_MAX);
    finish(&f);
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || !strcmp(name, list[i]);
    return found;
}

/** SQNR of the output with some layers in float. */
static double kept(fixture *f, const char *const *names, size_t n)
{
    f->options.keep_float = names;
    f->options.n_keep_float = n;
    again(f);
    return quality(f).sqnr_db;
}

/** The error arises in the first layers, and its sum is largest in the ones behind them. */
static void keeping_the_layers_of_the_largest_own_error_helps(void **state)
{
    (void)state;
    static const char *const cause[] = {"stem", "swish", "pick"};
    fixture f;
    start(&f, build_uneven);
    double before = kept(&f, NULL, 0);
    const char *worst = NULL;
    double least = (double)INFINITY;
    for (size_t i = 0; i < 3; i++) {
        size_t at = zurt_quant_report_ranked(f.report, i);
        assert_true(is_one_of(zurt_quant_report_layer(f.report, at)->name, cause, 3));
    }
    for (size_t i = 0; i < zurt_quant_report_n_layers(f.report); i++) {
        const zurt_quant_layer *l = zurt_quant_report_layer(f.report, i);
        bool is_cause = is_one_of(l->name, cause, 3);
        assert_true(isnan(l->own_sqnr_db) || is_cause == (l->own_sqnr_db < 10.0));
        if (l->sqnr_db < least) {
            least = l->sqnr_db;
            worst = f.b.g->nodes[i].name;
        }
    }
    assert_false(is_one_of(worst, cause, 3));
    double by_sum = kept(&f, &worst, 1), by_cause = kept(&f, cause, 3);
    if (!(by_cause > before + 20.0 && by_sum < before + 3.0))
        fail_msg("%.1f dB; %.1f dB without '%s'; %.1f dB without those ranked first", before,
                 by_sum, worst, by_cause);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_of_another_scale_is_named),
        cmocka_unit_test(held_out_samples_judge_and_do_not_calibrate),
        cmocka_unit_test(auto_takes_the_method_that_is_nearest_to_float),
        cmocka_unit_test(what_is_not_finite_is_refused_by_name),
        cmocka_unit_test(without_an_int8_layer_there_is_no_figure),
        cmocka_unit_test(keeping_the_layers_of_the_largest_own_error_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
