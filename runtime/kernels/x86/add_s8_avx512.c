/* SPDX-License-Identifier: Apache-2.0 */
/* By add_s8_x86.h; terms are computed where that leaves an element undecided. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/add_s8_x86.h"
#include "kernels/x86/requant_avx512.h"

typedef struct numbers {
    zk_factor_avx512 a, b, out;
    __m512i a_zero, b_zero; /* shifted as the operands */
    __m512i b_sign;         /* all bits set to subtract */
    __m512i lo, hi;
    bool linear; /* add_s8_x86.h */
    __m512i high, low, constant, margin, twice_margin;
    __m128i bits, left;
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

/* Pairs of a quarter of a chunk become values with their fraction; adds those undecided. */
static inline __m512i linear(const numbers *f, __m512i pairs, __mmask16 *undecided)
{
    const __m512i high = _mm512_slli_epi32(_mm512_madd_epi16(pairs, f->high), ZK_ADD_LOW_BITS);
    const __m512i low = _mm512_add_epi32(_mm512_madd_epi16(pairs, f->low), f->constant);
    const __m512i value = _mm512_add_epi32(high, low);
    const __m512i fraction = _mm512_sll_epi32(_mm512_add_epi32(value, f->margin), f->left);
    *undecided |= _mm512_cmplt_epu32_mask(fraction, f->twice_margin);
    return _mm512_sra_epi32(value, f->bits);
}

/* Interleaving leaves elements where packing takes them from. */
static inline void chunk(const numbers *f, const int8_t *a, const int8_t *b, int8_t *out)
{
    __mmask16 undecided = 0xFFFF;
    if (f->linear) {
        const __m512i zero = _mm512_setzero_si512();
        const __m512i x = _mm512_loadu_si512(a), y = _mm512_loadu_si512(b);
        // signed bytes to 16 bits: into the high byte, then down
        const __m512i x0 = _mm512_srai_epi16(_mm512_unpacklo_epi8(zero, x), 8);
        const __m512i x1 = _mm512_srai_epi16(_mm512_unpackhi_epi8(zero, x), 8);
        const __m512i y0 = _mm512_srai_epi16(_mm512_unpacklo_epi8(zero, y), 8);
        const __m512i y1 = _mm512_srai_epi16(_mm512_unpackhi_epi8(zero, y), 8);
        undecided = 0;
        const __m512i v0 = linear(f, _mm512_unpacklo_epi16(x0, y0), &undecided);
        const __m512i v1 = linear(f, _mm512_unpackhi_epi16(x0, y0), &undecided);
        const __m512i v2 = linear(f, _mm512_unpacklo_epi16(x1, y1), &undecided);
        const __m512i v3 = linear(f, _mm512_unpackhi_epi16(x1, y1), &undecided);
        __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(v0, v1), _mm512_packs_epi32(v2, v3));
        bytes = _mm512_min_epi8(_mm512_max_epi8(bytes, f->lo), f->hi);
        if (!undecided)
            _mm512_storeu_si512(out, bytes);
    }
    if (undecided)
        exact_chunk(f, a, b, out);
}

#include "kernels/x86/binary_x86.h"

static void set_linear(const zk_binary_s8 *p, numbers *f)
{
    zk_add_linear l;
    f->linear = zk_add_linear_make(p, &l);
    if (!f->linear)
        return;
    f->high = _mm512_set1_epi32(l.high);
    f->low = _mm512_set1_epi32(l.low);
    f->constant = _mm512_set1_epi32(l.constant);
    f->margin = _mm512_set1_epi32((int32_t)l.margin);
    f->twice_margin = _mm512_set1_epi32((int32_t)(2 * l.margin << (32 - l.bits)));
    f->bits = _mm_cvtsi32_si128(l.bits);
    f->left = _mm_cvtsi32_si128(32 - l.bits);
}

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
    set_linear(p, &f);
    run_chunks(&f, a, a_step, b, b_step, out, n);
}
