/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight channels at a time. A 3x3 window goes along a row with its weights and the columns that the
 * next pixel needs again in registers; what touches the left or right edge, and other windows, take
 * tap after tap.
 */
#include <arm_neon.h>

#include "kernels/kernels.h"
#include "kernels/neon/requant_neon.h"
#include "kernels/patch.h"

enum { LANES = 8 };

/* Input bytes that a run of pixels reads, all channels: half of the first-level cache. */
enum { RUN_BYTES = 16 * 1024 };

typedef struct sums {
    int32x4_t low, high;
} sums;

static inline sums sums_zero(void)
{
    return (sums){vdupq_n_s32(0), vdupq_n_s32(0)};
}

static inline sums multiply_add(sums s, int16x8_t x, int16x8_t w)
{
    s.low = vmlal_s16(s.low, vget_low_s16(x), vget_low_s16(w));
    s.high = vmlal_high_s16(s.high, x, w);
    return s;
}

static zk_requant_neon requant_of(const zk_depthwise_s8_args *a, int32_t c)
{
    return zk_requant_neon_make(a->bias + c, a->multiplier + c, a->shift + c, a->out_zero_point,
                                a->lo, a->hi);
}

/* ---- any window ---- */

/* What a pixel reads: its taps inside the input, the first input pixel and the first weights. */
typedef struct window {
    int32_t n_y, n_x;
    int64_t x_step_y, x_step_x, w_step_y; /* elements from tap to tap */
    const int8_t *x;
    const int16_t *w;
} window;

static void pixel(const zk_depthwise_s8_args *a, const window *p, int32_t c, int8_t *out)
{
    const int8x8_t zero = vdup_n_s8((int8_t)a->x_zero_point);
    sums s = sums_zero();
    for (int32_t ky = 0; ky < p->n_y; ky++) {
        const int8_t *x = p->x + ky * p->x_step_y + c;
        const int16_t *w = p->w + ky * p->w_step_y + c;
        for (int32_t kx = 0; kx < p->n_x; kx++, x += p->x_step_x, w += a->shape->out_c)
            s = multiply_add(s, vsubl_s8(vld1_s8(x), zero), vld1q_s16(w));
    }
    const zk_requant_neon r = requant_of(a, c);
    vst1_s8(out + c, zk_requant_neon_run(&r, s.low, s.high));
}

/* Where the last block of channels begins that starts at c: it ends with the last channel. */
static int32_t block_at(int32_t c, int32_t n)
{
    return c + LANES <= n ? c : n - LANES;
}

/* Output pixels [begin, end) of a row of the image. */
static void any_pixels(const zk_depthwise_s8_args *a, const int8_t *image, zk_taps ty,
                       int32_t begin, int32_t end, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c;
    for (int32_t ox = begin; ox < end; ox++) {
        const zk_taps tx =
            zk_taps_at(ox, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, s->in_w);
        const bool any = ty.begin < ty.end && tx.begin < tx.end;
        const window p = {
            .n_y = any ? ty.end - ty.begin : 0,
            .n_x = tx.end - tx.begin,
            .x_step_y = (int64_t)s->dilation_h * s->in_w * n,
            .x_step_x = (int64_t)s->dilation_w * n,
            .w_step_y = (int64_t)s->kernel_w * n,
            .x = any ? image + (ty.first * s->in_w + tx.first) * n : image,
            .w = any ? a->w + ((int64_t)ty.begin * s->kernel_w + tx.begin) * n : a->w,
        };
        for (int32_t c = 0; c < n; c += LANES)
            pixel(a, &p, block_at(c, n), out + (int64_t)ox * n);
    }
}

/* ---- 3x3 ---- */

/* Three pixels of the input, one below the other, less their zero point. */
typedef struct column {
    int16x8_t v[3];
} column;

/* Where a window's columns come from, and the weights; those of rows outside are 0. */
typedef struct rows3 {
    const int8_t *x[3];
    int16x8_t w[9];
    int8x8_t zero;
} rows3;

static inline column load_column(const rows3 *r, int64_t offset)
{
    column c;
    for (int i = 0; i < 3; i++)
        c.v[i] = vsubl_s8(vld1_s8(r->x[i] + offset), r->zero);
    return c;
}

static inline sums window3(const rows3 *r, const column *a, const column *b, const column *c)
{
    sums s = {vmull_s16(vget_low_s16(a->v[0]), vget_low_s16(r->w[0])),
              vmull_high_s16(a->v[0], r->w[0])};
    s = multiply_add(s, b->v[0], r->w[1]);
    s = multiply_add(s, c->v[0], r->w[2]);
    for (int i = 1; i < 3; i++) {
        s = multiply_add(s, a->v[i], r->w[3 * i]);
        s = multiply_add(s, b->v[i], r->w[3 * i + 1]);
        s = multiply_add(s, c->v[i], r->w[3 * i + 2]);
    }
    return s;
}

/* n pixels with stride 1; x from column to column and out from pixel to pixel: `step`. Three at a
 * time: then each column is where the first one was. */
static void run_stride1(const rows3 *rows, const zk_requant_neon *q, int64_t n, int64_t step,
                        int8_t *out)
{
    const rows3 r = *rows;
    column a = load_column(&r, 0), b = load_column(&r, step);
    int64_t at = 2 * step;
    for (; n >= 3; n -= 3, at += 3 * step, out += 3 * step) {
        const column c = load_column(&r, at);
        const sums s0 = window3(&r, &a, &b, &c);
        a = load_column(&r, at + step);
        const sums s1 = window3(&r, &b, &c, &a);
        b = load_column(&r, at + 2 * step);
        const sums s2 = window3(&r, &c, &a, &b);
        vst1_s8(out, zk_requant_neon_run(q, s0.low, s0.high));
        vst1_s8(out + step, zk_requant_neon_run(q, s1.low, s1.high));
        vst1_s8(out + 2 * step, zk_requant_neon_run(q, s2.low, s2.high));
    }
    for (; n > 0; n--, at += step, out += step) {
        const column c = load_column(&r, at);
        const sums s = window3(&r, &a, &b, &c);
        vst1_s8(out, zk_requant_neon_run(q, s.low, s.high));
        a = b;
        b = c;
    }
}

static void run_stride2(const rows3 *rows, const zk_requant_neon *q, int64_t n, int64_t step,
                        int8_t *out)
{
    const rows3 r = *rows;
    column a = load_column(&r, 0);
    int64_t at = step;
    for (; n >= 2; n -= 2, at += 4 * step, out += 2 * step) {
        const column b = load_column(&r, at), c = load_column(&r, at + step);
        const sums s0 = window3(&r, &a, &b, &c);
        const column d = load_column(&r, at + 2 * step);
        a = load_column(&r, at + 3 * step);
        const sums s1 = window3(&r, &c, &d, &a);
        vst1_s8(out, zk_requant_neon_run(q, s0.low, s0.high));
        vst1_s8(out + step, zk_requant_neon_run(q, s1.low, s1.high));
    }
    if (n > 0) {
        const column b = load_column(&r, at), c = load_column(&r, at + step);
        const sums s = window3(&r, &a, &b, &c);
        vst1_s8(out, zk_requant_neon_run(q, s.low, s.high));
    }
}

/* Output pixels [begin, end) of a row, whose windows lie inside from left to right. */
static void inner_pixels(const zk_depthwise_s8_args *a, const int8_t *image, zk_taps ty,
                         int32_t begin, int32_t end, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c;
    int64_t run = RUN_BYTES / (3 * (int64_t)n * s->stride_w);
    run = run < 6 ? 6 : run / 6 * 6;
    for (int32_t ox = begin; ox < end; ox += (int32_t)run) {
        const int64_t pixels = end - ox < run ? end - ox : run;
        const int64_t ix = (int64_t)ox * s->stride_w - s->pad_left;
        for (int32_t first = 0; first < n; first += LANES) {
            const int32_t c = block_at(first, n);
            rows3 r = {.zero = vdup_n_s8((int8_t)a->x_zero_point)};
            for (int32_t ky = 0; ky < 3; ky++) {
                const bool inside = ky >= ty.begin && ky < ty.end;
                const int64_t iy = ty.first + (inside ? ky - ty.begin : 0);
                r.x[ky] = image + (iy * s->in_w + ix) * n + c;
                for (int32_t kx = 0; kx < 3; kx++)
                    r.w[3 * ky + kx] =
                        inside ? vld1q_s16(a->w + (3 * ky + kx) * n + c) : vdupq_n_s16(0);
            }
            const zk_requant_neon q = requant_of(a, c);
            int8_t *to = out + (int64_t)ox * n + c;
            if (s->stride_w == 1)
                run_stride1(&r, &q, pixels, n, to);
            else
                run_stride2(&r, &q, pixels, n, to);
        }
    }
}

static bool has_inner(const zk_conv_shape *s)
{
    return s->kernel_h == 3 && s->kernel_w == 3 && s->dilation_h == 1 && s->dilation_w == 1 &&
           s->stride_w <= 2;
}

static void row(const zk_depthwise_s8_args *a, int64_t index, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int8_t *image = a->x + index / s->out_h * s->in_h * s->in_w * s->in_c;
    const zk_taps ty = zk_taps_at((int32_t)(index % s->out_h), s->kernel_h, s->stride_h,
                                  s->dilation_h, s->pad_top, s->in_h);
    int32_t begin = 0, end = 0;
    if (has_inner(s) && ty.begin < ty.end && s->in_w >= 3) {
        begin = (s->pad_left + s->stride_w - 1) / s->stride_w;
        const int64_t last = ((int64_t)s->in_w - 3 + s->pad_left) / s->stride_w;
        end = last + 1 < s->out_w ? (int32_t)last + 1 : s->out_w;
        begin = begin < end ? begin : end;
    }
    any_pixels(a, image, ty, 0, begin, out);
    inner_pixels(a, image, ty, begin, end, out);
    any_pixels(a, image, ty, end, s->out_w, out);
}

void zk_depthwise_s8_neon(const zk_depthwise_s8_args *a)
{
    const int64_t width = (int64_t)a->shape->out_w * a->shape->out_c;
    if (a->shape->out_c < LANES) {
        zk_depthwise_s8_ref(a);
        return;
    }
    for (int64_t i = a->row_begin; i < a->row_end; i++)
        row(a, i, a->out + i * width);
}
