/* SPDX-License-Identifier: Apache-2.0 */
/* Product of two s8 values of different scales, eight at a time. */
#include "kernels/kernels.h"
#include "kernels/neon/binary_neon.h"

void zk_mul_s8_neon(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                    size_t b_step, int8_t *out, size_t n)
{
    const zk_scale_neon sy = zk_scale_neon_make(p->out);
    const int8x8_t a_zero = vdup_n_s8((int8_t)p->a_zero), b_zero = vdup_n_s8((int8_t)p->b_zero);
    size_t i = 0;
    for (; i + ZK_BINARY_NEON_LANES <= n; i += ZK_BINARY_NEON_LANES) {
        const int16x8_t x = zk_operand_neon(a + i * a_step, a_step, a_zero);
        const int16x8_t y = zk_operand_neon(b + i * b_step, b_step, b_zero);
        const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y));
        const int32x4_t high = vmull_high_s16(x, y);
        vst1_s8(out + i,
                zk_bound_neon(p, zk_scale_neon_run(&sy, low), zk_scale_neon_run(&sy, high)));
    }
    zk_mul_s8_ref(p, a + i * a_step, a_step, b + i * b_step, b_step, out + i, n - i);
}
