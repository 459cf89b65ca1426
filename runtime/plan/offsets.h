/* SPDX-License-Identifier: Apache-2.0 */
/** @file Memory for blocks that are needed for a while each: the host's arena, a scratchpad. */
#ifndef ZI_PLAN_OFFSETS_H
#define ZI_PLAN_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/** A piece of memory, needed from time `first` to `last`, both included. Sizes and offsets are in
 *  the caller's unit. */
typedef struct zi_block {
    uint32_t first, last;
    uint32_t owner; /**< the caller's: whose memory it is */
    size_t size;
    size_t offset; /**< answered */
} zi_block;

static inline bool zi_block_meets(const zi_block *a, const zi_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/**
 * Gives each block an offset, so that none meets another in time and memory: the largest first,
 * each as low as it fits. The answer depends on the blocks alone.
 *
 * @param blocks    n of them; left in the order in which they were taken.
 * @param temporary for a pointer a block.
 * @param limit     nothing ends beyond.
 * @param[out] end     where the last one ends.
 * @param[out] failed  the first, in that order, that does not fit; n if all do.
 * @return false: memory is refused.
 */
bool zi_assign_offsets(zi_block *blocks, size_t n, zi_arena *temporary, size_t limit, size_t *end,
                       size_t *failed);

#endif
