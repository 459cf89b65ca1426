/* SPDX-License-Identifier: Apache-2.0 */
/** @file Add and multiply of s8 on AVX2: 32 elements at a time. Included by a variant that has
 *  defined `numbers` and combine(). */
#ifndef ZK_BINARY_AVX2_H
#define ZK_BINARY_AVX2_H

#include <immintrin.h>

#include "kernels/elementwise.h"

enum { CHUNK = 32 };

static inline __m256i widen(const int8_t *p)
{
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p));
}

static inline void exact_chunk(const numbers *f, const int8_t *a, const int8_t *b, int8_t *out)
{
    __m256i v[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        v[i] = combine(f, widen(a + 8 * i), widen(b + 8 * i));
    // packing leaves four of a vector behind four of the next
    const __m256i packed =
        _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    __m256i bytes = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    bytes = _mm256_min_epi8(_mm256_max_epi8(bytes, f->lo), f->hi);
    _mm256_storeu_si256((__m256i *)out, bytes);
}

#endif
