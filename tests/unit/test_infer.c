/* SPDX-License-Identifier: Apache-2.0 */
/* Shape and type rules of every op. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/graph_builder.h"

/** Infers `op` on the given inputs and compares the result's description. */
static void expect(builder *b, const char *expected, zi_op op, const zi_attr *attr, uint32_t n_in,
                   zi_id in0, zi_id in1)
{
    zi_id in[2] = {in0, in1};
    zi_id out = build_tensor(b, "y");
    zi_node *n;
    assert_int_equal(zi_graph_add_node(b->ctx, b->g, op, "", in, n_in, &out, 1, &n), ZURT_OK);
    if (attr)
        n->attr = *attr;
    char text[96];
    if (zi_node_infer(b->ctx, b->g, n) == ZURT_OK)
        assert_string_equal(zi_tensor_describe(&b->g->tensors[out], text, sizeof(text)), expected);
    else
        assert_string_equal(zurt_ctx_error(b->ctx), expected);
}

static void every_op_has_a_shape_rule(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4, 4, 4));
    for (uint32_t op = 0; op < ZI_OP_LIMIT; op++) {
        const zi_op_info *info = zi_op_get(op);
        if (!info)
            continue;
        zi_id in[3] = {x, x, x};
        zi_id out = build_tensor(&b, "y");
        zi_node *n;
        assert_int_equal(
            zi_graph_add_node(b.ctx, b.g, (zi_op)op, "", in, info->in_min, &out, 1, &n), ZURT_OK);
        // Zero attributes may be refused; a missing rule is the one thing that must not happen.
        assert_int_not_equal(zi_node_infer(b.ctx, b.g, n), ZURT_E_INTERNAL);
    }
    builder_free(&b);
}

static void convolutions(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2, 9, 8, 4));
    zi_id w = build_noise(&b, "w", DIMS(6, 3, 2, 2));
    zi_attr a = {.conv = {.stride = {2, 1}, .dilation = {2, 1}, .pad = {1, 0, 2, 1}, .groups = 2}};
    expect(&b, "[2,4,8,6] f32", ZI_OP_Conv, &a, 2, x, w);
    a.conv.out_pad[0] = 1;
    expect(&b, "[2,19,8,6] f32", ZI_OP_ConvTranspose, &a, 2, x, w);
    zi_id q = build_input(&b, "q", ZURT_S8, DIMS(1, 5, 5, 2));
    zi_id wq = build_const(&b, "wq", ZURT_S8, DIMS(3, 3, 3, 2), NULL);
    zi_attr plain = {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}};
    expect(&b, "[1,3,3,3] s8", ZI_OP_Conv, &plain, 2, q, wq);
    expect(&b,
           "node 3 '' (Conv): types f32 x s8 + none; f32 x f32 + f32 and s8 x s8 + s32 are taken",
           ZI_OP_Conv, &plain, 2, x, wq);
    builder_free(&b);
}

static void pool_windows_follow_onnx(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 6, 7, 3));
    zi_attr a = {.pool = {.kernel = {3, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
    expect(&b, "[1,2,3,3] f32", ZI_OP_MaxPool, &a, 1, x, ZI_NONE);
    a.pool.ceil_mode = true;
    expect(&b, "[1,3,4,3] f32", ZI_OP_MaxPool, &a, 1, x, ZI_NONE);
    // A window that would start in the right padding does not count.
    zi_attr last = {.pool = {.kernel = {2, 2},
                             .stride = {3, 3},
                             .dilation = {1, 1},
                             .pad = {0, 0, 1, 1},
                             .ceil_mode = true}};
    expect(&b, "[1,2,3,3] f32", ZI_OP_AveragePool, &last, 1, x, ZI_NONE);
    zi_attr wide = {
        .pool = {.kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, 1}, .pad = {2, 0, 0, 0}}};
    expect(&b, "node 3 '' (MaxPool): padding must be smaller than the window", ZI_OP_MaxPool, &wide,
           1, x, ZI_NONE);
    builder_free(&b);
}

static void products_and_broadcasts(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = build_input(&b, "a", ZURT_F32, DIMS(3, 1, 4, 5));
    zi_id c = build_input(&b, "c", ZURT_F32, DIMS(2, 5, 6));
    zi_id v = build_input(&b, "v", ZURT_F32, DIMS(5));
    zi_id w = build_noise(&b, "w", DIMS(7, 5));
    zi_id i = build_input(&b, "i", ZURT_S64, DIMS(5));
    expect(&b, "[3,2,4,6] f32", ZI_OP_MatMul, NULL, 2, a, c);
    expect(&b, "[3,1,4,7] f32", ZI_OP_FullyConnected, NULL, 2, a, w);
    expect(&b, "[3,1,4,5] f32", ZI_OP_Add, NULL, 2, v, a);
    expect(&b, "[3,1,4,5] bool", ZI_OP_Less, NULL, 2, a, v);
    expect(&b, "node 4 '' (PRelu): the slope does not broadcast to the input", ZI_OP_PRelu, NULL, 2,
           v, a);
    expect(&b, "node 5 '' (Add): shapes do not broadcast: dim 5 and 6", ZI_OP_Add, NULL, 2, v, c);
    expect(&b, "node 6 '' (Add): inputs of different types: f32 and s64; make them equal by a Cast",
           ZI_OP_Add, NULL, 2, v, i);
    builder_free(&b);
}

static void movement(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(2, 3, 8));
    int64_t picks[4] = {0, 7, -8, 3};
    zi_id i = build_const(&b, "i", ZURT_S64, DIMS(2, 2), picks);
    expect(&b, "[2,3,16] s8", ZI_OP_Concat, ATTR(.axis = {.axis = 2}), 2, x, x);
    expect(&b, "[2,2,3] s8", ZI_OP_Slice,
           ATTR(.slice = {.start = {0, 2, 1}, .step = {1, -1, 3}, .count = {2, 2, 3}}), 1, x,
           ZI_NONE);
    expect(&b, "[2,4,6] s8", ZI_OP_Pad,
           ATTR(.pad = {.before = {0, 1, -1}, .after = {0, 0, -1}, .mode = ZI_PAD_EDGE}), 1, x,
           ZI_NONE);
    expect(&b, "[8,2,3] s8", ZI_OP_Transpose, ATTR(.perm = {{2, 0, 1}}), 1, x, ZI_NONE);
    expect(&b, "[6,8] s8", ZI_OP_Reshape, ATTR(.shape = {.rank = 2, .dims = {6, 8}}), 1, x,
           ZI_NONE);
    expect(&b, "[2,3,2,2] s8", ZI_OP_Gather, ATTR(.axis = {.axis = 2}), 2, x, i);
    expect(&b, "[5,2,3,8] s8", ZI_OP_Expand, ATTR(.shape = {.rank = 4, .dims = {5, 2, 3, 8}}), 1, x,
           ZI_NONE);
    expect(&b, "[4,3,16] s8", ZI_OP_Tile, ATTR(.shape = {.rank = 3, .dims = {4, 3, 16}}), 1, x,
           ZI_NONE);
    expect(&b, "[2,1,8] s8", ZI_OP_ReduceMax, ATTR(.reduce = {.axes = AXIS_1, .keep_dims = true}),
           1, x, ZI_NONE);
    expect(&b, "[2,8] s64", ZI_OP_ArgMax, ATTR(.axis = {.axis = 1}), 1, x, ZI_NONE);
    expect(&b, "[2,3,8] f32", ZI_OP_Dequantize, NULL, 1, x, ZI_NONE);
    expect(&b, "[2,3,8] u8", ZI_OP_Quantize, ATTR(.axis = {.axis = ZURT_U8}), 1, x, ZI_NONE);
    builder_free(&b);
}

static void split_takes_the_sizes_of_its_outputs(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2, 7));
    zi_id out[2] = {build_tensor(&b, "y"), build_tensor(&b, "z")};
    b.g->tensors[out[0]].dims[1] = 3;
    b.g->tensors[out[1]].dims[1] = 4;
    zi_node *n;
    assert_int_equal(zi_graph_add_node(b.ctx, b.g, ZI_OP_Split, "", &x, 1, out, 2, &n), ZURT_OK);
    n->attr.axis.axis = 1;
    assert_int_equal(zi_node_infer(b.ctx, b.g, n), ZURT_OK);
    assert_int_equal(b.g->tensors[out[1]].dims[0], 2);
    b.g->tensors[out[1]].dims[1] = 5;
    assert_int_equal(zi_node_infer(b.ctx, b.g, n), ZURT_E_FORMAT);
    builder_free(&b);
}

/** Attributes that a hostile file may hold: each must be refused, without overflow. */
static void hostile_attributes_are_refused(void **state)
{
    (void)state;
    enum { BIG = INT32_MAX };
    static const struct {
        zi_op op;
        zi_attr attr;
    } cases[] = {
        {ZI_OP_Conv, {.conv = {.stride = {0, 1}, .dilation = {1, 1}, .groups = 1}}},
        {ZI_OP_Conv, {.conv = {.stride = {1, 1}, .dilation = {0, 1}, .groups = 1}}},
        {ZI_OP_Conv, {.conv = {.stride = {1, 1}, .dilation = {BIG, BIG}, .groups = 1}}},
        {ZI_OP_Conv,
         {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {-1, 0, 0, 0}, .groups = 1}}},
        {ZI_OP_Conv,
         {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {BIG, 0, BIG, 0}, .groups = 1}}},
        {ZI_OP_Conv, {.conv = {.stride = {1, 1}, .dilation = {1, 1}}}},
        {ZI_OP_Conv, {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = -1}}},
        {ZI_OP_Conv, {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 3}}},
        {ZI_OP_Conv, {.conv = {.stride = {1, 1}, .dilation = {1 << 24, 1}, .groups = 1}}},
        {ZI_OP_ConvTranspose,
         {.conv = {.stride = {1 << 24, 1 << 24}, .dilation = {1, 1}, .groups = 1}}},
        {ZI_OP_ConvTranspose,
         {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {9, 0, 9, 0}, .groups = 1}}},
        {ZI_OP_ConvTranspose,
         {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .out_pad = {-1, 0}}}},
        {ZI_OP_MaxPool, {.pool = {.kernel = {0, 1}, .stride = {1, 1}, .dilation = {1, 1}}}},
        {ZI_OP_MaxPool,
         {.pool = {.kernel = {1 << 24, 1 << 24}, .stride = {1, 1}, .dilation = {1, 1}}}},
        {ZI_OP_MaxPool, {.pool = {.kernel = {2, 2}, .stride = {1, 1}, .dilation = {0, 1}}}},
        {ZI_OP_AveragePool, {.pool = {.kernel = {5, 5}, .stride = {1, 1}, .dilation = {1, 1}}}},
        {ZI_OP_AveragePool,
         {.pool = {.kernel = {9, 9}, .stride = {2, 2}, .dilation = {1, 1}, .ceil_mode = 1}}},
        {ZI_OP_ReduceMean, {.reduce = {.axes = UINT32_MAX, .keep_dims = true}}},
        {ZI_OP_Softmax, {.axis = {.axis = 4}}},
        {ZI_OP_Softmax, {.axis = {.axis = -1}}},
        {ZI_OP_ArgMax, {.axis = {.axis = INT32_MIN}}},
        {ZI_OP_Concat, {.axis = {.axis = BIG}}},
        {ZI_OP_Split, {.axis = {.axis = 4}}},
        {ZI_OP_Slice, {.slice = {.step = {0, 1, 1, 1}, .count = {1, 1, 1, 1}}}},
        {ZI_OP_Slice, {.slice = {.step = {BIG, 1, 1, 1}, .count = {BIG, 1, 1, 1}}}},
        {ZI_OP_Slice, {.slice = {.step = {INT32_MIN, 1, 1, 1}, .count = {2, 1, 1, 1}}}},
        {ZI_OP_Slice, {.slice = {.start = {-1}, .step = {1, 1, 1, 1}, .count = {1, 1, 1, 1}}}},
        {ZI_OP_Slice, {.slice = {.step = {1, 1, 1, 1}, .count = {-1, 1, 1, 1}}}},
        {ZI_OP_Pad, {.pad = {.before = {BIG}, .after = {BIG}}}},
        {ZI_OP_Pad, {.pad = {.before = {0, -3}, .after = {0, -3}}}},
        {ZI_OP_Pad, {.pad = {.before = {0, 4}, .mode = ZI_PAD_REFLECT}}},
        {ZI_OP_Pad, {.pad = {.before = {INT32_MIN}, .after = {BIG}, .mode = ZI_PAD_EDGE}}},
        {ZI_OP_Pad, {.pad = {.mode = (zi_pad_mode)77}}},
        {ZI_OP_Resize, {.resize = {.out = {0, 1}, .scale = {1, 1}}}},
        {ZI_OP_Resize, {.resize = {.out = {BIG, BIG}, .scale = {1, 1}}}},
        {ZI_OP_Resize, {.resize = {.out = {2, 2}, .scale = {0, 1}}}},
        {ZI_OP_Resize, {.resize = {.out = {2, 2}, .scale = {1, 1}, .mode = (zi_resize_mode)9}}},
        {ZI_OP_Transpose, {.perm = {{0, 1, 2, 2}}}},
        {ZI_OP_Transpose, {.perm = {{0, 1, 2, 40}}}},
        {ZI_OP_Reshape, {.shape = {.rank = 9, .dims = {0}}}},
        {ZI_OP_Reshape, {.shape = {.rank = -1, .dims = {0}}}},
        {ZI_OP_Reshape, {.shape = {.rank = 3, .dims = {1 << 24, 1 << 24, 1 << 24}}}},
        {ZI_OP_Reshape, {.shape = {.rank = 2, .dims = {-4, -16}}}},
        {ZI_OP_Reshape, {.shape = {.rank = 2, .dims = {4, 15}}}},
        {ZI_OP_Expand, {.shape = {.rank = 4, .dims = {BIG, 4, 4, 4}}}},
        {ZI_OP_Expand, {.shape = {.rank = 4, .dims = {1, 4, 4, 5}}}},
        {ZI_OP_Tile, {.shape = {.rank = 4, .dims = {1, 4, 4, 6}}}},
        {ZI_OP_Tile, {.shape = {.rank = 4, .dims = {1 << 24, 1 << 12, 4, 4}}}},
        {ZI_OP_DepthToSpace, {.axis = {.axis = BIG}}},
        {ZI_OP_DepthToSpace, {.axis = {.axis = 0}}},
        {ZI_OP_SpaceToDepth, {.axis = {.axis = 3}}},
        {ZI_OP_Cast, {.axis = {.axis = 77}}},
        {ZI_OP_Cast, {.axis = {.axis = -1}}},
        {ZI_OP_Quantize, {.axis = {.axis = ZURT_F32}}},
        {(zi_op)0, {.axis = {.axis = 0}}},
        {(zi_op)127, {.axis = {.axis = 0}}},
        {(zi_op)4000000, {.axis = {.axis = 0}}},
    };
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4, 4, 4));
    zi_id w = build_noise(&b, "w", DIMS(4, 2, 2, 4));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool conv = cases[i].op == ZI_OP_Conv || cases[i].op == ZI_OP_ConvTranspose;
        zi_id in[2] = {x, conv ? w : x};
        zi_id out = build_tensor(&b, "y");
        zi_node *n;
        uint32_t n_in = conv || cases[i].op == ZI_OP_Concat ? 2 : 1;
        assert_int_equal(zi_graph_add_node(b.ctx, b.g, cases[i].op, "h", in, n_in, &out, 1, &n),
                         ZURT_OK);
        n->attr = cases[i].attr;
        zurt_status st = zi_node_infer(b.ctx, b.g, n);
        if (st != ZURT_E_FORMAT && st != ZURT_E_LIMIT && st != ZURT_E_UNSUPPORTED)
            fail_msg("case %zu (%s): %s", i, zi_op_name((uint32_t)cases[i].op),
                     zurt_status_name(st));
        assert_non_null(strstr(zurt_ctx_error(b.ctx), "'h'"));
    }
    builder_free(&b);
}

static void constant_indices_must_be_inside(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4, 2));
    int64_t outside[2] = {0, 4};
    zi_id i = build_const(&b, "i", ZURT_S64, DIMS(2), outside);
    expect(&b, "node 0 '' (Gather): index 4 of an axis of 4", ZI_OP_Gather,
           ATTR(.axis = {.axis = 0}), 2, x, i);
    builder_free(&b);
}

static void attributes_that_are_not_numbers_are_refused(void **state)
{
    (void)state;
    static const struct {
        zi_op op;
        zi_attr attr;
    } cases[] = {
        {ZI_OP_LeakyRelu, {.unary = {.alpha = NAN, .beta = 0.0f}}},
        {ZI_OP_HardSigmoid, {.unary = {.alpha = 0.2f, .beta = NAN}}},
        {ZI_OP_Pad, {.pad = {.value = NAN}}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 2, 2, 1)), y = build_tensor(&b, "y");
        zi_node *n;
        assert_int_equal(zi_graph_add_node(b.ctx, b.g, cases[i].op, "node", &x, 1, &y, 1, &n),
                         ZURT_OK);
        n->attr = cases[i].attr;
        assert_int_equal(zi_node_infer(b.ctx, b.g, n), ZURT_E_FORMAT);
        assert_non_null(strstr(zurt_ctx_error(b.ctx), "not a number"));
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_a_shape_rule),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(pool_windows_follow_onnx),
        cmocka_unit_test(products_and_broadcasts),
        cmocka_unit_test(movement),
        cmocka_unit_test(split_takes_the_sizes_of_its_outputs),
        cmocka_unit_test(hostile_attributes_are_refused),
        cmocka_unit_test(constant_indices_must_be_inside),
        cmocka_unit_test(attributes_that_are_not_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
