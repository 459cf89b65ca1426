/* SPDX-License-Identifier: Apache-2.0 */
/* Queries and metadata of a graph being compiled. */
#include <zurt/compile.h>

#include "graph_handle.h"

size_t zurt_graph_n_inputs(const zurt_graph *graph)
{
    return graph ? graph->g->n_inputs : 0;
}

size_t zurt_graph_n_outputs(const zurt_graph *graph)
{
    return graph ? graph->g->n_outputs : 0;
}

zurt_status zurt_graph_input(const zurt_graph *graph, size_t i, zurt_tensor_info *out)
{
    if (!out || i >= zurt_graph_n_inputs(graph))
        return ZURT_E_ARG;
    zi_tensor_info_of(&graph->g->tensors[graph->g->inputs[i]], out);
    return ZURT_OK;
}

zurt_status zurt_graph_output(const zurt_graph *graph, size_t i, zurt_tensor_info *out)
{
    if (!out || i >= zurt_graph_n_outputs(graph))
        return ZURT_E_ARG;
    zi_tensor_info_of(&graph->g->tensors[graph->g->outputs[i]], out);
    return ZURT_OK;
}

size_t zurt_graph_n_nodes(const zurt_graph *graph)
{
    return graph ? graph->g->n_nodes : 0;
}

zurt_status zurt_graph_node(const zurt_graph *graph, size_t i, zurt_node_info *out)
{
    if (!out || i >= zurt_graph_n_nodes(graph))
        return ZURT_E_ARG;
    zi_node_info_of(graph->g, &graph->g->nodes[i], out);
    return ZURT_OK;
}

size_t zurt_graph_source_nodes(const zurt_graph *graph)
{
    return graph ? graph->source_nodes : 0;
}

int zurt_graph_is_quantized(const zurt_graph *graph)
{
    for (size_t i = 0; graph && i < graph->g->n_tensors; i++) {
        if (zi_tensor_is_quantised(&graph->g->tensors[i]))
            return 1;
    }
    return 0;
}

zurt_status zurt_graph_set_norm(zurt_ctx *ctx, zurt_graph *graph, const zurt_norm *norm)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !norm)
        return zi_fail(ctx, ZURT_E_ARG, "normalisation: graph and norm must not be NULL");
    const zurt_status st = zi_norm_check(ctx, norm, ZURT_E_ARG);
    if (st)
        return st;
    graph->meta.norm = *norm;
    return ZURT_OK;
}

zurt_status zurt_graph_set_labels(zurt_ctx *ctx, zurt_graph *graph, const char *const *labels,
                                  size_t n_labels)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || (n_labels && !labels))
        return zi_fail(ctx, ZURT_E_ARG, "labels: graph and labels must not be NULL");
    const char **copy = zi_arena_calloc(&graph->g->arena, n_labels, sizeof(*copy));
    if (!copy)
        return zi_fail(ctx, ZURT_E_NOMEM, "labels: out of memory");
    for (size_t i = 0; i < n_labels; i++) {
        if (!labels[i])
            return zi_fail(ctx, ZURT_E_ARG, "labels: label %zu is NULL", i);
        copy[i] = zi_arena_strdup(&graph->g->arena, labels[i]);
        if (!copy[i])
            return zi_fail(ctx, ZURT_E_NOMEM, "labels: out of memory");
    }
    graph->meta.labels = copy;
    graph->meta.n_labels = n_labels;
    return ZURT_OK;
}

zurt_status zurt_graph_set_description(zurt_ctx *ctx, zurt_graph *graph, const char *text)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !text)
        return zi_fail(ctx, ZURT_E_ARG, "description: graph and text must not be NULL");
    const char *copy = zi_arena_strdup(&graph->g->arena, text);
    if (!copy)
        return zi_fail(ctx, ZURT_E_NOMEM, "description: out of memory");
    graph->meta.description = copy;
    return ZURT_OK;
}

const zurt_norm *zurt_graph_norm(const zurt_graph *graph)
{
    return graph ? &graph->meta.norm : NULL;
}

size_t zurt_graph_n_labels(const zurt_graph *graph)
{
    return graph ? graph->meta.n_labels : 0;
}

const char *zurt_graph_label(const zurt_graph *graph, size_t i)
{
    return i < zurt_graph_n_labels(graph) ? graph->meta.labels[i] : NULL;
}
