/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 as a product of matrices: tiles of pixels that stay in the first-level cache,
 * all blocks of channels over each, three pixels and four channels at a time. */
#include <arm_neon.h>
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "kernels/neon/conv_s8_neon.h"
#include "kernels/neon/conv_s8_neon_gemm.h"
#include "kernels/neon/requant_neon.h"
#include "kernels/patch.h"

/* Rows of a tile and what is written meanwhile, a cache line for each: most of the first level, and
 * a few pixels at least. */
enum { TILE_BYTES = 24 * 1024, LINE = 64, TILE_MIN = 15, TILE_MAX = 255 };

/* Bytes that are copied at a time, where that goes; from LONG on a call costs less than it saves.
 */
enum { VECTOR = 16, LONG = 64 };

/* Pixels of a block of channels that are not all asked for, computed beside the output. */
enum { ASIDE = 15 };

_Static_assert(offsetof(zk_neon_block, right) == 32 && offsetof(zk_neon_block, left) == 48 &&
                   offsetof(zk_neon_block, zero) == 64 && offsetof(zk_neon_block, plain) == 80 &&
                   offsetof(zk_neon_block, first) == 88 && offsetof(zk_neon_block, bins) == 96 &&
                   offsetof(zk_neon_block, next) == 120 && offsetof(zk_neon_block, offsets) == 128,
               "as the assembly reads it");
_Static_assert(offsetof(zk_neon_tiles, out) == 16 && offsetof(zk_neon_tiles, block) == 32 &&
                   offsetof(zk_neon_tiles, w) == 48 && offsetof(zk_neon_tiles, sums) == 56 &&
                   offsetof(zk_neon_tiles, out_zero_point) == 64 &&
                   offsetof(zk_neon_tiles, lo) == 72 && offsetof(zk_neon_tiles, hi) == 80 &&
                   offsetof(zk_neon_tiles, next) == 88 && offsetof(zk_neon_tiles, tail) == 96,
               "as the assembly reads it");

/* A tile of pixels, one group. */
typedef struct tile {
    int64_t pixel, n;
    int32_t group;
    const int8_t *x;
    int64_t pitch;
    int32_t *sums; /* of rows */
    const zk_neon_block *block, *next;
} tile;

/* True if the input itself is the matrix of rows. */
static bool in_place(const zk_conv_shape *s)
{
    zk_conv_shape one_group = *s;
    one_group.groups = 1;
    return zk_conv_is_gemm(&one_group) && zk_conv_patch(s) == zk_neon_row(s);
}

static int64_t tile_pixels(const zk_conv_shape *s, int32_t most)
{
    int64_t n = TILE_BYTES / (zk_neon_row(s) + LINE);
    n = n < TILE_MIN ? TILE_MIN : n > TILE_MAX ? TILE_MAX : n;
    n = n < most ? n : most;
    return n < ZK_NEON_PIXELS ? n : n / ZK_NEON_PIXELS * ZK_NEON_PIXELS;
}

/* Pixels of the last tile at most: fewer than the assembly takes together are no tile. */
static int64_t last_tile_pixels(const zk_conv_shape *s, int32_t most)
{
    return tile_pixels(s, most) + ZK_NEON_PIXELS - 1;
}

/* Bytes of the sums, before the gathered rows: these are aligned, as loads of 8 bytes that are not
 * take twice as long. */
static size_t sums_bytes(const zk_conv_shape *s, int32_t most)
{
    return ((size_t)last_tile_pixels(s, most) * sizeof(int32_t) + 63) / 64 * 64;
}

static size_t scratch_bytes(const zk_conv_shape *s, int32_t most)
{
    const int64_t row = in_place(s) ? 0 : zk_neon_row(s);
    return sums_bytes(s, most) + (size_t)(last_tile_pixels(s, most) * row) + (row ? VECTOR : 0);
}

/* A window that touches an edge; its first pixel is (iy, ix). */
static void gather_edge(const zk_conv_s8_args *a, const int8_t *image, int64_t iy, int64_t ix,
                        int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->in_c, width = s->kernel_w * n;
    const int64_t before = ix >= 0 ? 0 : -ix < s->kernel_w ? -ix : s->kernel_w;
    const int64_t room = s->in_w - ix; // columns of the window before the right edge
    const int64_t end = room < before ? before : room < s->kernel_w ? room : s->kernel_w;
    memset(out, a->x_zero_point, (size_t)(s->kernel_h * width));
    for (int32_t ky = 0; ky < s->kernel_h; ky++, iy += s->dilation_h, out += width) {
        if (iy >= 0 && iy < s->in_h && before < end)
            memcpy(out + before * n, image + (iy * s->in_w + ix + before) * n,
                   (size_t)((end - before) * n));
    }
}

/* Windows inside the picture, one after the other: their rows lie in one piece in the input. */
typedef struct windows {
    const int8_t *x;     /* of the first */
    int64_t n, x_step;   /* from window to window */
    int64_t rows, width; /* of a window, bytes of a row */
    int64_t row_step;
    int64_t pitch; /* from window to window of the output */
} windows;

/* Rows of VECTOR bytes at most, copied as if they had as many: what comes after overwrites it. */
static void copy_narrow(const windows *w, int8_t *out)
{
    for (int64_t i = 0; i < w->n; i++) {
        const int8_t *x = w->x + i * w->x_step;
        int8_t *row = out + i * w->pitch;
        for (int64_t k = 0; k < w->rows; k++, x += w->row_step, row += w->width)
            vst1q_s8(row, vld1q_s8(x));
    }
}

/* The last vector of a row overlaps the one before; long rows are worth a call. */
static void copy_wide(const windows *w, int8_t *out)
{
    for (int64_t i = 0; i < w->n; i++) {
        const int8_t *x = w->x + i * w->x_step;
        int8_t *row = out + i * w->pitch;
        for (int64_t k = 0; k < w->rows; k++, x += w->row_step, row += w->width) {
            if (w->width >= LONG) {
                memcpy(row, x, (size_t)w->width);
                continue;
            }
            for (int64_t j = 0; j < w->width - VECTOR; j += VECTOR)
                vst1q_s8(row + j, vld1q_s8(x + j));
            vst1q_s8(row + w->width - VECTOR, vld1q_s8(x + w->width - VECTOR));
        }
    }
}

static void copy_windows(windows w, const int8_t *x_end, int8_t *out)
{
    if (w.width >= VECTOR) {
        copy_wide(&w, out);
        return;
    }
    // all but those whose last row would be read beyond the input
    const int64_t n = w.n;
    const int64_t room = x_end - (w.x + (w.rows - 1) * w.row_step) - VECTOR;
    w.n = room < 0 ? 0 : room / w.x_step + 1 < n ? room / w.x_step + 1 : n;
    copy_narrow(&w, out);
    for (int64_t i = w.n; i < n; i++) {
        for (int64_t k = 0; k < w.rows; k++)
            memcpy(out + i * w.pitch + k * w.width, w.x + i * w.x_step + k * w.row_step,
                   (size_t)w.width);
    }
}

/* Windows of n output pixels of one row, from p on. */
static void gather_line(const zk_conv_s8_args *a, zk_pixel p, int32_t n, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t image_bytes = (int64_t)s->in_h * s->in_w * s->in_c, pitch = zk_neon_row(s);
    const int8_t *image = a->x + p.image * image_bytes;
    const int64_t iy = (int64_t)p.y * s->stride_h - s->pad_top;
    const bool inside = iy >= 0 && iy + (int64_t)(s->kernel_h - 1) * s->dilation_h < s->in_h;
    // windows [first, last) of the row touch neither its left nor its right edge
    const int64_t room = (int64_t)s->in_w - s->kernel_w + s->pad_left;
    const int64_t first = (s->pad_left + s->stride_w - 1) / s->stride_w;
    const int64_t last = inside && room >= 0 ? room / s->stride_w + 1 : 0;
    const int32_t end = p.x + n;
    while (p.x < end) {
        const int64_t ix = (int64_t)p.x * s->stride_w - s->pad_left;
        int64_t done = 1;
        if (p.x >= first && p.x < last) {
            done = last < end ? last - p.x : end - p.x;
            const windows w = {
                .x = image + (iy * s->in_w + ix) * s->in_c,
                .n = done,
                .x_step = (int64_t)s->stride_w * s->in_c,
                .rows = s->kernel_h,
                .width = (int64_t)s->kernel_w * s->in_c,
                .row_step = (int64_t)s->dilation_h * s->in_w * s->in_c,
                .pitch = pitch,
            };
            copy_windows(w, a->x + s->batch * image_bytes, out);
        } else {
            gather_edge(a, image, iy, ix, out);
        }
        out += done * pitch;
        p.x += (int32_t)done;
    }
}

static void gather_rows(const zk_conv_s8_args *a, const tile *t, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t patch = zk_conv_patch(s), pitch = zk_neon_row(s);
    int64_t pixel = t->pixel;
    while (pixel < t->pixel + t->n) {
        const zk_pixel p = zk_pixel_at(s, pixel);
        const int64_t left = t->pixel + t->n - pixel, line = s->out_w - p.x;
        const int32_t n = (int32_t)(line < left ? line : left);
        gather_line(a, p, n, out + (pixel - t->pixel) * pitch);
        pixel += n;
    }
    // weights that pad a row are 0; what they meet matters for its sum alone
    for (int64_t i = 0; a->w_zero_point && pitch != patch && i < t->n; i++)
        memset(out + i * pitch + patch, 0, (size_t)(pitch - patch));
}

static void gather_taps(const zk_conv_s8_args *a, zk_pixel p, int32_t group, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const size_t n = (size_t)(s->in_c / s->groups);
    const int8_t *image = a->x + p.image * s->in_h * s->in_w * s->in_c + (size_t)group * n;
    const int8_t *end = out + zk_neon_row(s);
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                memset(out, a->x_zero_point, n);
            else
                memcpy(out, image + (iy * s->in_w + ix) * s->in_c, n);
            out += n;
        }
    }
    memset(out, 0, (size_t)(end - out));
}

static void gather(const zk_conv_s8_args *a, const tile *t, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    if (s->groups == 1 && s->dilation_w == 1 && !s->transposed) {
        gather_rows(a, t, out);
        return;
    }
    zk_pixel p = zk_pixel_at(s, t->pixel);
    for (int64_t i = 0; i < t->n; i++, zk_pixel_next(s, &p))
        gather_taps(a, p, t->group, out + i * zk_neon_row(s));
}

/* Of a row, whose length is a multiple of 8. */
static int32_t sum_row(const int8_t *x, int64_t n)
{
    enum { MOST = 128 * ZK_NEON_CHUNK }; // 16 bits hold 255 values
    const int8x8_t ones = vdup_n_s8(1);
    int32_t sum = 0;
    for (int64_t begin = 0; begin < n; begin += MOST) {
        const int64_t end = begin + MOST < n ? begin + MOST : n;
        int16x8_t lanes = vdupq_n_s16(0);
        for (int64_t k = begin; k < end; k += ZK_NEON_CHUNK)
            lanes = vmlal_s8(lanes, vld1_s8(x + k), ones);
        sum += vaddlvq_s16(lanes);
    }
    return sum;
}

static void sum_rows(const tile *t, int64_t row)
{
    for (int64_t i = 0; i < t->n; i++)
        t->sums[i] = sum_row(t->x + i * t->pitch, row);
}

static zk_neon_tail tail_of(const zk_conv_s8_args *a, const zk_neon_block *block)
{
    if (!block->plain)
        return ZK_NEON_ANY;
    if (a->lo != -128 || a->hi != 127)
        return ZK_NEON_PLAIN;
    return a->out_zero_point == -128 ? ZK_NEON_RELU : ZK_NEON_WHOLE;
}

/* Pixels [from, from + n) of a tile and all channels of its block, to `out`. */
static void run_block(const zk_conv_s8_args *a, const tile *t, int64_t from, int64_t n, int8_t *out,
                      int64_t out_pitch)
{
    const zk_conv_shape *s = a->shape;
    const zk_neon_block *block = t->block;
    zk_neon_tiles q = {
        .x = t->x + from * t->pitch,
        .x_pitch = t->pitch,
        .out = out,
        .out_pitch = out_pitch,
        .block = block,
        .n = n / ZK_NEON_PIXELS,
        .w = (const int8_t *)block + zk_neon_block_w(s),
        .sums = block->needs_sums ? t->sums + from : NULL,
        .next = t->next,
        .tail = tail_of(a, block),
    };
    vst1_s16(q.out_zero_point, vdup_n_s16((int16_t)a->out_zero_point));
    vst1_s8(q.lo, vdup_n_s8((int8_t)a->lo));
    vst1_s8(q.hi, vdup_n_s8((int8_t)a->hi));
    if (q.n)
        zk_neon_tiles_run(&q);
    const int64_t done = q.n * ZK_NEON_PIXELS;
    if (done == n)
        return;
    q.x += done * q.x_pitch;
    q.out += done * out_pitch;
    q.sums = q.sums ? q.sums + done : NULL;
    q.n = n - done;
    zk_neon_pixels_run(&q);
}

/* Those of channels [begin, end) that the block computes; its own begin at c. */
static void some_channels(const zk_conv_s8_args *a, const tile *t, int32_t c, int32_t begin,
                          int32_t end)
{
    int8_t aside[ASIDE * ZK_NEON_CHANNELS];
    const int32_t first = begin > c ? begin : c;
    const int32_t last = end < c + ZK_NEON_CHANNELS ? end : c + ZK_NEON_CHANNELS;
    for (int64_t i = 0; i < t->n; i += ASIDE) {
        const int64_t pixels = t->n - i < ASIDE ? t->n - i : ASIDE;
        run_block(a, t, i, pixels, aside, ZK_NEON_CHANNELS);
        for (int64_t k = 0; k < pixels; k++)
            memcpy(a->out + (t->pixel + i + k) * a->shape->out_c + first,
                   aside + k * ZK_NEON_CHANNELS + (first - c), (size_t)(last - first));
    }
}

/* Channels [begin, end) of the tile's group. */
static void run_channels(const zk_conv_s8_args *a, tile *t, int32_t begin, int32_t end)
{
    const zk_conv_shape *s = a->shape;
    const int32_t group_begin = t->group * (s->out_c / s->groups);
    const int32_t b = (begin - group_begin) / ZK_NEON_CHANNELS;
    const int64_t index = (int64_t)t->group * zk_neon_blocks(s) + b;
    const char *block = (const char *)a->packed + (size_t)index * zk_neon_block_bytes(s);
    for (int32_t c = group_begin + b * ZK_NEON_CHANNELS; c < end; c += ZK_NEON_CHANNELS) {
        const int32_t c_end = c + ZK_NEON_CHANNELS;
        t->block = (const void *)block;
        block += c_end < end ? zk_neon_block_bytes(s) : 0;
        t->next = (const void *)block;
        if (c >= begin && c_end <= end)
            run_block(a, t, 0, t->n, a->out + t->pixel * s->out_c + c, s->out_c);
        else
            some_channels(a, t, c, begin, end);
    }
}

static void run_tile(const zk_conv_s8_args *a, tile *t)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    for (int32_t c = a->channel_begin; c < a->channel_end;) {
        t->group = c / per_group;
        const int32_t group_end = (t->group + 1) * per_group;
        const int32_t end = group_end < a->channel_end ? group_end : a->channel_end;
        if (in_place(s)) {
            t->pitch = s->in_c;
            t->x = a->x + t->pixel * s->in_c + t->group * zk_conv_patch(s);
        } else {
            int8_t *rows = (int8_t *)a->scratch + sums_bytes(s, a->tile);
            t->pitch = zk_neon_row(s);
            t->x = rows;
            gather(a, t, rows);
        }
        if (a->w_zero_point)
            sum_rows(t, zk_neon_row(s));
        run_channels(a, t, c, end);
        c = end;
    }
}

static void run(const zk_conv_s8_args *a)
{
    const int64_t n = tile_pixels(a->shape, a->tile);
    assert(a->packed && a->scratch);
    tile t = {.pixel = a->pixel_begin, .sums = a->scratch};
    for (; t.pixel < a->pixel_end; t.pixel += t.n) {
        const int64_t left = a->pixel_end - t.pixel;
        t.n = left < n + ZK_NEON_PIXELS ? left : n;
        run_tile(a, &t);
    }
}

static zk_conv_grain grain(const zk_conv_shape *s)
{
    return (zk_conv_grain){
        .pixels = ZK_NEON_PIXELS, .channels = ZK_NEON_CHANNELS, .window = in_place(s) ? 0 : 2};
}

static bool takes(const zk_conv_shape *s)
{
    (void)s;
    return true;
}

const zk_neon_form zk_neon_gemm = {
    .takes = takes,
    .packed_bytes = zk_neon_packed_bytes,
    .pack = zk_neon_pack,
    .scratch_bytes = scratch_bytes,
    .grain = grain,
    .run = run,
};
