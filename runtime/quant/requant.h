/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The int8 arithmetic: the one definition for the reference kernels, NEON, x86, HLS and the
 * compiler. Plain C99 without floating point, so that the HLS tools take it unchanged.
 *
 * A real multiplier M > 0 is held as M = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31);
 * shift > 0 shifts left before the product, shift < 0 right after it.
 *
 * Ref: docs/arithmetic.md; TFLite 8-bit quantisation specification; gemmlowp fixedpoint.h
 * (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT): same results for all inputs.
 */
#ifndef ZI_QUANT_REQUANT_H
#define ZI_QUANT_REQUANT_H

#include <stdint.h>

/** Limits of `shift` in a checked graph. */
#define ZI_SHIFT_MIN (-31)
#define ZI_SHIFT_MAX 15

/** a * b / 2^31, rounded to nearest, ties up; saturates only for a == b == INT32_MIN. */
static inline int32_t zi_mulh(int32_t a, int32_t b)
{
    int64_t p = (int64_t)a * b;
    if (p == ((int64_t)1 << 62))
        return INT32_MAX;
    return (int32_t)((p + ((int64_t)1 << 30)) >> 31);
}

/** x / 2^n, rounded to nearest, ties away from zero; n in [0, 31]. */
static inline int32_t zi_rshift_round(int32_t x, int32_t n)
{
    int64_t half = n ? (int64_t)1 << (n - 1) : 0;
    return (int32_t)(((int64_t)x + half - (n && x < 0)) >> n);
}

/** x * 2^n, saturating; n in [0, ZI_SHIFT_MAX]. */
static inline int32_t zi_lshift_sat(int32_t x, int32_t n)
{
    int64_t wide = (int64_t)x * ((int64_t)1 << n);
    if (wide > INT32_MAX)
        return INT32_MAX;
    if (wide < INT32_MIN)
        return INT32_MIN;
    return (int32_t)wide;
}

/** acc * M, with both roundings: the high product, then the shift. */
static inline int32_t zi_requant(int32_t acc, int32_t multiplier, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0;
    int32_t right = shift > 0 ? 0 : -shift;
    return zi_rshift_round(zi_mulh(zi_lshift_sat(acc, left), multiplier), right);
}

static inline int32_t zi_clamp(int32_t x, int32_t lo, int32_t hi)
{
    x = x < lo ? lo : x; // apart: compilers make moves of them, not branches
    return x > hi ? hi : x;
}

/** x + zero_point clamped to [lo, hi]; the sum cannot overflow. All three are 8-bit values. */
static inline int32_t zi_offset_clamp(int32_t x, int32_t zero_point, int32_t lo, int32_t hi)
{
    return zi_clamp(x, lo - zero_point, hi - zero_point) + zero_point;
}

/** sum / count, rounded to nearest, ties away from zero; count > 0. (TFLite AVERAGE_POOL_2D.) */
static inline int32_t zi_div_round(int32_t sum, int32_t count)
{
    return sum >= 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

/** Bits by which both operands of a quantised add or subtract are raised first. */
#define ZI_ADD_LEFT_SHIFT 20

/**
 * One operand's contribution to a quantised add: (q - zero_point) * 2^20 * M.
 * The sum of two goes through zi_requant() with the output's multiplier.
 */
static inline int32_t zi_add_term(int32_t q, int32_t zero_point, int32_t multiplier, int32_t shift)
{
    return zi_requant((q - zero_point) * (1 << ZI_ADD_LEFT_SHIFT), multiplier, shift);
}

#endif
