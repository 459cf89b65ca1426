/* SPDX-License-Identifier: Apache-2.0 */
/** @file Winograd's form of sixteen lanes; included by a variant that has defined dot(). */
#ifndef ZK_CONV_S8_WINOGRAD_512_H
#define ZK_CONV_S8_WINOGRAD_512_H

#include "kernels/x86/conv_s8_tiles.h"
#include "kernels/x86/conv_s8_winograd_x86.h"

INLINE vec zero(void)
{
    return _mm512_setzero_si512();
}

INLINE vec widen(const int8_t *p)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p));
}

INLINE vec add16(vec a, vec b)
{
    return _mm512_add_epi16(a, b);
}

INLINE vec sub16(vec a, vec b)
{
    return _mm512_sub_epi16(a, b);
}

INLINE vec shift16(vec a, int n)
{
    return _mm512_slli_epi16(a, n);
}

INLINE void store16(int16_t *p, vec v)
{
    _mm512_storeu_si512(p, v);
}

INLINE vec add32(vec a, vec b)
{
    return _mm512_add_epi32(a, b);
}

INLINE vec sub32(vec a, vec b)
{
    return _mm512_sub_epi32(a, b);
}

INLINE vec shift32(vec a, int n)
{
    return _mm512_slli_epi32(a, (unsigned)n);
}

INLINE void store32(int8_t *p, vec v)
{
    _mm512_storeu_si512(p, v);
}

/* A sum of 576 times it. */
INLINE vec undo(vec a)
{
    return _mm512_srai_epi32(_mm512_mullo_epi32(a, _mm512_set1_epi32(ZK_WINOGRAD_INVERSE)), 6);
}

/* The clamped bytes of four pixels. */
INLINE void store_four(const zk_x86_call *q, const vec v[4], int8_t *out, int64_t pitch)
{
    __m512i bytes = zk_narrow_avx512(v[0], v[1], v[2], v[3]);
    bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8((char)q->lo));
    bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8((char)q->hi));
    _mm_storeu_si128((__m128i *)out, _mm512_castsi512_si128(bytes));
    _mm_storeu_si128((__m128i *)(out + pitch), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128((__m128i *)(out + 2 * pitch), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128((__m128i *)(out + 3 * pitch), _mm512_extracti32x4_epi32(bytes, 3));
}

#include "kernels/x86/conv_s8_winograd_tiles.h"

SUMS(12, 1)
SUMS(8, 1)
SUMS(4, 1)
SUMS(2, 1)
SUMS(1, 1)
SUMS(12, 2)
SUMS(10, 2)
SUMS(8, 2)
SUMS(6, 2)
SUMS(3, 2)
SUMS(1, 2)
SUMS(8, 3)
SUMS(6, 3)
SUMS(5, 3)
SUMS(4, 3)
SUMS(2, 3)
SUMS(1, 3)
SUMS(6, 4)
SUMS(5, 4)
SUMS(4, 4)
SUMS(3, 4)
SUMS(2, 4)
SUMS(1, 4)

static void products(const zk_x86_call *q)
{
    static const tile_size sizes[ZK_X86_MAX_REGS][MAX_SIZES] = {
        {{12, sums_12x1}, {8, sums_8x1}, {4, sums_4x1}, {2, sums_2x1}, {1, sums_1x1}},
        {{12, sums_12x2},
         {10, sums_10x2},
         {8, sums_8x2},
         {6, sums_6x2},
         {3, sums_3x2},
         {1, sums_1x2}},
        {{8, sums_8x3}, {6, sums_6x3}, {5, sums_5x3}, {4, sums_4x3}, {2, sums_2x3}, {1, sums_1x3}},
        {{6, sums_6x4}, {5, sums_5x4}, {4, sums_4x4}, {3, sums_3x4}, {2, sums_2x4}, {1, sums_1x4}},
    };
    run_sizes(q, sizes[q->block->regs - 1]);
}

#endif
