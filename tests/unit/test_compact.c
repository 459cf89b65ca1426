/* SPDX-License-Identifier: Apache-2.0 */
/* Compaction: dead nodes go, an order that runs is found, circles are refused. */
#include "support/graph_builder.h"

static void dead_and_removed_nodes_go(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2));
    zi_id a = build_op(&b, ZI_OP_Relu, "a", NULL, 1, x);
    build_op(&b, ZI_OP_Exp, "dead", NULL, 1, a);
    build_op(&b, ZI_OP_Tanh, "removed", NULL, 1, a);
    b.g->nodes[2].op = ZI_OP_NONE;
    build_output(&b, build_op(&b, ZI_OP_Neg, "y", NULL, 1, a));
    assert_int_equal(zi_graph_compact(b.ctx, b.g), ZURT_OK);
    assert_graph(&b, "input x:[2]f32\n"
                     "a:[2]f32 = Relu(x)\n"
                     "y:[2]f32 = Neg(a)\n"
                     "output y\n");
    builder_free(&b);
}

static void order_is_kept_where_it_is_valid(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2));
    zi_id p = build_op(&b, ZI_OP_Relu, "p", NULL, 1, x);
    zi_id q = build_op(&b, ZI_OP_Exp, "q", NULL, 1, x);
    zi_id y = build_op(&b, ZI_OP_Add, "y", NULL, 2, q, p); // reads the later one first
    build_output(&b, y);
    assert_int_equal(zi_graph_compact(b.ctx, b.g), ZURT_OK);
    assert_string_equal(b.g->tensors[b.g->nodes[0].out[0]].name, "p");
    zi_node first = b.g->nodes[0];
    b.g->nodes[0] = b.g->nodes[2];
    b.g->nodes[2] = first;
    assert_int_equal(zi_graph_compact(b.ctx, b.g), ZURT_OK);
    assert_checked(&b);
    assert_string_equal(b.g->tensors[b.g->nodes[0].out[0]].name, "q");
    assert_string_equal(b.g->tensors[b.g->nodes[2].out[0]].name, "y");
    builder_free(&b);
}

static void circles_are_refused(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2));
    zi_id p = build_op(&b, ZI_OP_Relu, "p", NULL, 1, x);
    zi_id q = build_op(&b, ZI_OP_Exp, "q", NULL, 1, p);
    b.g->nodes[0].in[0] = q;
    build_output(&b, q);
    assert_int_equal(zi_graph_compact(b.ctx, b.g), ZURT_E_FORMAT);
    builder_free(&b);
}

static void the_index_counts_writers_and_readers(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2));
    zi_id y = build_op(&b, ZI_OP_Mul, "y", NULL, 2, x, x);
    build_output(&b, y);
    zi_id *writer;
    uint32_t *n_readers;
    assert_int_equal(zi_graph_index(b.ctx, b.g, &writer, &n_readers), ZURT_OK);
    assert_int_equal(writer[x], ZI_NONE);
    assert_int_equal(writer[y], 0);
    assert_int_equal(n_readers[x], 2);
    assert_int_equal(n_readers[y], 1);
    zi_free(&b.ctx->allocator, writer);
    zi_free(&b.ctx->allocator, n_readers);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_and_removed_nodes_go),
        cmocka_unit_test(order_is_kept_where_it_is_valid),
        cmocka_unit_test(circles_are_refused),
        cmocka_unit_test(the_index_counts_writers_and_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
