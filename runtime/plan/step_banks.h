/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which banks a step writes in one iteration: for the mapper, which chooses, and for the
 *  step checker, which proves. */
#ifndef ZI_PLAN_STEP_BANKS_H
#define ZI_PLAN_STEP_BANKS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/zk_step.h"

/** Word of result (y, x) of the first block. */
static inline int64_t zi_step_word(const zk_step *s, int64_t y, int64_t x)
{
    return s->out_base + y * s->out_row + (x >> s->out_split) * s->out_col +
           (x & (((int64_t)1 << s->out_split) - 1)) * s->out_half;
}

/** Whether the pixels that are written together are in different banks. Not for POOL2 and UP2,
 *  which write one word at a time. `pp`: banks, <= 32; `wr_lanes` is the step's. */
bool zi_step_banks_distinct(const zk_step *s, int32_t pp);

/** Whether no bank is written in two iterations running: then act beats, taken every second
 *  iteration, always find theirs free in time. */
bool zi_step_admits_loads(const zk_step *s, int32_t pp);

#endif
