/* SPDX-License-Identifier: Apache-2.0 */
/** @file An order of execution in which the nodes of a device stand together. */
#ifndef ZI_PLAN_ORDER_H
#define ZI_PLAN_ORDER_H

#include "graph/graph.h"

/**
 * Sorts nodes such that those of one key follow each other as far as the graph lets them: each
 * change from the CPU to the PL and back is a launch. What the CPU computes that a launch does not
 * need comes after it, and first of all that follows: it may be computed meanwhile.
 *
 * @param keys one per node.
 * @param cpu  the CPU's: the key to begin with, if a node of it can.
 * @param order out: g->n_nodes nodes, in a valid order; those of one run in that of the graph.
 * @return ZURT_OK; ZURT_E_NOMEM.
 */
zurt_status zi_order_nodes(zurt_ctx *ctx, const zi_graph *g, const uint64_t *keys, uint64_t cpu,
                           zi_id *order);

#endif
