/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of constants. */
#include <string.h>

#include "float/evaluator.h"
#include "support/graph_builder.h"
#include "support/test_allocator.h"

static const float four[4] = {1.0f, 2.0f, 3.0f, 4.0f};

static void constants_become_a_constant(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = build_const(&b, "a", ZURT_F32, DIMS(2, 2), four);
    zi_id s = build_scalar(&b, "s", 10.0f);
    zi_id sum = build_op(&b, ZI_OP_Add, "sum", NULL, 2, a, s);
    assert_int_equal(zc_fold_node(b.ctx, b.g, &b.g->nodes[0]), ZURT_OK);
    assert_int_equal(b.g->nodes[0].op, ZI_OP_NONE);
    assert_true(zi_tensor_is_const(&b.g->tensors[sum]));
    const float expected[4] = {11.0f, 12.0f, 13.0f, 14.0f};
    assert_memory_equal(b.g->tensors[sum].data, expected, sizeof(expected));
    builder_free(&b);
}

static void every_output_is_folded(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = build_const(&b, "a", ZURT_F32, DIMS(4), four);
    zi_id out[2] = {build_tensor(&b, "left"), build_tensor(&b, "right")};
    for (int i = 0; i < 2; i++) { // a Split's parts are its outputs' dims
        b.g->tensors[out[i]].rank = 1;
        b.g->tensors[out[i]].dims[0] = i ? 3 : 1;
        b.g->tensors[out[i]].dtype = ZURT_F32;
    }
    zi_node *n;
    assert_int_equal(zi_graph_add_node(b.ctx, b.g, ZI_OP_Split, "", &a, 1, out, 2, &n), ZURT_OK);
    assert_int_equal(zc_fold_node(b.ctx, b.g, n), ZURT_OK);
    assert_memory_equal(b.g->tensors[out[0]].data, four, sizeof(float));
    assert_memory_equal(b.g->tensors[out[1]].data, four + 1, 3 * sizeof(float));
    builder_free(&b);
}

static void an_empty_result_is_a_constant_too(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = build_const(&b, "a", ZURT_F32, DIMS(4), four);
    zi_id none = build_op(&b, ZI_OP_Slice, "none",
                          ATTR(.slice = {.start = {0}, .step = {1}, .count = {0}}), 1, a);
    assert_int_equal(zc_fold_node(b.ctx, b.g, &b.g->nodes[0]), ZURT_OK);
    assert_true(zi_tensor_is_const(&b.g->tensors[none]));
    builder_free(&b);
}

static void what_is_computed_later_is_not_folded(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4));
    build_op(&b, ZI_OP_Relu, "relu", NULL, 1, x);
    assert_int_equal(zc_fold_node(b.ctx, b.g, &b.g->nodes[0]), ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "'x' is not constant"));
    assert_int_equal(b.g->nodes[0].op, ZI_OP_Relu);
    builder_free(&b);
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id a = build_noise(&b, "a", DIMS(1, 6, 6, 4));
    zi_id w = build_noise(&b, "w", DIMS(8, 3, 3, 4));
    zi_id y = build_op(&b, ZI_OP_Conv, "y",
                       ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 2, a, w);
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    const size_t live = counter.n_live;
    zurt_status st = ZURT_E_NOMEM;
    size_t k = 0;
    while (st == ZURT_E_NOMEM) {
        zt_allocator_arm(&counter, ++k);
        st = zc_fold_node(ctx, b.g, &b.g->nodes[0]);
        assert_int_equal(counter.n_live, live); // results live in the graph's own arena
        assert_true(st == ZURT_OK || !b.g->tensors[y].data);
    }
    assert_int_equal(st, ZURT_OK);
    assert_true(k > 3);
    zurt_ctx_destroy(ctx);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_become_a_constant),
        cmocka_unit_test(every_output_is_folded),
        cmocka_unit_test(an_empty_result_is_a_constant_too),
        cmocka_unit_test(what_is_computed_later_is_not_folded),
        cmocka_unit_test(every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
