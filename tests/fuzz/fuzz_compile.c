/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: from ONNX bytes to an answer nothing crashes, and every refusal says why: import,
 * quantise with random samples, emit, load, create a session, run. The corpus and the mutations are
 * those of import_onnx.
 */
#include <stdlib.h>
#include <string.h>

#include "graph_handle.h"
#include "support/bytes_source.h"
#include "support/small_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* A refusal of what came from outside: it has words, and is nobody's fault here. */
static bool refused(zurt_ctx *ctx, zurt_status st)
{
    check(st == ZURT_OK || zurt_ctx_error(ctx)[0]);
    check(st != ZURT_E_INTERNAL && st != ZURT_E_ARG);
    return st != ZURT_OK;
}

/* Noise of two scales; in whole numbers what an index or a truth value may be. */
static zurt_status sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    const zurt_graph *graph = self;
    uint64_t state = index + 1;
    for (size_t i = 0; i < n_inputs; i++) {
        zurt_tensor_info info;
        check(zurt_graph_input(graph, i, &info) == ZURT_OK);
        check(info.bytes == inputs[i].bytes);
        uint8_t *bytes = inputs[i].data;
        memset(bytes, 0, info.bytes);
        const size_t elem = zurt_dtype_bytes(info.dtype);
        for (size_t k = 0; k < info.bytes / elem; k++) {
            const float value = (float)(zt_random(&state) % 2001) / 1000.0f - 1.0f;
            if (info.dtype == ZURT_F32)
                memcpy(bytes + 4 * k, &value, 4);
            else
                bytes[elem * k] = zt_random(&state) % 2;
        }
    }
    return ZURT_OK;
}

static void run(zurt_ctx *ctx, const zurt_model *m, zurt_session *s)
{
    zurt_view in[ZT_SMALL_IO];
    zurt_span out[ZT_SMALL_IO];
    const size_t n_in = zurt_model_n_inputs(m), n_out = zurt_model_n_outputs(m);
    if (n_in > ZT_SMALL_IO || n_out > ZT_SMALL_IO)
        return;
    for (size_t i = 0; i < n_in; i++)
        in[i] = (zurt_view){calloc(1, zurt_model_input(m, i)->bytes + 1),
                            zurt_model_input(m, i)->bytes};
    for (size_t i = 0; i < n_out; i++)
        out[i] =
            (zurt_span){malloc(zurt_model_output(m, i)->bytes + 1), zurt_model_output(m, i)->bytes};
    check(zurt_session_run(s, in, n_in, out, n_out) == ZURT_OK);
    for (size_t i = 0; i < n_in; i++)
        free((void *)(uintptr_t)in[i].data);
    for (size_t i = 0; i < n_out; i++)
        free(out[i].data);
    (void)ctx;
}

static void load_and_run(zurt_ctx *ctx, const void *bytes, size_t size)
{
    zurt_model *m = NULL;
    zurt_session *s = NULL;
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    if (!refused(ctx, zurt_model_load_mem(ctx, bytes, size, &m)) &&
        !refused(ctx, zurt_session_create(ctx, m, &o, &s)))
        run(ctx, m, s);
    zurt_session_destroy(s);
    zurt_model_destroy(m);
}

static void compile(zurt_ctx *ctx, const zurt_graph *graph)
{
    void *bytes = NULL;
    size_t size;
    if (!refused(ctx, zurt_emit_zurt_mem(ctx, graph, &bytes, &size)))
        load_and_run(ctx, bytes, size);
    zurt_buffer_free(ctx, bytes);
}

static void quantise(zurt_ctx *ctx, const zurt_graph *graph, uint32_t choice)
{
    zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
    zurt_graph *out = NULL;
    o.method = (zurt_calib_method)(choice % 4);
    o.n_samples = 2;
    o.sample = sample;
    o.sample_self = (void *)(uintptr_t)graph;
    if (!refused(ctx, zurt_quantize(ctx, graph, &o, &out, NULL)))
        compile(ctx, out);
    zurt_graph_destroy(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx;
    check(zurt_ctx_create(NULL, &ctx) == ZURT_OK);
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.height = options.width = 6;
    zurt_graph *graph = NULL;
    if (!refused(ctx, zurt_import_onnx_mem(ctx, data, size, &options, &graph)) &&
        zt_graph_is_small(graph->g)) {
        if (zurt_graph_is_quantized(graph))
            compile(ctx, graph);
        else
            quantise(ctx, graph, size ? data[size - 1] : 0);
    }
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
    return 0;
}
