/* SPDX-License-Identifier: Apache-2.0 */
/** @file What is behind the public zurt_graph. */
#ifndef ZC_GRAPH_HANDLE_H
#define ZC_GRAPH_HANDLE_H

#include <zurt/compile.h>

#include "graph/graph.h"
#include "model/model.h"
#include "weight_files.h"

/** Rewrites of a float graph, one on the other, that its int8 form may stand on. */
#define ZC_MOST_REWRITES 2

struct zurt_graph {
    zurt_allocator allocator;
    zi_graph *g;
    zi_graph *rewritten[ZC_MOST_REWRITES]; /**< whose constants g may borrow; NULL: none */
    zc_weight_files *files;                /**< that g's constants may borrow from; NULL: none */
    zi_meta meta;                          /**< in g->arena */
    size_t source_nodes;                   /**< nodes of the imported file */
};

/** Wraps a graph, which it takes over even on failure; metadata is empty. ZURT_E_NOMEM. */
zurt_status zc_graph_wrap(zurt_ctx *ctx, zi_graph *g, zurt_graph **out);

#endif
