/* SPDX-License-Identifier: Apache-2.0 */
/* Terms are computed, as in AVX2, by the short way of requantising. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/requant_avx512.h"

typedef struct numbers {
    zk_factor_avx512 a, b, out;
    __m512i a_zero, b_zero; /* shifted as the operands */
    __m512i b_sign;         /* all bits set to subtract */
    __m512i lo, hi;
} numbers;

/* Sums of terms stay below 2^29, as an operand's factor is below 1. */
static inline __m512i combine(const numbers *f, __m512i a, __m512i b)
{
    const __m512i x = _mm512_sub_epi32(_mm512_slli_epi32(a, ZI_ADD_LEFT_SHIFT + 1), f->a_zero);
    const __m512i y = _mm512_sub_epi32(_mm512_slli_epi32(b, ZI_ADD_LEFT_SHIFT + 1), f->b_zero);
    const __m512i term =
        _mm512_sub_epi32(_mm512_xor_si512(zk_factor_avx512_run(&f->b, y), f->b_sign), f->b_sign);
    const __m512i sum = _mm512_add_epi32(zk_factor_avx512_run(&f->a, x), term);
    return zk_factor_avx512_run(&f->out, _mm512_slli_epi32(sum, 1));
}

#include "kernels/x86/binary_avx512.h"

void zk_add_s8_avx512(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                      size_t b_step, int8_t *out, size_t n)
{
    numbers f;
    if (!zk_factor_avx512_make(p->a, 0, &f.a) || !zk_factor_avx512_make(p->b, 0, &f.b) ||
        !zk_factor_avx512_make(p->out, p->out_zero, &f.out)) {
        zk_add_s8_avx2(p, a, a_step, b, b_step, out, n);
        return;
    }
    f.a_zero = _mm512_set1_epi32(p->a_zero * (1 << (ZI_ADD_LEFT_SHIFT + 1)));
    f.b_zero = _mm512_set1_epi32(p->b_zero * (1 << (ZI_ADD_LEFT_SHIFT + 1)));
    f.b_sign = _mm512_set1_epi32(p->b_sign < 0 ? -1 : 0);
    f.lo = _mm512_set1_epi8((char)p->lo);
    f.hi = _mm512_set1_epi8((char)p->hi);
    run_chunks(&f, a, a_step, b, b_step, out, n);
}
