/* SPDX-License-Identifier: Apache-2.0 */
/* The pass that takes NCHW models to NHWC. */
#include "passes/passes_all.h"
#include "support/graph_numeric.h"

static const float rounding = 1e-5f;

static zi_id to_nhwc(builder *b, zi_id x)
{
    return build_op(b, ZI_OP_Transpose, "nhwc", ATTR(.perm = {{0, 2, 3, 1}}), 1, x);
}

static zi_id to_nchw(builder *b, const char *name, zi_id x)
{
    return build_op(b, ZI_OP_Transpose, name, ATTR(.perm = {{0, 3, 1, 2}}), 1, x);
}

/** A 3x3 convolution as an importer writes it: NCHW outside, NHWC inside. */
static zi_id conv(builder *b, const char *name, zi_id x, int32_t channels)
{
    zi_id in = to_nhwc(b, x);
    zi_id w = build_noise(b, "w", DIMS(channels, 3, 3, b->g->tensors[in].dims[3]));
    zi_id y = build_op(
        b, ZI_OP_Conv, "c",
        ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {1, 1, 1, 1}, .groups = 1}), 2,
        in, w);
    return to_nchw(b, name, y);
}

static size_t count_ops(const builder *b, zi_op op)
{
    size_t count = 0;
    for (size_t i = 0; i < b->g->n_nodes; i++)
        count += b->g->nodes[i].op == op;
    return count;
}

static void transposes_between_spatial_ops_cancel(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 3, 5, 6));
    zi_id a = conv(&b, "a", x, 4);
    zi_id k = build_noise(&b, "k", DIMS(4, 1, 1));
    zi_id s = build_op(&b, ZI_OP_Mul, "s", NULL, 2, k, a);
    zi_id r = build_op(&b, ZI_OP_Relu, "r", NULL, 1, s);
    build_output(&b, conv(&b, "y", r, 2));
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_graph(&b, "input x:[1,5,6,3]f32 from_nchw\n"
                     "c:[1,5,6,4]f32 = Conv(x, w:[4,3,3,3]f32){pad=1,1,1,1}\n"
                     "s:[1,5,6,4]f32 = Mul(k:[1,1,1,4]f32, c)\n"
                     "r:[1,5,6,4]f32 = Relu(s)\n"
                     "c:[1,5,6,2]f32 = Conv(r, w:[2,3,3,4]f32){pad=1,1,1,1}\n"
                     "y:[1,2,5,6]f32 = Transpose(c){perm=0,3,1,2} c_transposed\n"
                     "output y\n");
    builder_free(&b);
}

static void axes_are_renamed(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(1, 3, 5, 6)), 4);
    zi_id p =
        build_op(&b, ZI_OP_Pad, "p",
                 ATTR(.pad = {.before = {0, 1, 2, 0}, .after = {0, 0, 0, 1}, .value = 0.5f}), 1, a);
    zi_id s = build_op(
        &b, ZI_OP_Slice, "s",
        ATTR(.slice = {.start = {0, 1, 6, 0}, .step = {1, 1, -1, 2}, .count = {1, 4, 5, 3}}), 1, p);
    zi_id c = build_op(&b, ZI_OP_Concat, "cat", ATTR(.axis = {.axis = 1}), 2, s, s);
    zi_id m = build_op(&b, ZI_OP_Softmax, "m", ATTR(.axis = {.axis = 1}), 1, c);
    zi_id g = build_op(&b, ZI_OP_ReduceMean, "g",
                       ATTR(.reduce = {.axes = AXIS_2 | AXIS_3, .keep_dims = true}), 1, m);
    zi_id e = build_op(&b, ZI_OP_Mul, "e", NULL, 2, m, g);
    zi_id t =
        build_op(&b, ZI_OP_Tile, "t", ATTR(.shape = {.rank = 4, .dims = {1, 8, 10, 3}}), 1, e);
    build_output(&b, conv(&b, "y", t, 2));
    build_output(&b, build_op(&b, ZI_OP_ArgMax, "best", ATTR(.axis = {.axis = 1}), 1, t));
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_int_equal(count_ops(&b, ZI_OP_Transpose), 1); // y is NCHW
    builder_free(&b);
}

static void a_flattened_image_permutes_the_weights(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(2, 3, 4, 4)), 5);
    zi_id f = build_op(&b, ZI_OP_Reshape, "f", ATTR(.shape = {.rank = 2, .dims = {2, 80}}), 1, a);
    zi_id r = build_op(&b, ZI_OP_Relu, "r", NULL, 1, f);
    zi_id w = build_noise(&b, "v", DIMS(3, 80));
    build_output(&b, build_op(&b, ZI_OP_FullyConnected, "y", NULL, 2, r, w));
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_int_equal(count_ops(&b, ZI_OP_Transpose), 0);
    assert_int_equal(count_ops(&b, ZI_OP_Reshape), 1);
    builder_free(&b);
}

static void quantised_weights_stay_behind_their_dequantize(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(1, 3, 4, 4)), 5);
    zi_id q = build_op(&b, ZI_OP_Quantize, "q", ATTR(.axis = {.axis = ZURT_S8}), 1, a);
    build_quant(&b, q, 0.05f, 3);
    zi_id d = build_op(&b, ZI_OP_Dequantize, "d", NULL, 1, q);
    zi_id f = build_op(&b, ZI_OP_Reshape, "f", ATTR(.shape = {.rank = 2, .dims = {1, 80}}), 1, d);
    zi_id wq;
    void *data;
    assert_int_equal(zi_graph_add_const(b.ctx, b.g, "wq", ZURT_S8, DIMS(80, 2), NULL, &wq, &data),
                     ZURT_OK);
    for (int i = 0; i < 160; i++)
        ((int8_t *)data)[i] = (int8_t)(i % 100 - 50);
    const float scales[2] = {0.25f, 0.5f};
    const int32_t zeros[2] = {0, 0};
    assert_int_equal(zi_graph_set_quant(b.ctx, b.g, wq, 2, 1, scales, zeros), ZURT_OK);
    zi_id wd = build_op(&b, ZI_OP_Dequantize, "wd", NULL, 1, wq);
    zi_id w = build_op(&b, ZI_OP_Transpose, "w", ATTR(.perm = {{1, 0}}), 1, wd);
    build_output(&b, build_op(&b, ZI_OP_FullyConnected, "y", NULL, 2, f, w));
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_graph(&b, "input x:[1,4,4,3]f32 from_nchw\n"
                     "c:[1,4,4,5]f32 = Conv(x, w:[5,3,3,3]f32){pad=1,1,1,1}\n"
                     "q:[1,4,4,5]s8(0.0500000007,3) = Quantize(c){axis=2}\n"
                     "d:[1,4,4,5]f32 = Dequantize(q)\n"
                     "d_reshaped:[1,80]f32 = Reshape(d) d_reshaped\n"
                     "w:[2,80]f32 = Dequantize(wq:[2,80]s8(2 scales on axis 0)) w\n"
                     "y:[1,2]f32 = FullyConnected(d_reshaped, w)\n"
                     "output y\n");
    builder_free(&b);
}

static void a_channel_shuffle_moves_channels_alone(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(1, 3, 4, 4)), 6);
    zi_id r =
        build_op(&b, ZI_OP_Reshape, "r", ATTR(.shape = {.rank = 5, .dims = {1, 2, 3, 4, 4}}), 1, a);
    zi_id t = build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{0, 2, 1, 3, 4}}), 1, r);
    zi_id u =
        build_op(&b, ZI_OP_Reshape, "u", ATTR(.shape = {.rank = 4, .dims = {1, 6, 4, 4}}), 1, t);
    zi_id y = conv(&b, "y", u, 2);
    build_output(&b, build_op(&b, ZI_OP_ReduceMean, "m",
                              ATTR(.reduce = {.axes = AXIS_2 | AXIS_3, .keep_dims = true}), 1, y));
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_int_equal(count_ops(&b, ZI_OP_Transpose), 0);
    assert_int_equal(count_ops(&b, ZI_OP_Gather), 1);
    builder_free(&b);
}

static void halves_of_a_shuffle_become_slices(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(1, 3, 4, 4)), 6);
    zi_id r =
        build_op(&b, ZI_OP_Reshape, "r", ATTR(.shape = {.rank = 3, .dims = {3, 2, 16}}), 1, a);
    zi_id t = build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{1, 0, 2}}), 1, r);
    zi_id u =
        build_op(&b, ZI_OP_Reshape, "u", ATTR(.shape = {.rank = 5, .dims = {2, 1, 3, 4, 4}}), 1, t);
    static const int64_t zero = 0, one = 1;
    zi_id i0 = build_const(&b, "i0", ZURT_S64, 0, NULL, &zero);
    zi_id i1 = build_const(&b, "i1", ZURT_S64, 0, NULL, &one);
    zi_id p = build_op(&b, ZI_OP_Gather, "p", ATTR(.axis = {.axis = 0}), 2, u, i0);
    zi_id q = build_op(&b, ZI_OP_Gather, "q", ATTR(.axis = {.axis = 0}), 2, u, i1);
    zi_id y = conv(&b, "y", p, 2), z = conv(&b, "z", q, 2);
    build_output(&b, build_op(&b, ZI_OP_ReduceMax, "m",
                              ATTR(.reduce = {.axes = AXIS_1 | AXIS_2 | AXIS_3, .keep_dims = true}),
                              1, y));
    build_output(&b, build_op(&b, ZI_OP_ReduceMax, "n",
                              ATTR(.reduce = {.axes = AXIS_1 | AXIS_2 | AXIS_3, .keep_dims = true}),
                              1, z));
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_graph(&b, "input x:[1,4,4,3]f32 from_nchw\n"
                     "c:[1,4,4,6]f32 = Conv(x, w:[6,3,3,3]f32){pad=1,1,1,1}\n"
                     "p:[1,4,4,3]f32 = Slice(c){start=0,0,0,0 step=1,1,1,2 count=1,4,4,3}\n"
                     "q:[1,4,4,3]f32 = Slice(c){start=0,0,0,1 step=1,1,1,2 count=1,4,4,3}\n"
                     "c:[1,4,4,2]f32 = Conv(p, w:[2,3,3,3]f32){pad=1,1,1,1}\n"
                     "c:[1,4,4,2]f32 = Conv(q, w:[2,3,3,3]f32){pad=1,1,1,1}\n"
                     "m:[1,1,1,1]f32 = ReduceMax(c){axes=0xe keep_dims}\n"
                     "n:[1,1,1,1]f32 = ReduceMax(c){axes=0xe keep_dims}\n"
                     "output m, n\n");
    builder_free(&b);
}

static void a_detection_head_needs_no_transpose(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(1, 3, 4, 5)), 8);
    zi_id t = build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{0, 2, 3, 1}}), 1, a);
    zi_id r =
        build_op(&b, ZI_OP_Reshape, "r", ATTR(.shape = {.rank = 3, .dims = {1, 40, 4}}), 1, t);
    zi_id c = build_op(&b, ZI_OP_Concat, "y", ATTR(.axis = {.axis = 1}), 2, r, r);
    build_output(&b, c);
    assert_pass_keeps_values(&b, zc_layout_pass, rounding);
    assert_int_equal(count_ops(&b, ZI_OP_Transpose), 0);
    builder_free(&b);
}

static void outputs_keep_name_order_and_shape(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 3, 4, 5));
    zi_id a = conv(&b, "a", x, 8);
    zi_id t = build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{0, 2, 3, 1}}), 1, a);
    zi_id k = build_noise(&b, "k", DIMS(2, 3));
    build_output(&b, a);
    build_output(&b, t);
    build_output(&b, x);
    build_output(&b,
                 build_op(&b, ZI_OP_Reshape, "k2", ATTR(.shape = {.rank = 1, .dims = {6}}), 1, k));
    build_output(
        &b, build_op(&b, ZI_OP_Reshape, "f", ATTR(.shape = {.rank = 2, .dims = {1, 160}}), 1, a));
    assert_pass_keeps_values(&b, NULL, rounding);
    builder_free(&b);
}

enum { SEEDS = 200 };

/** Random chains of ops between convolutions: whatever the pass decides, values must stay. */
static void random_graphs_keep_their_values(void **state)
{
    (void)state;
    static const int64_t one = 1;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        builder b = builder_make();
        b.seed = seed * 7919u;
        zi_id x = conv(&b, "a", build_input(&b, "x", ZURT_F32, DIMS(1, 4, 4, 4)), 4);
        for (int i = 0; i < 8; i++) {
            static const int32_t perms[4][4] = {
                {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 1, 3, 2}, {0, 3, 2, 1}};
            builder_random(&b);
            uint32_t choice = b.seed >> 16;
            zi_attr perm = {{{0}, {0}, {0}, 0, {0}}};
            memcpy(perm.perm.perm, perms[choice / 16 % 4], sizeof(perms[0]));
            switch (choice % 11) {
            case 0:
                x = build_op(&b, ZI_OP_Transpose, "t", &perm, 1, x);
                break;
            case 1:
                x = conv(&b, "c", x, 4);
                break;
            case 2:
                x = build_op(&b, ZI_OP_Add, "s", NULL, 2, x, build_noise(&b, "k", DIMS(4, 1, 4)));
                break;
            case 3:
                x = build_op(&b, ZI_OP_Reshape, "f", ATTR(.shape = {.rank = 3, .dims = {1, 8, 8}}),
                             1, x);
                x = build_op(&b, ZI_OP_Softmax, "m", ATTR(.axis = {.axis = 1}), 1, x);
                x = build_op(&b, ZI_OP_Reshape, "g",
                             ATTR(.shape = {.rank = 4, .dims = {1, 4, 4, 4}}), 1, x);
                break;
            case 4:
                x = build_op(&b, ZI_OP_Reshape, "r",
                             ATTR(.shape = {.rank = 5, .dims = {1, 2, 2, 4, 4}}), 1, x);
                x = build_op(&b, ZI_OP_Transpose, "p", ATTR(.perm = {{0, 2, 1, 4, 3}}), 1, x);
                x = build_op(&b, ZI_OP_Reshape, "u",
                             ATTR(.shape = {.rank = 4, .dims = {1, 4, 4, 4}}), 1, x);
                break;
            case 5:
                x = build_op(&b, ZI_OP_Reshape, "v", ATTR(.shape = {.rank = 2, .dims = {1, 64}}), 1,
                             x);
                x = build_op(&b, ZI_OP_FullyConnected, "d", NULL, 2, x,
                             build_noise(&b, "w", DIMS(64, 64)));
                x = build_op(&b, ZI_OP_Reshape, "o",
                             ATTR(.shape = {.rank = 4, .dims = {1, 4, 4, 4}}), 1, x);
                break;
            case 6:
                x = build_op(&b, ZI_OP_Max, "h", NULL, 2, x,
                             build_op(&b, ZI_OP_Transpose, "q", &perm, 1, x));
                break;
            case 7:
                x = build_op(&b, ZI_OP_Concat, "j", ATTR(.axis = {.axis = 1}), 2, x,
                             build_op(&b, ZI_OP_Transpose, "q", &perm, 1, x));
                x = build_op(&b, ZI_OP_Slice, "i",
                             ATTR(.slice = {.start = {0, 1, 0, 0},
                                            .step = {1, 2, 1, 1},
                                            .count = {1, 4, 4, 4}}),
                             1, x);
                break;
            case 8:
                x = build_op(&b, ZI_OP_Reshape, "r",
                             ATTR(.shape = {.rank = 5, .dims = {1, 2, 2, 4, 4}}), 1, x);
                x = build_op(&b, ZI_OP_Gather, "z",
                             ATTR(.axis = {.axis = 1 + (int32_t)(choice / 64 % 2)}), 2, x,
                             build_const(&b, "one", ZURT_S64, 0, NULL, &one));
                x = build_op(&b, ZI_OP_Concat, "j", ATTR(.axis = {.axis = 1}), 2, x, x);
                break;
            case 9: {
                zi_id m = build_op(&b, ZI_OP_ReduceMean, "m",
                                   ATTR(.reduce = {.axes = AXIS_2 | AXIS_3}), 1, x);
                m = build_op(&b, ZI_OP_Reshape, "n",
                             ATTR(.shape = {.rank = 4, .dims = {1, 4, 1, 1}}), 1, m);
                x = build_op(&b, ZI_OP_Mul, "x", NULL, 2, m, x);
                break;
            }
            default:
                x = build_op(&b, ZI_OP_Slice, "l",
                             ATTR(.slice = {.start = {0, 3, 0, 1},
                                            .step = {1, -1, 1, 1},
                                            .count = {1, 4, 2, 2}}),
                             1, x);
                x = build_op(&b, ZI_OP_Tile, "e", ATTR(.shape = {.rank = 4, .dims = {1, 4, 4, 4}}),
                             1, x);
                break;
            }
        }
        build_output(&b, x);
        assert_pass_keeps_values(&b, seed % 2 ? zc_layout_pass : NULL, 1e-4f);
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transposes_between_spatial_ops_cancel),
        cmocka_unit_test(axes_are_renamed),
        cmocka_unit_test(a_flattened_image_permutes_the_weights),
        cmocka_unit_test(quantised_weights_stay_behind_their_dequantize),
        cmocka_unit_test(a_channel_shuffle_moves_channels_alone),
        cmocka_unit_test(halves_of_a_shuffle_become_slices),
        cmocka_unit_test(a_detection_head_needs_no_transpose),
        cmocka_unit_test(outputs_keep_name_order_and_shape),
        cmocka_unit_test(random_graphs_keep_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
