/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the quantised binary kernels have in common: operands and rescaling by one number. */
#ifndef ZK_BINARY_NEON_H
#define ZK_BINARY_NEON_H

#include <string.h>

#include "kernels/elementwise.h"
#include "kernels/neon/requant_neon.h"

enum { ZK_BINARY_NEON_LANES = 16 };

/** A multiplier in all lanes. */
typedef struct zk_scale_neon {
    int32x4_t multiplier, left, right;
    bool plain; /**< the shift is to the right, and by one at least */
} zk_scale_neon;

static inline zk_scale_neon zk_scale_neon_make(zi_multiplier m)
{
    return (zk_scale_neon){
        .multiplier = vdupq_n_s32(m.multiplier),
        .left = vdupq_n_s32(m.shift > 0 ? m.shift : 0),
        .right = vdupq_n_s32(m.shift > 0 ? 0 : m.shift),
        .plain = m.shift < 0,
    };
}

/** zi_requant(). */
static inline int32x4_t zk_scale_neon_run(const zk_scale_neon *s, int32x4_t x)
{
    return s->plain ? zk_requant_neon_plain(x, s->multiplier, s->right)
                    : zk_requant_neon_any(x, s->multiplier, s->left, s->right);
}

/** Sixteen values as four vectors: what is done to one does not wait for the others. */
typedef struct zk_quad_neon {
    int32x4_t v[4];
} zk_quad_neon;

/** Sixteen values less their zero point. */
typedef struct zk_operand_neon {
    int16x8_t low, high;
} zk_operand_neon;

static inline zk_operand_neon zk_operand_neon_load(const int8_t *x, int8x8_t zero)
{
    const int8x16_t v = vld1q_s8(x);
    return (zk_operand_neon){vsubl_s8(vget_low_s8(v), zero), vsubl_s8(vget_high_s8(v), zero)};
}

/** zi_requant(). The steps of all four, one after the other; `plain` is a constant. */
static inline void zk_quad_neon_scale(const zk_scale_neon *s, bool plain, zk_quad_neon *x)
{
    for (int i = 0; i < 4; i++)
        x->v[i] = vqrdmulhq_s32(plain ? x->v[i] : vqshlq_s32(x->v[i], s->left), s->multiplier);
    for (int i = 0; i < 4; i++)
        x->v[i] = vsraq_n_s32(x->v[i], plain ? x->v[i] : vandq_s32(x->v[i], s->right), 31);
    for (int i = 0; i < 4; i++)
        x->v[i] = vrshlq_s32(x->v[i], s->right);
}

/** The output's zero point and clamp. */
typedef struct zk_bound_neon {
    int16x8_t zero;
    int8x16_t lo, hi;
} zk_bound_neon;

static inline zk_bound_neon zk_bound_neon_make(const zk_binary_s8 *p)
{
    return (zk_bound_neon){vdupq_n_s16((int16_t)p->out_zero), vdupq_n_s8((int8_t)p->lo),
                           vdupq_n_s8((int8_t)p->hi)};
}

static inline void zk_bound_neon_store(const zk_bound_neon *b, const zk_quad_neon *x, int8_t *out)
{
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(x->v[0]), x->v[1]);
    const int16x8_t high = vqmovn_high_s32(vqmovn_s32(x->v[2]), x->v[3]);
    const int8x16_t bytes =
        vqmovn_high_s16(vqmovn_s16(vqaddq_s16(low, b->zero)), vqaddq_s16(high, b->zero));
    vst1q_s8(out, vminq_s8(vmaxq_s8(bytes, b->lo), b->hi));
}

/** Runs of whole sixteens: operands step by 16 or, of one value sixteen times, by 0. */
typedef void zk_sixteens_neon_fn(const zk_binary_s8 *p, const int8_t *a, size_t a_step,
                                 const int8_t *b, size_t b_step, int8_t *out, size_t n);

/** A run of any length by such a function: what is left is computed aside. */
static inline void zk_binary_neon_run(zk_sixteens_neon_fn *fn, const zk_binary_s8 *p,
                                      const int8_t *a, size_t a_step, const int8_t *b,
                                      size_t b_step, int8_t *out, size_t n)
{
    enum { LANES = ZK_BINARY_NEON_LANES };
    int8_t one[2][LANES], rest[2][LANES] = {{0}};
    if (!a_step)
        a = memset(one[0], a[0], LANES);
    if (!b_step)
        b = memset(one[1], b[0], LANES);
    const size_t whole = n / LANES * LANES, left = n - whole;
    if (whole)
        fn(p, a, a_step * LANES, b, b_step * LANES, out, whole);
    if (!left)
        return;
    memcpy(rest[0], a + whole * a_step, left);
    memcpy(rest[1], b + whole * b_step, left);
    fn(p, rest[0], 0, rest[1], 0, rest[0], LANES);
    memcpy(out + whole, rest[0], left);
}

#endif
