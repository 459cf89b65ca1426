/* SPDX-License-Identifier: Apache-2.0 */
/** @file quant/requant.h on sixteen lanes; equal to it for multipliers >= 0, as graphs have them.
 */
#ifndef ZK_REQUANT_AVX512_H
#define ZK_REQUANT_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/x86/requant_x86.h"
#include "quant/scale.h"

/** zi_requant(); `left` and `right` are its shifts, both >= 0, `odd` has the multipliers of odd
 *  lanes in even ones. */
static inline __m512i zk_requant_avx512(__m512i acc, __m512i multiplier, __m512i odd, __m512i left,
                                        __m512i right)
{
    // left shift; where it loses bits, the largest value of the same sign
    const __m512i shifted = _mm512_sllv_epi32(acc, left);
    const __mmask16 fits = _mm512_cmpeq_epi32_mask(_mm512_srav_epi32(shifted, left), acc);
    const __m512i largest =
        _mm512_xor_si512(_mm512_srai_epi32(acc, 31), _mm512_set1_epi32(INT32_MAX));
    const __m512i x = _mm512_mask_mov_epi32(largest, fits, shifted);
    // high product, even and odd lanes apart
    const __m512i half = _mm512_set1_epi64((int64_t)1 << 30);
    const __m512i even = _mm512_mul_epi32(x, multiplier);
    const __m512i odds = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), odd);
    const __m512i even_high = _mm512_srli_epi64(_mm512_add_epi64(even, half), 31);
    const __m512i odd_high = _mm512_slli_epi64(_mm512_add_epi64(odds, half), 1);
    const __m512i high = _mm512_mask_mov_epi32(even_high, 0xAAAA, odd_high);
    // right shift; up where the dropped bits exceed one half, or equal it and high >= 0
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
    const __m512i limit = _mm512_sub_epi32(_mm512_srli_epi32(mask, 1), _mm512_srai_epi32(high, 31));
    const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(high, mask), limit);
    const __m512i low = _mm512_srav_epi32(high, right);
    return _mm512_mask_add_epi32(low, up, low, one);
}

/**
 * The short way, where every shift is to the right and by n >= 1, and |acc| < 2^30: with the
 * doubled accumulator the high product is the product's high half. The halves of both roundings,
 * and the output's zero point shifted left by n, are added at once (`add_even`, `add_odd`, by 64
 * bits); ties go away from zero as one less is rounded where acc < 0: where it is, but the high
 * product is not, that is 0 and so is the result, with one less or without.
 */
static inline __m512i zk_requant_avx512_plain(__m512i acc, __m512i multiplier, __m512i odd,
                                              __m512i add_even, __m512i add_odd, __m512i right)
{
    const __m512i x = _mm512_slli_epi32(acc, 1);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, multiplier), add_even);
    const __m512i odds = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), odd), add_odd);
    const __m512i high = _mm512_mask_shuffle_epi32(odds, 0x5555, even, _MM_PERM_DDBB);
    return _mm512_srav_epi32(_mm512_add_epi32(high, _mm512_srai_epi32(acc, 31)), right);
}

/** One multiplier for all lanes, the short way. */
typedef struct zk_factor_avx512 {
    __m512i multiplier, add, right;
    __mmask16 ties; /**< lanes that are shifted to the right: all or none */
} zk_factor_avx512;

/** False if the short way is not for it: |acc| < 2^30 stays for the caller to know. `offset` is
 *  added to the result. */
static inline bool zk_factor_avx512_make(zi_multiplier m, int32_t offset, zk_factor_avx512 *out)
{
    if (!zk_plain_factor(m))
        return false;
    out->multiplier = _mm512_set1_epi32(m.multiplier);
    out->add = _mm512_set1_epi64(zk_plain_add(m, offset));
    out->right = _mm512_set1_epi32(-m.shift);
    out->ties = m.shift ? 0xFFFF : 0;
    return true;
}

/** zi_requant() of half of `twice`, and the offset. */
static inline __m512i zk_factor_avx512_run(const zk_factor_avx512 *f, __m512i twice)
{
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(twice, f->multiplier), f->add);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(twice, 32), f->multiplier), f->add);
    const __m512i high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    const __m512i sign = _mm512_srai_epi32(twice, 31);
    return _mm512_srav_epi32(_mm512_mask_add_epi32(high, f->ties, high, sign), f->right);
}

/** The bytes of four vectors, saturated, in order. */
static inline __m512i zk_narrow_avx512(__m512i a, __m512i b, __m512i c, __m512i d)
{
    // packing leaves four of a vector behind four of the next
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(
        order, _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)));
}

#endif
