/* SPDX-License-Identifier: Apache-2.0 */
/** @file Winograd's form of eight lanes; included by a variant that has defined dot(). */
#ifndef ZK_CONV_S8_WINOGRAD_256_H
#define ZK_CONV_S8_WINOGRAD_256_H

#include "kernels/x86/conv_s8_tiles.h"
#include "kernels/x86/conv_s8_winograd_x86.h"

INLINE vec zero(void)
{
    return _mm256_setzero_si256();
}

INLINE vec widen(const int8_t *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}

INLINE vec add16(vec a, vec b)
{
    return _mm256_add_epi16(a, b);
}

INLINE vec sub16(vec a, vec b)
{
    return _mm256_sub_epi16(a, b);
}

INLINE vec shift16(vec a, int n)
{
    return _mm256_slli_epi16(a, n);
}

INLINE void store16(int16_t *p, vec v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

INLINE vec add32(vec a, vec b)
{
    return _mm256_add_epi32(a, b);
}

INLINE vec sub32(vec a, vec b)
{
    return _mm256_sub_epi32(a, b);
}

INLINE vec shift32(vec a, int n)
{
    return _mm256_slli_epi32(a, n);
}

INLINE void store32(int8_t *p, vec v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

/* A sum of 576 times it. */
INLINE vec undo(vec a)
{
    return _mm256_srai_epi32(_mm256_mullo_epi32(a, _mm256_set1_epi32(ZK_WINOGRAD_INVERSE)), 6);
}

/* The clamped bytes of four pixels. */
INLINE void store_four(const zk_x86_call *q, const vec v[4], int8_t *out, int64_t pitch)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i bytes =
        _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    bytes = _mm256_max_epi8(bytes, _mm256_set1_epi8((char)q->lo));
    bytes = _mm256_min_epi8(bytes, _mm256_set1_epi8((char)q->hi));
    bytes = _mm256_permutevar8x32_epi32(bytes, order);
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    _mm_storel_epi64((__m128i *)out, low);
    _mm_storel_epi64((__m128i *)(out + pitch), _mm_unpackhi_epi64(low, low));
    _mm_storel_epi64((__m128i *)(out + 2 * pitch), high);
    _mm_storel_epi64((__m128i *)(out + 3 * pitch), _mm_unpackhi_epi64(high, high));
}

#include "kernels/x86/conv_s8_winograd_tiles.h"

SUMS(8, 1)
SUMS(4, 1)
SUMS(2, 1)
SUMS(1, 1)
SUMS(4, 2)
SUMS(3, 2)
SUMS(2, 2)
SUMS(1, 2)

static void products(const zk_x86_call *q)
{
    static const tile_size sizes[2][MAX_SIZES] = {
        {{8, sums_8x1}, {4, sums_4x1}, {2, sums_2x1}, {1, sums_1x1}},
        {{4, sums_4x2}, {3, sums_3x2}, {2, sums_2x2}, {1, sums_1x2}},
    };
    run_sizes(q, sizes[q->block->regs - 1]);
}

#endif
