/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the quantised binary kernels have in common: operands and rescaling by one number. */
#ifndef ZK_BINARY_NEON_H
#define ZK_BINARY_NEON_H

#include "kernels/elementwise.h"
#include "kernels/neon/requant_neon.h"

enum { ZK_BINARY_NEON_LANES = 8 };

/** A multiplier in all lanes. */
typedef struct zk_scale_neon {
    int32x4_t multiplier, left, right;
    bool rightwards; /**< no left shift */
} zk_scale_neon;

static inline zk_scale_neon zk_scale_neon_make(zi_multiplier m)
{
    return (zk_scale_neon){
        .multiplier = vdupq_n_s32(m.multiplier),
        .left = vdupq_n_s32(m.shift > 0 ? m.shift : 0),
        .right = vdupq_n_s32(m.shift > 0 ? 0 : m.shift),
        .rightwards = m.shift <= 0,
    };
}

/** zi_requant(). */
static inline int32x4_t zk_scale_neon_run(const zk_scale_neon *s, int32x4_t x)
{
    const int32x4_t raised = s->rightwards ? x : vqshlq_s32(x, s->left);
    const int32x4_t high = vqrdmulhq_s32(raised, s->multiplier);
    return vrshlq_s32(vsraq_n_s32(high, vandq_s32(high, s->right), 31), s->right);
}

/** Eight values, or one eight times, less their zero point. */
static inline int16x8_t zk_operand_neon(const int8_t *x, size_t step, int8x8_t zero)
{
    return vsubl_s8(step ? vld1_s8(x) : vld1_dup_s8(x), zero);
}

/** The output's zero point and clamp. */
static inline int8x8_t zk_bound_neon(const zk_binary_s8 *p, int32x4_t low, int32x4_t high)
{
    const int16x8_t q = vqmovn_high_s32(vqmovn_s32(low), high);
    const int8x8_t bytes = vqmovn_s16(vqaddq_s16(q, vdupq_n_s16((int16_t)p->out_zero)));
    return vmin_s8(vmax_s8(bytes, vdup_n_s8((int8_t)p->lo)), vdup_n_s8((int8_t)p->hi));
}

#endif
