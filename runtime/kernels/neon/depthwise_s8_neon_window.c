/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of any window. The part of the input that some output pixels read is first
 * laid out on the stack, widened, less its zero point, with zeros outside the picture: so no window
 * has edges. A vector has eight channels of one pixel, or, of fewer channels than eight, as many
 * whole pixels as fit; four vectors are computed together, to load each weight once for them.
 */
#include "kernels/neon/depthwise_s8_neon_window.h"

#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

#include "kernels/patch.h"

enum { LANES = ZK_NEON_LANES, QUAD = 4, MAX_TAPS = 121 };

/* Values laid out, at most: a third of the first-level cache. Strips of more rows lay fewer of them
 * out twice. */
enum { LAYOUT = 6144 };

/* What a vector is. Narrow: `pixels` of all channels; else one pixel, some channels. */
typedef struct vectors {
    bool narrow;
    int32_t pixels, lanes; /* lanes that count */
    int32_t elems;         /* of one laid out pixel */
} vectors;

_Static_assert(offsetof(zk_neon_lanes8, multiplier) == 32 &&
                   offsetof(zk_neon_lanes8, right) == 64 && offsetof(zk_neon_lanes8, left) == 96 &&
                   offsetof(zk_neon_lanes8, out_zero_point) == 128 &&
                   offsetof(zk_neon_lanes8, lo) == 144 && offsetof(zk_neon_lanes8, hi) == 160 &&
                   offsetof(zk_neon_lanes8, leftwards) == 176,
               "as the assembly reads it");
_Static_assert(offsetof(zk_neon_line, w) == 16 && offsetof(zk_neon_line, taps) == 32 &&
                   offsetof(zk_neon_line, x_step) == 48 && offsetof(zk_neon_line, rows) == 64 &&
                   offsetof(zk_neon_line, columns) == 80,
               "as the assembly reads it");

/* Constants of a vector's lanes. */
typedef struct block {
    _Alignas(16) zk_neon_lanes8 lanes;
    _Alignas(16) int16_t w[MAX_TAPS + 2][LANES]; // two more are loaded than used
} block;

/* Output pixels of one image that are computed together, and where their input is laid out. Rows
 * of a layout are split by column modulo stride: neighbours of an output are neighbours there. */
typedef struct strip {
    int32_t oy, oy_end, ox, ox_end;
    int32_t phases, columns; /* of a row, `columns` in each phase */
    int32_t pitch;           /* elements of a row */
    int32_t step_y;          /* rows of the input between rows of the layout */
} strip;

static vectors vectors_of(const zk_conv_shape *s)
{
    const bool narrow = s->out_c < LANES;
    const int32_t pixels = narrow ? LANES / s->out_c : 1;
    return (vectors){narrow, pixels, narrow ? pixels * s->out_c : LANES, narrow ? s->out_c : LANES};
}

/* Where channels [c, c + LANES) of a block are; the last block ends with the last channel. */
static int32_t block_at(int32_t c, int32_t n)
{
    return c + LANES <= n ? c : n - LANES;
}

/* The numbers of lanes' channels: of eight neighbours they are read where they are. */
static const int32_t *of_lanes(const vectors *v, const int32_t *x, int32_t c, int32_t *aside)
{
    if (!v->narrow)
        return x + c;
    for (int32_t i = 0; i < LANES; i++)
        aside[i] = x[i % v->elems];
    return aside;
}

static void fill_lanes(const zk_depthwise_s8_args *a, const vectors *v, int32_t c,
                       zk_neon_lanes8 *out)
{
    int32_t aside[3][LANES];
    const int32_t *bias = of_lanes(v, a->bias, c, aside[0]);
    const int32_t *multiplier = of_lanes(v, a->multiplier, c, aside[1]);
    const int32_t *shift = of_lanes(v, a->shift, c, aside[2]);
    int32x4_t largest = vdupq_n_s32(INT32_MIN);
    for (int32_t i = 0; i < LANES; i += 4) {
        const int32x4_t s = vld1q_s32(shift + i);
        vst1q_s32(out->bias + i, vld1q_s32(bias + i));
        vst1q_s32(out->multiplier + i, vld1q_s32(multiplier + i));
        vst1q_s32(out->right + i, vminq_s32(s, vdupq_n_s32(0)));
        vst1q_s32(out->left + i, vmaxq_s32(s, vdupq_n_s32(0)));
        largest = vmaxq_s32(largest, s);
    }
    out->leftwards = vmaxvq_s32(largest) >= 0;
    vst1q_s16(out->out_zero_point, vdupq_n_s16((int16_t)a->out_zero_point));
    vst1q_s8(out->lo, vdupq_n_s8((int8_t)a->lo));
    vst1q_s8(out->hi, vdupq_n_s8((int8_t)a->hi));
}

static void fill_block(const zk_depthwise_s8_args *a, const vectors *v, int32_t c, block *out)
{
    const int32_t n = a->shape->out_c, taps = a->shape->kernel_h * a->shape->kernel_w;
    fill_lanes(a, v, c, &out->lanes);
    const int16_t *w = a->w + c;
    for (int32_t t = 0; t < taps; t++, w += n) {
        if (!v->narrow) {
            vst1q_s16(out->w[t], vld1q_s16(w));
            continue;
        }
        for (int32_t i = 0; i < LANES; i++)
            out->w[t][i] = w[i % n];
    }
}

/* ---- laying out ---- */

static void widen_narrow(const int8_t *x, int64_t n, int16_t zero, int16_t *out)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vst1q_s16(out + i, vsubq_s16(vmovl_s8(vld1_s8(x + i)), vdupq_n_s16(zero)));
    for (; i < n; i++)
        out[i] = (int16_t)(x[i] - zero);
}

/* n pixels that lie `step` elements apart, to neighbours. */
static void widen(const int8_t *x, int64_t step, int64_t n, const vectors *v, int32_t zero,
                  int16_t *out)
{
    if (v->narrow && step == v->elems) {
        widen_narrow(x, n * step, (int16_t)zero, out);
    } else if (v->narrow) {
        const int8x8_t z = vdup_n_s8((int8_t)zero);
        int64_t i = 0; // whole vectors inside the row: what is too much is overwritten
        for (; (n - 1 - i) * step >= LANES; i++, x += step, out += v->elems)
            vst1q_s16(out, vsubl_s8(vld1_s8(x), z));
        for (; i < n; i++, x += step)
            for (int32_t c = 0; c < v->elems; c++)
                *out++ = (int16_t)(x[c] - zero);
    } else {
        const int8x8_t z = vdup_n_s8((int8_t)zero);
        int64_t i = 0;
        for (; i + QUAD <= n; i += QUAD, x += QUAD * step, out += QUAD * LANES) {
            const int8x8_t p0 = vld1_s8(x), p1 = vld1_s8(x + step);
            const int8x8_t p2 = vld1_s8(x + 2 * step), p3 = vld1_s8(x + 3 * step);
            vst1q_s16(out, vsubl_s8(p0, z));
            vst1q_s16(out + LANES, vsubl_s8(p1, z));
            vst1q_s16(out + 2 * LANES, vsubl_s8(p2, z));
            vst1q_s16(out + 3 * LANES, vsubl_s8(p3, z));
        }
        for (; i < n; i++, x += step, out += LANES)
            vst1q_s16(out, vsubl_s8(vld1_s8(x), z));
    }
}

static void clear(int16_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = 0;
}

/* The columns of one phase, row by row; those before `begin` and from `end` on lie outside. */
static void lay_phase(const zk_depthwise_s8_args *a, const vectors *v, const strip *t,
                      const int8_t *image, int64_t first, int16_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t rows = (t->oy_end - t->oy - 1) * s->stride_h + s->kernel_h;
    int64_t begin = first >= 0 ? 0 : (-first + t->phases - 1) / t->phases;
    int64_t end = first >= s->in_w ? 0 : (s->in_w - 1 - first) / t->phases + 1;
    begin = begin < t->columns ? begin : t->columns;
    end = end < begin ? begin : end < t->columns ? end : t->columns;
    int64_t y = (int64_t)t->oy * s->stride_h - s->pad_top;
    const int64_t step = (int64_t)t->phases * s->in_c;
    image += (first + begin * t->phases) * s->in_c;
    for (int32_t r = 0; r < rows; r++, y += t->step_y, out += t->pitch) {
        if (y < 0 || y >= s->in_h)
            continue; // its taps are left out
        clear(out, begin * v->elems);
        widen(image + y * s->in_w * s->in_c, step, end - begin, v, a->x_zero_point,
              out + begin * v->elems);
        clear(out + end * v->elems, (t->columns - end) * v->elems);
    }
}

static void lay_out(const zk_depthwise_s8_args *a, const vectors *v, const strip *t,
                    const int8_t *image, int16_t *out)
{
    const int64_t first = (int64_t)t->ox * a->shape->stride_w - a->shape->pad_left;
    for (int32_t phase = 0; phase < t->phases; phase++)
        lay_phase(a, v, t, image, first + phase, out + phase * t->columns * v->elems);
}

/* ---- strips ---- */

/* The n vectors of a line, whose last one has `last` lanes. */
static void run_line(const zk_neon_lanes8 *lanes, zk_neon_line line, int64_t n, int64_t last)
{
    const bool whole = last == LANES && line.out_step >= LANES;
    line.quads = whole ? n / QUAD : (n - 1) / QUAD; // what follows a vector is overwritten
    if (line.quads)
        zk_neon_lines_run(lanes, &line);
    const int64_t done = line.quads * QUAD;
    if (done == n)
        return;
    const bool again = whole && n > QUAD; // the last four, some of them once more
    const int64_t from = again ? n - QUAD : done;
    int8_t aside[QUAD * LANES], *out = line.out + from * line.out_step;
    const int64_t step = line.out_step;
    line.x += from * line.x_step / (int64_t)sizeof(*line.x);
    line.out = again ? out : aside;
    line.out_step = again ? step : LANES;
    line.quads = 1;
    zk_neon_lines_run(lanes, &line);
    for (int64_t i = from; !again && i < n; i++, out += step)
        memcpy(out, aside + (i - from) * LANES, i + 1 < n ? (size_t)LANES : (size_t)last);
}

static int64_t columns_of(const zk_conv_shape *s)
{
    const bool neighbours = s->out_c >= LANES && s->dilation_w == 1 && s->stride_w == 1;
    return neighbours && (s->kernel_w == 3 || s->kernel_w == 5 || s->kernel_w == 7) ? s->kernel_w
                                                                                    : 0;
}

/* Where the taps of a window are, in bytes. */
static void place_taps(const zk_conv_shape *s, const vectors *v, const strip *t, int64_t *at)
{
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int32_t column = kx * s->dilation_w;
            const int32_t place = column % t->phases * t->columns + column / t->phases;
            *at++ = (ky * t->pitch + place * v->elems) * (int64_t)sizeof(int16_t);
        }
    }
    *at = 0;
}

static void run_strip(const zk_depthwise_s8_args *a, const vectors *v, const strip *t,
                      int64_t image)
{
    const zk_conv_shape *s = a->shape;
    _Alignas(16) int16_t layout[LAYOUT + QUAD * LANES];
    block b;
    int64_t at[MAX_TAPS + 1];
    const int64_t width = t->ox_end - t->ox, n = (width + v->pixels - 1) / v->pixels;
    zk_neon_line line = {
        .x_step = v->lanes * (int64_t)sizeof(*layout),
        .out_step = v->narrow ? v->lanes : s->out_c,
        .row_bytes = t->pitch * (int64_t)sizeof(*layout),
        .columns = columns_of(s),
    };
    const int64_t last = v->narrow ? (width - (n - 1) * v->pixels) * s->out_c : LANES;
    place_taps(s, v, t, at);
    for (int32_t c = 0; c < s->out_c; c += LANES) {
        const int32_t first = v->narrow ? 0 : block_at(c, s->out_c);
        fill_block(a, v, first, &b);
        lay_out(a, v, t, a->x + image * s->in_h * s->in_w * s->in_c + first, layout);
        for (int32_t oy = t->oy; oy < t->oy_end; oy++) {
            const zk_taps ty =
                zk_taps_at(oy, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top, s->in_h);
            line.x = layout + (int64_t)(oy - t->oy) * s->stride_h * t->pitch;
            line.rows = ty.end - ty.begin;
            line.taps = line.rows * s->kernel_w;
            line.w = b.w[ty.begin * s->kernel_w];
            line.at = at + ty.begin * s->kernel_w;
            if (line.columns)
                line.x += ty.begin * t->pitch;
            line.out = a->out + ((image * s->out_h + oy) * s->out_w + t->ox) * s->out_c + first;
            run_line(&b.lanes, line, n, last);
        }
    }
}

/* The largest strip from (oy, ox) on that fits; false if not even four vectors do. */
static bool choose(const zk_conv_shape *s, const vectors *v, int32_t rows_left, strip *t)
{
    const int64_t reach = (int64_t)(s->kernel_w - 1) * s->dilation_w / s->stride_w + 1;
    if (s->kernel_h > MAX_TAPS || s->kernel_w > MAX_TAPS || s->kernel_h * s->kernel_w > MAX_TAPS)
        return false;
    t->phases = s->stride_w;
    const int64_t row = (LAYOUT / s->kernel_h - LANES) / ((int64_t)t->phases * v->elems);
    int64_t width = (row - reach) / (QUAD * v->pixels) * (QUAD * v->pixels);
    if (width < 1)
        return false;
    const int64_t padded =
        ((int64_t)s->out_w + QUAD * v->pixels - 1) / (QUAD * v->pixels) * (QUAD * v->pixels);
    width = width < padded ? width : padded;
    t->columns = (int32_t)(width + reach);
    t->pitch = t->phases * t->columns * v->elems + LANES; // vectors are laid out whole
    t->ox_end = t->ox + (int32_t)(width < s->out_w ? width : s->out_w);
    t->step_y = s->dilation_h;
    int64_t rows = (LAYOUT / t->pitch - s->kernel_h) / s->stride_h + 1;
    if (s->dilation_h > 1 || rows < 1)
        rows = 1;
    t->oy_end = t->oy + (int32_t)(rows < rows_left ? rows : rows_left);
    return true;
}

bool zk_neon_depthwise_windows(const zk_depthwise_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    const vectors v = vectors_of(s);
    for (int64_t row = a->row_begin; row < a->row_end;) {
        const int32_t oy = (int32_t)(row % s->out_h);
        const int64_t left = a->row_end - row, below = s->out_h - oy;
        strip t = {.oy = oy};
        if (!choose(s, &v, (int32_t)(left < below ? left : below), &t))
            return false;
        const int32_t width = t.ox_end - t.ox;
        for (; t.ox < s->out_w; t.ox += width) {
            t.ox_end = s->out_w - t.ox < width ? s->out_w : t.ox + width;
            run_strip(a, &v, &t, row / s->out_h);
        }
        row += t.oy_end - t.oy;
    }
    return true;
}
