/* SPDX-License-Identifier: Apache-2.0 */
/* Sum of two s8 values of different scales, sixteen at a time: both terms are computed, since a
 * table costs a load for each. */
#include "kernels/kernels.h"
#include "kernels/neon/binary_neon.h"

/* The operand of the larger scale counts half, exactly: its term is q - zero, raised. */
static bool is_usual(zi_multiplier half, zi_multiplier other, zi_multiplier out)
{
    return half.multiplier == 1 << 30 && half.shift == 0 && other.shift < 0 && out.shift < 0;
}

/* (q - zero) * 2^shift: 9 bits and shift - 16 more fit 16. */
#define RAISE(x, shift)                                                                            \
    {                                                                                              \
        {                                                                                          \
            vshll_n_s16(vget_low_s16(vshlq_n_s16((x).low, (shift)-16)), 16),                       \
                vshll_high_n_s16(vshlq_n_s16((x).low, (shift)-16), 16),                            \
                vshll_n_s16(vget_low_s16(vshlq_n_s16((x).high, (shift)-16)), 16),                  \
                vshll_high_n_s16(vshlq_n_s16((x).high, (shift)-16), 16)                            \
        }                                                                                          \
    }

/* zi_add_term(). */
static inline zk_quad_neon term(zk_operand_neon x, const zk_scale_neon *s, bool plain)
{
    zk_quad_neon t = RAISE(x, ZI_ADD_LEFT_SHIFT);
    zk_quad_neon_scale(s, plain, &t);
    return t;
}

static inline zk_quad_neon half_term(zk_operand_neon x)
{
    return (zk_quad_neon)RAISE(x, ZI_ADD_LEFT_SHIFT - 1);
}

/* `usual`: a counts half, and the other numbers shift to the right. Inlined for it and for any. */
static inline void sixteens(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                            size_t b_step, int8_t *out, size_t n, bool usual)
{
    const zk_scale_neon sa = zk_scale_neon_make(p->a), sb = zk_scale_neon_make(p->b);
    const zk_scale_neon sy = zk_scale_neon_make(p->out);
    const int8x8_t a_zero = vdup_n_s8((int8_t)p->a_zero), b_zero = vdup_n_s8((int8_t)p->b_zero);
    const int32x4_t sign = vdupq_n_s32(p->b_sign);
    const zk_bound_neon bound = zk_bound_neon_make(p);
    for (size_t i = 0; i < n; i += ZK_BINARY_NEON_LANES, a += a_step, b += b_step) {
        const zk_operand_neon x = zk_operand_neon_load(a, a_zero);
        const zk_quad_neon tb = term(zk_operand_neon_load(b, b_zero), &sb, usual);
        zk_quad_neon sum = usual ? half_term(x) : term(x, &sa, false);
        for (int k = 0; k < 4; k++)
            sum.v[k] = vmlaq_s32(sum.v[k], tb.v[k], sign);
        zk_quad_neon_scale(&sy, usual, &sum);
        zk_bound_neon_store(&bound, &sum, out + i);
    }
}

static void usual_sixteens(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                           size_t b_step, int8_t *out, size_t n)
{
    sixteens(p, a, a_step, b, b_step, out, n, true);
}

static void any_sixteens(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                         size_t b_step, int8_t *out, size_t n)
{
    sixteens(p, a, a_step, b, b_step, out, n, false);
}

void zk_add_s8_neon(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                    size_t b_step, int8_t *out, size_t n)
{
    if (is_usual(p->a, p->b, p->out)) {
        zk_binary_neon_run(usual_sixteens, p, a, a_step, b, b_step, out, n);
    } else if (p->b_sign == 1 && is_usual(p->b, p->a, p->out)) {
        zk_binary_s8 turned; // without the tables
        turned.a_zero = p->b_zero;
        turned.b_zero = p->a_zero;
        turned.out_zero = p->out_zero;
        turned.a = p->b;
        turned.b = p->a;
        turned.out = p->out;
        turned.b_sign = p->b_sign;
        turned.lo = p->lo;
        turned.hi = p->hi;
        zk_binary_neon_run(usual_sixteens, &turned, b, b_step, a, a_step, out, n);
    } else {
        zk_binary_neon_run(any_sixteens, p, a, a_step, b, b_step, out, n);
    }
}
