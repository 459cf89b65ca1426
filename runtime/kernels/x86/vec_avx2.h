/* SPDX-License-Identifier: Apache-2.0 */
/** @file What conv_s8_tiles.h wants of eight lanes, the product apart. */
#ifndef ZK_VEC_AVX2_H
#define ZK_VEC_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "kernels/x86/conv_s8_x86.h"
#include "kernels/x86/requant_avx2.h"

#define LANES 8

typedef __m256i vec;

/* Numbers of a register's channels. */
typedef struct scale {
    vec multiplier, odd, add_even, add_odd, right;
} scale;

static inline vec load(const int8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline vec four(const uint8_t *p)
{
    int32_t bytes;
    memcpy(&bytes, p, sizeof(bytes));
    return _mm256_set1_epi32(bytes);
}

static inline vec number(const zk_x86_block *b, int regs, int r, int which)
{
    const int32_t *p = zk_x86_at(b, b->numbers);
    return _mm256_loadu_si256((const __m256i *)(p + (which * regs + r) * LANES));
}

static inline scale scale_of(const zk_x86_block *b, int regs, int r)
{
    return (scale){number(b, regs, r, ZK_X86_MULTIPLIER), number(b, regs, r, ZK_X86_ODD),
                   number(b, regs, r, ZK_X86_ADD_EVEN), number(b, regs, r, ZK_X86_ADD_ODD),
                   number(b, regs, r, ZK_X86_RIGHT)};
}

static inline vec requant_plain(vec acc, const scale *s)
{
    return zk_requant_avx2_plain(acc, s->multiplier, s->odd, s->add_even, s->add_odd, s->right);
}

static vec requant_any(const zk_x86_call *q, vec acc, int regs, int r)
{
    const zk_x86_block *b = q->block;
    const zk_requant_avx2 any = zk_requant_avx2_make(
        number(b, regs, r, ZK_X86_MULTIPLIER),
        _mm256_sub_epi32(number(b, regs, r, ZK_X86_LEFT), number(b, regs, r, ZK_X86_RIGHT)));
    return zk_offset_clamp_avx2(zk_requant_avx2_run(&any, acc), q->out_zero_point, q->lo, q->hi);
}

/* The bytes of a block's channels. */
static inline void store(const zk_x86_call *q, const vec *v, int regs, int8_t *out)
{
    const __m256i words = _mm256_packs_epi32(v[0], v[regs > 1 ? 1 : 0]);
    const __m256i sorted = _mm256_permute4x64_epi64(words, _MM_SHUFFLE(3, 1, 2, 0));
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(sorted), _mm256_extracti128_si256(sorted, 1));
    bytes = _mm_max_epi8(bytes, _mm_set1_epi8((char)q->lo));
    bytes = _mm_min_epi8(bytes, _mm_set1_epi8((char)q->hi));
    if (q->block->channels == 2 * LANES) {
        _mm_storeu_si128((__m128i *)out, bytes);
    } else if (q->block->channels == LANES) {
        _mm_storel_epi64((__m128i *)out, bytes);
    } else {
        int8_t all[2 * LANES];
        _mm_storeu_si128((__m128i *)all, bytes);
        memcpy(out, all, (size_t)q->block->channels);
    }
}

static inline void flip(const int8_t *x, int64_t n, uint8_t *out)
{
    const __m256i top = _mm256_set1_epi8(-128);
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i v = _mm256_loadu_si256((const __m256i *)(x + i));
        _mm256_storeu_si256((__m256i *)(out + i), _mm256_xor_si256(v, top));
    }
    for (; i < n; i++)
        out[i] = (uint8_t)(x[i] + 128);
}

static inline void flip_wide(const int8_t *x, int64_t n, uint8_t *out)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(x + i)));
        _mm256_storeu_si256((__m256i *)(out + 2 * i),
                            _mm256_add_epi16(wide, _mm256_set1_epi16(128)));
    }
    for (; i < n; i++) {
        const int16_t value = (int16_t)(x[i] + 128);
        memcpy(out + 2 * i, &value, sizeof(value));
    }
}

#endif
