/* SPDX-License-Identifier: Apache-2.0 */
/* Recognition of functions that exporters write as several nodes. */
#include "passes/passes_all.h"
#include "support/graph_numeric.h"

static const float rounding = 1e-5f;

static zi_id relu6_of_3(builder *b, zi_id x)
{
    zi_id a = build_op(b, ZI_OP_Add, "a", NULL, 2, x, build_scalar(b, "three", 3.0f));
    return build_op(b, ZI_OP_Clip, "k", ATTR(.unary = {.alpha = 0.0f, .beta = 6.0f}), 1, a);
}

/** The one node left must compute `op` of the input. */
static void assert_becomes(builder *b, zi_op op)
{
    assert_pass_keeps_values(b, zc_fuse_patterns_pass, rounding);
    assert_int_equal(b->g->n_nodes, 1);
    assert_string_equal(zi_op_name((uint32_t)b->g->nodes[0].op), zi_op_name((uint32_t)op));
    builder_free(b);
}

static void gates(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(40));
    zi_id s = build_op(&b, ZI_OP_Sigmoid, "s", NULL, 1, x);
    build_output(&b, build_op(&b, ZI_OP_Mul, "y", NULL, 2, s, x));
    assert_becomes(&b, ZI_OP_Swish);

    b = builder_make();
    x = build_input(&b, "x", ZURT_F32, DIMS(40));
    s = build_op(&b, ZI_OP_HardSigmoid, "s", ATTR(.unary = {.alpha = 1.0f / 6.0f, .beta = 0.5f}), 1,
                 x);
    build_output(&b, build_op(&b, ZI_OP_Mul, "y", NULL, 2, x, s));
    assert_becomes(&b, ZI_OP_HardSwish);
}

static void hard_swish_written_out(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(40));
    zi_id m = build_op(&b, ZI_OP_Mul, "m", NULL, 2, x, relu6_of_3(&b, x));
    build_output(&b, build_op(&b, ZI_OP_Div, "y", NULL, 2, m, build_scalar(&b, "six", 6.0f)));
    assert_becomes(&b, ZI_OP_HardSwish);

    b = builder_make();
    x = build_input(&b, "x", ZURT_F32, DIMS(40));
    zi_id sixth = build_scalar(&b, "sixth", 1.0f / 6.0f);
    zi_id g = build_op(&b, ZI_OP_Mul, "g", NULL, 2, relu6_of_3(&b, x), sixth);
    build_output(&b, build_op(&b, ZI_OP_Mul, "y", NULL, 2, g, x));
    assert_becomes(&b, ZI_OP_HardSwish);
}

static void softmax_written_out(void **state)
{
    (void)state;
    for (int with_max = 0; with_max < 2; with_max++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_F32, DIMS(3, 10));
        zi_id z = x;
        if (with_max) {
            zi_id m = build_op(&b, ZI_OP_ReduceMax, "m",
                               ATTR(.reduce = {.axes = AXIS_1, .keep_dims = true}), 1, x);
            z = build_op(&b, ZI_OP_Sub, "z", NULL, 2, x, m);
        }
        zi_id e = build_op(&b, ZI_OP_Exp, "e", NULL, 1, z);
        zi_id s = build_op(&b, ZI_OP_ReduceSum, "s",
                           ATTR(.reduce = {.axes = AXIS_1, .keep_dims = true}), 1, e);
        build_output(&b, build_op(&b, ZI_OP_Div, "y", NULL, 2, e, s));
        assert_becomes(&b, ZI_OP_Softmax);
    }
}

static void likenesses_are_left_alone(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4, 10));
    zi_id s = build_op(&b, ZI_OP_Sigmoid, "s", NULL, 1, x);
    build_output(&b, build_op(&b, ZI_OP_Mul, "p", NULL, 2, s, x));
    build_output(&b, s); // read twice: the product gains nothing
    zi_id h =
        build_op(&b, ZI_OP_HardSigmoid, "h", ATTR(.unary = {.alpha = 0.2f, .beta = 0.5f}), 1, x);
    build_output(&b, build_op(&b, ZI_OP_Mul, "q", NULL, 2, h, x));
    zi_id e = build_op(&b, ZI_OP_Exp, "e", NULL, 1, x);
    zi_id t = build_op(&b, ZI_OP_ReduceSum, "t",
                       ATTR(.reduce = {.axes = AXIS_0 | AXIS_1, .keep_dims = true}), 1, e);
    build_output(&b, build_op(&b, ZI_OP_Div, "r", NULL, 2, e, t));
    assert_pass_keeps_values(&b, zc_fuse_patterns_pass, 0.0f);
    assert_int_equal(b.g->n_nodes, 7);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates),
        cmocka_unit_test(hard_swish_written_out),
        cmocka_unit_test(softmax_written_out),
        cmocka_unit_test(likenesses_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
