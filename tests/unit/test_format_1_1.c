/* SPDX-License-Identifier: Apache-2.0 */
/* Format 1.1 of .zurt files: the ops that came with it, and which version a file states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "support/reseal.h"
#include "support/sample_graph.h"

static int setup(void **state)
{
    return zurt_ctx_create(NULL, (zurt_ctx **)state) ? -1 : 0;
}

static int teardown(void **state)
{
    zurt_ctx_destroy(*state);
    return 0;
}

/* Files that an older reader can take say so; new ops, and tables that stand for them, do not. */
static void states_the_lowest_version(void **state)
{
    zurt_ctx *ctx = *state;
    static const zi_op ops[] = {ZI_OP_Tanh, ZI_OP_Sin};
    for (uint32_t i = 0; i < 4; i++) {
        bool table = i >= 2;
        sample s = {.ctx = ctx, .g = zi_graph_create(&ctx->allocator)};
        const int32_t dims[] = {256};
        zi_id in[2] = {ZI_NONE, ZI_NONE};
        assert_int_equal(zi_graph_add_tensor(s.ctx, s.g, "x", &in[0]), ZURT_OK);
        s.g->tensors[in[0]].dtype = table ? ZURT_S8 : ZURT_F32;
        s.g->tensors[in[0]].rank = 1;
        s.g->tensors[in[0]].dims[0] = 4;
        assert_int_equal(zi_graph_add_input(s.ctx, s.g, in[0]), ZURT_OK);
        if (table)
            in[1] = sample_const(&s, "t", ZURT_S8, 1, dims, 7);
        zi_attr attr = {.lut = {.op = table ? (int32_t)ops[i % 2] : 0}};
        zi_id y =
            sample_node(&s, table ? ZI_OP_Lut : ops[i % 2], "y", in, table ? 2 : 1, &attr, 0.0f, 0);
        assert_int_equal(s.st, ZURT_OK);
        assert_int_equal(zi_graph_add_output(s.ctx, s.g, y), ZURT_OK);
        uint8_t *bytes;
        size_t size;
        zi_meta meta = sample_meta();
        assert_int_equal(zi_model_write(s.ctx, s.g, &meta, &bytes, &size), ZURT_OK);
        assert_int_equal(zi_get_u32(bytes + ZI_H_MINOR), i % 2);
        zurt_model *m;
        assert_int_equal(zurt_model_load_mem(s.ctx, bytes, size, &m), ZURT_OK);
        zurt_model_destroy(m);
        zi_free(&s.ctx->allocator, bytes);
        zi_graph_destroy(s.g);
    }
}

static void reads_format_1_1_for_ever(void **state)
{
    zurt_ctx *ctx = *state;
    const char *source = getenv("ZURT_SOURCE");
    char path[1024];
    if (!source)
        skip();
    snprintf(path, sizeof(path), "%s/tests/golden/format_1_1.zurt", source);
    zurt_model *m;
    assert_int_equal(zurt_model_load_file(ctx, path, &m), ZURT_OK);
    static const char *ops[] = {"Atan",
                                "GridSample",
                                "MaxPoolIndices",
                                "TopK",
                                "GatherElements",
                                "CumSum",
                                "ScatterElements",
                                "GatherND",
                                "Reshape",
                                "LSTM",
                                "GRU",
                                "RNN",
                                "NonMaxSuppression"};
    assert_int_equal(zurt_model_n_nodes(m), sizeof(ops) / sizeof(ops[0]));
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        zurt_node_info info;
        assert_int_equal(zurt_model_node(m, i, &info), ZURT_OK);
        assert_string_equal(info.op, ops[i]);
    }
    const zi_node *n = m->graph->nodes;
    assert_int_equal(n[1].attr.grid.padding, ZI_GRID_REFLECTION);
    assert_true(n[2].attr.pool.column_major);
    assert_true(n[3].attr.top.k == 3 && n[3].attr.top.smallest);
    assert_int_equal(n[6].attr.scatter.reduction, ZI_SCATTER_MAX);
    assert_true(n[9].in[3] == ZI_NONE && n[9].attr.rnn.input_forget);
    assert_int_equal(n[9].attr.rnn.function[5], ZI_RNN_SOFTPLUS);
    assert_true(n[10].attr.rnn.linear_before_reset && n[10].attr.rnn.alpha[3] == 1.5f);
    assert_true(n[12].attr.nms.score_threshold == -INFINITY && n[12].attr.nms.centre);
    zurt_model_destroy(m);
}

/* Right check sums, any content: a status, and a message unless it is OK. */
static void survives_changed_bytes_of_format_1_1(void **state)
{
    zurt_ctx *ctx = *state;
    zi_graph *g = sample_graph_1_1(ctx);
    zi_meta meta = sample_meta();
    uint8_t *bytes;
    size_t size;
    assert_non_null(g);
    assert_int_equal(zi_model_write(ctx, g, &meta, &bytes, &size), ZURT_OK);
    assert_int_equal(zi_get_u32(bytes + ZI_H_MINOR), 1);
    uint8_t *copy = zi_alloc_aligned(&ctx->allocator, size);
    static const uint8_t changes[] = {1, 0xff};
    for (size_t i = ZI_HEADER_BYTES; i < size; i++) {
        for (size_t k = 0; k < sizeof(changes); k++) {
            memcpy(copy, bytes, size);
            copy[i] ^= changes[k];
            reseal(copy, size);
            zurt_model *m;
            zurt_status st = zurt_model_load_mem(ctx, copy, size, &m);
            assert_in_range(st, ZURT_OK, ZURT_E_LIMIT);
            assert_true(st == ZURT_OK || zurt_ctx_error(ctx)[0]);
            zurt_model_destroy(m);
        }
    }
    zi_free(&ctx->allocator, copy);
    zi_free(&ctx->allocator, bytes);
    zi_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_the_lowest_version),
        cmocka_unit_test(reads_format_1_1_for_ever),
        cmocka_unit_test(survives_changed_bytes_of_format_1_1),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
