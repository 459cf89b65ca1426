/* SPDX-License-Identifier: Apache-2.0 */
/** @file Sums of neighbouring channels of s8 over some pixels. */
#ifndef ZK_SUM_NEON_H
#define ZK_SUM_NEON_H

#include <arm_neon.h>
#include <stdint.h>

/** Values whose sum surely fits 16 bits. */
enum { ZK_SUM_NEON_FIT = 256 };

/** Sums of sixteen channels. */
typedef struct zk_sums_neon {
    int32x4_t v[4];
} zk_sums_neon;

static inline zk_sums_neon zk_sums_neon_zero(void)
{
    const int32x4_t zero = vdupq_n_s32(0);
    return (zk_sums_neon){{zero, zero, zero, zero}};
}

/** Adds n pixels that lie `step` bytes apart. */
static inline void zk_sums_neon_add16(zk_sums_neon *s, const int8_t *x, int64_t step, int64_t n)
{
    while (n > 0) {
        const int64_t some = n < ZK_SUM_NEON_FIT ? n : ZK_SUM_NEON_FIT;
        int16x8_t low = vdupq_n_s16(0), high = low;
        int64_t i = 0;
        for (; i + 4 <= some; i += 4, x += 4 * step) {
            int8x16_t v[4];
            for (int k = 0; k < 4; k++)
                v[k] = vld1q_s8(x + k * step);
            for (int k = 0; k < 4; k++) {
                low = vaddw_s8(low, vget_low_s8(v[k]));
                high = vaddw_high_s8(high, v[k]);
            }
        }
        for (; i < some; i++, x += step) {
            const int8x16_t v = vld1q_s8(x);
            low = vaddw_s8(low, vget_low_s8(v));
            high = vaddw_high_s8(high, v);
        }
        s->v[0] = vaddw_s16(s->v[0], vget_low_s16(low));
        s->v[1] = vaddw_high_s16(s->v[1], low);
        s->v[2] = vaddw_s16(s->v[2], vget_low_s16(high));
        s->v[3] = vaddw_high_s16(s->v[3], high);
        n -= some;
    }
}

/** zk_sums_neon_add16() for the first eight channels alone. */
static inline void zk_sums_neon_add8(zk_sums_neon *s, const int8_t *x, int64_t step, int64_t n)
{
    while (n > 0) {
        const int64_t some = n < ZK_SUM_NEON_FIT ? n : ZK_SUM_NEON_FIT;
        int16x8_t low = vdupq_n_s16(0);
        for (int64_t i = 0; i < some; i++, x += step)
            low = vaddw_s8(low, vld1_s8(x));
        s->v[0] = vaddw_s16(s->v[0], vget_low_s16(low));
        s->v[1] = vaddw_high_s16(s->v[1], low);
        n -= some;
    }
}

#endif
