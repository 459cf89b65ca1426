/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Convolution of s8, 3x3 with stride 1, by Winograd's F(4x4, 3x3) in whole numbers: a quarter of
 * the multiplications, and the same bits. What the processors' variants share.
 *
 * A tile is 4x4 outputs and reads a window of 6x6 pixels. With B, G and A as usual, sums of a tile
 * are A^T [(G g G^T) * (B^T d B)] A: a product for each of 36 points, summed over the channels.
 * G holds fractions. Here its rows are whole, 24 times theirs, the last one 12 times, which A makes
 * up for: the sums come out 576 = 64 * 9 times too large.
 *
 * - B^T d B of bytes d fits 16 bits: rows of B^T have magnitudes that add up to 10, and
 *   10 * 10 * 128 = 12800.
 * - G g G^T fits 16 bits for weights up to 227, 12 * 12 * 227 = 32688: for all of 8 bits, and with
 *   zero points that are not 0 nearly all.
 * - Everything after that is arithmetic modulo 2^32. What matters is that 64 times the sum fits 32
 *   bits, once a constant is added to it, which centres the values that it can take: then the
 *   inverse of 9 modulo 2^32 and a shift give the sum itself.
 *
 * Packing proves the last two of the actual weights. Ref: Lavin and Gray, Fast Algorithms for
 * Convolutional Neural Networks, 2015.
 */
#ifndef ZK_WINOGRAD_S8_H
#define ZK_WINOGRAD_S8_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/conv.h"

enum {
    ZK_WINOGRAD_OUT = 4,    /**< a tile's height and width */
    ZK_WINOGRAD_IN = 6,     /**< its window's */
    ZK_WINOGRAD_POINTS = 36 /**< products of one tile, input channel and output channel */
};

/** Of 9, modulo 2^32. */
enum { ZK_WINOGRAD_INVERSE = 0x38E38E39 };

/** True for convolutions of the shape that this form computes. */
bool zk_winograd_is(const zk_conv_shape *s);

/* ---- weights ---- */

/** What becomes of an output channel's sums over x * w. */
typedef struct zk_winograd_sum {
    uint32_t offset; /**< added to them, 576 times: the input's zero point, and if it fits, the bias
                      */
    int32_t rest;    /**< of the bias: added to what is left of them afterwards */
} zk_winograd_sum;

/** Proves that the sums of output channel c come out right; false if they may not. */
bool zk_winograd_prove(const zk_conv_s8_args *a, int32_t c, zk_winograd_sum *out);

/** Input channels that zk_winograd_weights_of() takes. */
enum { ZK_WINOGRAD_LANES = 8 };

/** G g G^T of the weights of output channel c for input channels [in, in + 8); a point's `pitch`
 *  values from the next one's. */
void zk_winograd_weights_of(const zk_conv_s8_args *a, int32_t c, int32_t in, int64_t pitch,
                            int16_t *out);

/* ---- tiles ---- */

/** Tiles of one row of tiles that lie side by side. */
typedef struct zk_winograd_span {
    int64_t image;
    int64_t y, x; /**< the first output pixel of the first tile */
    int64_t n;    /**< tiles */
    int64_t at;   /**< place of the first one in the strip */
} zk_winograd_span;

int64_t zk_winograd_tiles_in_row(const zk_conv_shape *s);
/** Of all images. */
int64_t zk_winograd_tiles(const zk_conv_shape *s);

/** The tiles that some pixels need: whole rows, numbered through all images. */
void zk_winograd_tiles_of(const zk_conv_s8_args *a, int64_t *begin, int64_t *end);

/** Those of the tiles [begin + at, begin + end) that lie in the row of the first one. */
zk_winograd_span zk_winograd_span_at(const zk_conv_shape *s, int64_t begin, int64_t at,
                                     int64_t end);

/** Some tiles side by side and a block of output channels: where the values go. */
typedef struct zk_winograd_target {
    int64_t tile, n; /**< of the span */
    int8_t *out;     /**< the first pixel of the first one */
    int64_t row_pitch, pixel_pitch;
} zk_winograd_target;

typedef void zk_winograd_write_fn(const void *state, const zk_winograd_target *target);

/** Most channels of a block. */
enum { ZK_WINOGRAD_MAX_BLOCK = 16 };

/** Has `write` give the values of a span's tiles and of the block of n channels from `channel` on,
 *  so that what was asked for, and no other byte, is written; of some blocks that is nothing. */
void zk_winograd_write_span(const zk_conv_s8_args *a, const zk_winograd_span *span, int64_t channel,
                            int64_t n, zk_winograd_write_fn *write, const void *state);

#endif
