/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zi_quantize() on sixteen values. FCVTNS does what it says: to nearest, ties to even, NaN to 0,
 * and what is too large to the end of 32 bits. The division stays one: a product by the reciprocal
 * would round some ties otherwise.
 */
#include <arm_neon.h>

#include "kernels/kernels.h"

enum { LANES = 16 };

void zk_quantize_f32_s8_neon(float scale, int32_t zero, int32_t lo, int32_t hi, const float *x,
                             int8_t *out, size_t n)
{
    const float32x4_t s = vdupq_n_f32(scale);
    const int32x4_t z = vdupq_n_s32(zero), least = vdupq_n_s32(lo), most = vdupq_n_s32(hi);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        int32x4_t q[4];
        for (int k = 0; k < 4; k++)
            q[k] = vcvtnq_s32_f32(vdivq_f32(vld1q_f32(x + i + 4 * k), s));
        for (int k = 0; k < 4; k++)
            q[k] = vminq_s32(vmaxq_s32(vqaddq_s32(q[k], z), least), most);
        const int16x8_t low = vmovn_high_s32(vmovn_s32(q[0]), q[1]);
        const int16x8_t high = vmovn_high_s32(vmovn_s32(q[2]), q[3]);
        vst1q_s8(out + i, vmovn_high_s16(vmovn_s16(low), high));
    }
    zk_quantize_f32_s8_ref(scale, zero, lo, hi, x + i, out + i, n - i);
}
