/* SPDX-License-Identifier: Apache-2.0 */
/* Products take the short way of requantising where they can. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/requant_avx2.h"

#define LANES 8

typedef struct numbers {
    zk_factor_avx2 out;
    __m256i a_zero, b_zero;
    __m256i lo, hi;
} numbers;

/* Differences have 16 bits, and zeros above them do no harm: one instruction multiplies. */
static inline __m256i combine(const numbers *f, __m256i a, __m256i b)
{
    const __m256i x = _mm256_sub_epi32(a, f->a_zero);
    const __m256i y = _mm256_sub_epi32(b, f->b_zero);
    const __m256i twice =
        _mm256_madd_epi16(_mm256_and_si256(_mm256_slli_epi32(x, 1), _mm256_set1_epi32(0xFFFF)), y);
    return zk_factor_avx2_run(&f->out, twice);
}

#include "kernels/x86/binary_avx2.h"

static inline void chunk(const numbers *f, const int8_t *a, const int8_t *b, int8_t *out)
{
    exact_chunk(f, a, b, out);
}

#include "kernels/x86/binary_x86.h"

static bool numbers_of(const zk_binary_s8 *p, numbers *f)
{
    f->a_zero = _mm256_set1_epi32(p->a_zero);
    f->b_zero = _mm256_set1_epi32(p->b_zero);
    f->lo = _mm256_set1_epi8((char)p->lo);
    f->hi = _mm256_set1_epi8((char)p->hi);
    return zk_factor_avx2_make(p->out, p->out_zero, &f->out);
}

/* Eight values less their zero point. */
static __m256i load(const int8_t *x, __m256i zero)
{
    return _mm256_sub_epi32(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)x)), zero);
}

void zk_mul_s8_avx2(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                    size_t b_step, int8_t *out, size_t n)
{
    numbers f;
    if (numbers_of(p, &f)) {
        run_chunks(&f, a, a_step, b, b_step, out, n);
        return;
    }
    const zk_requant_avx2 scale =
        zk_requant_avx2_make(_mm256_set1_epi32(p->out.multiplier), _mm256_set1_epi32(p->out.shift));
    const __m256i a_zero = _mm256_set1_epi32(p->a_zero), b_zero = _mm256_set1_epi32(p->b_zero);
    size_t i = 0;
    if (n >= LANES) {
        __m256i x = _mm256_set1_epi32(*a - p->a_zero); // one value against all
        __m256i y = _mm256_set1_epi32(*b - p->b_zero);
        for (; i + LANES <= n; i += LANES) {
            x = a_step ? load(a + i, a_zero) : x;
            y = b_step ? load(b + i, b_zero) : y;
            const __m256i r = zk_requant_avx2_run(&scale, _mm256_mullo_epi32(x, y));
            const __m256i q = zk_offset_clamp_avx2(r, p->out_zero, p->lo, p->hi);
            _mm_storel_epi64((__m128i *)(out + i), zk_narrow_avx2(q));
        }
    }
    zk_mul_s8_ref(p, a + i * a_step, a_step, b + i * b_step, b_step, out + i, n - i);
}
