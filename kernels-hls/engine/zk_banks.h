/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The scratchpad: linear word addresses in PP banks, one vector read and one word per bank written
 * each cycle, and the lanes' walk over the output pixels.
 *
 * Reads go through a rotation, not a crossbar: lane l's word must be in bank (bank of lane 0) + l.
 * The mapper chooses pitches such that it is; C simulation counts where it is not.
 */
#ifndef ZK_BANKS_H
#define ZK_BANKS_H

#include "zk_engine.h"

/* Added before an address is split, so that the addresses of lanes in the padding, below 0, have a
 * bank too; the row comes out ZK_ROW_BIAS too high. */
#define ZK_ROW_BIAS (1 << 20)

static inline int32_t zk_bank(int32_t a)
{
#pragma HLS inline
    return (int32_t)((uint32_t)(a + ZK_PP * ZK_ROW_BIAS) % ZK_PP);
}

static inline int32_t zk_row(int32_t a)
{
#pragma HLS inline
    return (int32_t)((uint32_t)(a + ZK_PP * ZK_ROW_BIAS) / ZK_PP) - ZK_ROW_BIAS;
}

/** Whether the address is in the scratchpad: always, in hardware, for words that count. */
static inline int32_t zk_inside(int32_t a)
{
#pragma HLS inline
#ifdef ZK_CSIM
    return a >= 0 && a < ZK_PP * ZK_ROWS;
#else
    (void)a;
    return 1;
#endif
}

/** Reads word addr[l] for every lane with valid[l]; the others get `fill`. */
static inline void zk_read_vector(int8_t act[ZK_PP][ZK_ROWS][ZK_C], const int32_t addr[ZK_PP],
                                  const int32_t valid[ZK_PP], int8_t fill, int8_t out[ZK_PP][ZK_C])
{
#pragma HLS inline
    int8_t word[ZK_PP][ZK_C];
    int32_t first = zk_bank(addr[0]);
    for (int32_t b = 0; b < ZK_PP; b++) {
#pragma HLS unroll
        int32_t lane = b < first ? b - first + ZK_PP : b - first;
        int32_t use = valid[lane] && zk_inside(addr[lane]);
        int32_t row = zk_row(addr[lane]);
        ZK_COUNT(faults, valid[lane] && !use);
        ZK_COUNT(read_conflicts, use && zk_bank(addr[lane]) != b);
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            word[b][c] = use ? act[b][row][c] : fill;
        }
    }
    for (int32_t l = 0; l < ZK_PP; l++) {
#pragma HLS unroll
        int32_t b = first + l < ZK_PP ? first + l : first + l - ZK_PP;
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            out[l][c] = word[b][c];
        }
    }
}

/** Where a lane is: output pixel, input pixel before the tap, words relative to the bases. */
typedef struct {
    int32_t x[ZK_PP], y[ZK_PP];
    int32_t ix[ZK_PP], iy[ZK_PP];
    int32_t in[ZK_PP];
    int32_t res[ZK_PP];
} zk_lanes;

/** Lane l at pixel l of a block. Runs once per step, before the loop. */
static inline void zk_lanes_start(const zk_step *s, zk_lanes *out)
{
#pragma HLS inline off
    int32_t x = s->start_x, y = s->start_y;
    for (int32_t l = 0; l < ZK_PP; l++) {
#pragma HLS pipeline II = 4
        out->x[l] = x;
        out->y[l] = y;
        out->ix[l] = x * s->stride_x;
        out->iy[l] = y * s->stride_y;
        out->in[l] = y * s->in_row + x * s->in_col;
        out->res[l] = y * s->res_row + x;
        x++;
        if (x >= s->wrap_w) {
            x = 0;
            y++;
        }
    }
}

/** What a group adds to a lane, and what a wrap at the row's end adds beyond that. */
typedef struct {
    int32_t in, in_wrap;
    int32_t res, res_wrap;
    int32_t ix, ix_wrap;
} zk_advance;

static inline zk_advance zk_advance_of(const zk_step *s)
{
#pragma HLS inline off
    zk_advance a;
    a.in = s->grp_dy * s->in_row + s->grp_dx * s->in_col;
    a.in_wrap = s->in_row - s->wrap_w * s->in_col;
    a.res = s->grp_dy * s->res_row + s->grp_dx;
    a.res_wrap = s->res_row - s->wrap_w;
    a.ix = s->grp_dx * s->stride_x;
    a.ix_wrap = s->wrap_w * s->stride_x;
    return a;
}

/** Every lane to its pixel of the next group. */
static inline void zk_lanes_next(const zk_step *s, const zk_advance *a, zk_lanes *at)
{
#pragma HLS inline
    for (int32_t l = 0; l < ZK_PP; l++) {
#pragma HLS unroll
        int32_t x = at->x[l] + s->grp_dx;
        int32_t wrap = x >= s->wrap_w;
        at->x[l] = wrap ? x - s->wrap_w : x;
        at->y[l] += s->grp_dy + wrap;
        at->ix[l] += wrap ? a->ix - a->ix_wrap : a->ix;
        at->iy[l] += wrap ? (s->grp_dy + 1) * s->stride_y : s->grp_dy * s->stride_y;
        at->in[l] += wrap ? a->in + a->in_wrap : a->in;
        at->res[l] += wrap ? a->res + a->res_wrap : a->res;
    }
}

/** Whether lane l holds a pixel of the output. */
static inline int32_t zk_live(const zk_step *s, const zk_lanes *at, int32_t l)
{
#pragma HLS inline
    return l < s->lanes && at->x[l] < s->out_w && at->y[l] >= 0 && at->y[l] < s->out_h;
}

#endif
