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

/* Vectors of sums: of one pixel by itself; and of each of PIXELS that have all taps, with a cache
 * line of channels at least: the Cortex-A53 would not follow more, shorter streams. */
enum {
    REGS = 4,
    WIDE = LANES * REGS,
    PIXELS = LANES > 4 ? 4 : 2,
    PIXEL_REGS = LANES > 4 ? 2 : 4,
};

/* What a pixel reads: its taps inside the input, the first input pixel and the first weights. */
typedef struct pixel {
    int32_t n_y, n_x;
    int64_t x_step_y, x_step_x, w_step_y; /* elements from tap to tap */
    int32_t w_step_x;
    const float *x;
    const float *w;
    int64_t next; /* elements from its first input pixel to the next one's */
} pixel;

static inline __attribute__((always_inline)) void channels(const zk_depthwise_f32_args *a,
                                                           const pixel *p, int32_t c, float *out,
                                                           int pixels, int regs)
{
    const int64_t next = p->next, pitch = a->shape->out_c;
    vec acc[PIXELS][REGS];
#pragma GCC unroll 4
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < regs; j++)
            acc[i][j] = vec_load(a->bias + c + j * LANES);
    }
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const float *x = p->x + ky * p->x_step_y + c;
        const float *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += p->w_step_x) {
#pragma GCC unroll 4
            for (int j = 0; j < regs; j++) {
                const vec k = vec_load(w + j * LANES);
#pragma GCC unroll 4
                for (int i = 0; i < pixels; i++)
                    acc[i][j] = vec_add(acc[i][j], vec_mul(vec_load(x + i * next + j * LANES), k));
            }
        }
    }
    const vec lo = vec_all(a->lo), hi = vec_all(a->hi);
#pragma GCC unroll 4
    for (int i = 0; i < pixels; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < regs; j++)
            vec_store(out + i * pitch + c + j * LANES, vec_clamp(acc[i][j], lo, hi));
    }
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

/* All channels of one pixel. */
static void one_pixel(const zk_depthwise_f32_args *a, const pixel *p, float *out)
{
    const int32_t n = a->shape->out_c;
    int32_t c = 0;
    for (; c + WIDE <= n; c += WIDE)
        channels(a, p, c, out, 1, REGS);
    for (; c + LANES <= n; c += LANES)
        channels(a, p, c, out, 1, 1);
    for (; c < n; c++)
        single(a, p, c, out);
}

/* All channels of PIXELS pixels of a row, whose weights are read once. */
static void pixels(const zk_depthwise_f32_args *a, const pixel *p, float *out)
{
    const int32_t n = a->shape->out_c;
    int32_t c = 0;
    for (; c + PIXEL_REGS * LANES <= n; c += PIXEL_REGS * LANES)
        channels(a, p, c, out, PIXELS, PIXEL_REGS);
    for (; c + LANES <= n; c += LANES)
        channels(a, p, c, out, PIXELS, 1);
    pixel one = *p;
    for (int i = 0; i < PIXELS; i++, one.x += p->next, out += n) {
        for (int32_t rest = c; rest < n; rest++)
            single(a, &one, rest, out);
    }
}

static zk_taps taps_x(const zk_conv_shape *s, int32_t ox)
{
    return zk_taps_at(ox, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, s->in_w);
}

static bool all_taps(const zk_conv_shape *s, zk_taps x)
{
    return x.begin == 0 && x.end == s->kernel_w;
}

static void row(const zk_depthwise_f32_args *a, int64_t index, float *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c;
    const float *image = a->x + index / s->out_h * s->in_h * s->in_w * n;
    const zk_taps ty = zk_taps_at((int32_t)(index % s->out_h), s->kernel_h, s->stride_h,
                                  s->dilation_h, s->pad_top, s->in_h);
    for (int32_t ox = 0, done; ox < s->out_w; ox += done, out += (int64_t)done * n) {
        const zk_taps tx = taps_x(s, ox);
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
            .next = (int64_t)s->stride_w * n,
        };
        const bool several = any && ox + PIXELS <= s->out_w && all_taps(s, tx) &&
                             all_taps(s, taps_x(s, ox + PIXELS - 1));
        done = several ? PIXELS : 1;
        if (several)
            pixels(a, &p, out);
        else
            one_pixel(a, &p, out);
    }
}

static void depthwise(const zk_depthwise_f32_args *a)
{
    const int64_t width = (int64_t)a->shape->out_w * a->shape->out_c;
    for (int64_t i = a->row_begin; i < a->row_end; i++)
        row(a, i, a->out + i * width);
}

#endif
