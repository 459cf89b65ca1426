/* SPDX-License-Identifier: Apache-2.0 */
/** @file Add and multiply of s8 on AVX-512: 64 elements at a time. Included by a variant that has
 *  defined `numbers` and combine(). */
#ifndef ZK_BINARY_AVX512_H
#define ZK_BINARY_AVX512_H

#include <immintrin.h>

#include "kernels/elementwise.h"
#include "kernels/x86/requant_avx512.h"

enum { CHUNK = 64, LANES = 16 };

static inline __m512i widen(const int8_t *p)
{
    return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline void exact_chunk(const numbers *f, const int8_t *a, const int8_t *b, int8_t *out)
{
    __m512i v[CHUNK / LANES];
#pragma GCC unroll 4
    for (int i = 0; i < CHUNK / LANES; i++)
        v[i] = combine(f, widen(a + i * LANES), widen(b + i * LANES));
    __m512i bytes = zk_narrow_avx512(v[0], v[1], v[2], v[3]);
    bytes = _mm512_min_epi8(_mm512_max_epi8(bytes, f->lo), f->hi);
    _mm512_storeu_si512(out, bytes);
}

#endif
