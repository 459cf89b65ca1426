/* SPDX-License-Identifier: Apache-2.0 */
/* By add_s8_x86.h; terms are computed where that leaves an element undecided. Where gathering is
 * slow, a table of them is slower. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/add_s8_x86.h"
#include "kernels/x86/requant_avx2.h"

#define LANES 8

/* ---- the short way ---- */

typedef struct numbers {
    zk_factor_avx2 a, b, out;
    __m256i a_zero, b_zero; /* shifted as the operands */
    __m256i b_sign;
    __m256i lo, hi;
    bool linear; /* add_s8_x86.h */
    __m256i high, low, constant, margin, twice_margin;
    __m128i bits, left;
} numbers;

/* Sums of terms stay below 2^29, as an operand's factor is below 1. */
static inline __m256i combine(const numbers *f, __m256i a, __m256i b)
{
    const __m256i x = _mm256_sub_epi32(_mm256_slli_epi32(a, ZI_ADD_LEFT_SHIFT + 1), f->a_zero);
    const __m256i y = _mm256_sub_epi32(_mm256_slli_epi32(b, ZI_ADD_LEFT_SHIFT + 1), f->b_zero);
    const __m256i term = _mm256_sign_epi32(zk_factor_avx2_run(&f->b, y), f->b_sign);
    const __m256i sum = _mm256_add_epi32(zk_factor_avx2_run(&f->a, x), term);
    return zk_factor_avx2_run(&f->out, _mm256_slli_epi32(sum, 1));
}

#include "kernels/x86/binary_avx2.h"

/* Pairs of a quarter of a chunk become values with their fraction; in *undecided those that are
 * get all bits. */
static inline __m256i linear(const numbers *f, __m256i pairs, __m256i *undecided)
{
    const __m256i high = _mm256_slli_epi32(_mm256_madd_epi16(pairs, f->high), ZK_ADD_LOW_BITS);
    const __m256i low = _mm256_add_epi32(_mm256_madd_epi16(pairs, f->low), f->constant);
    const __m256i value = _mm256_add_epi32(high, low);
    const __m256i fraction = _mm256_sll_epi32(_mm256_add_epi32(value, f->margin), f->left);
    const __m256i near = _mm256_cmpeq_epi32(_mm256_min_epu32(fraction, f->twice_margin), fraction);
    *undecided = _mm256_or_si256(*undecided, near);
    return _mm256_sra_epi32(value, f->bits);
}

/* Interleaving leaves elements where packing takes them from. */
static inline void chunk(const numbers *f, const int8_t *a, const int8_t *b, int8_t *out)
{
    __m256i undecided = _mm256_set1_epi32(-1);
    if (f->linear) {
        const __m256i zero = _mm256_setzero_si256();
        const __m256i x = _mm256_loadu_si256((const __m256i *)a);
        const __m256i y = _mm256_loadu_si256((const __m256i *)b);
        // signed bytes to 16 bits: into the high byte, then down
        const __m256i x0 = _mm256_srai_epi16(_mm256_unpacklo_epi8(zero, x), 8);
        const __m256i x1 = _mm256_srai_epi16(_mm256_unpackhi_epi8(zero, x), 8);
        const __m256i y0 = _mm256_srai_epi16(_mm256_unpacklo_epi8(zero, y), 8);
        const __m256i y1 = _mm256_srai_epi16(_mm256_unpackhi_epi8(zero, y), 8);
        undecided = zero;
        const __m256i v0 = linear(f, _mm256_unpacklo_epi16(x0, y0), &undecided);
        const __m256i v1 = linear(f, _mm256_unpackhi_epi16(x0, y0), &undecided);
        const __m256i v2 = linear(f, _mm256_unpacklo_epi16(x1, y1), &undecided);
        const __m256i v3 = linear(f, _mm256_unpackhi_epi16(x1, y1), &undecided);
        __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(v0, v1), _mm256_packs_epi32(v2, v3));
        bytes = _mm256_min_epi8(_mm256_max_epi8(bytes, f->lo), f->hi);
        if (_mm256_testz_si256(undecided, undecided))
            _mm256_storeu_si256((__m256i *)out, bytes);
    }
    if (!_mm256_testz_si256(undecided, undecided))
        exact_chunk(f, a, b, out);
}

#include "kernels/x86/binary_x86.h"

static void set_linear(const zk_binary_s8 *p, numbers *f)
{
    zk_add_linear l;
    f->linear = zk_add_linear_make(p, &l);
    if (!f->linear)
        return;
    f->high = _mm256_set1_epi32(l.high);
    f->low = _mm256_set1_epi32(l.low);
    f->constant = _mm256_set1_epi32(l.constant);
    f->margin = _mm256_set1_epi32((int32_t)l.margin);
    f->twice_margin = _mm256_set1_epi32((int32_t)(2 * l.margin << (32 - l.bits)));
    f->bits = _mm_cvtsi32_si128(l.bits);
    f->left = _mm_cvtsi32_si128(32 - l.bits);
}

static bool numbers_of(const zk_binary_s8 *p, numbers *f)
{
    f->a_zero = _mm256_set1_epi32(p->a_zero * (1 << (ZI_ADD_LEFT_SHIFT + 1)));
    f->b_zero = _mm256_set1_epi32(p->b_zero * (1 << (ZI_ADD_LEFT_SHIFT + 1)));
    f->b_sign = _mm256_set1_epi32(p->b_sign);
    f->lo = _mm256_set1_epi8((char)p->lo);
    f->hi = _mm256_set1_epi8((char)p->hi);
    return zk_factor_avx2_make(p->a, 0, &f->a) && zk_factor_avx2_make(p->b, 0, &f->b) &&
           zk_factor_avx2_make(p->out, p->out_zero, &f->out);
}

/* ---- any numbers, eight elements at a time ---- */

static zk_requant_avx2 rescaling(zi_multiplier m)
{
    return zk_requant_avx2_make(_mm256_set1_epi32(m.multiplier), _mm256_set1_epi32(m.shift));
}

/* zi_add_term() of eight values. */
static __m256i terms(const zk_requant_avx2 *scale, const int8_t *x, __m256i zero)
{
    const __m256i q = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)x));
    return zk_requant_avx2_run(scale,
                               _mm256_slli_epi32(_mm256_sub_epi32(q, zero), ZI_ADD_LEFT_SHIFT));
}

void zk_add_s8_avx2(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                    size_t b_step, int8_t *out, size_t n)
{
    numbers f;
    if (numbers_of(p, &f)) {
        set_linear(p, &f);
        run_chunks(&f, a, a_step, b, b_step, out, n);
        return;
    }
    size_t i = 0;
    if (n >= LANES) {
        const zk_requant_avx2 a_scale = rescaling(p->a), b_scale = rescaling(p->b);
        const zk_requant_avx2 scale = rescaling(p->out);
        const __m256i a_zero = _mm256_set1_epi32(p->a_zero), b_zero = _mm256_set1_epi32(p->b_zero);
        const __m256i b_sign = _mm256_set1_epi32(p->b_sign);
        __m256i x = _mm256_set1_epi32(p->a_term[*a + 128]); // of one value against all
        __m256i y = _mm256_set1_epi32(p->b_term[*b + 128]);
        for (; i + LANES <= n; i += LANES) {
            x = a_step ? terms(&a_scale, a + i, a_zero) : x;
            y = b_step ? _mm256_sign_epi32(terms(&b_scale, b + i, b_zero), b_sign) : y;
            const __m256i r = zk_requant_avx2_run(&scale, _mm256_add_epi32(x, y));
            const __m256i q = zk_offset_clamp_avx2(r, p->out_zero, p->lo, p->hi);
            _mm_storel_epi64((__m128i *)(out + i), zk_narrow_avx2(q));
        }
    }
    zk_add_s8_ref(p, a + i * a_step, a_step, b + i * b_step, b_step, out + i, n - i);
}
