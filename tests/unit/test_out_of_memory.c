/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way, from ONNX bytes to an answer, with one allocation refused: each time
 * ZURT_E_NOMEM, nothing is left behind, and with enough memory the same way succeeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/compile.h>

#include "support/test_allocator.h"

typedef struct journey {
    void *onnx;
    size_t onnx_bytes;
    zt_allocator allocator;
    zurt_ctx *ctx;
} journey;

static void *read_demo_model(size_t *size)
{
    char path[1000];
    const char *source = getenv("ZURT_SOURCE");
    snprintf(path, sizeof(path), "%s/models/mnist_small.onnx", source ? source : ".");
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    static uint8_t bytes[1 << 18];
    *size = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    assert_in_range(*size, 1000, sizeof(bytes) - 1);
    return bytes;
}

static zurt_status sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    (void)self;
    for (size_t i = 0; i < n_inputs; i++) {
        float *values = inputs[i].data;
        for (size_t k = 0; k < inputs[i].bytes / sizeof(*values); k++)
            values[k] = (float)((k * 7 + index * 13) % 29) / 29.0f;
    }
    return ZURT_OK;
}

/* ONNX bytes -> graph -> int8 -> .zurt bytes. */
static zurt_status compile(journey *j, void **out, size_t *out_bytes)
{
    zurt_graph *graph = NULL, *quantised = NULL;
    zurt_quant_report *report = NULL;
    zurt_quantize_options options = ZURT_QUANTIZE_OPTIONS_INIT;
    const char *const labels[] = {"zero", "one"};
    options.sample = sample;
    options.n_samples = 1;
    options.report_sqnr = 1;
    options.threads = 2;
    zurt_status st = zurt_import_onnx_mem(j->ctx, j->onnx, j->onnx_bytes, NULL, &graph);
    if (!st)
        st = zurt_quantize(j->ctx, graph, &options, &quantised, &report);
    if (!st)
        st = zurt_graph_set_labels(j->ctx, quantised, labels, 2);
    if (!st)
        st = zurt_graph_set_description(j->ctx, quantised, "of a test");
    if (!st)
        st = zurt_emit_zurt_mem(j->ctx, quantised, out, out_bytes);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(quantised);
    zurt_graph_destroy(graph);
    return st;
}

/* .zurt bytes -> model -> session -> answer. */
static zurt_status answer(journey *j, const void *bytes, size_t size, int8_t *scores)
{
    static int8_t image[28 * 28];
    zurt_model *model = NULL;
    zurt_session *session = NULL;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.device = ZURT_DEVICE_CPU;
    options.threads = 2;
    options.streams = 2;
    options.profile = 1;
    zurt_status st = zurt_model_load_mem(j->ctx, bytes, size, &model);
    if (!st)
        st = zurt_session_create(j->ctx, model, &options, &session);
    if (!st) {
        const zurt_view in = {image, zurt_model_input(model, 0)->bytes};
        const zurt_span out = {scores, zurt_model_output(model, 0)->bytes};
        assert_int_equal(in.bytes, sizeof(image));
        assert_int_equal(out.bytes, 10);
        st = zurt_session_run(session, &in, 1, &out, 1);
    }
    zurt_session_destroy(session);
    zurt_model_destroy(model);
    return st;
}

static zurt_status travel(journey *j, int8_t *scores)
{
    void *bytes = NULL;
    size_t size = 0;
    zurt_status st = compile(j, &bytes, &size);
    if (!st)
        st = answer(j, bytes, size, scores);
    zurt_buffer_free(j->ctx, bytes);
    return st;
}

/* The number of requests the way makes when none is refused. */
static size_t count_requests(journey *j, int8_t *scores)
{
    zt_allocator_arm(&j->allocator, 0);
    assert_int_equal(travel(j, scores), ZURT_OK);
    return atomic_load(&j->allocator.n_requests);
}

static void every_refused_allocation_is_reported(void **state)
{
    journey *j = *state;
    int8_t expected[10], scores[10];
    const size_t total = count_requests(j, expected), own = atomic_load(&j->allocator.n_live);
    assert_in_range(total, 100, 1000000);
    for (size_t n = 1; n <= total; n++) {
        zt_allocator_arm(&j->allocator, n);
        const zurt_status st = travel(j, scores);
        if (st != ZURT_E_NOMEM)
            fail_msg("request %zu of %zu refused: %s, '%s'", n, total, zurt_status_name(st),
                     zurt_ctx_error(j->ctx));
        assert_true(zurt_ctx_error(j->ctx)[0]);
        if (atomic_load(&j->allocator.n_live) != own)
            fail_msg("request %zu refused: %zu objects were not released", n,
                     atomic_load(&j->allocator.n_live) - own);
    }
    assert_int_equal(count_requests(j, scores), total);
    assert_memory_equal(scores, expected, sizeof(expected));
}

static int setup(void **state)
{
    static journey j;
    memset(&j, 0, sizeof(j));
    j.onnx = read_demo_model(&j.onnx_bytes);
    j.ctx = zt_ctx_create(&j.allocator, UINT32_MAX);
    *state = &j;
    return j.ctx ? 0 : -1;
}

static int teardown(void **state)
{
    journey *j = *state;
    zurt_ctx_destroy(j->ctx);
    return atomic_load(&j->allocator.n_live) ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_refused_allocation_is_reported, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
