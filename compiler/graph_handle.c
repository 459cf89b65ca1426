/* SPDX-License-Identifier: Apache-2.0 */
/* Queries and metadata of a graph, for users of libzurt-compiler. */
#include "graph_handle.h"

#include "base/alloc.h"

zurt_status zc_graph_wrap(zurt_ctx *ctx, zi_graph *g, zurt_graph **out)
{
    *out = NULL;
    zurt_graph *graph = zi_zalloc(&ctx->allocator, sizeof(*graph));
    if (!graph) {
        zi_graph_destroy(g);
        return zi_fail(ctx, ZURT_E_NOMEM, "graph: out of memory");
    }
    graph->allocator = ctx->allocator;
    graph->g = g;
    graph->meta.norm = zi_norm_none(3);
    graph->meta.description = "";
    *out = graph;
    return ZURT_OK;
}

void zurt_graph_destroy(zurt_graph *graph)
{
    if (!graph)
        return;
    zurt_allocator allocator = graph->allocator;
    zi_graph_destroy(graph->g);
    for (size_t i = ZC_MOST_REWRITES; i > 0; i--)
        zi_graph_destroy(graph->rewritten[i - 1]);
    zc_weight_files_destroy(graph->files);
    zi_free(&allocator, graph);
}
