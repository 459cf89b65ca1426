/* SPDX-License-Identifier: Apache-2.0 */
/* Sum of two s8 values of different scales, eight at a time: both terms are computed, since a table
 * costs a load for each. */
#include "kernels/kernels.h"
#include "kernels/neon/binary_neon.h"

/* The terms of four values: zi_add_term(). */
static inline int32x4_t term(const zk_scale_neon *s, int16x4_t x)
{
    return zk_scale_neon_run(s, vshlq_n_s32(vmovl_s16(x), ZI_ADD_LEFT_SHIFT));
}

void zk_add_s8_neon(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                    size_t b_step, int8_t *out, size_t n)
{
    const zk_scale_neon sa = zk_scale_neon_make(p->a), sb = zk_scale_neon_make(p->b);
    const zk_scale_neon sy = zk_scale_neon_make(p->out);
    const int8x8_t a_zero = vdup_n_s8((int8_t)p->a_zero), b_zero = vdup_n_s8((int8_t)p->b_zero);
    const int32x4_t sign = vdupq_n_s32(p->b_sign);
    size_t i = 0;
    for (; i + ZK_BINARY_NEON_LANES <= n; i += ZK_BINARY_NEON_LANES) {
        const int16x8_t x = zk_operand_neon(a + i * a_step, a_step, a_zero);
        const int16x8_t y = zk_operand_neon(b + i * b_step, b_step, b_zero);
        const int32x4_t low =
            vmlaq_s32(term(&sa, vget_low_s16(x)), term(&sb, vget_low_s16(y)), sign);
        const int32x4_t high =
            vmlaq_s32(term(&sa, vget_high_s16(x)), term(&sb, vget_high_s16(y)), sign);
        vst1_s8(out + i,
                zk_bound_neon(p, zk_scale_neon_run(&sy, low), zk_scale_neon_run(&sy, high)));
    }
    zk_add_s8_ref(p, a + i * a_step, a_step, b + i * b_step, b_step, out + i, n - i);
}
