/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the boards' processor takes for a node and for the conversion of tensors: modelled, as the
 * engine's cycles are. Every figure, and where it is from, is in cpu_cost.c.
 */
#ifndef ZI_PLAN_CPU_COST_H
#define ZI_PLAN_CPU_COST_H

#include "plan/plan.h"

/** The slower of the two boards: the ZCU104's cores run at 1.2 GHz, the KV260's at 1.33. */
#define ZI_CPU_CLOCK_KHZ 1200000
/** Cores that share a node at best. */
#define ZI_CPU_CORES 4
/** By how much the model may be too fast, in per cent: 16 in the one comparison that there is. */
#define ZI_CPU_SLACK_PERCENT 20
/** What a launch costs beyond its cycles, ns. Ref: docs/performance.md, "Launches". */
#define ZI_LAUNCH_NS_MIN 50000
#define ZI_LAUNCH_NS_MAX 200000

/** Cycles of one core for one run of a node. */
uint64_t zi_cpu_node_cycles(const zi_graph *g, const zi_node *n);

/** Cycles of one core that write a segment's inputs as the device reads them, and read its outputs
 *  back; of the whole batch. */
uint64_t zi_cpu_boundary_cycles(const zi_lowered *lowered);

/** Time of so many of its cycles. */
static inline uint64_t zi_cpu_ns(uint64_t cycles)
{
    return cycles / (ZI_CPU_CLOCK_KHZ / 1000) * 1000 +
           cycles % (ZI_CPU_CLOCK_KHZ / 1000) * 1000 / (ZI_CPU_CLOCK_KHZ / 1000);
}

#endif
