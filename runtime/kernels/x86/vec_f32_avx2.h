/* SPDX-License-Identifier: Apache-2.0 */
/** @file Vectors of 8 floats; documented in vec_f32_avx512.h. */
#ifndef ZK_VEC_F32_AVX2_H
#define ZK_VEC_F32_AVX2_H

#include <immintrin.h>
#include <stdint.h>

enum { LANES = 8 };

typedef __m256 vec;

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

static inline __m256i vec_mask(uint32_t lanes)
{
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)lanes), bits), bits);
}

static inline vec vec_load_some(const float *p, uint32_t lanes)
{
    return (lanes & 0xff) == 0xff ? vec_load(p) : _mm256_maskload_ps(p, vec_mask(lanes));
}

static inline void vec_store_some(float *p, uint32_t lanes, vec v)
{
    if ((lanes & 0xff) == 0xff)
        vec_store(p, v);
    else
        _mm256_maskstore_ps(p, vec_mask(lanes), v);
}

static inline vec vec_all(float v)
{
    return _mm256_set1_ps(v);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

static inline vec vec_fused(vec a, vec b, vec sum)
{
    return _mm256_fmadd_ps(a, b, sum);
}

static inline vec vec_clamp(vec v, vec lo, vec hi)
{
    return _mm256_min_ps(hi, _mm256_max_ps(lo, v));
}

/* n is in the low bits of t, less those of `zero`; in two products, as the power of two may be no
 * normal number. */
static inline vec vec_scale(vec y, vec t, vec zero)
{
    const __m256i n = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_castps_si256(zero));
    const __m256i half = _mm256_srai_epi32(n, 1), one = _mm256_set1_epi32(127);
    const __m256i low = _mm256_slli_epi32(_mm256_add_epi32(half, one), 23);
    const __m256i high = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(n, half), one), 23);
    return _mm256_mul_ps(_mm256_mul_ps(y, _mm256_castsi256_ps(low)), _mm256_castsi256_ps(high));
}

static inline __attribute__((always_inline)) void vec_prefetch(const float *p)
{
    _mm_prefetch((const char *)p, _MM_HINT_T1);
}

#endif
