/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as .zurt, in memory or in a file. */
#include "base/alloc.h"
#include "emit/write_file.h"
#include "graph_handle.h"

zurt_status zurt_emit_zurt_mem(zurt_ctx *ctx, const zurt_graph *graph, void **bytes, size_t *size)
{
    if (bytes)
        *bytes = NULL;
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !bytes || !size)
        return zi_fail(ctx, ZURT_E_ARG, "emit: graph, bytes and size must not be NULL");
    uint8_t *file = NULL;
    zurt_status st = zi_model_write(ctx, graph->g, &graph->meta, &file, size);
    *bytes = file;
    return st;
}

zurt_status zurt_emit_zurt_file(zurt_ctx *ctx, const zurt_graph *graph, const char *path)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !path)
        return zi_fail(ctx, ZURT_E_ARG, "emit: graph and path must not be NULL");
    void *bytes;
    size_t size;
    zurt_status st = zurt_emit_zurt_mem(ctx, graph, &bytes, &size);
    if (!st)
        st = zc_write_file(ctx, path, bytes, size);
    zurt_buffer_free(ctx, bytes);
    return st;
}

void zurt_buffer_free(zurt_ctx *ctx, void *bytes)
{
    if (ctx)
        zi_free(&ctx->allocator, bytes);
}
