/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/step_banks.h"

/** Where the write-back is. */
typedef struct cursor {
    int32_t y, x, lane;
    int64_t block; // words to the block
} cursor;

/** Banks of the next iteration's words, and whether two share one. */
static uint32_t next_banks(const zk_step *s, int32_t pp, cursor *at, bool *out_twice)
{
    uint32_t banks = 0;
    for (int32_t i = 0; i < s->wr_lanes && at->lane < s->lanes; i++, at->lane++) {
        if (at->x < s->out_w && at->y < s->out_h) {
            uint32_t bit = (uint32_t)1 << ((zi_step_word(s, at->y, at->x) + at->block) % pp);
            *out_twice = *out_twice || (banks & bit);
            banks |= bit;
        }
        if (++at->x == s->wrap_w) {
            at->x = 0;
            at->y++;
        }
    }
    at->lane = at->lane >= s->lanes ? 0 : at->lane;
    return banks;
}

bool zi_step_banks_distinct(const zk_step *s, int32_t pp)
{
    cursor at = {0};
    bool twice = false;
    if (s->wr_lanes == 1)
        return true;
    while (at.y < s->out_h && !twice)
        next_banks(s, pp, &at, &twice);
    return !twice;
}

bool zi_step_admits_loads(const zk_step *s, int32_t pp)
{
    if (s->kind == ZK_LOAD || !(s->flags & ZK_OUT_BANK))
        return true;
    if (s->flags & (ZK_POOL2 | ZK_UP2)) {
        // One word after the other; POOL2 rests for a row between two rows of results.
        int32_t step = s->out_split ? s->out_half : s->out_col;
        int32_t back = s->out_split == 1 ? s->out_half - s->out_col : step;
        return (s->flags & ZK_POOL2) && s->out_split < 2 && step % pp && back % pp;
    }
    uint32_t last = 0;
    bool twice = false;
    // A block that begins with a header leaves an iteration between its results and the last ones.
    int32_t blocks = s->n_ocb > 1 && zk_block_words(s) == 0 ? 2 : 1;
    for (int32_t b = 0; b < blocks; b++) {
        cursor at = {.block = (int64_t)b * s->out_plane};
        while (at.y < s->out_h) {
            uint32_t banks = next_banks(s, pp, &at, &twice);
            if (banks & last)
                return false;
            last = banks;
        }
    }
    return true;
}
