/* SPDX-License-Identifier: Apache-2.0 */
/** @file quant/requant.h on eight lanes; equal to it for multipliers >= 0, as graphs have them. */
#ifndef ZK_REQUANT_AVX2_H
#define ZK_REQUANT_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/x86/requant_x86.h"
#include "quant/scale.h"

/** Constants of eight output channels, prepared once for many pixels. */
typedef struct zk_requant_avx2 {
    __m256i multiplier;
    __m256i left, right; /**< shifts, both >= 0 */
    __m256i mask;        /**< bits that the right shift drops */
} zk_requant_avx2;

static inline zk_requant_avx2 zk_requant_avx2_make(__m256i multiplier, __m256i shift)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    zk_requant_avx2 r;
    r.multiplier = multiplier;
    r.left = _mm256_max_epi32(shift, zero);
    r.right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
    r.mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, r.right), one);
    return r;
}

/** zi_requant(). */
static inline __m256i zk_requant_avx2_run(const zk_requant_avx2 *r, __m256i acc)
{
    // left shift; where it loses bits, the largest value of the same sign
    const __m256i sign = _mm256_srai_epi32(acc, 31);
    const __m256i shifted = _mm256_sllv_epi32(acc, r->left);
    const __m256i fits = _mm256_cmpeq_epi32(_mm256_srav_epi32(shifted, r->left), acc);
    const __m256i largest = _mm256_xor_si256(sign, _mm256_set1_epi32(INT32_MAX));
    const __m256i x = _mm256_blendv_epi8(largest, shifted, fits);
    // high product, even and odd lanes apart
    const __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
    const __m256i even = _mm256_mul_epi32(x, r->multiplier);
    const __m256i odd =
        _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(r->multiplier, 32));
    const __m256i even_high = _mm256_srli_epi64(_mm256_add_epi64(even, half), 31);
    const __m256i odd_high = _mm256_slli_epi64(_mm256_add_epi64(odd, half), 1);
    const __m256i high = _mm256_blend_epi32(even_high, odd_high, 0xAA);
    // right shift; up where the dropped bits exceed one half, or equal it and high >= 0
    const __m256i dropped = _mm256_and_si256(high, r->mask);
    const __m256i limit =
        _mm256_sub_epi32(_mm256_srli_epi32(r->mask, 1), _mm256_srai_epi32(high, 31));
    return _mm256_sub_epi32(_mm256_srav_epi32(high, r->right), _mm256_cmpgt_epi32(dropped, limit));
}

/** zk_requant_avx512_plain() on eight lanes. */
static inline __m256i zk_requant_avx2_plain(__m256i acc, __m256i multiplier, __m256i odd,
                                            __m256i add_even, __m256i add_odd, __m256i right)
{
    const __m256i x = _mm256_slli_epi32(acc, 1);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), add_even);
    const __m256i odds = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), odd), add_odd);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odds, 0xAA);
    return _mm256_srav_epi32(_mm256_add_epi32(high, _mm256_srai_epi32(acc, 31)), right);
}

/** One multiplier for all lanes, the short way. */
typedef struct zk_factor_avx2 {
    __m256i multiplier, add, right;
    __m256i ties; /**< all bits set if there is a shift to the right */
} zk_factor_avx2;

/** False if the short way is not for it: |acc| < 2^30 stays for the caller to know. `offset` is
 *  added to the result. */
static inline bool zk_factor_avx2_make(zi_multiplier m, int32_t offset, zk_factor_avx2 *out)
{
    if (!zk_plain_factor(m))
        return false;
    out->multiplier = _mm256_set1_epi32(m.multiplier);
    out->add = _mm256_set1_epi64x(zk_plain_add(m, offset));
    out->right = _mm256_set1_epi32(-m.shift);
    out->ties = _mm256_set1_epi32(m.shift ? -1 : 0);
    return true;
}

/** zi_requant() of half of `twice`, and the offset. */
static inline __m256i zk_factor_avx2_run(const zk_factor_avx2 *f, __m256i twice)
{
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(twice, f->multiplier), f->add);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(twice, 32), f->multiplier), f->add);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
    const __m256i sign = _mm256_and_si256(_mm256_srai_epi32(twice, 31), f->ties);
    return _mm256_srav_epi32(_mm256_add_epi32(high, sign), f->right);
}

/** zi_offset_clamp(). */
static inline __m256i zk_offset_clamp_avx2(__m256i x, int32_t zero_point, int32_t lo, int32_t hi)
{
    x = _mm256_max_epi32(x, _mm256_set1_epi32(lo - zero_point));
    x = _mm256_min_epi32(x, _mm256_set1_epi32(hi - zero_point));
    return _mm256_add_epi32(x, _mm256_set1_epi32(zero_point));
}

/** The low bytes of eight lanes that hold 8-bit values. */
static inline __m128i zk_narrow_avx2(__m256i x)
{
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return _mm_packs_epi16(words, words);
}

#endif
