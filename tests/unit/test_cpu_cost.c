/* SPDX-License-Identifier: Apache-2.0 */
/* What a node costs the boards' processor: by its kind, its type and its size. */
#include "plan/cpu_cost.h"
#include "support/graph_builder.h"

/* Cycles of the graph's last node. */
static uint64_t cost(const builder *b)
{
    return zi_cpu_node_cycles(b->g, &b->g->nodes[b->g->n_nodes - 1]);
}

static const zi_attr_conv one_by_one = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};

/* A convolution of a picture of h x 8 x 16, 3x3, 16 channels; depthwise if groups is 16. */
static uint64_t conv_cost(zurt_dtype dtype, int32_t h, int32_t groups, int32_t stride)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", dtype, DIMS(1, h, 8, 16));
    static const int8_t zeros[16 * 3 * 3 * 16];
    zi_id w = dtype == ZURT_S8 ? build_const(&b, "w", ZURT_S8, DIMS(16, 3, 3, 16 / groups), zeros)
                               : build_noise(&b, "w", DIMS(16, 3, 3, 16 / groups));
    zi_attr attr = {.conv = one_by_one};
    attr.conv.groups = groups;
    attr.conv.stride[0] = attr.conv.stride[1] = stride;
    for (int i = 0; i < 4; i++)
        attr.conv.pad[i] = 1;
    build_op(&b, ZI_OP_Conv, "y", &attr, 2, x, w);
    uint64_t cycles = cost(&b);
    builder_free(&b);
    return cycles;
}

static void convolutions_cost_by_their_work(void **state)
{
    (void)state;
    const double outputs = 8 * 8 * 16, macs = outputs * 9 * 16;
    // 3x3 at stride 1 is Winograd's, at stride 2 a quarter of the outputs by the plain product
    assert_in_range(conv_cost(ZURT_S8, 8, 1, 1), (uint64_t)(macs * 0.1 + outputs * 10) - 2,
                    (uint64_t)(macs * 0.1 + outputs * 10) + 2);
    assert_in_range(conv_cost(ZURT_S8, 8, 1, 2),
                    (uint64_t)(macs / 4 * 0.225 + outputs / 4 * 3.7) - 2,
                    (uint64_t)(macs / 4 * 0.225 + outputs / 4 * 3.7) + 2);
    assert_in_range(conv_cost(ZURT_S8, 16, 1, 1), 2 * conv_cost(ZURT_S8, 8, 1, 1) - 1,
                    2 * conv_cost(ZURT_S8, 8, 1, 1) + 1);
    assert_true(conv_cost(ZURT_F32, 8, 1, 1) > conv_cost(ZURT_S8, 8, 1, 1));
    // a depthwise one has a sixteenth of the products, each dearer
    assert_in_range(conv_cost(ZURT_S8, 8, 16, 1), (uint64_t)(macs / 16 * 0.33),
                    (uint64_t)(macs / 16));
}

static void a_view_costs_nothing_and_an_add_does(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4, 4, 8));
    build_op(&b, ZI_OP_Reshape, "flat", ATTR(.shape = {.rank = 2, .dims = {1, 128}}), 1, x);
    assert_int_equal(cost(&b), 0);
    build_op(&b, ZI_OP_Add, "sum", NULL, 2, x, x);
    uint64_t sum = cost(&b);
    build_op(&b, ZI_OP_Tanh, "tanh", NULL, 1, x);
    assert_true(sum >= 128 && cost(&b) > 8 * sum);
    builder_free(&b);
}

static uint64_t pool_cost(int32_t kernel)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 16, 16, 8));
    build_quant(&b, x, 0.1f, 0);
    zi_attr attr = {.pool = {.kernel = {kernel, kernel}, .stride = {1, 1}, .dilation = {1, 1}}};
    for (int i = 0; i < 4; i++)
        attr.pool.pad[i] = kernel / 2;
    build_op(&b, ZI_OP_MaxPool, "y", &attr, 1, x);
    uint64_t cycles = cost(&b);
    builder_free(&b);
    return cycles;
}

static void a_pool_costs_by_its_window(void **state)
{
    (void)state;
    uint64_t three = pool_cost(3), five = pool_cost(5);
    assert_in_range(five, three * 25 / 9 - 3, three * 25 / 9 + 3);
}

static void time_does_not_overflow(void **state)
{
    (void)state;
    assert_int_equal(zi_cpu_ns(1200), 1000);
    assert_int_equal(zi_cpu_ns(6), 5);
    assert_true(zi_cpu_ns(UINT64_MAX / 2) > UINT64_MAX / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_cost_by_their_work),
        cmocka_unit_test(a_view_costs_nothing_and_an_add_does),
        cmocka_unit_test(a_pool_costs_by_its_window),
        cmocka_unit_test(time_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
