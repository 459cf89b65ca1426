/* SPDX-License-Identifier: Apache-2.0 */
/* Eight elements at a time. Terms are computed: where gathering is slow, a table is slower. */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/requant_avx2.h"

#define LANES 8

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
