/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * e^x and 1 / (1 + x) in fixed point, for the integer softmax. C99 without floating point, as
 * requant.h.
 *
 * "Qm" is a signed 32-bit number with m integer bits and 31 - m fractional ones. zi_mulh() of Qa
 * and Qb is Q(a + b).
 *
 * Ref: docs/arithmetic.md, "Softmax"; gemmlowp fixedpoint.h (exp_on_negative_values with 5 integer
 * bits, one_over_one_plus_x_for_x_in_0_1): same results for all inputs.
 */
#ifndef ZI_QUANT_SOFTMAX_H
#define ZI_QUANT_SOFTMAX_H

#include "quant/requant.h"

/** e^x for x Q0 in [-1/4, 0); result Q0. The series to the fourth power around -1/8. */
static inline int32_t zi_exp_quarter(int32_t x)
{
    const int32_t exp_eighth = 1895147668; // e^(-1/8)
    const int32_t third = 715827883;       // 1/3
    int32_t d = x + (1 << 28);             // x + 1/8
    int32_t d2 = zi_mulh(d, d);
    int32_t d3 = zi_mulh(d2, d);
    int32_t d4 = zi_mulh(d2, d2);
    int32_t tail = zi_mulh(zi_rshift_round(d4, 2) + d3, third) + d2;
    return exp_eighth + zi_mulh(exp_eighth, d + zi_rshift_round(tail, 1));
}

/** e^x for x Q5, x <= 0; result Q0 (1 is INT32_MAX). */
static inline int32_t zi_exp_negative(int32_t x)
{
    // e^-(2^i) as Q0, for the bits of value 1/4, 1/2, 1, 2, 4, 8, 16
    static const int32_t powers[7] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    int32_t low = (x & (quarter - 1)) - quarter; // in [-1/4, 0)
    int32_t rest = low - x;                      // multiple of 1/4, >= 0
    int32_t y = zi_exp_quarter(low * 32);
    if (x == 0)
        return INT32_MAX;
    for (int i = 0; i < 7; i++) {
        if (rest & (quarter << i))
            y = zi_mulh(y, powers[i]);
    }
    return y;
}

/** 1 / (1 + x) for x Q0 in [0, 1); result Q0. Three Newton steps from 48/17 - 32/17 d. */
static inline int32_t zi_one_over_one_plus(int32_t x)
{
    int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2); // d = (1 + x) / 2
    int32_t y = 1515870810 + zi_mulh(half, -1010580540);        // Q2
    for (int i = 0; i < 3; i++) {
        int32_t error = (1 << 29) - zi_mulh(half, y);
        y += zi_lshift_sat(zi_mulh(y, error), 2);
    }
    return zi_lshift_sat(y, 1);
}

#endif
