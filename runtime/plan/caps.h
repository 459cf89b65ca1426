/* SPDX-License-Identifier: Apache-2.0 */
/** @file Whether a node fits a capability table. Private to plan/. */
#ifndef ZI_PLAN_CAPS_H
#define ZI_PLAN_CAPS_H

#include "plan/plan.h"

/**
 * Asks one table about one node.
 *
 * @param arena holds the words of the answer.
 * @param out   all but `device` is filled; if the node is refused, why and what would help.
 * @return ZURT_OK; ZURT_E_NOMEM.
 */
zurt_status zi_caps_place(zurt_ctx *ctx, zi_arena *arena, const zi_caps *caps, const zi_graph *g,
                          const zi_node *n, bool *out_taken, zi_placement *out);

#endif
