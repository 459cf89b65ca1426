/* SPDX-License-Identifier: Apache-2.0 */
/* Fusing of Pad into what reads it. */
#include <math.h>

#include "passes/passes_all.h"
#include "support/graph_numeric.h"

/** Relu (if wished), a border of 1 row and 2 columns of `value`, then `op`; nodes that stay. */
static size_t nodes_left(zi_op op, const zi_attr *attr, float value, bool relu)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 6, 6, 2));
    if (relu)
        x = build_op(&b, ZI_OP_Relu, "r", NULL, 1, x);
    zi_id p = build_op(&b, ZI_OP_Pad, "p",
                       ATTR(.pad = {.before = {0, 1, 2, 0}, .after = {0, 0, 1, 0}, .value = value}),
                       1, x);
    zi_id w = build_noise(&b, "w", DIMS(3, 3, 3, 2));
    build_output(&b, build_op(&b, op, "y", attr, op == ZI_OP_Conv ? 2 : 1, p, w));
    assert_pass_keeps_values(&b, zc_fuse_pad_pass, 1e-6f);
    size_t left = b.g->n_nodes;
    builder_free(&b);
    return left;
}

static void convolutions_take_zeros(void **state)
{
    (void)state;
    zi_attr a = {.conv = {.stride = {2, 1}, .dilation = {1, 1}, .pad = {1, 0, 0, 1}, .groups = 1}};
    assert_int_equal(nodes_left(ZI_OP_Conv, &a, 0.0f, false), 1);
    assert_int_equal(nodes_left(ZI_OP_Conv, &a, 0.5f, false), 2);
}

static void averages_count_what_was_padded(void **state)
{
    (void)state;
    zi_attr bare = {.pool = {.kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}}};
    zi_attr excluding = {
        .pool = {.kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}, .pad = {1, 0, 0, 0}}};
    zi_attr including = {.pool = {.kernel = {3, 3},
                                  .stride = {2, 2},
                                  .dilation = {1, 1},
                                  .pad = {1, 0, 0, 0},
                                  .count_include_pad = true}};
    zi_attr ceil = {
        .pool = {.kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}, .ceil_mode = true}};
    assert_int_equal(nodes_left(ZI_OP_AveragePool, &bare, 0.0f, false), 1);
    assert_int_equal(nodes_left(ZI_OP_AveragePool, &including, 0.0f, false), 1);
    assert_int_equal(nodes_left(ZI_OP_AveragePool, &excluding, 0.0f, false), 2);
    assert_int_equal(nodes_left(ZI_OP_AveragePool, &ceil, 0.0f, false), 2);
}

static void zeros_may_win_a_maximum(void **state)
{
    (void)state;
    zi_attr a = {.pool = {.kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}}};
    assert_int_equal(nodes_left(ZI_OP_MaxPool, &a, 0.0f, false), 2);
    assert_int_equal(nodes_left(ZI_OP_MaxPool, &a, 0.0f, true), 2); // Relu and MaxPool
    assert_int_equal(nodes_left(ZI_OP_MaxPool, &a, -INFINITY, false), 1);
    zi_attr small = {.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
    assert_int_equal(nodes_left(ZI_OP_MaxPool, &small, -INFINITY, false), 2); // pad >= window
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_take_zeros),
        cmocka_unit_test(averages_count_what_was_padded),
        cmocka_unit_test(zeros_may_win_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
