/* SPDX-License-Identifier: Apache-2.0 */
/* The pass that drops what changes nothing. */
#include "passes/passes_all.h"
#include "support/graph_numeric.h"

static void what_changes_nothing_goes(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4, 3));
    zi_id r = build_op(&b, ZI_OP_Relu, "r", NULL, 1, x);
    zi_id s = build_op(&b, ZI_OP_Reshape, "s", ATTR(.shape = {.rank = 3, .dims = {1, 4, 3}}), 1, r);
    zi_id l = build_op(&b, ZI_OP_Slice, "l", ATTR(.slice = {.step = {1, 1, 1}, .count = {1, 4, 3}}),
                       1, s);
    zi_id p = build_op(&b, ZI_OP_Pad, "p", ATTR(.pad = {.mode = ZI_PAD_EDGE}), 1, l);
    zi_id t = build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{0, 1, 2}}), 1, p);
    zi_id c = build_op(&b, ZI_OP_Concat, "c", ATTR(.axis = {.axis = 1}), 1, t);
    zi_id f = build_op(&b, ZI_OP_Cast, "f", ATTR(.axis = {.axis = ZURT_F32}), 1, c);
    build_output(&b, build_op(&b, ZI_OP_Neg, "y", NULL, 1, f));
    assert_pass_keeps_values(&b, zc_clean_pass, 0.0f);
    assert_graph(&b, "input x:[1,4,3]f32\n"
                     "r:[1,4,3]f32 = Relu(x)\n"
                     "y:[1,4,3]f32 = Neg(r)\n"
                     "output y\n");
    builder_free(&b);
}

static void a_reversing_slice_is_no_idle_one(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4));
    build_output(&b, build_op(&b, ZI_OP_Slice, "y",
                              ATTR(.slice = {.start = {3}, .step = {-1}, .count = {4}}), 1, x));
    assert_pass_keeps_values(&b, zc_clean_pass, 0.0f);
    assert_int_equal(b.g->n_nodes, 1);
    builder_free(&b);
}

static void an_output_keeps_its_name(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4));
    zi_id r = build_op(&b, ZI_OP_Relu, "r", NULL, 1, x);
    zi_id y = build_op(&b, ZI_OP_Reshape, "y", ATTR(.shape = {.rank = 1, .dims = {4}}), 1, r);
    build_output(&b, build_op(&b, ZI_OP_Neg, "z", NULL, 1, r));
    build_output(&b, y);
    build_output(&b,
                 build_op(&b, ZI_OP_Reshape, "x2", ATTR(.shape = {.rank = 1, .dims = {4}}), 1, x));
    build_output(&b,
                 build_op(&b, ZI_OP_Reshape, "y2", ATTR(.shape = {.rank = 1, .dims = {4}}), 1, y));
    assert_pass_keeps_values(&b, zc_clean_pass, 0.0f);
    assert_graph(&b, "input x:[4]f32\n"
                     "y:[4]f32 = Relu(x)\n"
                     "z:[4]f32 = Neg(y)\n"
                     "x2:[4]f32 = Reshape(x)\n"
                     "y2:[4]f32 = Reshape(y)\n"
                     "output z, y, x2, y2\n");
    builder_free(&b);
}

static void chains_are_joined_and_twins_merged(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2, 3, 4));
    zi_id a = build_op(&b, ZI_OP_Transpose, "a", ATTR(.perm = {{1, 2, 0}}), 1, x);
    zi_id c = build_op(&b, ZI_OP_Transpose, "c", ATTR(.perm = {{1, 0, 2}}), 1, a);
    zi_id d = build_op(&b, ZI_OP_Transpose, "d", ATTR(.perm = {{2, 1, 0}}), 1, x);
    zi_id e = build_op(&b, ZI_OP_Add, "e", NULL, 2, c, d);
    zi_id f = build_op(&b, ZI_OP_Reshape, "f", ATTR(.shape = {.rank = 1, .dims = {24}}), 1, e);
    zi_id g = build_op(&b, ZI_OP_Reshape, "g", ATTR(.shape = {.rank = 2, .dims = {1, 24}}), 1, f);
    zi_id h = build_op(&b, ZI_OP_Transpose, "h", ATTR(.perm = {{1, 0}}), 1, g);
    build_output(&b, build_op(&b, ZI_OP_Neg, "y", NULL, 1, h));
    assert_pass_keeps_values(&b, zc_clean_pass, 0.0f);
    assert_graph(&b, "input x:[2,3,4]f32\n"
                     "c:[4,3,2]f32 = Transpose(x){perm=2,1,0}\n"
                     "e:[4,3,2]f32 = Add(c, c)\n"
                     "h:[24,1]f32 = Reshape(e)\n"
                     "y:[24,1]f32 = Neg(h)\n"
                     "output y\n");
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_nothing_goes),
        cmocka_unit_test(a_reversing_slice_is_no_idle_one),
        cmocka_unit_test(an_output_keeps_its_name),
        cmocka_unit_test(chains_are_joined_and_twins_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
