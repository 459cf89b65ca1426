/* SPDX-License-Identifier: Apache-2.0 */
/** @file quant/requant.h on vectors; equal to it for multipliers >= 0, as graphs have them. */
#ifndef ZK_REQUANT_NEON_H
#define ZK_REQUANT_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

/** Constants of eight output channels, prepared once for many pixels. */
typedef struct zk_requant_neon {
    int32x4_t bias[2];
    int32x4_t multiplier[2];
    int32x4_t left[2];  /**< shifts, >= 0 */
    int32x4_t right[2]; /**< <= 0 */
    bool plain;         /**< every shift is to the right, and by one at least */
    int16x8_t zero_point;
    int8x8_t lo, hi;
} zk_requant_neon;

static inline zk_requant_neon zk_requant_neon_make(const int32_t *bias, const int32_t *multiplier,
                                                   const int32_t *shift, int32_t zero_point,
                                                   int32_t lo, int32_t hi)
{
    zk_requant_neon r;
    const int32x4_t zero = vdupq_n_s32(0);
    int32x4_t largest = vdupq_n_s32(INT32_MIN);
    for (int i = 0; i < 2; i++) {
        const int32x4_t s = vld1q_s32(shift + 4 * i);
        r.bias[i] = vld1q_s32(bias + 4 * i);
        r.multiplier[i] = vld1q_s32(multiplier + 4 * i);
        r.left[i] = vmaxq_s32(s, zero);
        r.right[i] = vminq_s32(s, zero);
        largest = vmaxq_s32(largest, s);
    }
    r.plain = vmaxvq_s32(largest) < 0;
    r.zero_point = vdupq_n_s16((int16_t)zero_point);
    r.lo = vdup_n_s8((int8_t)lo);
    r.hi = vdup_n_s8((int8_t)hi);
    return r;
}

/** The high product, then the right shift; `right` < 0 in all lanes. SRSHL rounds ties up: negative
 *  values are made one less before, and their ties go away from zero. */
static inline int32x4_t zk_requant_neon_plain(int32x4_t acc, int32x4_t multiplier, int32x4_t right)
{
    const int32x4_t high = vqrdmulhq_s32(acc, multiplier);
    return vrshlq_s32(vsraq_n_s32(high, high, 31), right);
}

/** zi_requant(). */
static inline int32x4_t zk_requant_neon_any(int32x4_t acc, int32x4_t multiplier, int32x4_t left,
                                            int32x4_t right)
{
    const int32x4_t high = vqrdmulhq_s32(vqshlq_s32(acc, left), multiplier);
    return vrshlq_s32(vsraq_n_s32(high, vandq_s32(high, right), 31), right);
}

/** Sums without their bias become output values: zi_requant(), zi_offset_clamp(). Narrowing
 *  saturates, which changes nothing that the clamp would keep. */
static inline int8x8_t zk_requant_neon_run(const zk_requant_neon *r, int32x4_t low, int32x4_t high)
{
    low = vaddq_s32(low, r->bias[0]);
    high = vaddq_s32(high, r->bias[1]);
    if (r->plain) {
        low = zk_requant_neon_plain(low, r->multiplier[0], r->right[0]);
        high = zk_requant_neon_plain(high, r->multiplier[1], r->right[1]);
    } else {
        low = zk_requant_neon_any(low, r->multiplier[0], r->left[0], r->right[0]);
        high = zk_requant_neon_any(high, r->multiplier[1], r->left[1], r->right[1]);
    }
    const int16x8_t q = vcombine_s16(vqmovn_s32(low), vqmovn_s32(high));
    const int8x8_t bytes = vqmovn_s16(vqaddq_s16(q, r->zero_point));
    return vmin_s8(vmax_s8(bytes, r->lo), r->hi);
}

#endif
