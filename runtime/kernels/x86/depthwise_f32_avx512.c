/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of WIDE channels stay in registers over all taps of a pixel. Product and sum are rounded
 * apart, as in the reference: no fused multiply-add.
 */
#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/patch.h"

#define LANES 16
#define REGS  4
#define WIDE  (LANES * REGS)

/* What a pixel reads: its taps inside the input, the first input pixel and the first weights. */
typedef struct pixel {
    int32_t n_y, n_x;
    int64_t x_step_y, x_step_x, w_step_y; /* elements from tap to tap */
    int32_t w_step_x;
    const float *x;
    const float *w;
} pixel;

static __m512 clamp(__m512 v, __m512 lo, __m512 hi)
{
    return _mm512_min_ps(hi, _mm512_max_ps(lo, v)); // in this order NaN passes
}

static void wide(const zk_depthwise_f32_args *a, const pixel *p, int32_t c, float *out)
{
    __m512 acc[REGS];
    for (int i = 0; i < REGS; i++)
        acc[i] = _mm512_loadu_ps(a->bias + c + i * LANES);
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const float *x = p->x + ky * p->x_step_y + c;
        const float *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += p->w_step_x) {
            for (int i = 0; i < REGS; i++) {
                const __m512 v = _mm512_loadu_ps(x + i * LANES);
                const __m512 k = _mm512_loadu_ps(w + i * LANES);
                acc[i] = _mm512_add_ps(acc[i], _mm512_mul_ps(v, k));
            }
        }
    }
    const __m512 lo = _mm512_set1_ps(a->lo), hi = _mm512_set1_ps(a->hi);
    for (int i = 0; i < REGS; i++)
        _mm512_storeu_ps(out + c + i * LANES, clamp(acc[i], lo, hi));
}

/* The last n channels of a pixel, at most LANES of them. */
static void narrow(const zk_depthwise_f32_args *a, const pixel *p, int32_t c, int32_t n, float *out)
{
    const __mmask16 m = (__mmask16)((1u << n) - 1);
    __m512 acc = _mm512_maskz_loadu_ps(m, a->bias + c);
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const float *x = p->x + ky * p->x_step_y + c;
        const float *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += p->w_step_x) {
            const __m512 v = _mm512_maskz_loadu_ps(m, x), k = _mm512_maskz_loadu_ps(m, w);
            acc = _mm512_add_ps(acc, _mm512_mul_ps(v, k));
        }
    }
    acc = clamp(acc, _mm512_set1_ps(a->lo), _mm512_set1_ps(a->hi));
    _mm512_mask_storeu_ps(out + c, m, acc);
}

static void row(const zk_depthwise_f32_args *a, int64_t index, float *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c;
    const float *image = a->x + index / s->out_h * s->in_h * s->in_w * n;
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
            .w_step_x = n,
            .x = any ? image + (ty.first * s->in_w + tx.first) * n : image,
            .w = any ? a->w + ((int64_t)ty.begin * s->kernel_w + tx.begin) * n : a->w,
        };
        int32_t c = 0;
        for (; c + WIDE <= n; c += WIDE)
            wide(a, &p, c, out);
        for (; c < n; c += LANES)
            narrow(a, &p, c, n - c < LANES ? n - c : LANES, out);
    }
}

void zk_depthwise_f32_avx512(const zk_depthwise_f32_args *a)
{
    const int64_t width = (int64_t)a->shape->out_w * a->shape->out_c;
    for (int64_t i = a->row_begin; i < a->row_end; i++)
        row(a, i, a->out + i * width);
}
