/* SPDX-License-Identifier: Apache-2.0 */
/* Product of two s8 values of different scales, sixteen at a time. */
#include "kernels/kernels.h"
#include "kernels/neon/binary_neon.h"

/* `plain`: the shift is to the right. Inlined for both. */
static inline void sixteens(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                            size_t b_step, int8_t *out, size_t n, bool plain)
{
    const zk_scale_neon sy = zk_scale_neon_make(p->out);
    const int8x8_t a_zero = vdup_n_s8((int8_t)p->a_zero), b_zero = vdup_n_s8((int8_t)p->b_zero);
    const zk_bound_neon bound = zk_bound_neon_make(p);
    for (size_t i = 0; i < n; i += ZK_BINARY_NEON_LANES, a += a_step, b += b_step) {
        const zk_operand_neon x = zk_operand_neon_load(a, a_zero);
        const zk_operand_neon y = zk_operand_neon_load(b, b_zero);
        zk_quad_neon product = {{vmull_s16(vget_low_s16(x.low), vget_low_s16(y.low)),
                                 vmull_high_s16(x.low, y.low),
                                 vmull_s16(vget_low_s16(x.high), vget_low_s16(y.high)),
                                 vmull_high_s16(x.high, y.high)}};
        zk_quad_neon_scale(&sy, plain, &product);
        zk_bound_neon_store(&bound, &product, out + i);
    }
}

static void plain_sixteens(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                           size_t b_step, int8_t *out, size_t n)
{
    sixteens(p, a, a_step, b, b_step, out, n, true);
}

static void any_sixteens(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                         size_t b_step, int8_t *out, size_t n)
{
    sixteens(p, a, a_step, b, b_step, out, n, false);
}

void zk_mul_s8_neon(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                    size_t b_step, int8_t *out, size_t n)
{
    zk_binary_neon_run(p->out.shift < 0 ? plain_sixteens : any_sixteens, p, a, a_step, b, b_step,
                       out, n);
}
