/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight channels at a time. A 3x3 window goes along a row with its weights and the columns that the
 * next pixel needs again in registers; its edges, and windows too large for anything else, take tap
 * after tap. Other windows, and fewer channels: depthwise_s8_neon_window.c.
 */
#include <arm_neon.h>
#include <stddef.h>

#include "kernels/kernels.h"
#include "kernels/neon/depthwise_s8_neon.h"
#include "kernels/neon/depthwise_s8_neon_window.h"
#include "kernels/neon/requant_neon.h"
#include "kernels/patch.h"

enum { LANES = ZK_NEON_LANES };

/* Pixels that a strip reads: the eight blocks of channels that share their cache lines come one
 * after the other, and half of the first-level cache holds so many lines. A multiple of 18: whole
 * turns of three windows. */
enum { STRIP_PIXELS = 252 };

_Static_assert(offsetof(zk_neon_block8, bias) == 144 &&
                   offsetof(zk_neon_block8, multiplier) == 176 &&
                   offsetof(zk_neon_block8, right) == 208 &&
                   offsetof(zk_neon_block8, left) == 240 &&
                   offsetof(zk_neon_block8, out_zero_point) == 272 &&
                   offsetof(zk_neon_block8, lo) == 288 && offsetof(zk_neon_block8, hi) == 296 &&
                   offsetof(zk_neon_block8, x_zero_point) == 304,
               "as the assembly reads it");
_Static_assert(offsetof(zk_neon_windows, out) == 24 && offsetof(zk_neon_windows, n) == 40 &&
                   offsetof(zk_neon_windows, flags) == 48 &&
                   offsetof(zk_neon_windows, rows) == 56 &&
                   offsetof(zk_neon_windows, x_pitch) == 64,
               "as the assembly reads it");

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

/* Returns the flag of the shifts. */
static int64_t fill_block(const zk_depthwise_s8_args *a, int32_t c, zk_neon_block8 *out)
{
    int64_t flags = a->lo >= a->out_zero_point ? ZK_NEON_NO_TIES : 0;
    for (int32_t i = 0; i < LANES; i++) {
        const int32_t shift = a->shift[c + i];
        out->bias[i] = a->bias[c + i];
        out->multiplier[i] = a->multiplier[c + i];
        out->right[i] = shift > 0 ? 0 : shift;
        out->left[i] = shift > 0 ? shift : 0;
        out->out_zero_point[i] = (int16_t)a->out_zero_point;
        out->lo[i] = (int8_t)a->lo;
        out->hi[i] = (int8_t)a->hi;
        out->x_zero_point[i] = (int8_t)a->x_zero_point;
        flags |= shift >= 0 ? ZK_NEON_LEFT_SHIFTS : 0;
    }
    return flags;
}

static void fill_weights(const zk_depthwise_s8_args *a, zk_taps ty, int32_t c, zk_neon_block8 *out)
{
    for (int32_t i = 0; i < 9; i++) {
        const bool inside = i / 3 >= ty.begin && i / 3 < ty.end;
        vst1q_s16(out->w[i], inside ? vld1q_s16(a->w + i * a->shape->out_c + c) : vdupq_n_s16(0));
    }
}

static zk_taps taps_of_row(const zk_conv_shape *s, int64_t row)
{
    return zk_taps_at((int32_t)(row % s->out_h), s->kernel_h, s->stride_h, s->dilation_h,
                      s->pad_top, s->in_h);
}

static const int8_t *image_of_row(const zk_depthwise_s8_args *a, int64_t row)
{
    const zk_conv_shape *s = a->shape;
    return a->x + row / s->out_h * s->in_h * s->in_w * s->in_c;
}

/* Rows of one image from `row` on, whose taps are `ty`, that have all taps inside; else 1. */
static int64_t alike(const zk_conv_shape *s, int64_t row, int64_t end, zk_taps ty)
{
    int64_t n = 1;
    while (row + n < end && (row + n) % s->out_h && ty.end - ty.begin == 3) {
        ty = taps_of_row(s, row + n);
        n += ty.end - ty.begin == 3;
    }
    return n;
}

/* Some rows, and pixels of each; eight channels from c on. */
typedef struct strip {
    int64_t row, row_end;
    int32_t ox, ox_end;
    int32_t c;
} strip;

static void run_strip(const zk_depthwise_s8_args *a, const strip *t)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->out_c, ix = (int64_t)t->ox * s->stride_w - s->pad_left;
    const bool right_outside = (int64_t)(t->ox_end - 1) * s->stride_w - s->pad_left + 2 >= s->in_w;
    zk_neon_block8 block;
    zk_taps filled = {0, 0, 0};
    zk_neon_windows w = {
        .step = n,
        .n = t->ox_end - t->ox - right_outside,
        .x_pitch = (int64_t)s->stride_h * s->in_w * n,
        .out_pitch = (int64_t)s->out_w * n,
        .flags = (ix < 0 ? ZK_NEON_LEFT_OUTSIDE : 0) | (right_outside ? ZK_NEON_RIGHT_OUTSIDE : 0) |
                 (s->stride_w == 2 ? ZK_NEON_STRIDE2 : 0),
    };
    w.flags |= fill_block(a, t->c, &block);
    for (int64_t row = t->row; row < t->row_end; row += w.rows) {
        const zk_taps ty = taps_of_row(s, row);
        const int8_t *image = image_of_row(a, row);
        if (ty.begin != filled.begin || ty.end != filled.end)
            fill_weights(a, ty, t->c, &block);
        filled = ty;
        for (int32_t ky = 0; ky < 3; ky++) { // a row outside: another, its weights are 0
            const bool inside = ky >= ty.begin && ky < ty.end;
            const int64_t iy = ty.first + (inside ? ky - ty.begin : 0);
            w.x[ky] = image + (iy * s->in_w + (ix < 0 ? 0 : ix)) * n + t->c;
        }
        w.rows = alike(s, row, t->row_end, ty);
        w.out = a->out + (row * s->out_w + t->ox) * n + t->c;
        zk_neon_rows_run(&block, &w);
    }
}

/* The pixels of a row whose windows have their middle column inside. */
typedef struct span {
    int32_t begin, end;
} span;

static span inner_span(const zk_conv_shape *s)
{
    span in = {0, 0};
    const bool fits = s->kernel_h == 3 && s->kernel_w == 3 && s->dilation_h == 1 &&
                      s->dilation_w == 1 && s->stride_w <= 2 && s->in_w >= 2 && s->out_c >= LANES;
    if (!fits)
        return in;
    const int64_t begin = s->pad_left < 1 ? 0 : (s->pad_left - 1 + s->stride_w - 1) / s->stride_w;
    const int64_t end = ((int64_t)s->in_w - 2 + s->pad_left) / s->stride_w + 1;
    in.end = end < s->out_w ? (int32_t)end : s->out_w;
    in.begin = begin < in.end ? (int32_t)begin : in.end;
    return in;
}

static void inner_rows(const zk_depthwise_s8_args *a, span in)
{
    const zk_conv_shape *s = a->shape;
    const int32_t width = in.end - in.begin, most = STRIP_PIXELS / 3 / s->stride_w;
    const int32_t run = width < most ? width : most;
    int64_t rows = STRIP_PIXELS / ((int64_t)(run + 2) * s->stride_w) - 2;
    rows = rows / s->stride_h < 1 ? 1 : rows / s->stride_h;
    for (int64_t row = a->row_begin; row < a->row_end; row += rows) {
        const int64_t end = row + rows < a->row_end ? row + rows : a->row_end;
        for (int32_t ox = in.begin; ox < in.end; ox += run) {
            const int32_t ox_end = in.end - ox < run ? in.end : ox + run;
            for (int32_t c = 0; c < s->out_c; c += LANES) {
                const strip t = {row, end, ox, ox_end, block_at(c, s->out_c)};
                run_strip(a, &t);
            }
        }
    }
}

void zk_depthwise_s8_neon(const zk_depthwise_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    span in = inner_span(s);
    if (in.begin == in.end && zk_neon_depthwise_windows(a))
        return;
    if (s->out_c < LANES) {
        zk_depthwise_s8_ref(a);
        return;
    }
    for (int64_t row = a->row_begin; row < a->row_end; row++) {
        const zk_taps ty = taps_of_row(s, row);
        if (ty.begin == ty.end)
            in.end = in.begin; // windows above or below the input
    }
    if (in.begin < in.end)
        inner_rows(a, in);
    for (int64_t row = a->row_begin; row < a->row_end; row++) {
        const int8_t *image = image_of_row(a, row);
        int8_t *out = a->out + row * s->out_w * s->out_c;
        any_pixels(a, image, taps_of_row(s, row), 0, in.begin, out);
        any_pixels(a, image, taps_of_row(s, row), in.end, s->out_w, out);
    }
}
