/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a user can do about a node that the engine does not take. */
#ifndef ZI_PLAN_REMEDY_H
#define ZI_PLAN_REMEDY_H

#include "plan/plan.h"

/** In place of zi_remedy_of_float() in a plan with assumed scales: they may be the cause. */
extern const char zi_remedy_assumed[];

/** For a node whose op the engine has not; static. */
const char *zi_remedy_of_op(const zi_graph *g, const zi_node *n);

/** For a node that computes in float: what the compiler remarked, if it did; NULL: no memory. */
const char *zi_remedy_of_float(zi_arena *arena, const zi_node *n);

/** Whether a remedy is one of zi_remedy_of_float(). */
bool zi_remedy_is_of_float(const char *remedy);

#endif
