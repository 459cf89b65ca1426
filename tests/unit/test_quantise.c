/* SPDX-License-Identifier: Apache-2.0 */
/* Quantisation of whole graphs through the public API. */
#include <math.h>
#include <string.h>

#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/graph_builder.h"
#include "support/test_allocator.h"

/** Names the last node. */
static zi_id named(builder *b, const char *name, zi_id out)
{
    b->g->nodes[b->g->n_nodes - 1].name = name;
    return out;
}

static zi_id conv(builder *b, const char *name, zi_id x, int32_t n_out, int32_t kernel,
                  bool depthwise)
{
    int32_t c = b->g->tensors[x].dims[3], pad = kernel / 2;
    zi_attr a = {.conv = {.stride = {1, 1},
                          .dilation = {1, 1},
                          .pad = {pad, pad, pad, pad},
                          .groups = depthwise ? c : 1}};
    zi_id w = build_noise(b, "w", DIMS(n_out, kernel, kernel, depthwise ? 1 : c));
    zi_id bias = build_noise(b, "bias", DIMS(n_out));
    zi_id y = named(b, name, build_op(b, ZI_OP_Conv, name, &a, 3, x, w, bias));
    return y;
}

/** A small network with what real ones are made of. */
static void network(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 8, 8, 3));
    b->g->tensors[x].from_nchw = true;
    zi_id a = conv(b, "stem", x, 8, 3, false);
    b->g->nodes[0].clamp_lo = 0.0f;
    b->g->nodes[0].clamp_hi = 6.0f;
    zi_id d = conv(b, "depthwise", a, 8, 3, true);
    zi_id s = named(b, "swish", build_op(b, ZI_OP_HardSwish, "s", NULL, 1, d));
    zi_id r = named(b, "add", build_op(b, ZI_OP_Add, "r", NULL, 2, s, a));
    zi_id p = named(b, "pool",
                    build_op(b, ZI_OP_MaxPool, "p",
                             ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}),
                             1, r));
    zi_id e = conv(b, "expand", p, 8, 1, false);
    zi_id c =
        named(b, "concat", build_op(b, ZI_OP_Concat, "c", ATTR(.axis = {.axis = 3}), 2, p, e));
    zi_id m =
        named(b, "mean",
              build_op(b, ZI_OP_ReduceMean, "m", ATTR(.reduce = {.axes = AXIS_1 | AXIS_2}), 1, c));
    zi_id w = build_noise(b, "fw", DIMS(5, 16));
    zi_id f = named(b, "fc", build_op(b, ZI_OP_FullyConnected, "f", NULL, 2, m, w));
    build_output(
        b, named(b, "softmax", build_op(b, ZI_OP_Softmax, "y", ATTR(.axis = {.axis = 1}), 1, f)));
}

typedef struct fixture {
    builder b;
    zurt_graph *graph, *out;
    zurt_quant_report *report;
    zurt_quantize_options options;
} fixture;

static fixture fixture_make(void (*build)(builder *b))
{
    fixture f = {.b = builder_make(), .options = ZURT_QUANTIZE_OPTIONS_INIT};
    build(&f.b);
    assert_checked(&f.b);
    assert_int_equal(zc_graph_wrap(f.b.ctx, f.b.g, &f.graph), ZURT_OK);
    f.options.sample = build_sample;
    f.options.n_samples = 16;
    f.options.threads = 1;
    return f;
}

static zurt_status run(fixture *f)
{
    return zurt_quantize(f->b.ctx, f->graph, &f->options, &f->out, &f->report);
}

static void run_ok(fixture *f)
{
    if (run(f))
        fail_msg("%s", zurt_ctx_error(f->b.ctx));
}

static void fixture_free(fixture *f)
{
    zurt_quant_report_destroy(f->report);
    zurt_graph_destroy(f->out);
    zurt_graph_destroy(f->graph);
    zurt_ctx_destroy(f->b.ctx);
}

static const zurt_quant_layer *layer(const fixture *f, const char *name)
{
    for (size_t i = 0; i < zurt_quant_report_n_layers(f->report); i++) {
        const zurt_quant_layer *l = zurt_quant_report_layer(f->report, i);
        if (!strcmp(l->name, name) && strcmp(l->op, "Quantize") && strcmp(l->op, "Dequantize"))
            return l;
    }
    fail_msg("no layer '%s'", name);
    return NULL;
}

static const zurt_quant_tensor *tensor(const fixture *f, const char *name)
{
    for (size_t i = 0; i < zurt_quant_report_n_tensors(f->report); i++) {
        const zurt_quant_tensor *t = zurt_quant_report_tensor(f->report, i);
        if (!strcmp(t->name, name))
            return t;
    }
    fail_msg("no tensor '%s'", name);
    return NULL;
}

static void a_network_becomes_int8(void **state)
{
    (void)state;
    for (int method = 0; method < 4; method++) {
        fixture f = fixture_make(network);
        f.options.method = (zurt_calib_method)method;
        f.options.require_int8 = 1;
        run_ok(&f);
        assert_int_equal(zurt_graph_n_nodes(f.out), 10);
        for (size_t i = 0; i < zurt_quant_report_n_layers(f.report); i++) {
            const zurt_quant_layer *l = zurt_quant_report_layer(f.report, i);
            assert_string_equal(l->type, "s8");
            assert_string_equal(l->reason, "");
            // mse gives the input of HardSwish no levels where HardSwish is flat.
            if (!(l->sqnr_db > (strcmp(l->name, "depthwise") ? 22.0 : 18.0)))
                fail_msg("method %d: '%s' has %.1f dB", method, l->name, l->sqnr_db);
        }
        assert_true(zurt_quant_report_output_sqnr(f.report, 0) > 22.0);
        assert_true(isnan(zurt_quant_report_output_sqnr(f.report, 1)));
        fixture_free(&f);
    }
}

static void ranges_obey_the_rules_of_tflite(void **state)
{
    (void)state;
    fixture f = fixture_make(network);
    run_ok(&f);
    const zurt_quant_tensor *y = tensor(&f, "y");
    assert_true(y->scale == 1.0f / 256 && y->zero_point == -128);
    assert_string_equal(y->method, "fixed");
    const zurt_quant_tensor *stem = tensor(&f, "stem");
    assert_true(stem->min == 0.0f && stem->max <= 6.01f && stem->zero_point == -128);
    const zurt_quant_tensor *p = tensor(&f, "p"), *r = tensor(&f, "r");
    assert_true(p->scale == r->scale && p->zero_point == r->zero_point);
    assert_non_null(strstr(p->method, "tied to"));
    const zi_graph *g = f.out->g;
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        if (n->op != ZI_OP_Conv && n->op != ZI_OP_FullyConnected)
            continue;
        const zi_tensor *x = &g->tensors[n->in[0]], *w = &g->tensors[n->in[1]];
        const zi_tensor *b = &g->tensors[n->in[2]];
        assert_int_equal(w->quant.n, w->dims[0]);
        for (size_t k = 0; k < zi_tensor_elems(w); k++)
            assert_true(((const int8_t *)w->data)[k] >= -127);
        for (uint32_t c = 0; c < w->quant.n; c++) {
            assert_int_equal(w->quant.zero_point[c], 0);
            assert_true(b->quant.scale[c] == x->quant.scale[0] * w->quant.scale[c]);
        }
    }
    fixture_free(&f);
}

static void per_tensor_mode_has_one_weight_scale(void **state)
{
    (void)state;
    fixture f = fixture_make(network);
    f.options.per_tensor = 1;
    run_ok(&f);
    assert_int_equal(f.out->g->tensors[f.out->g->nodes[0].in[1]].quant.n, 1);
    assert_true(zurt_quant_report_output_sqnr(f.report, 0) > 20.0);
    fixture_free(&f);
}

static void inputs_and_outputs_have_the_type_asked_for(void **state)
{
    (void)state;
    static const zurt_dtype types[] = {ZURT_S8, ZURT_U8, ZURT_F32};
    for (int io = 0; io < 3; io++) {
        fixture f = fixture_make(network);
        f.options.io = (zurt_io_type)io;
        run_ok(&f);
        zurt_tensor_info in, out;
        assert_int_equal(zurt_graph_input(f.out, 0, &in), ZURT_OK);
        assert_int_equal(zurt_graph_output(f.out, 0, &out), ZURT_OK);
        assert_string_equal(in.name, "x");
        assert_string_equal(out.name, "y");
        assert_int_equal(in.dtype, types[io]);
        assert_int_equal(out.dtype, types[io]);
        assert_true(f.out->g->tensors[f.out->g->inputs[0]].from_nchw);
        if (io == ZURT_IO_UINT8)
            assert_int_equal(f.out->g->tensors[f.out->g->outputs[0]].quant.zero_point[0], 0);
        assert_true(zurt_quant_report_output_sqnr(f.report, 0) > 22.0);
        fixture_free(&f);
    }
}

static void nodes_stay_float_on_request(void **state)
{
    (void)state;
    static const char *const keep[] = {"depthwise", "fc"};
    fixture f = fixture_make(network);
    f.options.keep_float = keep;
    f.options.n_keep_float = 2;
    run_ok(&f);
    assert_string_equal(layer(&f, "depthwise")->type, "f32");
    assert_string_equal(layer(&f, "fc")->reason, "kept in float on request");
    assert_string_equal(layer(&f, "stem")->type, "s8");
    assert_string_equal(layer(&f, "expand")->type, "s8");
    zurt_quant_report_destroy(f.report);
    zurt_graph_destroy(f.out);
    f.options.require_int8 = 1;
    assert_int_equal(run(&f), ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(f.b.ctx), "'depthwise'"));
    assert_null(f.out);
    assert_null(f.report);
    static const char *const typo[] = {"depthwize"};
    f.options.keep_float = typo;
    f.options.n_keep_float = 1;
    assert_int_equal(run(&f), ZURT_E_ARG);
    fixture_free(&f);
}

/** Coordinates up to 1000 beside scores below 1: a Concat that int8 cannot hold. */
static void boxes_and_scores(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 4, 4, 3));
    zi_id a = conv(b, "boxes", x, 4, 1, false);
    zi_id s = named(b, "scores",
                    build_op(b, ZI_OP_Sigmoid, "s", NULL, 1, conv(b, "logits", x, 4, 1, false)));
    zi_id big =
        named(b, "pixels",
              build_op(b, ZI_OP_Mul, "big", NULL, 2, a, build_scalar(b, "thousand", 1000.0f)));
    build_output(
        b, named(b, "both", build_op(b, ZI_OP_Concat, "y", ATTR(.axis = {.axis = 3}), 2, big, s)));
}

static void what_int8_would_ruin_stays_float_with_a_reason(void **state)
{
    (void)state;
    fixture f = fixture_make(boxes_and_scores);
    run_ok(&f);
    assert_string_equal(layer(&f, "both")->type, "f32");
    assert_non_null(strstr(layer(&f, "both")->reason, "int8 would leave"));
    assert_string_equal(layer(&f, "scores")->type, "s8");
    assert_string_equal(layer(&f, "pixels")->type, "s8");
    assert_true(zurt_quant_report_output_sqnr(f.report, 0) > 30.0);
    fixture_free(&f);
}

static void poles(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 4, 4, 3));
    zi_id zero =
        named(b, "zero", build_op(b, ZI_OP_Mul, "z", NULL, 2, x, build_scalar(b, "nil", 0.0f)));
    zi_id pole = named(b, "pole", build_op(b, ZI_OP_Reciprocal, "pole", NULL, 1, zero));
    build_output(b, named(b, "tanh", build_op(b, ZI_OP_Tanh, "y", NULL, 1, pole)));
}

static void values_that_are_not_finite_stay_float(void **state)
{
    (void)state;
    fixture f = fixture_make(poles);
    run_ok(&f);
    assert_string_equal(layer(&f, "pole")->type, "f32");
    assert_non_null(strstr(layer(&f, "pole")->reason, "not finite"));
    fixture_free(&f);
}

/** A channel of zeros with a huge bias, and one of tiny weights. */
static void awkward_weights(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 4, 4, 3));
    static const float w[] = {0, 0, 0, 1e-12f, -1e-12f, 1e-12f, 1, -1, 0.5f};
    static const float bias[] = {1e6f, 1.0f, 0.0f};
    zi_id wt = build_const(b, "w", ZURT_F32, DIMS(3, 1, 1, 3), w);
    zi_id bt = build_const(b, "b", ZURT_F32, DIMS(3), bias);
    build_output(b,
                 named(b, "conv",
                       build_op(b, ZI_OP_Conv, "y",
                                ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}),
                                3, x, wt, bt)));
}

static void scales_rise_until_the_bias_fits(void **state)
{
    (void)state;
    fixture f = fixture_make(awkward_weights);
    run_ok(&f);
    assert_string_equal(layer(&f, "conv")->type, "s8");
    assert_true(zurt_quant_report_output_sqnr(f.report, 0) > 30.0);
    fixture_free(&f);
}

static zurt_status broken(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    return index < 2 ? build_sample(self, index, inputs, n_inputs) : ZURT_E_IO;
}

static void sources_own_status_comes_back(void **state)
{
    (void)state;
    fixture f = fixture_make(network);
    f.options.sample = broken;
    assert_int_equal(run(&f), ZURT_E_IO);
    assert_null(f.out);
    f.options.n_samples = 0;
    assert_int_equal(run(&f), ZURT_E_ARG);
    f.options = (zurt_quantize_options)ZURT_QUANTIZE_OPTIONS_INIT;
    assert_int_equal(run(&f), ZURT_E_ARG);
    fixture_free(&f);
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    fixture f = fixture_make(network);
    f.options.method = ZURT_CALIB_MINMAX;
    f.options.n_samples = 1;
    f.options.io = ZURT_IO_UINT8;
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        zt_allocator counter = {.refuse_at = n};
        zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
        st = ZURT_E_NOMEM;
        if (ctx)
            st = zurt_quantize(ctx, f.graph, &f.options, &f.out, &f.report);
        if (st && st != ZURT_E_NOMEM)
            fail_msg("request %zu: %s: %s", n, zurt_status_name(st), zurt_ctx_error(ctx));
        zurt_quant_report_destroy(f.report);
        zurt_graph_destroy(f.out);
        f.report = NULL;
        f.out = NULL;
        zurt_ctx_destroy(ctx);
        assert_int_equal(counter.n_live, 0);
    }
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_becomes_int8),
        cmocka_unit_test(ranges_obey_the_rules_of_tflite),
        cmocka_unit_test(per_tensor_mode_has_one_weight_scale),
        cmocka_unit_test(inputs_and_outputs_have_the_type_asked_for),
        cmocka_unit_test(nodes_stay_float_on_request),
        cmocka_unit_test(what_int8_would_ruin_stays_float_with_a_reason),
        cmocka_unit_test(values_that_are_not_finite_stay_float),
        cmocka_unit_test(scales_rise_until_the_bias_fits),
        cmocka_unit_test(sources_own_status_comes_back),
        cmocka_unit_test(every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
