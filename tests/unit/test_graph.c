/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: building, copying, printing, limits. */
#include <math.h>
#include <string.h>

#include "support/graph_builder.h"
#include "support/test_allocator.h"

static void example(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 8, 8, 3));
    zi_id w = build_noise(b, "w", DIMS(4, 3, 3, 3));
    zi_id c = build_op(
        b, ZI_OP_Conv, "c",
        ATTR(.conv = {.stride = {2, 2}, .dilation = {1, 1}, .pad = {1, 1, 1, 1}, .groups = 1}), 2,
        x, w);
    b->g->nodes[0].clamp_lo = 0.0f;
    zi_id q = build_op(b, ZI_OP_Quantize, "q", ATTR(.axis = {.axis = ZURT_S8}), 1, c);
    build_quant(b, q, 0.125f, -3);
    b->g->nodes[1].name = "quant";
    b->g->tensors[x].from_nchw = true;
    build_output(b, q);
}

static const char example_text[] =
    "input x:[1,8,8,3]f32 from_nchw\n"
    "c:[1,4,4,4]f32 = Conv(x, w:[4,3,3,3]f32){stride=2,2 pad=1,1,1,1 clamp=0..inf}\n"
    "q:[1,4,4,4]s8(0.125,-3) = Quantize(c){axis=2} quant\n"
    "output q\n";

static void a_graph_prints_as_text(void **state)
{
    (void)state;
    builder b = builder_make();
    example(&b);
    assert_graph(&b, example_text);
    builder_free(&b);
}

static void a_clone_is_the_same_graph(void **state)
{
    (void)state;
    builder b = builder_make();
    example(&b);
    zi_graph *source = b.g;
    assert_int_equal(zi_graph_clone(b.ctx, source, &b.g), ZURT_OK);
    assert_graph(&b, example_text);
    assert_ptr_equal(b.g->tensors[1].data, source->tensors[1].data);
    assert_ptr_not_equal(b.g->tensors[1].name, source->tensors[1].name);
    zi_graph_destroy(source);
    builder_free(&b);
}

static void constants_beyond_the_limits_are_refused(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id id;
    assert_int_equal(
        zi_graph_add_const(b.ctx, b.g, "k", ZURT_F32, DIMS(1 << 24, 1 << 24), NULL, &id, NULL),
        ZURT_E_LIMIT);
    assert_int_equal(zi_graph_add_const(b.ctx, b.g, "k", ZURT_F32, DIMS(-1), NULL, &id, NULL),
                     ZURT_E_LIMIT);
    assert_int_equal(zi_graph_add_const(b.ctx, b.g, "k", ZURT_F32, 9, NULL, NULL, &id, NULL),
                     ZURT_E_FORMAT);
    builder_free(&b);
}

static void macs_are_counted(void **state)
{
    (void)state;
    builder b = builder_make();
    example(&b);
    assert_int_equal(zi_node_macs(b.g, &b.g->nodes[0]), 4 * 4 * 4 * 27);
    assert_int_equal(zi_node_macs(b.g, &b.g->nodes[1]), 0);
    zi_id x = build_input(&b, "t", ZURT_F32, DIMS(1, 3, 3, 4));
    zi_id w = build_noise(&b, "v", DIMS(6, 2, 2, 2));
    build_op(&b, ZI_OP_ConvTranspose, "u",
             ATTR(.conv = {.stride = {2, 2}, .dilation = {1, 1}, .groups = 2}), 2, x, w);
    assert_int_equal(zi_node_macs(b.g, &b.g->nodes[2]), 36 * 4 * 3);
    builder_free(&b);
}

/* 7385 * s_x * s_w / s_y lies so near to 50.5 that the product's last bits decide. */
static void scales_are_multiplied_as_tflite_does(void **state)
{
    (void)state;
    const float s = 0.023528477177023888f, s_w = 0.00683765672147274f;
    const float product = s * s_w;
    const double rounded = (double)product / (double)s, exact = (double)s * (double)s_w / (double)s;
    assert_true(rounded != exact);
    static const struct {
        zi_op op;
        int32_t zero_point;
        bool is_rounded;
    } cases[] = {{ZI_OP_Conv, 11, true}, {ZI_OP_Conv, 0, false}, {ZI_OP_FullyConnected, 0, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        builder b = builder_make();
        const bool conv = cases[i].op == ZI_OP_Conv;
        static const int8_t weight[2] = {46, 1};
        zi_id x = build_input(&b, "x", ZURT_S8, conv ? 4 : 2, (const int32_t[]){1, 1, 1, 1});
        zi_id w =
            build_const(&b, "w", ZURT_S8, conv ? 4 : 2, (const int32_t[]){2, 1, 1, 1}, weight);
        build_quant(&b, x, s, 0);
        build_quant(&b, w, s_w, cases[i].zero_point);
        zi_id y =
            build_op(&b, cases[i].op, "y",
                     ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 2, x, w);
        build_quant(&b, y, s, 0);
        const double factor = zi_linear_factor(b.g, &b.g->nodes[0], 1);
        assert_true(factor == (cases[i].is_rounded ? rounded : exact));
        const float scales[2] = {s_w, s_w}; // per channel: in double
        assert_int_equal(zi_graph_set_quant(b.ctx, b.g, w, 2, 0, scales, (const int32_t[]){0, 0}),
                         ZURT_OK);
        assert_true(zi_linear_factor(b.g, &b.g->nodes[0], 1) == exact);
        builder_free(&b);
    }
}

static void failures_name_node_and_op(void **state)
{
    (void)state;
    builder b = builder_make();
    example(&b);
    assert_int_equal(zi_node_fail(b.ctx, b.g, &b.g->nodes[1], ZURT_E_LIMIT, "too %s", "much"),
                     ZURT_E_LIMIT);
    assert_string_equal(zurt_ctx_error(b.ctx), "node 1 'quant' (Quantize): too much");
    builder_free(&b);
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    builder b = builder_make();
    example(&b);
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    assert_non_null(ctx);
    const size_t live = counter.n_live;
    zurt_status st = ZURT_E_NOMEM;
    size_t n = 0;
    while (st) {
        zt_allocator_arm(&counter, ++n);
        zi_graph *copy = NULL;
        char *text = NULL;
        st = zi_graph_clone(ctx, b.g, &copy);
        if (!st)
            st = zi_graph_compact(ctx, copy);
        if (!st)
            st = zi_graph_check(ctx, copy);
        if (!st)
            st = zi_graph_print(ctx, copy, &text);
        zi_free(&ctx->allocator, text);
        zi_graph_destroy(copy);
        assert_int_equal(st, zt_allocator_refused(&counter) ? ZURT_E_NOMEM : ZURT_OK);
        assert_int_equal(counter.n_live, live);
    }
    assert_true(n > 5);
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_prints_as_text),
        cmocka_unit_test(a_clone_is_the_same_graph),
        cmocka_unit_test(constants_beyond_the_limits_are_refused),
        cmocka_unit_test(macs_are_counted),
        cmocka_unit_test(scales_are_multiplied_as_tflite_does),
        cmocka_unit_test(failures_name_node_and_op),
        cmocka_unit_test(every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
