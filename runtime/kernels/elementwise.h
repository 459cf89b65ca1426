/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Kernels that walk along elements: tables, quantised binary ops, softmax, conversions.
 *
 * All work on runs of `n` dense elements. `out` may equal an input of the same element size;
 * nothing else may overlap. Parameters are checked when a node is prepared: clamps are ordered
 * and inside the output's type, multipliers come from quant/scale.h.
 */
#ifndef ZK_ELEMENTWISE_H
#define ZK_ELEMENTWISE_H

#include <stddef.h>
#include <stdint.h>

#include "quant/requant.h"
#include "quant/scale.h"

/** out[i] = table[x[i] + 128]. */
typedef void zk_lut_s8_fn(const int8_t *x, const int8_t *table, int8_t *out, size_t n);

/** out[i] = f(x[i]), the sums and products of exp_f32.h: bit for bit the same in all variants. */
typedef void zk_map_f32_fn(const float *x, float *out, size_t n);
typedef zk_map_f32_fn zk_sigmoid_f32_fn;
typedef zk_map_f32_fn zk_swish_f32_fn; /**< x * sigmoid(x) */

/** Numbers of a quantised binary op. Ref: docs/arithmetic.md, "Binary operators". */
typedef struct zk_binary_s8 {
    int32_t a_zero, b_zero, out_zero;
    zi_multiplier a, b; /**< add only: each operand's rescaling */
    zi_multiplier out;
    int32_t b_sign; /**< add only: 1 adds, -1 subtracts */
    int32_t lo, hi; /**< clamp, within [-128, 127] */
    /** add only: both operands' terms by stored value + 128, for variants that look them up */
    int32_t a_term[256], b_term[256];
} zk_binary_s8;

/** Fills both tables from the other members; an add kernel may use either. */
static inline void zk_add_s8_set_terms(zk_binary_s8 *p)
{
    for (int32_t q = -128; q <= 127; q++) {
        p->a_term[q + 128] = zi_add_term(q, p->a_zero, p->a.multiplier, p->a.shift);
        p->b_term[q + 128] = p->b_sign * zi_add_term(q, p->b_zero, p->b.multiplier, p->b.shift);
    }
}

/** a_step, b_step: 1, or 0 for one value against all. */
typedef void zk_binary_s8_fn(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                             size_t b_step, int8_t *out, size_t n);
typedef zk_binary_s8_fn zk_add_s8_fn;
typedef zk_binary_s8_fn zk_mul_s8_fn;

/** Fractional bits of the weights along each axis of a bilinear s8 resize. */
#define ZK_BILINEAR_BITS 11

/** Numbers of a pixel between four others. Weights are >= 0 and add up to 2^ZK_BILINEAR_BITS. */
typedef struct zk_bilinear_s8 {
    const int8_t *corner[4]; /**< top left, top right, bottom left, bottom right; may be one */
    int32_t y[2], x[2];      /**< weights of top and bottom, of left and right */
} zk_bilinear_s8;

/** out[i] = zi_rshift_round(sum of y * x * corner[i], 2 * ZK_BILINEAR_BITS), for n channels. `out`
 *  overlaps no corner. */
typedef void zk_bilinear_s8_fn(const zk_bilinear_s8 *p, int8_t *out, size_t n);

/** Numbers of the integer softmax. Ref: docs/arithmetic.md, "Softmax". */
typedef struct zk_softmax_s8 {
    int32_t exp[256]; /**< at d: e^(-scale * d) with 31 fractional bits, 0 where it is too small */
} zk_softmax_s8;

/** Softmax of n elements that lie `stride` apart, output scale 1/256, zero point -128. */
typedef void zk_softmax_s8_fn(const zk_softmax_s8 *p, const int8_t *x, int8_t *out, size_t n,
                              size_t stride);

/** out[i] = zi_quantize(x[i], scale, zero, lo, hi), its low byte: lo 0, hi 255 gives u8. */
typedef void zk_quantize_f32_s8_fn(float scale, int32_t zero, int32_t lo, int32_t hi,
                                   const float *x, int8_t *out, size_t n);

/** out[i] = scale * (x[i] - zero). `out` does not overlap `x`. */
typedef void zk_dequantize_s8_f32_fn(float scale, int32_t zero, const int8_t *x, float *out,
                                     size_t n);

#endif
