/* SPDX-License-Identifier: Apache-2.0 */
/** @file Checks a memory plan by acting it out; knows nothing of how plans are made. */
#ifndef ZT_PLAN_CHECKER_H
#define ZT_PLAN_CHECKER_H

#include "plan/plan.h"

/**
 * Runs the graph on labels instead of values: every byte of arena and outputs remembers which value
 * it holds; a node must find the values that it reads, and may overwrite an input only as ops.h
 * allows. At the end every output must hold its value.
 *
 * @param why receives what is wrong.
 * @return true if the plan is right.
 */
bool zt_plan_check(const zi_partition *partition, const zi_memory_plan *plan, char *why,
                   size_t why_size);

#endif
