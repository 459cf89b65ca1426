/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From sums to bytes: requantise, clamp, residual add, table, 2x2 maximum, 2x upsampling, and the
 * addresses of the result. RQ pixels of the group before per cycle, beside the array.
 */
#ifndef ZK_RESULT_H
#define ZK_RESULT_H

#include "quant/requant.h"
#include "zk_banks.h"

/** Words written per cycle: those of UP2 are two even where RQ is one. */
#define ZK_SLOTS (ZK_RQ > 2 ? ZK_RQ : 2)

/** bias, multiplier and right shift of the 16 channels of a block. */
typedef struct {
    int32_t bias[ZK_C];
    int32_t multiplier[ZK_C];
    int32_t right[ZK_C];
} zk_params;

/** The group being written. */
typedef struct {
    int32_t left; /**< iterations still to come; 0: none */
    int32_t pos;  /**< iterations done */
    int32_t out;  /**< out_base + block * out_plane */
    int32_t acc[ZK_PP][ZK_C];
    int8_t residual[ZK_PP][ZK_C];
    int32_t x[ZK_PP], y[ZK_PP], row[ZK_PP], live[ZK_PP]; /**< row: y * out_row */
    zk_params params;
} zk_group;

/** Words written in one cycle. */
typedef struct {
    int32_t valid[ZK_SLOTS];
    int32_t addr[ZK_SLOTS];
    int8_t word[ZK_SLOTS][ZK_C];
} zk_slots;

/** zi_mulh() of b >= 0: 26 bits of `a` take two DSPs, the 6 above them LUTs. */
static inline int32_t zk_mulh(int32_t a, int32_t b)
{
#pragma HLS inline
    int64_t low = (int64_t)(a & 0x3ffffff) * b;
    int64_t high = (int64_t)(a >> 26) * b;
#pragma HLS bind_op variable = high op = mul impl = fabric
    int64_t product = high * 0x4000000 + low;
    return (int32_t)((product + 0x40000000) >> 31);
}

/** The add: both tables, rounded by the offset of the sum's sign. */
static inline int32_t zk_add(const zk_step *s, const int32_t own[256], const int32_t other[256],
                             int32_t v, int32_t residual)
{
#pragma HLS inline
    uint32_t sum = (uint32_t)own[(v + 128) & 255] + (uint32_t)other[(residual + 128) & 255];
    uint32_t round = (uint32_t)((int32_t)sum < 0 ? s->res.down : s->res.up);
    int32_t narrow = (s->res.shift - ZK_ADD_SHIFT_MIN) & 7; // a shifter of eight places, not 32
    return zi_offset_clamp((int32_t)(sum + round) >> ZK_ADD_SHIFT_MIN >> narrow, s->res.zp,
                           s->res.lo, s->res.hi);
}

/** One value, before POOL2 and UP2; own, other and lut are this value's copies of the tables. */
static inline int8_t zk_finish(const zk_step *s, const int32_t own[256], const int32_t other[256],
                               const int8_t lut[256], int32_t acc, int32_t multiplier,
                               int32_t right, int8_t residual)
{
#pragma HLS inline
    int32_t scaled = zi_rshift_round(zk_mulh(acc, multiplier), right);
    int32_t v = s->kind == ZK_MAXPOOL ? zi_clamp(acc, s->out.lo, s->out.hi)
                                      : zi_offset_clamp(scaled, s->out.zp, s->out.lo, s->out.hi);
    if (s->flags & ZK_RESIDUAL)
        v = zk_add(s, own, other, v, residual);
    if (s->flags & ZK_LUT)
        v = lut[(v + 128) & 255];
    return (int8_t)v;
}

/** Word address of output pixel x of the row at `row`. The masks say how narrow the products are.
 */
static inline int32_t zk_out_addr(const zk_step *s, int32_t row, int32_t x)
{
#pragma HLS inline
    int32_t phase = x & ((1 << s->out.split) - 1) & 3;
    return row + (x >> s->out.split) * (s->out.col & ZK_OUT_COL) + phase * s->out.half;
}

/** 2x2 maximum: slots 0 and 1 are a horizontal pair; slot 0 becomes the result on odd rows. */
static inline void zk_pool2(int8_t line[ZK_LINE][ZK_C], int32_t x, int32_t y, zk_slots *io)
{
#pragma HLS inline
    int32_t at = (x >> 1) & (ZK_LINE - 1);
    int32_t pair = io->valid[0];
    for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
        int8_t a = io->word[0][c], b = io->word[1][c];
        int8_t best = a > b ? a : b;
        int8_t above = line[at][c];
        io->word[0][c] = above > best ? above : best;
        if (pair && (y & 1) == 0)
            line[at][c] = best;
    }
    io->valid[0] = pair && (y & 1);
    io->valid[1] = 0;
}

/** The RQ results of this iteration. */
static inline void zk_group_results(const zk_step *s, int32_t add[2][ZK_RQ][ZK_C][256],
                                    int8_t lut[ZK_RQ][ZK_C][256], const zk_group *g, int32_t lane0,
                                    zk_slots *out)
{
#pragma HLS inline
    for (int32_t r = 0; r < ZK_RQ; r++) {
#pragma HLS unroll
        int32_t inside = r < s->walk.wr_lanes && lane0 + r < ZK_PP;
        int32_t lane = inside ? lane0 + r : 0;
        out->valid[r] = inside && g->live[lane];
        out->addr[r] = zk_out_addr(s, g->out + g->row[lane], g->x[lane]);
#ifdef ZK_CSIM
        if (!out->valid[r])
            continue;
#endif
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            out->word[r][c] =
                zk_finish(s, add[0][r][c], add[1][r][c], lut[r][c], g->acc[lane][c],
                          g->params.multiplier[c], g->params.right[c], g->residual[lane][c]);
        }
    }
}

/** One iteration of the write-back: the words to write. */
static inline void zk_group_write(const zk_step *s, int32_t add[2][ZK_RQ][ZK_C][256],
                                  int8_t lut[ZK_RQ][ZK_C][256], int8_t line[ZK_LINE][ZK_C],
                                  zk_group *g, zk_slots *out)
{
#pragma HLS inline
    int32_t up = (s->flags & ZK_UP2) != 0;
    int32_t lane0 = up ? g->pos >> 1 : g->pos * s->walk.wr_lanes;
    int32_t lane = lane0 < ZK_PP ? lane0 : 0;
    int32_t x = g->x[lane], y = g->y[lane];
    for (int32_t i = 0; i < ZK_SLOTS; i++) {
#pragma HLS unroll
        out->valid[i] = 0;
    }
    if (g->left == 0)
        return;
    zk_group_results(s, add, lut, g, lane0, out);
    if (s->flags & ZK_POOL2) { // written on odd rows: (y - 1) / 2 * out_row
        zk_pool2(line, x, y, out);
        out->addr[0] = zk_out_addr(s, g->out + ((g->row[lane] - s->out.row) >> 1), x >> 1);
    }
    if (up) {
        int32_t row = g->out + 2 * g->row[lane] + (g->pos & 1 ? s->out.row : 0);
        out->addr[0] = zk_out_addr(s, row, 2 * x);
        out->addr[1] = zk_out_addr(s, row, 2 * x + 1);
        out->valid[1] = out->valid[0];
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            out->word[1][c] = out->word[0][c];
        }
    }
    g->pos++;
    g->left--;
}

#endif
