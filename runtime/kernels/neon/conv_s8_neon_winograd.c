/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's form of the convolution of s8: strips of tiles whose transforms stay in the
 * second-level cache, some blocks of output channels over each. */
#include <assert.h>

#include "base/whole.h"
#include "kernels/neon/conv_s8_neon.h"
#include "kernels/neon/conv_s8_neon_winograd.h"

enum { TILES = ZK_WINOGRAD_TILES, POINTS = ZK_WINOGRAD_POINTS, OUT = ZK_WINOGRAD_OUT };

/* Bytes that the transforms of a strip may take, and the strip's blocks of tiles. */
enum { STRIP_BYTES = 80 * 1024, STRIP_BLOCKS = 4 };

/* Between the points of a transform, so that they do not meet in a few sets of the cache. */
enum { APART = 32 };

_Static_assert(offsetof(zk_winograd_product, out) == 16 &&
                   offsetof(zk_winograd_product, tile_blocks) == 32 &&
                   offsetof(zk_winograd_product, channel_pitch) == 56,
               "as the assembly reads it");

/* Sums of a block of tiles and a block of channels. */
enum { BLOCK_SUMS = POINTS * TILES * ZK_WINOGRAD_CHANNELS };

/* Tiles that half a block lacks cost as much as others: with less than a third of the pixels that
 * there is room for, the other form is as fast. */
static bool takes(const zk_conv_shape *s)
{
    const int64_t room = zi_ceil_div64(zk_winograd_tiles(s), TILES / 2) * (TILES / 2) * OUT * OUT;
    return zk_winograd_is(s) && 3 * zk_conv_pixels(s) >= room && s->in_c >= ZK_WINOGRAD_CHANNELS;
}

/* Blocks of tiles in a strip at most. */
static int64_t strip_blocks(const zk_conv_shape *s)
{
    const int64_t bytes = POINTS * zk_winograd_values(s) * (int64_t)sizeof(int16_t);
    const int64_t all = zi_ceil_div64(zk_winograd_tiles(s), TILES);
    const int64_t most = STRIP_BYTES / bytes < STRIP_BLOCKS ? STRIP_BYTES / bytes : STRIP_BLOCKS;
    const int64_t n = all < most ? all : most;
    return n < 1 ? 1 : n;
}

/* The parts of the scratch memory. */
typedef struct scratch {
    int16_t *v; /* [points][pitch] */
    int16_t *columns;
    uint32_t *m; /* [blocks of a pass][tile blocks][points][8][8] */
    int64_t pitch;
    size_t bytes;
} scratch;

static size_t align(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static scratch scratch_at(const zk_conv_shape *s, char *memory)
{
    const int64_t blocks = strip_blocks(s);
    scratch out = {.pitch = blocks * zk_winograd_values(s) + APART};
    const size_t v = align((size_t)(POINTS * out.pitch) * sizeof(int16_t));
    const size_t columns = align((size_t)zk_winograd_columns_of(blocks * TILES) *
                                 ZK_WINOGRAD_CHANNELS * sizeof(int16_t));
    const size_t m =
        (size_t)(zk_winograd_pass(s, 0) * blocks) * (size_t)BLOCK_SUMS * sizeof(uint32_t);
    out.bytes = v + columns + m;
    if (memory) {
        out.v = (void *)memory;
        out.columns = (void *)(memory + v);
        out.m = (void *)(memory + v + columns);
    }
    return out;
}

static size_t scratch_bytes(const zk_conv_shape *s, int32_t tile)
{
    (void)tile;
    return scratch_at(s, NULL).bytes;
}

/* Sums become output, for the tiles [from, to) of a strip, which are of one block, and an output
 * block. */
static void write_block(const zk_conv_s8_args *a, int64_t begin, int64_t from, int64_t to,
                        int64_t block, const uint32_t *m)
{
    while (from < to) {
        const zk_winograd_span span = zk_winograd_span_at(a->shape, begin, from, to);
        zk_winograd_write(a, &span, block, m);
        from += span.n;
    }
}

/* Products of n tiles at one point: those of a last block that is at most half full apart. */
static void multiply(zk_winograd_product *p, int64_t n)
{
    const int64_t all = zi_ceil_div64(n, TILES);
    const bool half = zk_winograd_width(n, all - 1) < TILES;
    p->tile_blocks = all - half;
    if (p->tile_blocks)
        zk_winograd_products(p);
    if (!half)
        return;
    p->v += p->tile_blocks * p->steps * TILES * ZK_WINOGRAD_CHANNELS;
    p->out += p->tile_blocks * BLOCK_SUMS;
    p->tile_blocks = 1;
    zk_winograd_products_half(p);
}

/* A strip of n tiles, the output blocks [first, first + blocks). */
static void run_pass(const zk_conv_s8_args *a, const scratch *mem, int64_t begin, int64_t n,
                     int64_t first, int64_t blocks)
{
    const zk_conv_shape *s = a->shape;
    const int64_t values = zk_winograd_values(s);
    const int64_t pass = first / ZK_WINOGRAD_PASS * ZK_WINOGRAD_PASS;
    const int64_t pass_blocks = zk_winograd_pass(s, pass);
    const int16_t *w = zk_winograd_weights(s, a->packed) + pass * POINTS * values;
    zk_winograd_product p = {
        .steps = zk_winograd_blocks(s->in_c),
        .channel_blocks = blocks,
        .tile_pitch = BLOCK_SUMS * (int64_t)sizeof(uint32_t),
        .channel_pitch = zi_ceil_div64(n, TILES) * BLOCK_SUMS * (int64_t)sizeof(uint32_t),
    };
    for (int64_t i = 0; i < POINTS; i++) {
        p.v = mem->v + i * mem->pitch;
        p.w = w + (i * pass_blocks + first - pass) * values;
        p.out = mem->m + i * TILES * ZK_WINOGRAD_CHANNELS;
        multiply(&p, n);
    }
    const uint32_t *m = mem->m;
    for (int64_t b = first; b < first + blocks; b++) {
        for (int64_t t = 0; t < n; t += TILES, m += BLOCK_SUMS)
            write_block(a, begin, t, t + TILES < n ? t + TILES : n, b, m);
    }
}

static void run_strip(const zk_conv_s8_args *a, const scratch *mem, int64_t begin, int64_t n)
{
    const int64_t end = zi_ceil_div64(a->channel_end, ZK_WINOGRAD_CHANNELS);
    for (int64_t at = 0; at < n;) {
        const zk_winograd_span span = zk_winograd_span_at(a->shape, begin, at, n);
        zk_winograd_transform(a, &span, n, mem->pitch, mem->columns, mem->v);
        at += span.n;
    }
    for (int64_t b = a->channel_begin / ZK_WINOGRAD_CHANNELS; b < end;) {
        const int64_t pass_end = (b / ZK_WINOGRAD_PASS + 1) * ZK_WINOGRAD_PASS;
        const int64_t last = pass_end < end ? pass_end : end;
        run_pass(a, mem, begin, n, b, last - b);
        b = last;
    }
}

static void run(const zk_conv_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    if (a->pixel_begin >= a->pixel_end || a->channel_begin >= a->channel_end)
        return;
    assert(a->scratch);
    const scratch mem = scratch_at(s, a->scratch);
    const int64_t strip = strip_blocks(s) * TILES;
    int64_t tile, end;
    zk_winograd_tiles_of(a, &tile, &end);
    for (; tile < end; tile += strip)
        run_strip(a, &mem, tile, end - tile < strip ? end - tile : strip);
}

/* Whole rows of tiles: one that is cut is computed twice. A tile's transform takes about as long as
 * the products of eight channels. */
static zk_conv_grain grain(const zk_conv_shape *s)
{
    return (zk_conv_grain){.pixels = (int64_t)OUT * s->out_w,
                           .channels = ZK_WINOGRAD_CHANNELS,
                           .window = ZK_WINOGRAD_CHANNELS};
}

const zk_neon_form zk_neon_winograd = {
    .takes = takes,
    .packed_bytes = zk_winograd_packed_bytes,
    .pack = zk_winograd_pack,
    .scratch_bytes = scratch_bytes,
    .grain = grain,
    .run = run,
};
