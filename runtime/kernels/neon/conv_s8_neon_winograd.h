/* SPDX-License-Identifier: Apache-2.0 */
/** @file Winograd's form of the convolution of s8 (kernels/winograd_s8.h) for NEON. */
#ifndef ZK_CONV_S8_NEON_WINOGRAD_H
#define ZK_CONV_S8_NEON_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/winograd_s8.h"

enum {
    ZK_WINOGRAD_TILES = 8,   /**< that are multiplied together */
    ZK_WINOGRAD_CHANNELS = 8 /**< input or output channels that lie together */
};

/** Of eight output channels. */
typedef struct zk_winograd_channels {
    uint32_t offset[ZK_WINOGRAD_CHANNELS]; /**< zk_winograd_sum */
    int32_t multiplier[ZK_WINOGRAD_CHANNELS];
    int32_t right[ZK_WINOGRAD_CHANNELS]; /**< shifts, <= 0 */
    int32_t left[ZK_WINOGRAD_CHANNELS];  /**< >= 0 */
    int32_t rest[ZK_WINOGRAD_CHANNELS];  /**< the same */
    int32_t plain; /**< 1: no rest, and every shift is to the right, by one at least */
    int32_t unused[3];
} zk_winograd_channels;

/** Input or output channels in blocks; those that fill up the last one have weights of 0. */
static inline int64_t zk_winograd_blocks(int32_t channels)
{
    return ((int64_t)channels + ZK_WINOGRAD_CHANNELS - 1) / ZK_WINOGRAD_CHANNELS;
}

/** First input channel of a block. The last block ends at the last channel, and has some channels
 *  of the block before it once more, with weights of 0, so that 8 bytes can be read. */
static inline int32_t zk_winograd_in_channel(const zk_conv_shape *s, int64_t block)
{
    const int32_t c = (int32_t)(block * ZK_WINOGRAD_CHANNELS),
                  last = s->in_c - ZK_WINOGRAD_CHANNELS;
    return c < last ? c : last;
}

/** Values of a block of output channels at one point: [input blocks][8 in][8 out]. Those of a
 *  block of tiles are as many: [input blocks][8 tiles][8 in]. */
static inline int64_t zk_winograd_values(const zk_conv_shape *s)
{
    return zk_winograd_blocks(s->in_c) * ZK_WINOGRAD_CHANNELS * ZK_WINOGRAD_CHANNELS;
}

/** Output blocks that are computed while a tile's transform stays in the cache; their weights lie
 *  together, point by point. */
enum { ZK_WINOGRAD_PASS = 4 };

/** Blocks of the pass that begins with output block `first`. */
static inline int64_t zk_winograd_pass(const zk_conv_shape *s, int64_t first)
{
    const int64_t left = zk_winograd_blocks(s->out_c) - first;
    return left < ZK_WINOGRAD_PASS ? left : ZK_WINOGRAD_PASS;
}

static inline size_t zk_winograd_weights_at(const zk_conv_shape *s)
{
    const size_t bytes = (size_t)zk_winograd_blocks(s->out_c) * sizeof(zk_winograd_channels);
    return (bytes + 63) / 64 * 64;
}

/** The packed operand's. */
static inline const zk_winograd_channels *zk_winograd_tables(const void *packed)
{
    return packed;
}

/** The packed operand's: [passes][points][blocks of the pass][zk_winograd_values()]. */
static inline const int16_t *zk_winograd_weights(const zk_conv_shape *s, const void *packed)
{
    return (const void *)((const char *)packed + zk_winograd_weights_at(s));
}

/** As zk_neon_form wants them. */
size_t zk_winograd_packed_bytes(const zk_conv_shape *s);
bool zk_winograd_pack(const zk_conv_s8_args *a, void *packed);

/** Tiles of block `block` of a strip of n that there is room for: a last block that is at most half
 *  full is half a block. */
static inline int64_t zk_winograd_width(int64_t n, int64_t block)
{
    const int64_t left = n - block * ZK_WINOGRAD_TILES;
    return left <= ZK_WINOGRAD_TILES / 2 ? ZK_WINOGRAD_TILES / 2 : ZK_WINOGRAD_TILES;
}

/** Transforms windows of a strip of n tiles. `out`: [points], `pitch` values apart, of [tile
 *  blocks][input blocks][8 tiles, or 4][8 in]. `columns` has room for zk_winograd_columns_of() * 8
 *  values. */
void zk_winograd_transform(const zk_conv_s8_args *a, const zk_winograd_span *span, int64_t n,
                           int64_t pitch, int16_t *columns, int16_t *out);

/** Vectors of eight values that zk_winograd_transform() keeps of n tiles side by side; the next
 *  tile's are read too, for nothing. */
static inline int64_t zk_winograd_columns_of(int64_t n)
{
    return (n * ZK_WINOGRAD_OUT + ZK_WINOGRAD_IN) * ZK_WINOGRAD_IN;
}

/** Products become output: `m` is [points][8 tiles][8 out], of a block of tiles that the span lies
 *  in. Writes what was asked for of the output block `block`. */
void zk_winograd_write(const zk_conv_s8_args *a, const zk_winograd_span *span, int64_t block,
                       const uint32_t *m);

/* ---- assembly ---- */

/** Columns of six pixels, eight channels: out[n][6][8] = B^T d. */
typedef struct zk_winograd_columns {
    const int8_t *x[ZK_WINOGRAD_IN]; /**< the first column's pixels */
    int64_t step[ZK_WINOGRAD_IN];    /**< to the next column's */
    int64_t n;
    int16_t *out;
} zk_winograd_columns;

void zk_winograd_columns_run(const zk_winograd_columns *c);

/** The rest of n tiles side by side: points `pitch` values apart, each [n][8]. */
void zk_winograd_rows_run(const int16_t *columns, int64_t n, int16_t *out, int64_t pitch);

/** A^T m A of n tiles side by side, requantised. */
typedef struct zk_winograd_outputs {
    const uint32_t *m; /**< [points][8 tiles][8 channels]: the first tile's */
    int8_t *out;       /**< the first tile's first pixel */
    int64_t row_pitch, pixel_pitch;
    int64_t n;
    const zk_winograd_channels *tables;
    int16_t out_zero_point;
    int8_t lo, hi;
} zk_winograd_outputs;

void zk_winograd_outputs_run(const zk_winograd_outputs *o);

/** What zk_winograd_products() multiplies: for each block of channels, for each block of tiles,
 *  out[8 tiles][8 channels] = sum over the input channels of v * w. */
typedef struct zk_winograd_product {
    const int16_t *v; /**< [tile blocks][steps][8 tiles][8 in] */
    const int16_t *w; /**< [channel blocks][steps][8 in][8 out] */
    uint32_t *out;
    int64_t steps; /**< blocks of input channels */
    int64_t tile_blocks, channel_blocks;
    int64_t tile_pitch, channel_pitch; /**< of `out`, bytes from block to block */
} zk_winograd_product;

void zk_winograd_products(const zk_winograd_product *p);
/** zk_winograd_products() of half blocks of tiles: v is [tile blocks][steps][4 tiles][8 in], and of
 * `out` the first half is written. */
void zk_winograd_products_half(const zk_winograd_product *p);

#endif
