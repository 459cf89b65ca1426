/* SPDX-License-Identifier: Apache-2.0 */
/* Values of s8 as real numbers, sixteen at a time. */
#include <arm_neon.h>

#include "kernels/kernels.h"

enum { LANES = 16 };

void zk_dequantize_s8_f32_neon(float scale, int32_t zero, const int8_t *x, float *out, size_t n)
{
    const int8x8_t z = vdup_n_s8((int8_t)zero);
    const float32x4_t s = vdupq_n_f32(scale);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const int8x16_t v = vld1q_s8(x + i);
        const int16x8_t low = vsubl_s8(vget_low_s8(v), z), high = vsubl_s8(vget_high_s8(v), z);
        const int32x4_t q[4] = {vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low),
                                vmovl_s16(vget_low_s16(high)), vmovl_high_s16(high)};
        for (int k = 0; k < 4; k++)
            vst1q_f32(out + i + 4 * k, vmulq_f32(vcvtq_f32_s32(q[k]), s));
    }
    zk_dequantize_s8_f32_ref(scale, zero, x + i, out + i, n - i);
}
