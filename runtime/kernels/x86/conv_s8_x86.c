/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 on x86: tiles of pixels, whose input is copied with the top bits flipped, and
 * all blocks of channels over each. */
#include "kernels/x86/conv_s8_x86.h"

#include <assert.h>
#include <string.h>

#include "kernels/patch.h"
#include "kernels/x86/conv_s8_winograd_x86.h"

/* Bytes of a tile's patches, or rows: half of a small second-level cache; and a few pixels of
 * patches at least. */
enum { TILE_BYTES = 96 * 1024, TILE_MIN = 24 };

/* Bytes of the rows of one window at most: wider ones are copied patch by patch. */
enum { STRIP_BYTES = 1024 * 1024, STRIP_SIDE = 1024 };

/* Output rows narrower than this are too few pixels for a run: worth copying patches for, if those
 * have pieces of so many channels at least, and so many products. */
enum { STRIP_WIDTH = 8, PIECE_CHANNELS = 32, PRODUCT_CHANNELS = 64 };

/* Pixels of a block of channels that are not all asked for, computed beside the output. */
enum { ASIDE = 12 };

/* Some pixels, in runs whose patches lie at even distances. */
typedef struct tile {
    int64_t pixel, n;
    int64_t first, width; /* the first run lacks so many pixels of a run's width */
    const uint8_t *x;     /* where the first run, if it were whole, had the patch of group 0 */
    int64_t pitch, run_pitch;
    int64_t group_pitch; /* from a group's patch to the next one's */
} tile;

/* How patches come about. */
typedef enum form {
    IN_PLACE, /* the input itself is their matrix */
    STRIPS,   /* they overlap in copied rows of the input, edges included */
    GATHERED, /* each is copied */
} form;

/* From row to row of a strip; what is read beyond a segment's end is in it. */
static int64_t row_pitch(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const int64_t width = (int64_t)(s->out_w - 1) * s->stride_w + s->kernel_w;
    return (width * s->in_c * isa->value_bytes + ZK_X86_STEP - 1 + 63) / 64 * 64;
}

/* Input rows that so many output rows read. */
static int64_t strip_height(const zk_conv_shape *s, int64_t rows)
{
    return (rows - 1) * s->stride_h + (int64_t)(s->kernel_h - 1) * s->dilation_h + 1;
}

static bool strips_fit(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const bool small = s->kernel_h <= STRIP_SIDE && s->kernel_w <= STRIP_SIDE &&
                       s->stride_h <= STRIP_SIDE && s->stride_w <= STRIP_SIDE &&
                       s->dilation_h <= STRIP_SIDE && s->in_c <= STRIP_BYTES;
    return small && row_pitch(isa, s) <= STRIP_BYTES &&
           strip_height(s, 1) * row_pitch(isa, s) <= STRIP_BYTES;
}

static form form_of(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    zk_conv_shape one_group = *s;
    one_group.groups = 1;
    if (zk_conv_is_gemm(&one_group) && s->in_c / s->groups % ZK_X86_STEP == 0)
        return IN_PLACE;
    const bool window = s->kernel_w > 1 && s->kernel_w >= s->stride_w && s->dilation_w == 1;
    const bool narrow =
        s->out_w < STRIP_WIDTH && s->in_c >= PIECE_CHANNELS && s->out_c >= PRODUCT_CHANNELS;
    return window && !narrow && s->groups == 1 && !s->transposed && strips_fit(isa, s) ? STRIPS
                                                                                       : GATHERED;
}

zk_x86_layout zk_x86_layout_of(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const int32_t segments = form_of(isa, s) == STRIPS ? s->kernel_h : 1;
    const int64_t values = zk_conv_patch(s) / segments;
    const int64_t steps = (values * isa->value_bytes + ZK_X86_STEP - 1) / ZK_X86_STEP;
    return (zk_x86_layout){segments, (int32_t)values, (int32_t)steps};
}

/* From patch to patch of a tile that is not a strip. */
static int64_t patch_pitch(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const int64_t values = form_of(isa, s) == IN_PLACE ? s->in_c : zk_conv_patch(s);
    return (values * isa->value_bytes + ZK_X86_STEP - 1) / ZK_X86_STEP * ZK_X86_STEP;
}

/* Pixels of a tile that is not a strip. */
static int64_t tile_pixels(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t most)
{
    const int64_t n = TILE_BYTES / patch_pitch(isa, s);
    const int64_t wanted = n < TILE_MIN ? TILE_MIN : n / ASIDE * ASIDE;
    return wanted < most ? wanted : most;
}

/* Output rows of a strip. */
static int64_t strip_rows(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const int64_t more = TILE_BYTES / row_pitch(isa, s) - strip_height(s, 1);
    const int64_t rows = more < 0 ? 1 : more / s->stride_h + 1;
    return rows < s->out_h ? rows : s->out_h;
}

static size_t scratch_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t most)
{
    return form_of(isa, s) == STRIPS
               ? (size_t)(strip_height(s, strip_rows(isa, s)) * row_pitch(isa, s))
               : (size_t)tile_pixels(isa, s, most) * (size_t)patch_pitch(isa, s);
}

size_t zk_x86_scratch_bytes(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t most)
{
    const size_t bytes = scratch_of(isa, s, most);
    const size_t wide = isa->wide ? scratch_of(isa->wide, s, most) : 0;
    const size_t winograd = zk_x86_winograd_takes(isa, s) ? zk_x86_winograd_scratch(isa, s) : 0;
    const size_t some = bytes > wide ? bytes : wide;
    return some > winograd ? some : winograd;
}

/* Whole rows of strips, whole blocks. A block that is cut is computed twice, as a window is copied
 * once for each cut. */
zk_conv_grain zk_x86_grain(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    enum { COPY = 4 };
    const zk_conv_shape *s = a->shape;
    const int32_t regs = (s->out_c / s->groups + isa->lanes - 1) / isa->lanes;
    const int32_t blocks = zk_x86_blocks(isa, s), most = (regs + blocks - 1) / blocks;
    if (zk_x86_packed_at(a->packed)->form == ZK_X86_WINOGRAD)
        return zk_x86_winograd_grain(isa, s);
    return (zk_conv_grain){.pixels = form_of(isa, s) == STRIPS ? s->out_w : ASIDE,
                           .channels = most * isa->lanes,
                           .window = COPY + (regs % blocks ? most * isa->lanes : 0)};
}

/* ---- copying ---- */

/* n zeros of the input. */
static void pad(const zk_x86_isa *isa, const zk_conv_s8_args *a, int64_t n, uint8_t *out)
{
    if (isa->value_bytes == 1) {
        memset(out, a->x_zero_point + 128, (size_t)n);
        return;
    }
    const int16_t zero = (int16_t)(a->x_zero_point + 128);
    for (int64_t i = 0; i < n; i++)
        memcpy(out + i * (int64_t)sizeof(zero), &zero, sizeof(zero));
}

static void gather_taps(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_pixel p, int32_t group,
                        uint8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->in_c / s->groups;
    const int8_t *image = a->x + p.image * s->in_h * s->in_w * s->in_c + group * n;
    const uint8_t *end = out + patch_pitch(isa, s);
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++, out += n * isa->value_bytes) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                pad(isa, a, n, out);
            else
                isa->flip(image + (iy * s->in_w + ix) * s->in_c, n, out);
        }
    }
    memset(out, 0, (size_t)(end - out));
}

static void gather(const zk_x86_isa *isa, const zk_conv_s8_args *a, const tile *t, int32_t group)
{
    const zk_conv_shape *s = a->shape;
    uint8_t *out = a->scratch;
    zk_pixel p = zk_pixel_at(s, t->pixel);
    for (int64_t i = 0; i < t->n; i++, zk_pixel_next(s, &p))
        gather_taps(isa, a, p, group, out + i * t->pitch);
}

/* Row iy of the image, with what the windows read beside it. */
static void copy_row(const zk_x86_isa *isa, const zk_conv_s8_args *a, int64_t image, int64_t iy,
                     uint8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t width = (int64_t)(s->out_w - 1) * s->stride_w + s->kernel_w, c = s->in_c;
    if (iy < 0 || iy >= s->in_h) {
        pad(isa, a, width * c, out);
        return;
    }
    const int64_t before = s->pad_left < width ? s->pad_left : width;
    const int64_t room = width - before, n = room < s->in_w ? room : s->in_w;
    pad(isa, a, before * c, out);
    isa->flip(a->x + (image * s->in_h + iy) * s->in_w * c, n * c,
              out + before * c * isa->value_bytes);
    pad(isa, a, (room - n) * c, out + (before + n) * c * isa->value_bytes);
}

static void copy_strip(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_pixel p, int64_t rows)
{
    const zk_conv_shape *s = a->shape;
    const int64_t top = (int64_t)p.y * s->stride_h - s->pad_top;
    for (int64_t i = 0; i < strip_height(s, rows); i++)
        copy_row(isa, a, p.image, top + i, (uint8_t *)a->scratch + i * row_pitch(isa, s));
}

/* ---- products ---- */

/* The n channels from `first` on of a block, for the pixels of a call. */
static void some_channels(const zk_x86_isa *isa, zk_x86_call q, int32_t first, int32_t n)
{
    int8_t aside[ASIDE * ZK_X86_MAX_CHANNELS];
    int8_t *out = q.out;
    const int64_t out_pitch = q.out_pitch, pixels = q.n;
    q.out = aside;
    q.out_pitch = ZK_X86_MAX_CHANNELS;
    for (int64_t i = 0; i < pixels; i += ASIDE) {
        q.n = pixels - i < ASIDE ? pixels - i : ASIDE;
        isa->run(&q);
        q.x += q.n * q.pitch;
        for (int64_t k = 0; k < q.n; k++)
            memcpy(out + (i + k) * out_pitch,
                   aside + k * ZK_X86_MAX_CHANNELS + (first - q.block->channel), (size_t)n);
    }
}

/* The runs of a tile and the n channels from `first` on of the call's block. */
static void run_block(const zk_x86_isa *isa, const tile *t, zk_x86_call q, int32_t first, int32_t n)
{
    const uint8_t *x = q.x;
    int64_t at = t->first;
    for (int64_t done = 0; done < t->n; done += q.n, x += t->run_pitch, at = 0) {
        q.n = t->width - at < t->n - done ? t->width - at : t->n - done;
        q.x = x + at * q.pitch;
        if (n == q.block->channels)
            isa->run(&q);
        else
            some_channels(isa, q, first, n);
        q.out += q.n * q.out_pitch;
    }
}

/* Channels [begin, end) of the tile, all of one group. */
static void run_channels(const zk_x86_isa *isa, const zk_conv_s8_args *a, const tile *t,
                         int32_t group, int32_t begin, int32_t end)
{
    const zk_conv_shape *s = a->shape;
    const zk_x86_layout l = zk_x86_layout_of(isa, s);
    const zk_x86_block *b = (const void *)(zk_x86_packed_at(a->packed) + 1);
    zk_x86_call q = {
        .x = t->x + group * t->group_pitch,
        .pitch = t->pitch,
        .segment_pitch = row_pitch(isa, s) * s->dilation_h,
        .segments = l.segments,
        .steps = l.steps,
        .out_pitch = s->out_c,
        .out_zero_point = a->out_zero_point,
        .lo = a->lo,
        .hi = a->hi,
    };
    for (bool more = true; more; b = zk_x86_at(b, b->bytes)) {
        const int32_t b_end = b->channel + b->channels;
        const int32_t first = b->channel < begin ? begin : b->channel;
        const int32_t last = b_end < end ? b_end : end;
        more = b_end < end;
        if (first >= last)
            continue;
        q.block = b;
        q.weights = zk_x86_at(b, b->weights);
        q.ahead = b->bytes;
        q.out = a->out + t->pixel * s->out_c + first;
        run_block(isa, t, q, first, last - first);
    }
}

/* The n pixels from `pixel` on. */
static void run_tile(const zk_x86_isa *isa, const zk_conv_s8_args *a, form f, int64_t pixel,
                     int64_t n)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    tile t = {
        .pixel = pixel,
        .n = n,
        .width = n,
        .x = a->scratch,
        .pitch = patch_pitch(isa, s),
        .group_pitch = f == IN_PLACE ? (int64_t)s->in_c / s->groups * isa->value_bytes : 0,
    };
    if (f == IN_PLACE) {
        isa->flip(a->x + pixel * s->in_c, n * s->in_c, a->scratch);
    } else if (f == STRIPS) {
        const zk_pixel p = zk_pixel_at(s, pixel);
        copy_strip(isa, a, p, (p.x + n + s->out_w - 1) / s->out_w);
        t.first = p.x;
        t.width = s->out_w;
        t.pitch = (int64_t)s->stride_w * s->in_c * isa->value_bytes;
        t.run_pitch = s->stride_h * row_pitch(isa, s);
    }
    for (int32_t c = a->channel_begin; c < a->channel_end;) {
        const int32_t group = c / per_group, group_end = (group + 1) * per_group;
        const int32_t end = group_end < a->channel_end ? group_end : a->channel_end;
        if (f == GATHERED)
            gather(isa, a, &t, group);
        run_channels(isa, a, &t, group, c, end);
        c = end;
    }
}

/* Pixels from `pixel` on that a strip has: whole rows of one image from there on. */
static int64_t strip_pixels(const zk_x86_isa *isa, const zk_conv_shape *s, int64_t pixel)
{
    const zk_pixel p = zk_pixel_at(s, pixel);
    const int64_t left = s->out_h - p.y, rows = strip_rows(isa, s);
    return (left < rows ? left : rows) * s->out_w - p.x;
}

void zk_x86_run(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    assert(a->packed && a->scratch);
    const zk_x86_form how = zk_x86_packed_at(a->packed)->form;
    if (how == ZK_X86_WINOGRAD) {
        zk_x86_winograd_run(isa, a);
        return;
    }
    isa = how == ZK_X86_WIDE ? isa->wide : isa;
    const form f = form_of(isa, a->shape);
    int64_t n;
    for (int64_t pixel = a->pixel_begin; pixel < a->pixel_end; pixel += n) {
        const int64_t left = a->pixel_end - pixel;
        n = f == STRIPS ? strip_pixels(isa, a->shape, pixel) : tile_pixels(isa, a->shape, a->tile);
        n = left < n ? left : n;
        run_tile(isa, a, f, pixel, n);
    }
}
