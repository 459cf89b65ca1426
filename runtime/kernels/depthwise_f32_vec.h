/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Depthwise convolution on vectors, written once. Who includes it has included an ISA's vec_f32_*.h
 * before.
 *
 * Sums of WIDE channels stay in registers over all taps of a pixel. Product and sum are rounded
 * apart, as in the reference: no fused multiply-add.
 */
#ifndef ZK_DEPTHWISE_F32_VEC_H
#define ZK_DEPTHWISE_F32_VEC_H

#include "kernels/kernels.h"
#include "kernels/patch.h"

enum { REGS = 4, WIDE = LANES * REGS };

/* What a pixel reads: its taps inside the input, the first input pixel and the first weights. */
typedef struct pixel {
    int32_t n_y, n_x;
    int64_t x_step_y, x_step_x, w_step_y; /* elements from tap to tap */
    int32_t w_step_x;
    const float *x;
    const float *w;
} pixel;

static void wide(const zk_depthwise_f32_args *a, const pixel *p, int32_t c, float *out)
{
    vec acc[REGS];
    for (int i = 0; i < REGS; i++)
        acc[i] = vec_load(a->bias + c + i * LANES);
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const float *x = p->x + ky * p->x_step_y + c;
        const float *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += p->w_step_x) {
            for (int i = 0; i < REGS; i++) {
                const vec v = vec_load(x + i * LANES);
                const vec k = vec_load(w + i * LANES);
                acc[i] = vec_add(acc[i], vec_mul(v, k));
            }
        }
    }
    const vec lo = vec_all(a->lo), hi = vec_all(a->hi);
    for (int i = 0; i < REGS; i++)
        vec_store(out + c + i * LANES, vec_clamp(acc[i], lo, hi));
}

static void narrow(const zk_depthwise_f32_args *a, const pixel *p, int32_t c, float *out)
{
    vec acc = vec_load(a->bias + c);
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const float *x = p->x + ky * p->x_step_y + c;
        const float *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += p->w_step_x)
            acc = vec_add(acc, vec_mul(vec_load(x), vec_load(w)));
    }
    vec_store(out + c, vec_clamp(acc, vec_all(a->lo), vec_all(a->hi)));
}

static void single(const zk_depthwise_f32_args *a, const pixel *p, int32_t c, float *out)
{
    float acc = a->bias[c];
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const float *x = p->x + ky * p->x_step_y + c;
        const float *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += p->w_step_x)
            acc += *x * *w;
    }
    out[c] = acc < a->lo ? a->lo : acc > a->hi ? a->hi : acc;
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
        for (; c + LANES <= n; c += LANES)
            narrow(a, &p, c, out);
        for (; c < n; c++)
            single(a, &p, c, out);
    }
}

static void depthwise(const zk_depthwise_f32_args *a)
{
    const int64_t width = (int64_t)a->shape->out_w * a->shape->out_c;
    for (int64_t i = a->row_begin; i < a->row_end; i++)
        row(a, i, a->out + i * width);
}

#endif
