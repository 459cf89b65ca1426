/* SPDX-License-Identifier: Apache-2.0 */
/* Fusing of BatchNormalization and other affine functions into layers. */
#include "passes/passes_all.h"
#include "support/graph_numeric.h"

static const float rounding = 1e-5f;

static zi_id conv(builder *b, zi_id x, int32_t channels, int32_t groups, int32_t pad)
{
    int32_t ins = b->g->tensors[x].dims[3] / groups;
    zi_id w = build_noise(b, "w", DIMS(channels, 3, 3, ins));
    zi_id k = build_noise(b, "b", DIMS(channels));
    return build_op(b, ZI_OP_Conv, "c",
                    ATTR(.conv = {.stride = {1, 1},
                                  .dilation = {1, 1},
                                  .pad = {pad, pad, pad, pad},
                                  .groups = groups}),
                    3, x, w, k);
}

static void batch_norm_goes_into_the_convolution(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 5, 5, 4));
    zi_id c = conv(&b, x, 6, 2, 1);
    zi_id m = build_op(&b, ZI_OP_Mul, "m", NULL, 2, c, build_noise(&b, "s", DIMS(1, 1, 1, 6)));
    zi_id a = build_op(&b, ZI_OP_Sub, "a", NULL, 2, build_noise(&b, "d", DIMS(6)), m);
    build_output(&b, build_op(&b, ZI_OP_Div, "y", NULL, 2, a, build_scalar(&b, "k", 3.0f)));
    assert_pass_keeps_values(&b, zc_fuse_affine_pass, rounding);
    assert_graph(&b, "input x:[1,5,5,4]f32\n"
                     "y:[1,5,5,6]f32 = Conv(x, w:[6,3,3,2]f32, b:[6]f32){pad=1,1,1,1 groups=2}\n"
                     "output y\n");
    builder_free(&b);
}

static void transposed_convolutions_and_products_too(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 3, 3, 4));
    zi_id w = build_noise(&b, "w", DIMS(6, 2, 2, 2));
    zi_id t = build_op(&b, ZI_OP_ConvTranspose, "t",
                       ATTR(.conv = {.stride = {2, 2}, .dilation = {1, 1}, .groups = 2}), 2, x, w);
    zi_id m = build_op(&b, ZI_OP_Mul, "m", NULL, 2, t, build_noise(&b, "s", DIMS(6)));
    zi_id f = build_op(&b, ZI_OP_FullyConnected, "f", NULL, 2, m, build_noise(&b, "v", DIMS(5, 6)));
    build_output(&b, build_op(&b, ZI_OP_Add, "y", NULL, 2, f, build_noise(&b, "d", DIMS(5))));
    assert_pass_keeps_values(&b, zc_fuse_affine_pass, rounding);
    assert_int_equal(b.g->n_nodes, 2);
    builder_free(&b);
}

static void in_front_only_where_padding_stays_right(void **state)
{
    (void)state;
    for (int32_t pad = 0; pad < 2; pad++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 5, 5, 4));
        zi_id s = build_op(&b, ZI_OP_Sub, "s", NULL, 2, x, build_noise(&b, "d", DIMS(4)));
        zi_id m = build_op(&b, ZI_OP_Mul, "m", NULL, 2, s, build_noise(&b, "k", DIMS(4)));
        build_output(&b, conv(&b, m, 6, 2, pad));
        assert_pass_keeps_values(&b, zc_fuse_affine_pass, rounding);
        assert_int_equal(b.g->n_nodes, pad ? 2 : 1); // the scale goes in either way
        builder_free(&b);
    }
}

static void what_others_read_or_clamp_stays(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 5, 5, 4));
    zi_id k = build_noise(&b, "k", DIMS(4));
    zi_id c = conv(&b, x, 4, 1, 1);
    build_output(&b, c);
    zi_id m = build_op(&b, ZI_OP_Mul, "m", NULL, 2, c, k);
    zi_id d = conv(&b, m, 4, 1, 1);
    b.g->nodes[b.g->n_nodes - 1].clamp_lo = 0.0f;
    zi_id n = build_op(&b, ZI_OP_Mul, "n", NULL, 2, d, k);
    zi_id wide = build_op(&b, ZI_OP_Add, "wide", NULL, 2, n, build_noise(&b, "g", DIMS(5, 5, 4)));
    build_output(&b, m);
    build_output(&b, wide);
    assert_pass_keeps_values(&b, zc_fuse_affine_pass, rounding);
    assert_int_equal(b.g->n_nodes, 5);
    builder_free(&b);
}

static void what_is_left_becomes_a_convolution(void **state)
{
    (void)state;
    for (int32_t channels = 4; channels <= 20; channels += 16) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 5, 5, channels));
        zi_id m =
            build_op(&b, ZI_OP_Mul, "m", NULL, 2, x, build_noise(&b, "k", DIMS(1, 1, 1, channels)));
        zi_id s = build_op(&b, ZI_OP_Sub, "s", NULL, 2, build_noise(&b, "d", DIMS(channels)), m);
        zi_id z = build_op(&b, ZI_OP_Mul, "z", NULL, 2, s, build_scalar(&b, "t", 0.5f));
        build_output(&b, z);
        assert_pass_keeps_values(&b, zc_affine_conv_pass, rounding);
        assert_int_equal(b.g->n_nodes, channels > 8 ? 1 : 3);
        assert_int_equal(b.g->nodes[0].op, channels > 8 ? ZI_OP_Conv : ZI_OP_Mul);
        builder_free(&b);
    }
}

static void nothing_goes_through_quantisation(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 5, 5, 4));
    zi_id c = conv(&b, x, 4, 1, 1);
    zi_id q = build_op(&b, ZI_OP_Quantize, "q", ATTR(.axis = {.axis = ZURT_S8}), 1, c);
    build_quant(&b, q, 0.1f, 0);
    zi_id d = build_op(&b, ZI_OP_Dequantize, "d", NULL, 1, q);
    build_output(&b, build_op(&b, ZI_OP_Mul, "y", NULL, 2, d, build_noise(&b, "k", DIMS(4))));
    assert_pass_keeps_values(&b, zc_fuse_affine_pass, rounding);
    assert_int_equal(b.g->n_nodes, 4);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_goes_into_the_convolution),
        cmocka_unit_test(transposed_convolutions_and_products_too),
        cmocka_unit_test(in_front_only_where_padding_stays_right),
        cmocka_unit_test(what_others_read_or_clamp_stays),
        cmocka_unit_test(what_is_left_becomes_a_convolution),
        cmocka_unit_test(nothing_goes_through_quantisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
