/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which graphs a fuzz target computes: one input must not take seconds. */
#ifndef ZT_SMALL_GRAPH_H
#define ZT_SMALL_GRAPH_H

#include <stdbool.h>

#include "graph/graph.h"

enum { ZT_SMALL_BYTES = 1 << 20, ZT_SMALL_MACS = 1 << 20, ZT_SMALL_IO = 16 };

static inline bool zt_graph_is_small(const zi_graph *g)
{
    size_t bytes = 0;
    uint64_t macs = 0;
    for (size_t i = 0; i < g->n_tensors && bytes < ZT_SMALL_BYTES; i++)
        bytes += zi_tensor_bytes(&g->tensors[i]);
    for (size_t i = 0; i < g->n_nodes && macs < ZT_SMALL_MACS; i++)
        macs += zi_node_macs(g, &g->nodes[i]);
    return bytes < ZT_SMALL_BYTES && macs < ZT_SMALL_MACS;
}

#endif
