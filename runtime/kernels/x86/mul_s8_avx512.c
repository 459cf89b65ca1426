/* SPDX-License-Identifier: Apache-2.0 */
/* Products take the short way of requantising. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/requant_avx512.h"

typedef struct numbers {
    zk_factor_avx512 out;
    __m512i a_zero, b_zero;
    __m512i lo, hi;
} numbers;

/* Differences have 16 bits, and zeros above them do no harm: one instruction multiplies. */
static inline __m512i combine(const numbers *f, __m512i a, __m512i b)
{
    const __m512i x = _mm512_sub_epi32(a, f->a_zero);
    const __m512i y = _mm512_sub_epi32(b, f->b_zero);
    const __m512i twice =
        _mm512_madd_epi16(_mm512_and_si512(_mm512_slli_epi32(x, 1), _mm512_set1_epi32(0xFFFF)), y);
    return zk_factor_avx512_run(&f->out, twice);
}

#include "kernels/x86/binary_avx512.h"

static inline void chunk(const numbers *f, const int8_t *a, const int8_t *b, int8_t *out)
{
    exact_chunk(f, a, b, out);
}

#include "kernels/x86/binary_x86.h"

void zk_mul_s8_avx512(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                      size_t b_step, int8_t *out, size_t n)
{
    numbers f;
    if (!zk_factor_avx512_make(p->out, p->out_zero, &f.out)) {
        zk_mul_s8_avx2(p, a, a_step, b, b_step, out, n);
        return;
    }
    f.a_zero = _mm512_set1_epi32(p->a_zero);
    f.b_zero = _mm512_set1_epi32(p->b_zero);
    f.lo = _mm512_set1_epi8((char)p->lo);
    f.hi = _mm512_set1_epi8((char)p->hi);
    run_chunks(&f, a, a_step, b, b_step, out, n);
}
