/* SPDX-License-Identifier: Apache-2.0 */
/** @file Vectors of 16 floats; vec_f32_avx2.h and vec_f32_neon.h have the same names. */
#ifndef ZK_VEC_F32_AVX512_H
#define ZK_VEC_F32_AVX512_H

#include <immintrin.h>
#include <stdint.h>

enum { LANES = 16 };

typedef __m512 vec;

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

/** Lanes whose bit is set; the others are 0 and not read. */
static inline vec vec_load_some(const float *p, uint32_t lanes)
{
    return _mm512_maskz_loadu_ps((__mmask16)lanes, p);
}

static inline void vec_store_some(float *p, uint32_t lanes, vec v)
{
    _mm512_mask_storeu_ps(p, (__mmask16)lanes, v);
}

static inline vec vec_all(float v)
{
    return _mm512_set1_ps(v);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

/** a * b + sum, rounded once. */
static inline vec vec_fused(vec a, vec b, vec sum)
{
    return _mm512_fmadd_ps(a, b, sum);
}

/** v < lo ? lo : v > hi ? hi : v; NaN passes. */
static inline vec vec_clamp(vec v, vec lo, vec hi)
{
    return _mm512_min_ps(hi, _mm512_max_ps(lo, v));
}

/** y * 2^n, n = t - zero, |n| < 252; underflows and overflows as it should. */
static inline vec vec_scale(vec y, vec t, vec zero)
{
    return _mm512_scalef_ps(y, _mm512_sub_ps(t, zero));
}

/** For the cache behind the nearest; any address. Always inlined: GCC sees no effect in a function
 *  that only prefetches, and removes its calls. */
static inline __attribute__((always_inline)) void vec_prefetch(const float *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T1);
}

#endif
