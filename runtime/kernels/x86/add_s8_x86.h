/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The add of s8 by one linear function, where that decides.
 *
 * Before it is rounded to a byte, the sum is k_a * a + k_b * b + a constant, but for what the
 * terms' own roundings change: a bound for that is known. So a fixed-point value of the function,
 * further from the middle between two bytes than the bound and its own errors, gives the exact
 * result; for the few that are nearer, the terms are computed.
 */
#ifndef ZK_ADD_S8_X86_H
#define ZK_ADD_S8_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/elementwise.h"

/** Low bits of a factor that are multiplied apart: factors have 23 bits, an instruction takes 16.
 */
enum { ZK_ADD_LOW_BITS = 10 };

typedef struct zk_add_linear {
    int32_t high, low; /**< parts of k_a, and from bit 16 of k_b */
    int32_t constant;  /**< with one half and the output's zero point */
    int32_t bits;      /**< of the fraction */
    uint32_t margin;   /**< a fraction, from bit 0, that is nearer to 0 is not certain */
} zk_add_linear;

/** m * out as a fixed-point number, with the bits by which terms are raised. */
static inline int64_t zk_add_factor(zi_multiplier m, zi_multiplier out, int32_t bits)
{
    const int64_t product = (int64_t)m.multiplier * out.multiplier;
    const int32_t right = 62 - ZI_ADD_LEFT_SHIFT - m.shift - out.shift - bits;
    return right > 62 ? 0 : (product + ((int64_t)1 << (right - 1))) >> right;
}

/** False if there is no such function of 32 bits, or it would leave too much undecided. Multipliers
 *  are those of the short way: zk_plain_factor(). */
static inline bool zk_add_linear_make(const zk_binary_s8 *p, zk_add_linear *out)
{
    int32_t bits = 21; // of the factors' sum, less than 2^22
    while (bits && zk_add_factor(p->a, p->out, bits) + zk_add_factor(p->b, p->out, bits) >= 1 << 22)
        bits--;
    const int64_t a = zk_add_factor(p->a, p->out, bits);
    const int64_t b = p->b_sign * zk_add_factor(p->b, p->out, bits);
    // half a unit for each factor, times 255; terms wrong by one at most; the high product by half
    const int32_t right = 31 - p->out.shift - bits;
    const int64_t terms = ((int64_t)2 * p->out.multiplier >> right) + 1;
    const int64_t high = ((int64_t)1 << bits >> (1 - p->out.shift)) + 1;
    const int64_t margin = 256 + terms + high;
    if (margin * 64 > (int64_t)1 << bits)
        return false;
    const int64_t low = (1 << ZK_ADD_LOW_BITS) - 1;
    const int64_t constant = ((int64_t)1 << bits >> 1) + p->out_zero * ((int64_t)1 << bits) -
                             p->a_zero * a - p->b_zero * b;
    out->high = (int32_t)((uint32_t)(b >> ZK_ADD_LOW_BITS) << 16 |
                          ((uint32_t)(a >> ZK_ADD_LOW_BITS) & 0xFFFF));
    out->low = (int32_t)((b & low) << 16 | (a & low));
    out->constant = (int32_t)(uint32_t)constant;
    out->bits = bits;
    out->margin = (uint32_t)margin;
    return true;
}

#endif
