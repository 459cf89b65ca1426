/* SPDX-License-Identifier: Apache-2.0 */
/** @file Vectors of 4 floats; documented in x86/vec_f32_avx512.h. */
#ifndef ZK_VEC_F32_NEON_H
#define ZK_VEC_F32_NEON_H

#include <arm_neon.h>
#include <stdint.h>

enum { LANES = 4 };

typedef float32x4_t vec;

static inline vec vec_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void vec_store(float *p, vec v)
{
    vst1q_f32(p, v);
}

static inline vec vec_load_some(const float *p, uint32_t lanes)
{
    if ((lanes & 15) == 15)
        return vec_load(p);
    float v[LANES] = {0};
    for (int i = 0; i < LANES; i++)
        v[i] = lanes >> i & 1 ? p[i] : 0.0f;
    return vec_load(v);
}

static inline void vec_store_some(float *p, uint32_t lanes, vec v)
{
    if ((lanes & 15) == 15) {
        vec_store(p, v);
        return;
    }
    float all[LANES];
    vec_store(all, v);
    for (int i = 0; i < LANES; i++) {
        if (lanes >> i & 1)
            p[i] = all[i];
    }
}

static inline vec vec_all(float v)
{
    return vdupq_n_f32(v);
}

static inline vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return vdivq_f32(a, b);
}

static inline vec vec_fused(vec a, vec b, vec sum)
{
    return vfmaq_f32(sum, a, b);
}

/* No maximum: of zeros, that takes the sign of one and not the value's. */
static inline vec vec_clamp(vec v, vec lo, vec hi)
{
    const vec raised = vbslq_f32(vcltq_f32(v, lo), lo, v);
    return vbslq_f32(vcgtq_f32(raised, hi), hi, raised);
}

static inline vec vec_scale(vec y, vec t, vec zero)
{
    const int32x4_t n = vsubq_s32(vreinterpretq_s32_f32(t), vreinterpretq_s32_f32(zero));
    const int32x4_t half = vshrq_n_s32(n, 1), one = vdupq_n_s32(127);
    const int32x4_t low = vshlq_n_s32(vaddq_s32(half, one), 23);
    const int32x4_t high = vshlq_n_s32(vaddq_s32(vsubq_s32(n, half), one), 23);
    return vmulq_f32(vmulq_f32(y, vreinterpretq_f32_s32(low)), vreinterpretq_f32_s32(high));
}

static inline void vec_prefetch(const float *p)
{
    (void)p; // the Cortex-A53 follows streams by itself
}

#endif
