/* SPDX-License-Identifier: Apache-2.0 */
/* Import through the public API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/compile.h>

#include "support/ctx_fixture.h"
#include "support/test_allocator.h"

/* Models of the fuzzer's corpus: one per family of operators. */
static const char *const models[] = {"branches", "conv_1d", "dynamic", "functions",
                                     "moves",    "qdq",     "qlinear", "qoperator",
                                     "shapes",   "unary",   "weights"};

static void model_path(const char *name, char *path, size_t size)
{
    const char *source = getenv("ZURT_SOURCE");
    snprintf(path, size, "%s/tests/fuzz/corpus/import_onnx/%s.onnx", source ? source : ".", name);
}

static size_t read_model(const char *name, uint8_t *bytes, size_t capacity)
{
    char path[4096];
    model_path(name, path, sizeof(path));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, capacity, f);
    fclose(f);
    assert_true(n > 0 && n < capacity);
    return n;
}

static void whole_import_reports_refused_memory(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(models) / sizeof(*models); k++) {
        uint8_t bytes[8192];
        size_t size = read_model(models[k], bytes, sizeof(bytes));
        zurt_status st = ZURT_E_NOMEM;
        for (size_t n = 1; st; n++) {
            zt_allocator counter = {0};
            zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
            zurt_graph *graph = NULL;
            assert_non_null(ctx);
            zt_allocator_arm(&counter, n);
            st = zurt_import_onnx_mem(ctx, bytes, size, NULL, &graph);
            if (st && st != ZURT_E_NOMEM)
                fail_msg("%s, request %zu: %s", models[k], n, zurt_ctx_error(ctx));
            zurt_graph_destroy(graph);
            zurt_ctx_destroy(ctx);
            assert_int_equal(counter.n_live, 0);
            assert_true(n < 100000);
        }
    }
}

static void reads_files_and_tells_what_they_had(void **state)
{
    zurt_ctx *ctx = *state;
    char path[4096];
    zurt_graph *graph;
    model_path("qdq", path, sizeof(path));
    assert_int_equal(zurt_import_onnx_file(ctx, path, NULL, &graph), ZURT_OK);
    assert_int_equal(zurt_graph_source_nodes(graph), 10);
    assert_true(zurt_graph_is_quantized(graph));
    zurt_tensor_info info;
    assert_int_equal(zurt_graph_input(graph, 0, &info), ZURT_OK);
    assert_true(info.from_nchw);
    assert_int_equal(info.dims[3], 2);
    zurt_graph_destroy(graph);
}

static void names_the_file_that_it_cannot_read(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = (void *)-1;
    assert_int_equal(zurt_import_onnx_file(ctx, "/nowhere/m.onnx", NULL, &graph), ZURT_E_IO);
    assert_null(graph);
    assert_non_null(strstr(zurt_ctx_error(ctx), "/nowhere/m.onnx"));
    assert_int_equal(zurt_import_onnx_file(ctx, "/", NULL, &graph), ZURT_E_IO);
    assert_non_null(strstr(zurt_ctx_error(ctx), "/: Is a directory"));
}

static void refuses_broken_calls(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph;
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    assert_int_equal(zurt_import_onnx_mem(NULL, "", 0, NULL, &graph), ZURT_E_ARG);
    assert_int_equal(zurt_import_onnx_mem(ctx, NULL, 1, NULL, &graph), ZURT_E_ARG);
    assert_int_equal(zurt_import_onnx_mem(ctx, "", 0, NULL, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_import_onnx_file(ctx, NULL, NULL, &graph), ZURT_E_ARG);
    options.batch = -1;
    assert_int_equal(zurt_import_onnx_mem(ctx, "", 0, &options, &graph), ZURT_E_ARG);
    options = (zurt_import_options)ZURT_IMPORT_OPTIONS_INIT;
    options.size = 1;
    assert_int_equal(zurt_import_onnx_mem(ctx, "", 0, &options, &graph), ZURT_E_ARG);
    options = (zurt_import_options)ZURT_IMPORT_OPTIONS_INIT;
    options.n_bindings = 1;
    assert_int_equal(zurt_import_onnx_mem(ctx, "", 0, &options, &graph), ZURT_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_import_reports_refused_memory),
        cmocka_unit_test(reads_files_and_tells_what_they_had),
        cmocka_unit_test(names_the_file_that_it_cannot_read),
        cmocka_unit_test(refuses_broken_calls),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
