/* SPDX-License-Identifier: Apache-2.0 */
/** @file Memory for allocations that are needed for a while each: the host's arena, a scratchpad.
 */
#ifndef ZI_PLAN_OFFSETS_H
#define ZI_PLAN_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/** A piece of memory, needed from time `first` to `last`, both included. Sizes and offsets are in
 *  the caller's unit. */
typedef struct zi_allocation {
    uint32_t first, last;
    uint32_t owner; /**< the caller's: whose memory it is */
    size_t size;
    size_t offset; /**< answered */
} zi_allocation;

static inline bool zi_allocation_meets(const zi_allocation *a, const zi_allocation *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/**
 * Gives each allocation an offset, so that none meets another in time and memory: the largest
 * first, each as low as it fits. The answer depends on the allocations alone.
 *
 * @param allocations    n of them; left in the order in which they were taken.
 * @param temporary for a pointer a allocation.
 * @param limit     nothing ends beyond.
 * @param[out] end     where the last one ends.
 * @param[out] failed  the first, in that order, that does not fit; n if all do.
 * @return false: memory is refused.
 */
bool zi_assign_offsets(zi_allocation *allocations, size_t n, zi_arena *temporary, size_t limit,
                       size_t *end, size_t *failed);

#endif
