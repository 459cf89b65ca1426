/* SPDX-License-Identifier: Apache-2.0 */
/** @file What conv_s8_tiles.h wants of sixteen lanes, the product apart. */
#ifndef ZK_VEC_AVX512_H
#define ZK_VEC_AVX512_H

#include <immintrin.h>
#include <string.h>

#include "kernels/x86/conv_s8_x86.h"
#include "kernels/x86/requant_avx512.h"

#define LANES 16

typedef __m512i vec;

/* Numbers of a register's channels. */
typedef struct scale {
    vec multiplier, odd, add_even, add_odd, right;
} scale;

static inline vec load(const int8_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline vec four(const uint8_t *p)
{
    int32_t bytes;
    memcpy(&bytes, p, sizeof(bytes));
    return _mm512_set1_epi32(bytes);
}

static inline vec number(const zk_x86_block *b, int regs, int r, int which)
{
    const int32_t *p = zk_x86_at(b, b->numbers);
    return _mm512_loadu_si512(p + (which * regs + r) * LANES);
}

static inline scale scale_of(const zk_x86_block *b, int regs, int r)
{
    return (scale){number(b, regs, r, ZK_X86_MULTIPLIER), number(b, regs, r, ZK_X86_ODD),
                   number(b, regs, r, ZK_X86_ADD_EVEN), number(b, regs, r, ZK_X86_ADD_ODD),
                   number(b, regs, r, ZK_X86_RIGHT)};
}

static inline vec requant_plain(vec acc, const scale *s)
{
    return zk_requant_avx512_plain(acc, s->multiplier, s->odd, s->add_even, s->add_odd, s->right);
}

static vec requant_any(const zk_x86_call *q, vec acc, int regs, int r)
{
    const zk_x86_block *b = q->block;
    const vec x = zk_requant_avx512(acc, number(b, regs, r, ZK_X86_MULTIPLIER),
                                    number(b, regs, r, ZK_X86_ODD), number(b, regs, r, ZK_X86_LEFT),
                                    number(b, regs, r, ZK_X86_RIGHT));
    const vec zero = _mm512_set1_epi32(q->out_zero_point);
    const vec lo = _mm512_sub_epi32(_mm512_set1_epi32(q->lo), zero);
    const vec hi = _mm512_sub_epi32(_mm512_set1_epi32(q->hi), zero);
    return _mm512_add_epi32(_mm512_min_epi32(_mm512_max_epi32(x, lo), hi), zero);
}

/* The bytes of a block's channels. */
static inline void store(const zk_x86_call *q, const vec *v, int regs, int8_t *out)
{
    const __mmask64 mask = ~(uint64_t)0 >> (64 - q->block->channels);
    __m512i bytes = zk_narrow_avx512(v[0], v[regs > 1 ? 1 : 0], v[regs > 2 ? 2 : 0],
                                     v[regs > 3   ? 3
                                       : regs > 2 ? 2
                                                  : 0]);
    bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8((char)q->lo));
    bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8((char)q->hi));
    _mm512_mask_storeu_epi8(out, mask, bytes);
}

static inline void flip(const int8_t *x, int64_t n, uint8_t *out)
{
    const __m512i top = _mm512_set1_epi8(-128);
    int64_t i = 0;
    for (; i + 64 <= n; i += 64)
        _mm512_storeu_si512(out + i, _mm512_xor_si512(_mm512_loadu_si512(x + i), top));
    if (i < n) {
        const __mmask64 mask = ~(uint64_t)0 >> (64 - (n - i));
        _mm512_mask_storeu_epi8(out + i, mask,
                                _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, x + i), top));
    }
}

static inline void flip_wide(const int8_t *x, int64_t n, uint8_t *out)
{
    const __m512i top = _mm512_set1_epi16(128);
    for (int64_t i = 0; i < n; i += 32) {
        const __mmask32 mask = n - i >= 32 ? ~(uint32_t)0 : ((uint32_t)1 << (n - i)) - 1;
        const __m256i v = _mm512_castsi512_si256(_mm512_maskz_loadu_epi8(mask, x + i));
        const __m512i wide = _mm512_add_epi16(_mm512_cvtepi8_epi16(v), top);
        _mm512_mask_storeu_epi16(out + 2 * i, mask, wide);
    }
}

#endif
