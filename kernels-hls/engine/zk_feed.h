/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What exec takes in beside its computation: weights into the ring, activations into the
 * scratchpad.
 */
#ifndef ZK_FEED_H
#define ZK_FEED_H

#include "zk_result.h"

/** Weights on their way into the ring. Words are counted from the start of the step. */
typedef struct {
    int32_t left;              /**< words to come */
    int32_t beat;              /**< of the word in progress, 0 to 3 */
    int32_t slot;              /**< where it goes */
    int32_t at;                /**< beats taken */
    int32_t arrived;           /**< complete words, those of earlier steps included */
    int32_t released;          /**< words whose place is free again */
    int32_t seen[ZK_RING_GAP]; /**< `arrived` after the last iterations, the newest first */
} zk_weight_feed;

/** One iteration: a beat from each stream if there is room. Returns the words that can be read. */
static inline int32_t zk_weights_take(int8_t ring[ZK_RING][ZK_C][ZK_C], zk_weight_feed *f,
                                      const v16 *q0, const v16 *q1, const v16 *q2, const v16 *q3)
{
#pragma HLS inline
    int32_t seen = f->seen[ZK_RING_GAP - 1];
    for (int32_t i = ZK_RING_GAP - 1; i > 0; i--) {
#pragma HLS unroll
        f->seen[i] = f->seen[i - 1];
    }
    if (f->beat > 0 || (f->left > 0 && f->arrived - f->released < ZK_RING)) {
        v16 b[4] = {q0[f->at], q1[f->at], q2[f->at], q3[f->at]};
        for (int32_t o = 0; o < ZK_C; o++) { // a bank per row: one write of its one port
#pragma HLS unroll
            for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
                if ((o & 3) == f->beat)
                    ring[f->slot][o][i] = b[o >> 2].b[i];
            }
        }
        f->at++;
        if (f->beat == 3) {
            f->beat = 0;
            f->slot = f->slot == ZK_RING - 1 ? 0 : f->slot + 1;
            f->arrived++;
            f->left--;
        } else {
            f->beat++;
        }
    }
    f->seen[0] = f->arrived;
    return seen;
}

/** Activations on their way into the scratchpad. */
typedef struct {
    int32_t left;  /**< planes to come, the one in progress included */
    int32_t at;    /**< beats taken */
    int32_t plane; /**< address of the plane */
    int32_t row;   /**< address of the row */
    int32_t x;     /**< next column */
    int32_t word;  /**< next word of the plane */
    int32_t held;  /**< a beat waits for its bank */
    int32_t held_addr;
    int32_t phase[4]; /**< words from a row's start to its columns of each phase */
    int8_t held_word[ZK_C];
} zk_act_feed;

static inline void zk_act_start(const zk_step *s, zk_act_feed *out)
{
#pragma HLS inline off
    out->left = s->load.words > 0 ? s->load.planes : 0;
    out->at = 0;
    out->plane = s->load.dst;
    out->row = s->load.dst;
    out->x = 0;
    out->word = 0;
    out->held = 0;
    const int32_t half = out->left ? s->load.half : 0; // of no load, anything
    for (int32_t i = 0; i < 4; i++)
        out->phase[i] = i * half;
}

/** Takes the next beat and moves on. */
static inline void zk_act_take(const zk_step *s, const v16 *q, zk_act_feed *f)
{
#pragma HLS inline
    v16 beat = q[f->at];
    int32_t phase = f->x & ((1 << s->load.split) - 1) & 3;
    for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
        f->held_word[i] = beat.b[i];
    }
    f->held = 1;
    f->held_addr = f->row + (f->x >> s->load.split) + f->phase[phase];
    f->at++;
    f->x++;
    f->word++;
    if (f->word == s->load.words) {
        f->left--;
        f->word = 0;
        f->x = 0;
        f->plane += s->load.plane;
        f->row = f->plane;
    } else if (f->x == s->load.w) {
        f->x = 0;
        f->row += s->load.row;
    }
}

/** Writes the results of this iteration and, where its bank is free, the beat that is held. */
static inline void zk_write_banks(int8_t act[ZK_PP][ZK_ROWS][ZK_C], const zk_slots *r,
                                  zk_act_feed *f)
{
#pragma HLS inline
    int32_t held_bank = zk_bank(f->held_addr), held_row = zk_row(f->held_addr), busy = 0;
    int32_t held_inside = f->held && zk_inside(f->held_addr);
    ZK_COUNT(faults, f->held && !held_inside);
    for (int32_t b = 0; b < ZK_PP; b++) {
#pragma HLS unroll
        int32_t write = 0, row = held_row;
        int8_t word[ZK_C];
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            word[c] = f->held_word[c];
        }
        for (int32_t i = 0; i < ZK_SLOTS; i++) {
#pragma HLS unroll
            int32_t hit = r->valid[i] && zk_bank(r->addr[i]) == b && zk_inside(r->addr[i]);
            ZK_COUNT(write_conflicts, hit && write);
            row = hit ? zk_row(r->addr[i]) : row;
            write = write || hit;
            for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
                word[c] = hit ? r->word[i][c] : word[c];
            }
        }
        busy = busy || (write && held_bank == b);
        if (write || (held_inside && held_bank == b)) {
            for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
                act[b][row][c] = word[c];
            }
        }
    }
    f->held = f->held && busy;
}

#endif
