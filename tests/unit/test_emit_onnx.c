/* SPDX-License-Identifier: Apache-2.0 */
/* Files come back by the importer; that other tools take them is checked by scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "graph_handle.h"
#include "quant/scale.h"
#include "support/graph_builder.h"
#include "support/sample_graph.h"
#include "support/test_allocator.h"

static char folder[] = "test_onnx_XXXXXX";
static char path[64];

static int setup(void **state)
{
    zurt_ctx *ctx;
    if (!mkdtemp(folder) || zurt_ctx_create(NULL, &ctx))
        return -1;
    snprintf(path, sizeof(path), "%s/a.onnx", folder);
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    zurt_ctx_destroy(*state);
    return rmdir(folder);
}

/* The sample graph with tables that are what their attribute says. */
static zurt_graph *true_sample(zurt_ctx *ctx)
{
    zi_graph *g = sample_graph(ctx);
    zurt_graph *graph;
    assert_non_null(g);
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        if (n->op != ZI_OP_Lut)
            continue;
        const zi_quant *q = &g->tensors[n->in[0]].quant;
        int8_t *table = (int8_t *)(uintptr_t)g->tensors[n->in[1]].data;
        for (int32_t v = -128; v < 128; v++) {
            float x = q->scale[0] * (float)(v - q->zero_point[0]);
            float y = x < 0 ? x * n->attr.lut.unary.alpha : x;
            table[v + 128] = (int8_t)zi_quantize(y, q->scale[0], q->zero_point[0], -128, 127);
        }
    }
    assert_int_equal(zc_graph_wrap(ctx, g, &graph), ZURT_OK);
    return graph;
}

/* Runs both on the same random pictures [1, 6, 6, 2]. */
static void expect_equal_results(zurt_ctx *ctx, const zurt_graph *a, const zurt_graph *b)
{
    zurt_evaluator *ea, *eb;
    assert_int_equal(zurt_evaluator_create(ctx, a, 1, &ea), ZURT_OK);
    assert_int_equal(zurt_evaluator_create(ctx, b, 1, &eb), ZURT_OK);
    uint32_t seed = 7;
    for (int run = 0; run < 50; run++) {
        float in[72], out_a[4], out_b[4];
        for (int i = 0; i < 72; i++) {
            seed = seed * 1664525u + 1013904223u;
            in[i] = (float)(seed >> 16) / 16384.0f - 2.0f;
        }
        zurt_view view = {in, sizeof(in)};
        zurt_span to_a = {out_a, sizeof(out_a)}, to_b = {out_b, sizeof(out_b)};
        assert_int_equal(zurt_evaluator_run(ea, &view, 1, &to_a, 1), ZURT_OK);
        assert_int_equal(zurt_evaluator_run(eb, &view, 1, &to_b, 1), ZURT_OK);
        assert_memory_equal(out_a, out_b, sizeof(out_a));
    }
    zurt_evaluator_destroy(ea);
    zurt_evaluator_destroy(eb);
}

static void comes_back_by_the_importer_with_equal_results(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = true_sample(ctx), *back;
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    zurt_status st = zurt_import_onnx_file(ctx, path, NULL, &back);
    if (st)
        fail_msg("%s", zurt_ctx_error(ctx));
    zurt_tensor_info in, out;
    assert_int_equal(zurt_graph_input(back, 0, &in), ZURT_OK);
    assert_int_equal(zurt_graph_output(back, 0, &out), ZURT_OK);
    assert_string_equal(in.name, "image");
    assert_string_equal(out.name, "softmax");
    assert_int_equal(in.from_nchw, 1);
    assert_int_equal(in.dims[3], 2);
    assert_true(zurt_graph_is_quantized(back));
    expect_equal_results(ctx, graph, back);
    zurt_graph_destroy(back);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

/* What came with format 1.1 comes back too: the same bytes from the same picture. */
static void newer_ops_come_back(void **state)
{
    zurt_ctx *ctx = *state;
    zi_graph *g = sample_graph_1_1(ctx);
    zurt_graph *graph, *back;
    assert_non_null(g);
    for (size_t i = 0; i < g->n_nodes; i++) { // max came with opset 18
        if (g->nodes[i].op == ZI_OP_ScatterElements)
            g->nodes[i].attr.scatter.reduction = ZI_SCATTER_ADD;
    }
    assert_int_equal(zc_graph_wrap(ctx, g, &graph), ZURT_OK);
    if (zurt_emit_onnx_file(ctx, graph, path) || zurt_import_onnx_file(ctx, path, NULL, &back))
        fail_msg("%s", zurt_ctx_error(ctx));
    const zurt_graph *both[2] = {graph, back};
    uint8_t results[2][5][256];
    memset(results, 0, sizeof(results));
    for (int k = 0; k < 2; k++) {
        zurt_evaluator *e;
        zurt_span out[5];
        float in[24];
        for (int i = 0; i < 24; i++)
            in[i] = 0.37f * (float)(i * 5 % 24) - 3.0f;
        zurt_view view = {in, sizeof(in)};
        assert_int_equal(zurt_graph_n_outputs(both[k]), 5);
        for (size_t i = 0; i < 5; i++) {
            zurt_tensor_info info;
            assert_int_equal(zurt_graph_output(both[k], i, &info), ZURT_OK);
            assert_true(info.bytes <= sizeof(results[k][i]));
            out[i] = (zurt_span){results[k][i], info.bytes};
        }
        assert_int_equal(zurt_evaluator_create(ctx, both[k], 1, &e), ZURT_OK);
        assert_int_equal(zurt_evaluator_run(e, &view, 1, out, 5), ZURT_OK);
        zurt_evaluator_destroy(e);
    }
    assert_memory_equal(results[0], results[1], sizeof(results[0]));
    zurt_graph_destroy(back);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

/* A name is formed of the tensor's: nothing of it may be cut off. */
static void long_names_stay_apart(void **state)
{
    enum { LENGTH = 1500, MOST = 64 };
    static char names[MOST][LENGTH + 1];
    zurt_ctx *ctx = *state;
    zurt_graph *graph = true_sample(ctx), *back;
    zi_graph *g = (zi_graph *)(uintptr_t)graph->g;
    assert_true(g->n_tensors <= MOST);
    for (zi_id i = 0; i < g->n_tensors; i++) {
        memset(names[i], 'x', LENGTH);
        snprintf(names[i] + LENGTH - 4, 5, "%04u", (unsigned)i);
        g->tensors[i].name = names[i];
    }
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    if (zurt_import_onnx_file(ctx, path, NULL, &back))
        fail_msg("%s", zurt_ctx_error(ctx));
    expect_equal_results(ctx, graph, back);
    zurt_graph_destroy(back);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

/* Outputs that are an input, the same value once more, or computed in another layout. */
static void every_output_has_its_name(void **state)
{
    zurt_ctx *ctx = *state;
    sample s = {ctx, zi_graph_create(&ctx->allocator), ZURT_OK};
    zi_id x;
    assert_int_equal(zi_graph_add_tensor(ctx, s.g, "x", &x), ZURT_OK);
    zi_tensor *t = &s.g->tensors[x];
    *t = (zi_tensor){.name = t->name, .dtype = ZURT_F32, .rank = 4, .dims = {1, 4, 4, 2}};
    t->from_nchw = true;
    assert_int_equal(zi_graph_add_input(ctx, s.g, x), ZURT_OK);
    zi_attr pool = {.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
    zi_attr shape = {.shape = {.rank = 4, .dims = {1, 2, 2, 2}}};
    zi_id outputs[4];
    outputs[0] = sample_node(&s, ZI_OP_MaxPool, "pool", &x, 1, &pool, 0, 0);
    outputs[1] = sample_node(&s, ZI_OP_Reshape, "same", &outputs[0], 1, &shape, 0, 0);
    outputs[2] = sample_node(&s, ZI_OP_Relu, "relu", &outputs[0], 1, NULL, 0, 0);
    outputs[3] = sample_const(&s, "constant", ZURT_S32, 1, (int32_t[]){4}, 5);
    for (int i = 0; i < 4; i++)
        assert_int_equal(zi_graph_add_output(ctx, s.g, outputs[i]), ZURT_OK);
    zurt_graph *graph, *back;
    assert_int_equal(zc_graph_wrap(ctx, s.g, &graph), ZURT_OK);
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    if (zurt_import_onnx_file(ctx, path, NULL, &back))
        fail_msg("%s", zurt_ctx_error(ctx));
    static const char *const names[] = {"pool", "same", "relu", "constant"};
    for (size_t i = 0; i < 4; i++) {
        zurt_tensor_info info;
        assert_int_equal(zurt_graph_output(back, i, &info), ZURT_OK);
        assert_string_equal(info.name, names[i]);
    }
    zurt_graph_destroy(back);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

/* Where channels stand first, a constant is written with four axes, also one that has none. */
static void a_quantised_scalar_comes_back(void **state)
{
    zurt_ctx *ctx = *state;
    sample s = {ctx, zi_graph_create(&ctx->allocator), ZURT_OK};
    const float scale = 0.5f;
    const int32_t zero = 0;
    zi_id x;
    assert_int_equal(zi_graph_add_tensor(ctx, s.g, "x", &x), ZURT_OK);
    zi_tensor *t = &s.g->tensors[x];
    *t = (zi_tensor){.name = t->name, .dtype = ZURT_S8, .rank = 4, .dims = {1, 4, 4, 2}};
    t->from_nchw = true;
    assert_int_equal(zi_graph_set_quant(ctx, s.g, x, 1, 0, &scale, &zero), ZURT_OK);
    assert_int_equal(zi_graph_add_input(ctx, s.g, x), ZURT_OK);
    zi_id two = sample_const(&s, "two", ZURT_S8, 0, NULL, 5);
    assert_int_equal(zi_graph_set_quant(ctx, s.g, two, 1, 0, &scale, &zero), ZURT_OK);
    zi_id sum = sample_node(&s, ZI_OP_Add, "sum", (zi_id[]){x, two}, 2, NULL, 1.0f, 0);
    assert_int_equal(zi_graph_add_output(ctx, s.g, sum), ZURT_OK);
    zurt_graph *graph, *back;
    assert_int_equal(zc_graph_wrap(ctx, s.g, &graph), ZURT_OK);
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    if (zurt_import_onnx_file(ctx, path, NULL, &back))
        fail_msg("%s", zurt_ctx_error(ctx));
    assert_int_equal(zurt_graph_is_quantized(back), 1);
    zurt_graph_destroy(back);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

static size_t read_back(uint8_t *bytes, size_t size)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t n = fread(bytes, 1, size, in);
    fclose(in);
    return n;
}

/* ONNX has one namespace: what zurt calls "x" on both sides may be two values. */
static void inputs_that_are_outputs_make_valid_files(void **state)
{
    zurt_ctx *ctx = *state;
    sample s = {ctx, zi_graph_create(&ctx->allocator), ZURT_OK};
    zi_id in[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(zi_graph_add_tensor(ctx, s.g, i ? "q" : "x", &in[i]), ZURT_OK);
        zi_tensor *t = &s.g->tensors[in[i]];
        t->dtype = i ? ZURT_S8 : ZURT_F32;
        t->rank = 2;
        t->dims[0] = 1;
        t->dims[1] = 3;
        assert_int_equal(zi_graph_add_input(ctx, s.g, in[i]), ZURT_OK);
    }
    const float scale = 0.5f;
    const int32_t zero = 0;
    assert_int_equal(zi_graph_set_quant(ctx, s.g, in[1], 1, 0, &scale, &zero), ZURT_OK);
    zi_attr shape = {.shape = {.rank = 2, .dims = {1, 3}}};
    zi_id copy = sample_node(&s, ZI_OP_Reshape, "x", &in[0], 1, &shape, 0, 0);
    assert_int_equal(zi_graph_add_output(ctx, s.g, copy), ZURT_OK);
    assert_int_equal(zi_graph_add_output(ctx, s.g, in[1]), ZURT_OK); // as it is, but quantised
    zurt_graph *graph, *back;
    assert_int_equal(zc_graph_wrap(ctx, s.g, &graph), ZURT_OK);
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    if (zurt_import_onnx_file(ctx, path, NULL, &back))
        fail_msg("%s", zurt_ctx_error(ctx));
    static const char *const names[] = {"x~out", "q~out"};
    for (size_t i = 0; i < 2; i++) {
        zurt_tensor_info info;
        assert_int_equal(zurt_graph_output(back, i, &info), ZURT_OK);
        assert_string_equal(info.name, names[i]);
    }
    zurt_graph_destroy(back);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

static void writes_the_same_bytes_again(void **state)
{
    zurt_ctx *ctx = *state;
    static uint8_t first[65536], second[65536];
    zurt_graph *graph = true_sample(ctx);
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    size_t n = read_back(first, sizeof(first));
    assert_int_equal(zurt_emit_onnx_file(ctx, graph, path), ZURT_OK);
    assert_int_equal(read_back(second, sizeof(second)), n);
    assert_memory_equal(first, second, n);
    zurt_graph_destroy(graph);
    assert_int_equal(unlink(path), 0);
}

static void survives_refused_memory(void **state)
{
    (void)state;
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    assert_non_null(ctx);
    zurt_graph *graph = true_sample(ctx);
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        size_t live = counter.n_live;
        zt_allocator_arm(&counter, n);
        st = zurt_emit_onnx_file(ctx, graph, path);
        assert_true(st == ZURT_E_NOMEM || (!st && n > 5));
        assert_int_equal(counter.n_live, live);
        assert_int_equal(access(path, F_OK), st ? -1 : 0);
    }
    zt_allocator_arm(&counter, 0);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
    assert_int_equal(unlink(path), 0);
}

/* ---- the opset ---- */

/* The file says this opset, of the standard domain. */
static bool says_opset(const uint8_t *bytes, size_t size, uint8_t version)
{
    const uint8_t import[] = {0x42, 0x04, 0x0a, 0x00, 0x10, version}; // ModelProto, field 8
    for (size_t i = 0; i + sizeof(import) <= size; i++) {
        if (!memcmp(bytes + i, import, sizeof(import)))
            return true;
    }
    return false;
}

static void the_opset_is_what_the_operators_need(void **state)
{
    (void)state;
    static const struct {
        zi_op op;
        uint32_t n_in;
        zurt_dtype type;
        uint8_t opset;
    } cases[] = {
        {ZI_OP_Add, 2, ZURT_S8, 14},   {ZI_OP_Sub, 2, ZURT_S8, 14},  {ZI_OP_Mul, 2, ZURT_U8, 14},
        {ZI_OP_Add, 2, ZURT_S32, 13},  {ZI_OP_Add, 2, ZURT_F32, 13}, {ZI_OP_Max, 2, ZURT_S8, 13},
        {ZI_OP_Relu, 1, ZURT_S32, 14}, {ZI_OP_Abs, 1, ZURT_S8, 13},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4));
        zi_id a =
            build_op(&b, ZI_OP_Cast, "a", ATTR(.axis = {.axis = (int32_t)cases[i].type}), 1, x);
        zi_id y = cases[i].n_in == 2 ? build_op(&b, cases[i].op, "y", NULL, 2, a, a)
                                     : build_op(&b, cases[i].op, "y", NULL, 1, a);
        build_output(&b, y);
        zurt_graph *graph;
        void *bytes;
        size_t size;
        assert_int_equal(zc_graph_wrap(b.ctx, b.g, &graph), ZURT_OK);
        if (zurt_emit_onnx_mem(b.ctx, graph, &bytes, &size))
            fail_msg("case %zu: %s", i, zurt_ctx_error(b.ctx));
        if (!says_opset(bytes, size, cases[i].opset))
            fail_msg("case %zu: not opset %d", i, cases[i].opset);
        zurt_buffer_free(b.ctx, bytes);
        zurt_graph_destroy(graph);
        zurt_ctx_destroy(b.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_by_the_importer_with_equal_results),
        cmocka_unit_test(newer_ops_come_back),
        cmocka_unit_test(long_names_stay_apart),
        cmocka_unit_test(every_output_has_its_name),
        cmocka_unit_test(inputs_that_are_outputs_make_valid_files),
        cmocka_unit_test(a_quantised_scalar_comes_back),
        cmocka_unit_test(writes_the_same_bytes_again),
        cmocka_unit_test(survives_refused_memory),
        cmocka_unit_test(the_opset_is_what_the_operators_need),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
