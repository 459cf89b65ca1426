/* SPDX-License-Identifier: Apache-2.0 */
/** @file What holds of every importer, whatever the bytes: a status and a message, or a valid graph
 *  that runs if it is small. Included by one program each. */
#ifndef ZT_FUZZ_IMPORT_PROPERTY_H
#define ZT_FUZZ_IMPORT_PROPERTY_H

#include <stdlib.h>
#include <string.h>

#include "graph_handle.h"
#include "support/small_graph.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void run(zurt_ctx *ctx, const zurt_graph *graph)
{
    zurt_evaluator *e = NULL;
    size_t n_in = zurt_graph_n_inputs(graph), n_out = zurt_graph_n_outputs(graph);
    if (!zt_graph_is_small(graph->g) || zurt_evaluator_create(ctx, graph, 1, &e) != ZURT_OK)
        return;
    zurt_view *in = calloc(n_in + 1, sizeof(*in));
    zurt_span *out = calloc(n_out + 1, sizeof(*out));
    zurt_tensor_info info;
    for (size_t i = 0; i < n_in; i++) {
        check(zurt_graph_input(graph, i, &info) == ZURT_OK);
        uint8_t *bytes = malloc(info.bytes ? info.bytes : 1);
        for (size_t k = 0; k < info.bytes; k++)
            bytes[k] = info.dtype == ZURT_BOOL ? k & 1 : (uint8_t)(k * 37); // any bits are a float
        in[i] = (zurt_view){bytes, info.bytes};
    }
    for (size_t i = 0; i < n_out; i++) {
        check(zurt_graph_output(graph, i, &info) == ZURT_OK);
        out[i] = (zurt_span){malloc(info.bytes ? info.bytes : 1), info.bytes};
    }
    check(zurt_evaluator_run(e, in, n_in, out, n_out) == ZURT_OK);
    for (size_t i = 0; i < n_in; i++)
        free((void *)(uintptr_t)in[i].data);
    for (size_t i = 0; i < n_out; i++)
        free(out[i].data);
    free(in);
    free(out);
    zurt_evaluator_destroy(e);
}

/* batch < 0: neither batch nor size are asked for. */
static void import(zurt_ctx *ctx, const uint8_t *data, size_t size, bool keep, int32_t batch)
{
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.keep_structure = keep;
    options.height = options.width = batch < 0 ? 0 : 6;
    options.batch = batch < 0 ? 0 : batch;
    zurt_graph *graph = NULL;
    zi_error_text(ctx)[0] = 0;
    zurt_status st = zurt_import_mem(ctx, data, size, &options, &graph);
    check(st ? !graph && zurt_ctx_error(ctx)[0] : graph != NULL);
    check(st != ZURT_E_INTERNAL && st != ZURT_E_ARG);
    if (!st) {
        check(zi_graph_check(ctx, graph->g) == ZURT_OK);
        run(ctx, graph);
    }
    zurt_graph_destroy(graph);
}

#endif
