/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 on x86: tiles of pixels whose patches are copied with their top bits flipped,
 * and all blocks of channels over each. */
#include "kernels/x86/conv_s8_x86.h"

#include <assert.h>
#include <string.h>

#include "kernels/patch.h"

/* Bytes of a tile's patches: half of a small second-level cache, and a few pixels at least. */
enum { TILE_BYTES = 96 * 1024, TILE_MIN = 24 };

/* Pixels of a block of channels that are not all asked for, computed beside the output. */
enum { ASIDE = 12 };

/* A tile of pixels. */
typedef struct tile {
    int64_t pixel, n;
    const uint8_t *x; /* the patch of the first one, of group 0 */
    int64_t pitch;
    int64_t group_pitch; /* from a group's patch to the next one's; 0: of one group */
} tile;

/* True if the input itself is the matrix of patches. */
static bool in_place(const zk_conv_shape *s)
{
    zk_conv_shape one_group = *s;
    one_group.groups = 1;
    return zk_conv_is_gemm(&one_group) && s->in_c / s->groups % ZK_X86_STEP == 0;
}

zk_x86_layout zk_x86_layout_of(const zk_conv_shape *s)
{
    const int64_t patch = zk_conv_patch(s);
    return (zk_x86_layout){1, (int32_t)patch, (int32_t)((patch + ZK_X86_STEP - 1) / ZK_X86_STEP)};
}

static int64_t row_bytes(const zk_conv_shape *s)
{
    return in_place(s) ? s->in_c : (zk_conv_patch(s) + ZK_X86_STEP - 1) / ZK_X86_STEP * ZK_X86_STEP;
}

static int64_t tile_pixels(const zk_conv_shape *s, int32_t most)
{
    const int64_t n = TILE_BYTES / row_bytes(s);
    const int64_t wanted = n < TILE_MIN ? TILE_MIN : n / ASIDE * ASIDE;
    return wanted < most ? wanted : most;
}

size_t zk_x86_scratch_bytes(const zk_conv_shape *s, int32_t most)
{
    return (size_t)tile_pixels(s, most) * (size_t)row_bytes(s);
}

static void gather_taps(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_pixel p, int32_t group,
                        uint8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->in_c / s->groups;
    const int8_t *image = a->x + p.image * s->in_h * s->in_w * s->in_c + group * n;
    const uint8_t *end = out + row_bytes(s);
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++, out += n) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                memset(out, a->x_zero_point + 128, (size_t)n);
            else
                isa->flip(image + (iy * s->in_w + ix) * s->in_c, n, out);
        }
    }
    memset(out, 0, (size_t)(end - out));
}

static void gather(const zk_x86_isa *isa, const zk_conv_s8_args *a, tile *t, int32_t group)
{
    const zk_conv_shape *s = a->shape;
    uint8_t *out = a->scratch;
    t->x = out;
    t->pitch = row_bytes(s);
    t->group_pitch = 0;
    zk_pixel p = zk_pixel_at(s, t->pixel);
    for (int64_t i = 0; i < t->n; i++, zk_pixel_next(s, &p))
        gather_taps(isa, a, p, group, out + i * t->pitch);
}

/* The n channels from `first` on of a block. */
static void some_channels(const zk_x86_isa *isa, const zk_conv_s8_args *a, const tile *t,
                          zk_x86_call q, int32_t first, int32_t n)
{
    int8_t aside[ASIDE * ZK_X86_MAX_CHANNELS];
    q.out = aside;
    q.out_pitch = ZK_X86_MAX_CHANNELS;
    for (int64_t i = 0; i < t->n; i += ASIDE) {
        q.n = t->n - i < ASIDE ? t->n - i : ASIDE;
        isa->run(&q);
        q.x += q.n * q.pitch;
        for (int64_t k = 0; k < q.n; k++)
            memcpy(a->out + (t->pixel + i + k) * a->shape->out_c + first,
                   aside + k * ZK_X86_MAX_CHANNELS + (first - q.block->channel), (size_t)n);
    }
}

/* Channels [begin, end) of the tile, all of one group. */
static void run_channels(const zk_x86_isa *isa, const zk_conv_s8_args *a, const tile *t,
                         int32_t group, int32_t begin, int32_t end)
{
    const zk_conv_shape *s = a->shape;
    const zk_x86_layout l = zk_x86_layout_of(s);
    const zk_x86_block *b = zk_x86_first_block(a->packed);
    zk_x86_call q = {
        .x = t->x + group * t->group_pitch,
        .pitch = t->pitch,
        .segments = l.segments,
        .steps = l.steps,
        .n = t->n,
        .out_pitch = s->out_c,
        .out_zero_point = a->out_zero_point,
        .lo = a->lo,
        .hi = a->hi,
    };
    for (; b->channel < end; b = zk_x86_at(b, b->bytes)) {
        const int32_t first = b->channel < begin ? begin : b->channel;
        const int32_t b_end = b->channel + b->channels, last = b_end < end ? b_end : end;
        if (first < last) {
            q.block = b;
            q.out = a->out + t->pixel * s->out_c + first;
            if (last - first == b->channels)
                isa->run(&q);
            else
                some_channels(isa, a, t, q, first, last - first);
        }
        if (b_end == s->out_c)
            return;
    }
}

static void run_tile(const zk_x86_isa *isa, const zk_conv_s8_args *a, tile *t)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    if (in_place(s)) {
        isa->flip(a->x + t->pixel * s->in_c, t->n * s->in_c, a->scratch);
        t->x = a->scratch;
        t->pitch = s->in_c;
        t->group_pitch = s->in_c / s->groups;
    }
    for (int32_t c = a->channel_begin; c < a->channel_end;) {
        const int32_t group = c / per_group, group_end = (group + 1) * per_group;
        const int32_t end = group_end < a->channel_end ? group_end : a->channel_end;
        if (!in_place(s))
            gather(isa, a, t, group);
        run_channels(isa, a, t, group, c, end);
        c = end;
    }
}

void zk_x86_run(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    const int64_t n = tile_pixels(a->shape, a->tile);
    assert(a->packed && a->scratch);
    tile t = {.pixel = a->pixel_begin};
    for (; t.pixel < a->pixel_end; t.pixel += t.n) {
        const int64_t left = a->pixel_end - t.pixel;
        t.n = left < n ? left : n;
        run_tile(isa, a, &t);
    }
}
