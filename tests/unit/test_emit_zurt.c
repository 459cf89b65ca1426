/* SPDX-License-Identifier: Apache-2.0 */
/* Writing .zurt through the public API. */
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
#include "support/sample_graph.h"

static char folder[] = "test_emit_XXXXXX";

static int setup(void **state)
{
    zurt_ctx *ctx;
    if (!mkdtemp(folder) || zurt_ctx_create(NULL, &ctx))
        return -1;
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    zurt_ctx_destroy(*state);
    return rmdir(folder); // fails if a temporary was left behind
}

static zurt_graph *sample_handle(zurt_ctx *ctx)
{
    zurt_graph *graph;
    assert_int_equal(zc_graph_wrap(ctx, sample_graph(ctx), &graph), ZURT_OK);
    return graph;
}

static void emits_a_file_equal_to_memory(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = sample_handle(ctx);
    void *bytes;
    size_t size;
    char path[64], back[32768];
    snprintf(path, sizeof(path), "%s/a.zurt", folder);
    assert_int_equal(zurt_emit_zurt_mem(ctx, graph, &bytes, &size), ZURT_OK);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    for (int i = 0; i < 2; i++) { // the second time over the first
        assert_int_equal(zurt_emit_zurt_file(ctx, graph, path), ZURT_OK);
        FILE *in = fopen(path, "rb");
        assert_non_null(in);
        assert_int_equal(fread(back, 1, sizeof(back), in), size);
        fclose(in);
        assert_memory_equal(back, bytes, size);
    }
    assert_int_equal(unlink(path), 0);
    zurt_buffer_free(ctx, bytes);
    zurt_graph_destroy(graph);
}

static void carries_metadata_and_answers_queries(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = sample_handle(ctx);
    zurt_norm norm = sample_meta().norm;
    const char *labels[] = {"cat", "dog"};
    assert_int_equal(zurt_graph_set_norm(ctx, graph, &norm), ZURT_OK);
    assert_int_equal(zurt_graph_set_labels(ctx, graph, labels, 2), ZURT_OK);
    assert_int_equal(zurt_graph_set_description(ctx, graph, "from a test"), ZURT_OK);
    assert_string_equal(zurt_graph_label(graph, 1), "dog");
    assert_null(zurt_graph_label(graph, 2));
    assert_true(zurt_graph_is_quantized(graph));
    zurt_tensor_info in;
    assert_int_equal(zurt_graph_n_inputs(graph), 1);
    assert_int_equal(zurt_graph_input(graph, 0, &in), ZURT_OK);
    assert_string_equal(in.name, "image");
    assert_int_equal(zurt_graph_input(graph, 1, &in), ZURT_E_ARG);
    void *bytes;
    size_t size;
    zurt_model *m;
    assert_int_equal(zurt_emit_zurt_mem(ctx, graph, &bytes, &size), ZURT_OK);
    assert_int_equal(zurt_model_load_mem(ctx, bytes, size, &m), ZURT_OK);
    assert_string_equal(zurt_model_description(m), "from a test");
    assert_string_equal(zurt_model_label(m, 0), "cat");
    assert_memory_equal(zurt_model_norm(m)->mean, norm.mean, sizeof(norm.mean));
    zurt_model_destroy(m);
    zurt_buffer_free(ctx, bytes);
    zurt_graph_destroy(graph);
}

static void takes_every_normalisation_that_a_file_may_have(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = sample_handle(ctx);
    zurt_norm norm = sample_meta().norm;
    for (int fit = ZURT_FIT_STRETCH; fit <= ZURT_FIT_LETTERBOX; fit++) {
        norm.fit = (zurt_fit)fit;
        assert_int_equal(zurt_graph_set_norm(ctx, graph, &norm), ZURT_OK);
        void *bytes;
        size_t size;
        zurt_model *m;
        assert_int_equal(zurt_emit_zurt_mem(ctx, graph, &bytes, &size), ZURT_OK);
        assert_int_equal(zurt_model_load_mem(ctx, bytes, size, &m), ZURT_OK);
        assert_int_equal(zurt_model_norm(m)->fit, fit);
        zurt_model_destroy(m);
        zurt_buffer_free(ctx, bytes);
    }
    zurt_norm bad = norm;
    bad.fit = (zurt_fit)(ZURT_FIT_LETTERBOX + 1);
    assert_int_equal(zurt_graph_set_norm(ctx, graph, &bad), ZURT_E_ARG);
    bad = norm;
    bad.crop_ratio = 0;
    assert_int_equal(zurt_graph_set_norm(ctx, graph, &bad), ZURT_E_ARG);
    bad = norm;
    bad.std[0] = 0;
    assert_int_equal(zurt_graph_set_norm(ctx, graph, &bad), ZURT_E_ARG);
    zurt_graph_destroy(graph);
}

static void leaves_nothing_behind_on_failure(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = sample_handle(ctx);
    char path[64];
    snprintf(path, sizeof(path), "%s/no/such/folder.zurt", folder);
    assert_int_equal(zurt_emit_zurt_file(ctx, graph, path), ZURT_E_IO);
    assert_int_equal(zurt_emit_zurt_file(ctx, graph, folder), ZURT_E_IO);
    assert_int_equal(zurt_emit_zurt_file(ctx, graph, "/dev/null"), ZURT_E_IO);
    assert_non_null(strstr(zurt_ctx_error(ctx), "/dev/null"));
    zurt_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emits_a_file_equal_to_memory),
        cmocka_unit_test(carries_metadata_and_answers_queries),
        cmocka_unit_test(takes_every_normalisation_that_a_file_may_have),
        cmocka_unit_test(leaves_nothing_behind_on_failure),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
