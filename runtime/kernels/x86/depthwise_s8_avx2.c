/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen channels at a time: 16-bit products, their halves joined to 32-bit sums. */
#include <immintrin.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "kernels/x86/requant_avx2.h"
#include "quant/requant.h"

#define LANES 16

/* What a pixel reads: its taps inside the input, the first input pixel and the first weights. */
typedef struct pixel {
    int32_t n_y, n_x;
    int64_t x_step_y, x_step_x, w_step_y; /* elements from tap to tap */
    const int8_t *x;
    const int16_t *w;
} pixel;

static __m256i load32(const int32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* Requantised sums of eight channels; acc without its bias. */
static __m128i finish(const zk_depthwise_s8_args *a, int32_t c, __m256i acc)
{
    const zk_requant_avx2 scale =
        zk_requant_avx2_make(load32(a->multiplier + c), load32(a->shift + c));
    acc = _mm256_add_epi32(acc, load32(a->bias + c));
    return zk_narrow_avx2(
        zk_offset_clamp_avx2(zk_requant_avx2_run(&scale, acc), a->out_zero_point, a->lo, a->hi));
}

static void block(const zk_depthwise_s8_args *a, const pixel *p, int32_t c, int8_t *out)
{
    const __m256i zero = _mm256_set1_epi16((int16_t)a->x_zero_point);
    __m256i outer = _mm256_setzero_si256(); // channels 0-3 and 8-11
    __m256i inner = _mm256_setzero_si256(); // channels 4-7 and 12-15
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const int8_t *x = p->x + ky * p->x_step_y + c;
        const int16_t *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += a->shape->out_c) {
            const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)x));
            const __m256i v = _mm256_sub_epi16(wide, zero);
            const __m256i k = _mm256_loadu_si256((const __m256i *)w);
            const __m256i low = _mm256_mullo_epi16(v, k), high = _mm256_mulhi_epi16(v, k);
            outer = _mm256_add_epi32(outer, _mm256_unpacklo_epi16(low, high));
            inner = _mm256_add_epi32(inner, _mm256_unpackhi_epi16(low, high));
        }
    }
    const __m128i q0 = finish(a, c, _mm256_permute2x128_si256(outer, inner, 0x20));
    const __m128i q1 = finish(a, c + 8, _mm256_permute2x128_si256(outer, inner, 0x31));
    _mm_storeu_si128((__m128i *)(out + c), _mm_unpacklo_epi64(q0, q1));
}

/* The channels that fill no block. */
static void single(const zk_depthwise_s8_args *a, const pixel *p, int32_t c, int8_t *out)
{
    int32_t acc = a->bias[c];
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const int8_t *x = p->x + ky * p->x_step_y + c;
        const int16_t *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += a->shape->out_c)
            acc += (*x - a->x_zero_point) * *w;
    }
    const int32_t q = zi_requant(acc, a->multiplier[c], a->shift[c]);
    out[c] = (int8_t)zi_offset_clamp(q, a->out_zero_point, a->lo, a->hi);
}

static void row(const zk_depthwise_s8_args *a, int64_t index, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c;
    const int8_t *image = a->x + index / s->out_h * s->in_h * s->in_w * n;
    const zk_taps ty = zk_taps_at((int32_t)(index % s->out_h), s->kernel_h, s->stride_h,
                                  s->dilation_h, s->pad_top, s->in_h);
    for (int32_t ox = 0; ox < s->out_w; ox++, out += n) {
        const zk_taps tx =
            zk_taps_at(ox, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, s->in_w);
        const bool any = ty.begin < ty.end && tx.begin < tx.end;
        const pixel p = {
            .n_y = any ? ty.end - ty.begin : 0,
            .n_x = tx.end - tx.begin,
            .x_step_y = (int64_t)s->dilation_h * s->in_w * n,
            .x_step_x = (int64_t)s->dilation_w * n,
            .w_step_y = (int64_t)s->kernel_w * n,
            .x = any ? image + (ty.first * s->in_w + tx.first) * n : image,
            .w = any ? a->w + ((int64_t)ty.begin * s->kernel_w + tx.begin) * n : a->w,
        };
        int32_t c = 0;
        for (; c + LANES <= n; c += LANES)
            block(a, &p, c, out);
        for (; c < n; c++)
            single(a, &p, c, out);
    }
}

void zk_depthwise_s8_avx2(const zk_depthwise_s8_args *a)
{
    const int64_t width = (int64_t)a->shape->out_w * a->shape->out_c;
    for (int64_t i = a->row_begin; i < a->row_end; i++)
        row(a, i, a->out + i * width);
}
