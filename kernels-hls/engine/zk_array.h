/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The array: PP pixels x 16 input x 16 output channels per cycle, as packed products.
 *
 * Two weights share a DSP: A = w1 * 2^19 + w0 (27 bits, since 127 * 2^19 + 127 < 2^26), B = x, and
 * a chain of 16 DSPs sums A * x in 48 bits, from 2^18 on. Since 16 * 127 * 128 < 2^18, the low 19
 * bits are the sum of w0 * x plus 2^18, never negative, and the rest is that of w1 * x. Weights of
 * -128 would overflow.
 *
 * ZK_CSIM_FAST replaces the packed form by plain dot products that compilers vectorise; the test
 * of the array proves the two equal.
 *
 * Ref: docs/engine.md, "The array"; UG579 (DSP48E2).
 */
#ifndef ZK_ARRAY_H
#define ZK_ARRAY_H

#include "isa/zk_config.h"
#include "isa/zk_step.h"

#define ZK_CHAIN 16 /**< products of a chain */
#define ZK_PACK  19 /**< bits of the low sum */

/** One DSP: p + (w1, w0) * x. */
static inline int64_t zk_packed_product(int64_t p, int8_t x, int8_t w0, int8_t w1)
{
#pragma HLS inline
    int32_t a = (int32_t)w1 * (1 << ZK_PACK) + w0;
    return p + (int64_t)a * x;
}

/** The chain of DSPs. A function of its own, so that each chain is mapped alike, and of scalars, so
 * that no array has to cross its border. */
static inline int64_t zk_chain_sum(int8_t x0, int8_t x1, int8_t x2, int8_t x3, int8_t x4, int8_t x5,
                                   int8_t x6, int8_t x7, int8_t x8, int8_t x9, int8_t x10,
                                   int8_t x11, int8_t x12, int8_t x13, int8_t x14, int8_t x15,
                                   int8_t a0, int8_t a1, int8_t a2, int8_t a3, int8_t a4, int8_t a5,
                                   int8_t a6, int8_t a7, int8_t a8, int8_t a9, int8_t a10,
                                   int8_t a11, int8_t a12, int8_t a13, int8_t a14, int8_t a15,
                                   int8_t b0, int8_t b1, int8_t b2, int8_t b3, int8_t b4, int8_t b5,
                                   int8_t b6, int8_t b7, int8_t b8, int8_t b9, int8_t b10,
                                   int8_t b11, int8_t b12, int8_t b13, int8_t b14, int8_t b15)
{
#pragma HLS inline off
#pragma HLS pipeline II = 1
#pragma HLS expression_balance off
    int64_t p = zk_packed_product(1 << (ZK_PACK - 1), x0, a0, b0);
    p = zk_packed_product(p, x1, a1, b1);
    p = zk_packed_product(p, x2, a2, b2);
    p = zk_packed_product(p, x3, a3, b3);
    p = zk_packed_product(p, x4, a4, b4);
    p = zk_packed_product(p, x5, a5, b5);
    p = zk_packed_product(p, x6, a6, b6);
    p = zk_packed_product(p, x7, a7, b7);
    p = zk_packed_product(p, x8, a8, b8);
    p = zk_packed_product(p, x9, a9, b9);
    p = zk_packed_product(p, x10, a10, b10);
    p = zk_packed_product(p, x11, a11, b11);
    p = zk_packed_product(p, x12, a12, b12);
    p = zk_packed_product(p, x13, a13, b13);
    p = zk_packed_product(p, x14, a14, b14);
    return zk_packed_product(p, x15, a15, b15);
}

/** Sums of 16 products with w0 and with w1, from one chain of DSPs. */
static inline void zk_chain(const int8_t x[ZK_CHAIN], const int8_t w0[ZK_CHAIN],
                            const int8_t w1[ZK_CHAIN], int32_t *out_low, int32_t *out_high)
{
#pragma HLS inline
    int64_t p = zk_chain_sum(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10],
                             x[11], x[12], x[13], x[14], x[15], w0[0], w0[1], w0[2], w0[3], w0[4],
                             w0[5], w0[6], w0[7], w0[8], w0[9], w0[10], w0[11], w0[12], w0[13],
                             w0[14], w0[15], w1[0], w1[1], w1[2], w1[3], w1[4], w1[5], w1[6], w1[7],
                             w1[8], w1[9], w1[10], w1[11], w1[12], w1[13], w1[14], w1[15]);
    *out_low = (int32_t)(p & ((1 << ZK_PACK) - 1)) - (1 << (ZK_PACK - 1));
    *out_high = (int32_t)(p >> ZK_PACK);
}

/** What the array multiplies in one cycle. */
typedef struct {
    int8_t x[ZK_PP][ZK_C];                    /**< CONV, DW_DIAG: the vector */
    int8_t window[ZK_PP][ZK_ROW_WIDTH][ZK_C]; /**< DW_ROW: word of horizontal tap t */
    int8_t w[ZK_C][ZK_C];                     /**< the ring word */
    int32_t tap_row;                          /**< DW_DIAG: its row that holds the tap */
    int32_t n_window; /**< DW_ROW: taps used, the last ones; the others' weights are 0 */
} zk_operands;

/** Operand of the DSPs of channels c, c + 1: the same 16 inputs for all, or 8 taps of each. */
static inline void zk_array_x(const zk_operands *in, const int8_t pixel[ZK_C], int32_t row_mode,
                              int32_t p, int32_t c, int8_t out[ZK_C])
{
#pragma HLS inline
    for (int32_t i = 0; i < ZK_ROW_WIDTH; i++) {
#pragma HLS unroll
        out[i] = row_mode ? in->window[p][i][c] : pixel[i];
        out[ZK_ROW_WIDTH + i] = row_mode ? in->window[p][i][c + 1] : pixel[ZK_ROW_WIDTH + i];
    }
}

/** A word, a cycle later: the register from which it is spread over the array. */
static inline v16 zk_register(v16 word)
{
#pragma HLS inline off
#pragma HLS pipeline II = 1
#pragma HLS latency min = 1 max = 1
    return word;
}

static inline void zk_register_row(const int8_t row[ZK_C], int8_t out[ZK_C])
{
#pragma HLS inline
    v16 word;
    for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
        word.b[i] = row[i];
    }
    word = zk_register(word);
    for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
        out[i] = word.b[i];
    }
}

/** The sums of one cycle, packed: the form that is synthesised. `kind` as in the step. */
static inline void zk_array_packed(const zk_operands *in, int32_t kind, int32_t out[ZK_PP][ZK_C])
{
#pragma HLS inline
    int8_t w[ZK_C][ZK_C];
    int32_t row_mode = kind == ZK_DW_ROW;
    for (int32_t o = 0; o < ZK_C; o++) {
#pragma HLS unroll
        int8_t row[ZK_C];
        for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
            int8_t diagonal = i == o ? in->w[in->tap_row][i] : 0;
            row[i] = kind == ZK_DW_DIAG ? diagonal : in->w[o][i];
        }
        zk_register_row(row, w[o]);
    }
    for (int32_t p = 0; p < ZK_PP; p++) {
#pragma HLS unroll
        int8_t pixel[ZK_C];
        zk_register_row(in->x[p], pixel);
        for (int32_t c = 0; c < ZK_C; c += 2) {
#pragma HLS unroll
            int8_t x[ZK_C];
            zk_array_x(in, pixel, row_mode, p, c, x);
            zk_chain(x, w[c], w[c + 1], &out[p][c], &out[p][c + 1]);
        }
    }
}

#ifdef ZK_CSIM_FAST
static inline void zk_fast_conv(const zk_operands *in, int32_t out[ZK_PP][ZK_C])
{
    int16_t x[ZK_PP][ZK_C];
    for (int32_t p = 0; p < ZK_PP; p++)
        for (int32_t i = 0; i < ZK_C; i++)
            x[p][i] = in->x[p][i];
    for (int32_t o = 0; o < ZK_C; o++) {
        int16_t w[ZK_C];
        for (int32_t i = 0; i < ZK_C; i++)
            w[i] = in->w[o][i];
        for (int32_t p = 0; p < ZK_PP; p++) {
            int32_t sum = 0;
            for (int32_t i = 0; i < ZK_C; i++)
                sum += x[p][i] * w[i];
            out[p][o] = sum;
        }
    }
}

static inline void zk_fast_diag(const zk_operands *in, int32_t out[ZK_PP][ZK_C])
{
    for (int32_t p = 0; p < ZK_PP; p++)
        for (int32_t c = 0; c < ZK_C; c++)
            out[p][c] = in->x[p][c] * in->w[in->tap_row][c];
}

static inline void zk_fast_row(const zk_operands *in, int32_t out[ZK_PP][ZK_C])
{
    int16_t w[ZK_ROW_WIDTH][ZK_C];
    for (int32_t t = ZK_ROW_WIDTH - in->n_window; t < ZK_ROW_WIDTH; t++)
        for (int32_t c = 0; c < ZK_C; c++)
            w[t][c] = in->w[c][(c & 1) * ZK_ROW_WIDTH + t];
    for (int32_t p = 0; p < ZK_PP; p++) {
        int32_t sum[ZK_C] = {0};
        for (int32_t t = ZK_ROW_WIDTH - in->n_window; t < ZK_ROW_WIDTH; t++)
            for (int32_t c = 0; c < ZK_C; c++)
                sum[c] += in->window[p][t][c] * w[t][c];
        for (int32_t c = 0; c < ZK_C; c++)
            out[p][c] = sum[c];
    }
}

static inline void zk_array(const zk_operands *in, int32_t kind, int32_t out[ZK_PP][ZK_C])
{
    if (kind == ZK_DW_ROW)
        zk_fast_row(in, out);
    else if (kind == ZK_DW_DIAG)
        zk_fast_diag(in, out);
    else
        zk_fast_conv(in, out);
}
#else
static inline void zk_array(const zk_operands *in, int32_t kind, int32_t out[ZK_PP][ZK_C])
{
#pragma HLS inline
    zk_array_packed(in, kind, out);
}
#endif

#endif
