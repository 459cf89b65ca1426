/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's form of the convolution of s8 on x86: strips of tiles, all blocks of channels over
 * each. */
#include "kernels/x86/conv_s8_winograd_x86.h"

#include <assert.h>
#include <string.h>

#include "kernels/x86/conv_s8_x86_pack.h"

enum { POINTS = ZK_WINOGRAD_POINTS, IN = ZK_WINOGRAD_IN, OUT = ZK_WINOGRAD_OUT };

/* Bytes that the transforms and sums of a strip take, about: what the layers before and behind left
 * in the second-level cache is worth more than weights that are read less often. And tiles of a
 * strip at least. */
enum { STRIP_BYTES = 192 * 1024, STRIP_MIN = 12 };

/* Between the points of a transform, so that they do not meet in a few sets of the cache. */
enum { APART = 32 };

/* Tiles of fewer than this wait for their weights, which are eight times as many bytes. */
enum { LEAST_TILES = 6 };

bool zk_x86_winograd_takes(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const zk_x86_winograd *w = isa->winograd;
    if (!w || !zk_winograd_is(s) || s->in_c < w->least_channels || s->out_c < w->least_channels)
        return false;
    const int64_t tiles = zk_winograd_tiles(s);
    const int64_t weights = POINTS * (int64_t)s->in_c * s->out_c * (int64_t)sizeof(int16_t);
    return tiles >= LEAST_TILES &&
           100 * zk_conv_pixels(s) >= w->least_percent * tiles * OUT * OUT &&
           (!w->most_weights || weights <= w->most_weights);
}

int32_t zk_x86_winograd_steps(const zk_conv_shape *s)
{
    return (s->in_c + 1) / 2;
}

/* The scratch memory. */
typedef struct strip {
    int64_t tiles;   /* at most */
    int64_t pitch;   /* of a tile's values at a point */
    int64_t v_point; /* values from point to point */
    int64_t m_tile;  /* sums from tile to tile */
    int64_t m_point; /* sums from point to point */
    int16_t *v;      /* [points][tiles][pitch] */
    int32_t *m;      /* [points][tiles][lanes of a block] */
    int8_t *outside; /* a pixel of padding */
    size_t bytes;
} strip;

static strip strip_of(const zk_x86_isa *isa, const zk_conv_shape *s, char *memory)
{
    strip t = {.pitch = 2 * (int64_t)zk_x86_winograd_steps(s)};
    t.m_tile = (int64_t)isa->regs * isa->lanes;
    const int64_t tile =
        POINTS * (t.pitch * (int64_t)sizeof(*t.v) + t.m_tile * (int64_t)sizeof(*t.m));
    const int64_t all = zk_winograd_tiles(s), fit = STRIP_BYTES / tile;
    const int64_t most = fit < STRIP_MIN ? STRIP_MIN : fit, strips = (all + most / 2) / most;
    t.tiles = strips ? (all + strips - 1) / strips : all; // alike, if a little more
    t.v_point = t.tiles * t.pitch + APART;
    t.m_point = t.tiles * t.m_tile + APART / 2;
    const size_t v = (size_t)zk_x86_align(POINTS * t.v_point * (int64_t)sizeof(*t.v));
    const size_t m = (size_t)zk_x86_align(POINTS * t.m_point * (int64_t)sizeof(*t.m));
    t.bytes = v + m + (size_t)s->in_c;
    if (memory) {
        t.v = (void *)memory;
        t.m = (void *)(memory + v);
        t.outside = (void *)(memory + v + m);
    }
    return t;
}

size_t zk_x86_winograd_scratch(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    return strip_of(isa, s, NULL).bytes;
}

/* Whole rows of tiles: one that is cut is computed twice. A tile's transform takes about as long as
 * the products of eight channels. */
zk_conv_grain zk_x86_winograd_grain(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    enum { WINDOW = 8 };
    return (zk_conv_grain){
        .pixels = (int64_t)OUT * s->out_w, .channels = isa->regs * isa->lanes, .window = WINDOW};
}

/* The window of a tile. */
static void transform(const zk_x86_isa *isa, const zk_conv_s8_args *a, const strip *t,
                      const zk_winograd_span *span, int64_t tile)
{
    const zk_conv_shape *s = a->shape;
    const int64_t top = span->y - s->pad_top, left = span->x + tile * OUT - s->pad_left;
    const int8_t *image = a->x + span->image * s->in_h * s->in_w * s->in_c;
    zk_x86_window w = {
        .channels = s->in_c,
        .pitch = t->v_point,
        .out = t->v + (span->at + tile) * t->pitch,
    };
    for (int64_t i = 0; i < IN; i++) {
        const int64_t y = top + i;
        for (int64_t j = 0; j < IN; j++) {
            const int64_t x = left + j;
            const bool inside = y >= 0 && y < s->in_h && x >= 0 && x < s->in_w;
            w.x[i * IN + j] = inside ? image + (y * s->in_w + x) * s->in_c : t->outside;
        }
    }
    isa->winograd->window(&w);
}

/* The channels of a block, for the n tiles from `begin` on. */
static void run_block(const zk_x86_isa *isa, const zk_conv_s8_args *a, const strip *t,
                      const zk_x86_block *b, int64_t begin, int64_t n)
{
    const zk_conv_shape *s = a->shape;
    const int64_t point_bytes =
        (int64_t)zk_x86_winograd_steps(s) * b->regs * isa->lanes * ZK_X86_STEP;
    zk_x86_call q = {
        .weights = zk_x86_at(b, b->weights),
        .ahead = point_bytes,
        .pitch = t->pitch * (int64_t)sizeof(*t->v),
        .segments = 1,
        .steps = zk_x86_winograd_steps(s),
        .n = n,
        .block = b,
        .out_pitch = t->m_tile * (int64_t)sizeof(*t->m),
        .out_zero_point = a->out_zero_point,
        .lo = a->lo,
        .hi = a->hi,
    };
    for (int64_t i = 0; i < POINTS; i++, q.weights += point_bytes) {
        q.x = (const void *)(t->v + i * t->v_point);
        q.out = (void *)(t->m + i * t->m_point);
        isa->winograd->products(&q);
    }
    for (int64_t at = 0; at < n;) {
        const zk_winograd_span span = zk_winograd_span_at(s, begin, at, n);
        for (int32_t r = 0; r < b->regs; r++) {
            const int32_t c = r * isa->lanes;
            const zk_x86_outputs o = {&q, r, t->m + at * t->m_tile + c, t->m_point, t->m_tile};
            zk_winograd_write_span(a, &span, b->channel + c, isa->lanes, isa->winograd->outputs,
                                   &o);
        }
        at += span.n;
    }
}

static void run_strip(const zk_x86_isa *isa, const zk_conv_s8_args *a, const strip *t,
                      int64_t begin, int64_t n)
{
    for (int64_t at = 0; at < n;) {
        const zk_winograd_span span = zk_winograd_span_at(a->shape, begin, at, n);
        for (int64_t i = 0; i < span.n; i++)
            transform(isa, a, t, &span, i);
        at += span.n;
    }
    const zk_x86_block *b = (const void *)(zk_x86_packed_at(a->packed) + 1);
    for (; b->channel + b->channels <= a->channel_begin; b = zk_x86_at(b, b->bytes))
        ;
    for (bool more = true; more; b = zk_x86_at(b, b->bytes)) {
        run_block(isa, a, t, b, begin, n);
        more = b->channel + b->channels < a->channel_end;
    }
}

void zk_x86_winograd_run(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    if (a->pixel_begin >= a->pixel_end || a->channel_begin >= a->channel_end)
        return;
    const strip t = strip_of(isa, a->shape, a->scratch);
    int64_t begin, end;
    memset(t.outside, a->x_zero_point, (size_t)a->shape->in_c);
    zk_winograd_tiles_of(a, &begin, &end);
    for (; begin < end; begin += t.tiles)
        run_strip(isa, a, &t, begin, end - begin < t.tiles ? end - begin : t.tiles);
}
