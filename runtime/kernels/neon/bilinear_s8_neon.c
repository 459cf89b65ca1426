/* SPDX-License-Identifier: Apache-2.0 */
/* A pixel between four others, sixteen channels or eight at a time: along x, then along y. */
#include <arm_neon.h>

#include "kernels/kernels.h"

enum { WIDE = 16, NARROW = 8 };

/* Weights, on one lane each of a vector: no product waits for their way into it. */
typedef struct weights {
    int16x4_t x;
    int32x2_t y;
} weights;

/* Sums of n times four channels: what is done to one does not wait for the others. n is 2 or 4. */
static inline void along_x(const int8_t *left, const int8_t *right, weights w, int n,
                           int32x4_t *out)
{
    int16x8_t a[2], b[2];
    for (int i = 0; i < n / 2; i++) {
        a[i] = vmovl_s8(vld1_s8(left + NARROW * i));
        b[i] = vmovl_s8(vld1_s8(right + NARROW * i));
    }
    for (int i = 0; i < n / 2; i++) {
        out[2 * i] = vmull_lane_s16(vget_low_s16(a[i]), w.x, 0);
        out[2 * i + 1] = vmull_high_lane_s16(a[i], w.x, 0);
    }
    for (int i = 0; i < n / 2; i++) {
        out[2 * i] = vmlal_lane_s16(out[2 * i], vget_low_s16(b[i]), w.x, 1);
        out[2 * i + 1] = vmlal_high_lane_s16(out[2 * i + 1], b[i], w.x, 1);
    }
}

/* zi_rshift_round(): negative values one less, so that their ties go away from zero. */
static inline void block(const int8_t *const corner[4], size_t at, weights w, int n, int8_t *out)
{
    int32x4_t v[4], bottom[4];
    along_x(corner[0] + at, corner[1] + at, w, n, v);
    along_x(corner[2] + at, corner[3] + at, w, n, bottom);
    for (int i = 0; i < n; i++)
        v[i] = vmulq_lane_s32(v[i], w.y, 0);
    for (int i = 0; i < n; i++)
        v[i] = vmlaq_lane_s32(v[i], bottom[i], w.y, 1);
    for (int i = 0; i < n; i++)
        v[i] = vsraq_n_s32(v[i], v[i], 31);
    for (int i = 0; i < n; i++)
        v[i] = vrshrq_n_s32(v[i], 2 * ZK_BILINEAR_BITS);
    for (int i = 0; i < n / 2; i++)
        vst1_s8(out + at + (size_t)(NARROW * i),
                vmovn_s16(vmovn_high_s32(vmovn_s32(v[2 * i]), v[2 * i + 1])));
}

void zk_bilinear_s8_neon(const zk_bilinear_s8 *p, int8_t *out, size_t n)
{
    const int16_t x[4] = {(int16_t)p->x[0], (int16_t)p->x[1]};
    const weights w = {vld1_s16(x), vld1_s32(p->y)};
    size_t i = 0;
    for (; i + WIDE <= n; i += WIDE)
        block(p->corner, i, w, 4, out);
    if (n < NARROW) {
        zk_bilinear_s8_ref(p, out, n);
        return;
    }
    for (; i < n; i += NARROW)
        block(p->corner, i + NARROW <= n ? i : n - NARROW, w, 2, out);
}
