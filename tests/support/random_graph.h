/* SPDX-License-Identifier: Apache-2.0 */
/** @file Random valid graphs over every op, small enough to run thousands of them. */
#ifndef ZT_RANDOM_GRAPH_H
#define ZT_RANDOM_GRAPH_H

#include "graph/graph.h"
#include "support/bytes_source.h"

typedef struct zt_graph_wish {
    uint32_t max_nodes;
    zurt_dtype input; /**< of every graph input; NONE: any of f32, s8 */
    bool runnable;    /**< only nodes that ops/ can prepare */
    bool large;       /**< images of some ten thousand elements: enough for ops to use threads */
} zt_graph_wish;

/**
 * Builds a graph that passes zi_graph_check().
 *
 * Nodes are tried at random; one that shape inference (or, if runnable, ops/) refuses is taken
 * back. Outputs include computed tensors, and now and then an input, a constant or a view.
 * @param n_used NULL, or ZI_OP_LIMIT counters: one is added per node of the op.
 * @return NULL if memory is refused.
 */
zi_graph *zt_random_graph(zurt_ctx *ctx, zt_source *source, const zt_graph_wish *wish,
                          uint32_t *n_used);

/** Random attributes for a node whose inputs are set; not always legal. */
void zt_random_attr(zt_source *source, const zi_graph *g, zi_node *n);

#endif
