/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maximum pooling of s8, sixteen channels or eight at a time. Small windows are read as they are;
 * of larger ones the columns' maxima are kept on the stack, since neighbours share them.
 */
#include <arm_neon.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/window.h"

enum { WIDE = 16, NARROW = 8, SMALL = 3, COLUMNS = 256 };

/* Rows of the window of an output row, at the image's left edge. */
typedef struct rows {
    const int8_t *x;
    int64_t step; /* bytes from row to row */
    int32_t n;
} rows;

static rows rows_of(const zk_maxpool_s8_args *a, int64_t row)
{
    const zk_pool_shape *s = a->shape;
    const zk_window wy = zk_window_y(s, (int32_t)(row % s->out_h));
    const int64_t line = (int64_t)s->in_w * s->channels;
    const int64_t iy = row / s->out_h * s->in_h + wy.first + (int64_t)wy.begin * s->dilation_h;
    const int32_t n = wy.end - wy.begin;
    return (rows){n ? a->x + iy * line : a->x, s->dilation_h * line, n};
}

/* Where the block of channels begins that starts at c: the last one ends with the last channel. */
static int32_t block_at(int32_t c, int32_t lanes, int32_t n)
{
    return c + lanes <= n ? c : n - lanes;
}

/* ---- windows as they are ---- */

/* n_y by n_x values, from x on; both >= 1. Each row by itself, so that few wait for each other.
 * Inlined with constants for whole windows. */
static inline int8x16_t most16(const int8_t *x, int64_t step_y, int64_t step_x, int32_t n_y,
                               int32_t n_x)
{
    int8x16_t most = vdupq_n_s8(INT8_MIN);
    for (int32_t ky = 0; ky < n_y; ky++, x += step_y) {
        int8x16_t row = vld1q_s8(x);
        for (int32_t kx = 1; kx < n_x; kx++)
            row = vmaxq_s8(row, vld1q_s8(x + kx * step_x));
        most = ky ? vmaxq_s8(most, row) : row;
    }
    return most;
}

static inline int8x8_t most8(const int8_t *x, int64_t step_y, int64_t step_x, int32_t n_y,
                             int32_t n_x)
{
    int8x8_t most = vdup_n_s8(INT8_MIN);
    for (int32_t ky = 0; ky < n_y; ky++, x += step_y) {
        int8x8_t row = vld1_s8(x);
        for (int32_t kx = 1; kx < n_x; kx++)
            row = vmax_s8(row, vld1_s8(x + kx * step_x));
        most = ky ? vmax_s8(most, row) : row;
    }
    return most;
}

/* One output pixel. */
static inline void pixel(const int8_t *x, int64_t step_y, int64_t step_x, int32_t n_y, int32_t n_x,
                         int32_t channels, int8_t *out)
{
    if (channels < WIDE) {
        for (int32_t c = 0; c < channels; c += NARROW) {
            const int32_t at = block_at(c, NARROW, channels);
            vst1_s8(out + at, most8(x + at, step_y, step_x, n_y, n_x));
        }
        return;
    }
    int32_t c = 0;
    for (; c + 2 * WIDE <= channels; c += 2 * WIDE) {
        const int8x16_t low = most16(x + c, step_y, step_x, n_y, n_x);
        const int8x16_t high = most16(x + c + WIDE, step_y, step_x, n_y, n_x);
        vst1q_s8(out + c, low);
        vst1q_s8(out + c + WIDE, high);
    }
    for (; c < channels; c += WIDE) {
        const int32_t at = block_at(c, WIDE, channels);
        vst1q_s8(out + at, most16(x + at, step_y, step_x, n_y, n_x));
    }
}

/* Output pixels [begin, end) of a row, whose windows may touch the edges. */
static void edge_pixels(const zk_pool_shape *s, const rows *r, int32_t begin, int32_t end,
                        int8_t *out)
{
    const int32_t n = s->channels;
    const int64_t step_x = (int64_t)s->dilation_w * n;
    for (int32_t ox = begin; ox < end; ox++) {
        const zk_window wx = zk_window_x(s, ox);
        const int32_t n_x = wx.end - wx.begin;
        const int8_t *x = r->x + (wx.first + (int64_t)wx.begin * s->dilation_w) * n;
        if (r->n && n_x)
            pixel(x, r->step, step_x, r->n, n_x, n, out + (int64_t)ox * n);
        else
            memset(out + (int64_t)ox * n, INT8_MIN, (size_t)n);
    }
}

static inline void inner_pixels(const zk_pool_shape *s, const rows *r, const int8_t *x, int32_t n_y,
                                int32_t n_x, int64_t pixels, int8_t *out)
{
    const int32_t n = s->channels;
    for (int64_t i = 0; i < pixels; i++, x += s->stride_w * (int64_t)n, out += n)
        pixel(x, r->step, (int64_t)s->dilation_w * n, n_y, n_x, n, out);
}

static void small_row(const zk_maxpool_s8_args *a, const rows *r, int8_t *out)
{
    const zk_pool_shape *s = a->shape;
    const int32_t n = s->channels;
    const int64_t reach = (int64_t)(s->kernel_w - 1) * s->dilation_w, room = s->in_w - 1 - reach;
    int64_t begin = ((int64_t)s->pad_left + s->stride_w - 1) / s->stride_w;
    int64_t end = room < 0 ? 0 : (room + s->pad_left) / s->stride_w + 1;
    end = end < s->out_w ? end : s->out_w;
    if (begin >= end || !r->n) {
        edge_pixels(s, r, 0, s->out_w, out);
        return;
    }
    const int8_t *x = r->x + (begin * s->stride_w - s->pad_left) * n;
    edge_pixels(s, r, 0, (int32_t)begin, out);
    if (r->n == 2 && s->kernel_w == 2)
        inner_pixels(s, r, x, 2, 2, end - begin, out + begin * n);
    else if (r->n == 3 && s->kernel_w == 3)
        inner_pixels(s, r, x, 3, 3, end - begin, out + begin * n);
    else
        inner_pixels(s, r, x, r->n, s->kernel_w, end - begin, out + begin * n);
    edge_pixels(s, r, (int32_t)end, s->out_w, out);
}

/* ---- columns first ---- */

/* Some output pixels from input columns [first, first + n); each one's window among these. */
typedef struct part {
    int32_t pixels;
    int64_t first, n;
    struct {
        int16_t first, n;
    } window[COLUMNS];
} part;

/* Four columns together: each waits for its own maximum. */
static void columns16(const rows *r, const int8_t *x, int64_t step, int64_t n, int8_t *out)
{
    int64_t i = 0;
    for (; i + 4 <= n; i += 4, x += 4 * step) {
        int8x16_t most[4];
        for (int k = 0; k < 4; k++)
            most[k] = vdupq_n_s8(INT8_MIN);
        for (int32_t ky = 0; ky < r->n; ky++)
            for (int k = 0; k < 4; k++)
                most[k] = vmaxq_s8(most[k], vld1q_s8(x + ky * r->step + k * step));
        for (int k = 0; k < 4; k++)
            vst1q_s8(out + (i + k) * WIDE, most[k]);
    }
    for (; i < n; i++, x += step)
        vst1q_s8(out + i * WIDE, most16(x, r->step, 0, r->n, 1));
}

static void columns8(const rows *r, const int8_t *x, int64_t step, int64_t n, int8_t *out)
{
    for (int64_t i = 0; i < n; i++, x += step)
        vst1_s8(out + i * WIDE, most8(x, r->step, 0, r->n, 1));
}

/* The maximum of n columns, two apart. */
static int8x16_t most_columns(const int8_t *x, int64_t step, int32_t n)
{
    int8x16_t even = vdupq_n_s8(INT8_MIN), odd = even;
    int32_t i = 0;
    for (; i + 2 <= n; i += 2, x += 2 * step) {
        even = vmaxq_s8(even, vld1q_s8(x));
        odd = vmaxq_s8(odd, vld1q_s8(x + step));
    }
    if (i < n)
        even = vmaxq_s8(even, vld1q_s8(x));
    return vmaxq_s8(even, odd);
}

static void part_row(const zk_pool_shape *s, const rows *r, const part *p, int8_t *out)
{
    const int32_t n = s->channels, lanes = n < WIDE ? NARROW : WIDE;
    int8_t column[COLUMNS * WIDE];
    for (int32_t c = 0; c < n; c += lanes) {
        const int32_t at = block_at(c, lanes, n);
        const int8_t *x = r->x + p->first * n + at;
        if (lanes == WIDE)
            columns16(r, x, n, p->n, column);
        else
            columns8(r, x, n, p->n, column);
        int8_t *y = out + at;
        for (int32_t i = 0; i < p->pixels; i++, y += n) {
            const int8x16_t most = most_columns(column + p->window[i].first * WIDE,
                                                (int64_t)s->dilation_w * WIDE, p->window[i].n);
            if (lanes == WIDE)
                vst1q_s8(y, most);
            else
                vst1_s8(y, vget_low_s8(most));
        }
    }
}

/* Output pixels [begin, end). */
static void fill_part(const zk_pool_shape *s, int32_t begin, int32_t end, part *out)
{
    const int64_t first = (int64_t)begin * s->stride_w - s->pad_left;
    const int64_t last =
        (int64_t)(end - 1) * s->stride_w - s->pad_left + (int64_t)(s->kernel_w - 1) * s->dilation_w;
    out->pixels = end - begin;
    out->first = first < 0 ? 0 : first;
    out->n = (last < s->in_w ? last : s->in_w - 1) - out->first + 1;
    for (int32_t ox = begin; ox < end; ox++) {
        const zk_window wx = zk_window_x(s, ox);
        const int64_t at = wx.first + (int64_t)wx.begin * s->dilation_w - out->first;
        out->window[ox - begin].n = (int16_t)(wx.end - wx.begin);
        out->window[ox - begin].first = (int16_t)(wx.end > wx.begin ? at : 0);
    }
}

static void large_rows(const zk_maxpool_s8_args *a)
{
    const zk_pool_shape *s = a->shape;
    const int64_t reach = (int64_t)(s->kernel_w - 1) * s->dilation_w;
    const int64_t fit = (COLUMNS - 1 - reach) / s->stride_w + 1;
    part p;
    for (int64_t ox = 0; ox < s->out_w; ox += fit) {
        fill_part(s, (int32_t)ox, (int32_t)(s->out_w - ox < fit ? s->out_w : ox + fit), &p);
        for (int64_t row = a->row_begin; row < a->row_end; row++) {
            const rows r = rows_of(a, row);
            part_row(s, &r, &p, a->out + (row * s->out_w + ox) * s->channels);
        }
    }
}

void zk_maxpool_s8_neon(const zk_maxpool_s8_args *a)
{
    const zk_pool_shape *s = a->shape;
    const int64_t reach = (int64_t)(s->kernel_w - 1) * s->dilation_w;
    if (s->channels < NARROW) {
        zk_maxpool_s8_ref(a);
        return;
    }
    if ((s->kernel_h > SMALL || s->kernel_w > SMALL) && reach < COLUMNS) {
        large_rows(a);
        return;
    }
    int8_t *out = a->out + a->row_begin * s->out_w * s->channels;
    for (int64_t row = a->row_begin; row < a->row_end; row++, out += s->out_w * s->channels) {
        const rows r = rows_of(a, row);
        small_row(a, &r, out);
    }
}
