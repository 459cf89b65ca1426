/* SPDX-License-Identifier: Apache-2.0 */
/** @file Random int8 networks of the layers that the step engine computes, and some near them. */
#ifndef ZT_RANDOM_NET_H
#define ZT_RANDOM_NET_H

#include "graph/graph.h"
#include "support/bytes_source.h"

/** At most `max_nodes` nodes on one picture of at most `max_side` pixels a side; beyond 64 of them
 *  it begins with two layers that wait for their picture. NULL if memory is refused. */
zi_graph *zt_random_net(zurt_ctx *ctx, zt_source *source, uint32_t max_nodes, int32_t max_side);

#endif
