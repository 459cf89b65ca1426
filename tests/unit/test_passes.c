/* SPDX-License-Identifier: Apache-2.0 */
/* The passes together, on whole networks. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx/onnx_import.h"
#include "passes/passes_all.h"
#include "support/graph_numeric.h"
#include "support/test_allocator.h"

static const float rounding = 1e-5f;

/** A small network as an importer writes it. */
static void network(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(2, 3, 8, 8));
    zi_id t = build_op(b, ZI_OP_Transpose, "t", ATTR(.perm = {{0, 2, 3, 1}}), 1, x);
    zi_id c = build_op(
        b, ZI_OP_Conv, "c",
        ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {1, 1, 1, 1}, .groups = 1}), 2,
        t, build_noise(b, "w", DIMS(4, 3, 3, 3)));
    zi_id u = build_op(b, ZI_OP_Transpose, "u", ATTR(.perm = {{0, 3, 1, 2}}), 1, c);
    zi_id m = build_op(b, ZI_OP_Mul, "m", NULL, 2, u, build_noise(b, "s", DIMS(4, 1, 1)));
    zi_id a = build_op(b, ZI_OP_Add, "a", NULL, 2, m, build_noise(b, "d", DIMS(4, 1, 1)));
    zi_id r = build_op(b, ZI_OP_Clip, "r", ATTR(.unary = {.alpha = 0.0f, .beta = 6.0f}), 1, a);
    zi_id v = build_op(b, ZI_OP_Transpose, "v", ATTR(.perm = {{0, 2, 3, 1}}), 1, r);
    zi_id p =
        build_op(b, ZI_OP_MaxPool, "p",
                 ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), 1, v);
    zi_id q = build_op(b, ZI_OP_Transpose, "q", ATTR(.perm = {{0, 3, 1, 2}}), 1, p);
    zi_id f = build_op(b, ZI_OP_Reshape, "f", ATTR(.shape = {.rank = 2, .dims = {2, 64}}), 1, q);
    zi_id k = build_op(b, ZI_OP_MatMul, "k", NULL, 2, f, build_noise(b, "v", DIMS(64, 5)));
    zi_id g = build_op(b, ZI_OP_Add, "g", NULL, 2, build_noise(b, "b", DIMS(5)), k);
    build_output(b, build_op(b, ZI_OP_Relu, "y", NULL, 1, g));
}

static void a_network_becomes_its_layers(void **state)
{
    (void)state;
    builder b = builder_make();
    network(&b);
    assert_pass_keeps_values(&b, NULL, rounding);
    assert_graph(&b,
                 "input x:[2,8,8,3]f32 from_nchw\n"
                 "r:[2,8,8,4]f32 = Conv(x, w:[4,3,3,3]f32, :[4]f32){pad=1,1,1,1 clamp=0..6}\n"
                 "p:[2,4,4,4]f32 = MaxPool(r){kernel=2,2 stride=2,2}\n"
                 "p_reshaped:[2,64]f32 = Reshape(p) p_reshaped\n"
                 "y:[2,5]f32 = FullyConnected(p_reshaped, v:[5,64]f32, b:[5]f32){clamp=0..inf}\n"
                 "output y\n");
    builder_free(&b);
}

static void passes_are_idempotent(void **state)
{
    (void)state;
    builder b = builder_make();
    network(&b);
    char *once, *twice;
    assert_int_equal(zc_passes_run(b.ctx, b.g), ZURT_OK);
    assert_int_equal(zi_graph_print(b.ctx, b.g, &once), ZURT_OK);
    assert_int_equal(zc_passes_run(b.ctx, b.g), ZURT_OK);
    assert_int_equal(zi_graph_print(b.ctx, b.g, &twice), ZURT_OK);
    assert_string_equal(once, twice);
    zi_free(&b.ctx->allocator, once);
    zi_free(&b.ctx->allocator, twice);
    builder_free(&b);
}

static void constants_fold_but_for_dequantised_weights(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4));
    zi_id q = build_const(&b, "q", ZURT_S8, DIMS(3, 4), NULL);
    build_quant(&b, q, 0.5f, 0);
    zi_id w = build_op(&b, ZI_OP_Dequantize, "w", NULL, 1, q);
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 2, x, w);
    zi_id k = build_op(&b, ZI_OP_Exp, "k", NULL, 1, build_noise(&b, "n", DIMS(3)));
    build_output(&b, build_op(&b, ZI_OP_Pow, "z", NULL, 2, y, k));
    assert_pass_keeps_values(&b, zc_fold_constants_pass, rounding);
    assert_graph(&b, "input x:[1,4]f32\n"
                     "w:[3,4]f32 = Dequantize(q:[3,4]s8(0.5,0))\n"
                     "y:[1,3]f32 = FullyConnected(x, w)\n"
                     "z:[1,3]f32 = Pow(y, k:[3]f32)\n"
                     "output z\n");
    builder_free(&b);
}

static void activations_become_clamps(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(20));
    zi_id a = build_op(&b, ZI_OP_Add, "a", NULL, 2, x, x);
    zi_id r = build_op(&b, ZI_OP_Relu, "r", NULL, 1, a);
    zi_id c = build_op(&b, ZI_OP_Clip, "c", ATTR(.unary = {.alpha = -1.0f, .beta = 0.5f}), 1, r);
    zi_id s = build_op(&b, ZI_OP_Sub, "s", NULL, 2, c, x);
    build_output(&b, s);
    build_output(&b, build_op(&b, ZI_OP_Relu, "y", NULL, 1, s)); // s is read as it is
    assert_pass_keeps_values(&b, zc_fuse_activation_pass, 0.0f);
    assert_graph(&b, "input x:[20]f32\n"
                     "c:[20]f32 = Add(x, x){clamp=0..0.5}\n"
                     "s:[20]f32 = Sub(c, x)\n"
                     "y:[20]f32 = Relu(s)\n"
                     "output s, y\n");
    builder_free(&b);
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    builder b = builder_make();
    network(&b);
    zi_graph *source = b.g;
    zurt_ctx *plain = b.ctx;
    for (size_t refuse = 1;; refuse++) {
        zt_allocator counting = {0};
        b.ctx = zt_ctx_create(&counting, UINT32_MAX);
        assert_non_null(b.ctx);
        assert_int_equal(zi_graph_clone(b.ctx, source, &b.g), ZURT_OK);
        zt_allocator_arm(&counting, refuse);
        zurt_status st = zc_passes_run(b.ctx, b.g);
        bool refused = zt_allocator_refused(&counting);
        zt_allocator_arm(&counting, 0);
        assert_int_equal(st, refused ? ZURT_E_NOMEM : ZURT_OK);
        builder_free(&b);
        assert_int_equal(counting.n_live, 0);
        if (!refused)
            break;
    }
    zi_graph_destroy(source);
    zurt_ctx_destroy(plain);
}

static void long_chains_come_to_an_end(void **state)
{
    (void)state;
    enum { LAYERS = 3000 };
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 2, 2, 2));
    zi_id w = build_noise(&b, "w", DIMS(2, 1, 1, 2));
    for (int i = 0; i < LAYERS; i++) {
        zi_id t = build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{0, 2, 3, 1}}), 1, x);
        zi_id c =
            build_op(&b, ZI_OP_Conv, "c",
                     ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 2, t, w);
        zi_id u = build_op(&b, ZI_OP_Transpose, "u", ATTR(.perm = {{0, 3, 1, 2}}), 1, c);
        x = build_op(&b, ZI_OP_Relu, "r", NULL, 1, u);
    }
    build_output(&b, x);
    assert_int_equal(zc_passes_run(b.ctx, b.g), ZURT_OK);
    assert_int_equal(b.g->n_nodes, LAYERS + 1); // the output is NCHW
    builder_free(&b);
}

/** Transposes that are not what the model's output asks for. */
static size_t inner_transposes(const zi_graph *g)
{
    size_t count = 0;
    for (size_t i = 0; i < g->n_nodes; i++) {
        bool output = false;
        for (size_t k = 0; k < g->n_outputs; k++)
            output = output || g->outputs[k] == g->nodes[i].out[0];
        count += g->nodes[i].op == ZI_OP_Transpose && !output;
    }
    return count;
}

static void import_and_optimise(builder *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f), source_nodes;
    rewind(f);
    void *bytes = zi_zalloc(&b->ctx->allocator, size);
    assert_int_equal(fread(bytes, 1, size, f), size);
    fclose(f);
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.height = options.width = 64; // where the model leaves them open
    zurt_status st =
        zc_onnx_import(b->ctx, (zi_bytes){bytes, size}, &options, &b->g, &source_nodes);
    if (!st)
        st = zc_passes_run(b->ctx, b->g);
    if (st)
        fail_msg("%s: %s", path, zurt_ctx_error(b->ctx));
    zi_free(&b->ctx->allocator, bytes);
}

static void real_models_need_no_transpose_inside(void **state)
{
    (void)state;
    const char *data = getenv("ZURT_DATA");
    char path[4096];
    snprintf(path, sizeof(path), "%s/onnx", data ? data : "");
    DIR *folder = opendir(path);
    if (!folder)
        skip();
    size_t models = 0;
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        if (!strstr(e->d_name, ".onnx"))
            continue;
        builder b = builder_make();
        zi_graph_destroy(b.g);
        snprintf(path, sizeof(path), "%s/onnx/%s", data, e->d_name);
        import_and_optimise(&b, path);
        if (inner_transposes(b.g))
            fail_msg("%s: %zu Transposes inside", e->d_name, inner_transposes(b.g));
        builder_free(&b);
        models++;
    }
    closedir(folder);
    assert_true(models > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_becomes_its_layers),
        cmocka_unit_test(passes_are_idempotent),
        cmocka_unit_test(constants_fold_but_for_dequantised_weights),
        cmocka_unit_test(activations_become_clamps),
        cmocka_unit_test(every_refused_allocation_is_reported),
        cmocka_unit_test(long_chains_come_to_an_end),
        cmocka_unit_test(real_models_need_no_transpose_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
