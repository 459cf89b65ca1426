/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The scratchpad: linear word addresses in PP banks, one vector read and one word per bank written
 * each cycle, and the lanes' walk over the output pixels.
 *
 * Reads go through a rotation, not a crossbar: lane l's word must be in bank (bank of lane 0) + l.
 * The code generator chooses pitches such that it is; C simulation counts where it is not.
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
#pragma HLS array_partition variable = word dim = 0 complete
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
    int32_t row[ZK_PP]; /**< y * out_row */
} zk_lanes;

/** What a move adds to a lane: over pixels within a row, and beyond that where the row ends. */
typedef struct {
    int32_t dx, dy;
    int32_t in, in_wrap;
    int32_t res, res_wrap;
    int32_t ix, ix_wrap;
    int32_t iy, iy_wrap;
    int32_t row, row_wrap;
} zk_advance;

static inline void zk_advance_of(const zk_step *s, zk_advance *out)
{
#pragma HLS inline
    out->dx = s->walk.dx;
    out->dy = s->walk.dy;
    out->in = s->move.in;
    out->in_wrap = s->move.in_wrap;
    out->res = s->move.res;
    out->res_wrap = s->res.row - s->walk.wrap_w;
    out->ix = s->move.ix;
    out->ix_wrap = s->move.ix_wrap;
    out->iy = s->move.iy;
    out->iy_wrap = s->in.stride_y;
    out->row = s->move.row;
    out->row_wrap = s->out.row;
}

/** Lane l at pixel l of a block. Runs once per step, before the loop. */
static inline void zk_lanes_start(const zk_step *s, const zk_advance *by, zk_lanes *out)
{
#pragma HLS inline
    int32_t x = s->walk.start_x, y = s->walk.start_y, ix = s->move.start_ix, iy = s->move.start_iy;
    int32_t in = s->move.start_in, res = s->move.start_res, row = s->move.start_row;
    for (int32_t l = 0; l < ZK_PP; l++) {
#pragma HLS pipeline II = 1
        out->x[l] = x;
        out->y[l] = y;
        out->ix[l] = ix;
        out->iy[l] = iy;
        out->in[l] = in;
        out->res[l] = res;
        out->row[l] = row;
        int32_t wrap = x + 1 >= s->walk.wrap_w;
        x = wrap ? 0 : x + 1;
        y += wrap;
        ix += wrap ? s->in.stride_x + by->ix_wrap : s->in.stride_x;
        iy += wrap ? by->iy_wrap : 0;
        in += wrap ? s->in.col + by->in_wrap : s->in.col;
        res += wrap ? 1 + by->res_wrap : 1;
        row += wrap ? by->row_wrap : 0;
    }
}

/** Every lane to its pixel of the next group. */
static inline void zk_lanes_next(const zk_step *s, const zk_advance *a, zk_lanes *at)
{
#pragma HLS inline
    for (int32_t l = 0; l < ZK_PP; l++) {
#pragma HLS unroll
        int32_t x = at->x[l] + a->dx;
        int32_t wrap = x >= s->walk.wrap_w;
        at->x[l] = wrap ? x - s->walk.wrap_w : x;
        at->y[l] += wrap ? a->dy + 1 : a->dy;
        at->ix[l] += wrap ? a->ix + a->ix_wrap : a->ix;
        at->iy[l] += wrap ? a->iy + a->iy_wrap : a->iy;
        at->in[l] += wrap ? a->in + a->in_wrap : a->in;
        at->res[l] += wrap ? a->res + a->res_wrap : a->res;
        at->row[l] += wrap ? a->row + a->row_wrap : a->row;
    }
}

/** Whether lane l holds a pixel of the output. */
static inline int32_t zk_live(const zk_step *s, const zk_lanes *at, int32_t l)
{
#pragma HLS inline
    return l < s->walk.lanes && at->x[l] < s->walk.w && at->y[l] >= 0 && at->y[l] < s->walk.h;
}

#endif
