/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The packed operand of the NEON convolution as a product of matrices, and the assembly that
 * multiplies by it.
 *
 * A block has four output channels of one group. Rows of the input and of the weights are padded to
 * a multiple of 8 and cut into chunks of 8 values. Products are added up in 16-bit lanes, one of a
 * chunk to a lane, as many chunks as are proved to fit for every input: a bin. Which chunks share a
 * bin is the packing's choice, and so is the order of bins.
 */
#ifndef ZK_CONV_S8_NEON_GEMM_H
#define ZK_CONV_S8_NEON_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/conv.h"

enum {
    ZK_NEON_CHANNELS = 4,
    ZK_NEON_PIXELS = 3, /**< of a tile */
    ZK_NEON_CHUNK = 8,
    ZK_NEON_BIN = 6 /**< chunks at most */
};

/**
 * With z the input's zero point and o an offset near the weights' zero point, for which w - o fits
 * 8 bits: sum (x - z)(w - zero) = sum x (w - o) - (zero - o) sum x - z sum (w - zero). The last
 * term is in `bias`.
 */
typedef struct zk_neon_block {
    int32_t bias[ZK_NEON_CHANNELS];
    int32_t multiplier[ZK_NEON_CHANNELS];
    int32_t right[ZK_NEON_CHANNELS]; /**< shifts, <= 0 */
    int32_t left[ZK_NEON_CHANNELS];  /**< >= 0 */
    int32_t zero[ZK_NEON_CHANNELS];  /**< the weights' zero point less their offset */
    int32_t plain;                   /**< 1: every shift is to the right, and by one at least */
    int32_t needs_sums;              /**< 1: some `zero` is not 0 */
    int32_t first;                   /**< chunks of the first bin */
    int32_t second;                  /**< of the second, plus ZK_NEON_BIN; 0: there is none */
    int32_t bins[ZK_NEON_BIN];       /**< after the first: how many of 6, 5, ... 1 chunks */
    /** After those of 6, 5, ... 1: the chunks of the next bin, plus ZK_NEON_BIN; 0: none. */
    uint8_t next[8];
    int32_t offsets[]; /**< of chunks in a row, as they come; then of the first two again */
    /* then, at zk_neon_block_w(), int8_t [chunks][4][8], and the first chunk again */
} zk_neon_block;

/** How results are requantised: from one to the next there is less to do. */
typedef enum zk_neon_tail {
    ZK_NEON_ANY,
    ZK_NEON_PLAIN, /**< shifts are plain */
    ZK_NEON_WHOLE, /**< and results from -128 to 127 */
    ZK_NEON_RELU   /**< and the zero point -128 */
} zk_neon_tail;

/** What zk_neon_tiles_run() computes: 3 pixels and 4 channels at a time. */
typedef struct zk_neon_tiles {
    const int8_t *x; /**< the first pixel's row */
    int64_t x_pitch; /**< bytes from row to row */
    int8_t *out;     /**< the first pixel's four channels */
    int64_t out_pitch;
    const zk_neon_block *block;
    int64_t n;           /**< tiles, >= 1 */
    const int8_t *w;     /**< the block's */
    const int32_t *sums; /**< of each row of x; NULL unless the block needs them */
    int16_t out_zero_point[ZK_NEON_CHANNELS]; /**< four times the same */
    int8_t lo[8], hi[8];                      /**< eight times */
    const zk_neon_block *next;                /**< of the same shape; will be wanted soon */
    int32_t tail;                             /**< a zk_neon_tail */
} zk_neon_tiles;

void zk_neon_tiles_run(const zk_neon_tiles *t);

/** zk_neon_tiles_run() where n is pixels, computed one at a time. */
void zk_neon_pixels_run(const zk_neon_tiles *t);

static inline int64_t zk_neon_chunks(const zk_conv_shape *s)
{
    return (zk_conv_patch(s) + ZK_NEON_CHUNK - 1) / ZK_NEON_CHUNK;
}

/** Length of a row, padded. */
static inline int64_t zk_neon_row(const zk_conv_shape *s)
{
    return zk_neon_chunks(s) * ZK_NEON_CHUNK;
}

/** Where a block's weights begin, in bytes. */
static inline size_t zk_neon_block_w(const zk_conv_shape *s)
{
    const size_t bytes = sizeof(zk_neon_block) + ((size_t)zk_neon_chunks(s) + 2) * sizeof(int32_t);
    return (bytes + 15) / 16 * 16;
}

static inline size_t zk_neon_block_bytes(const zk_conv_shape *s)
{
    return zk_neon_block_w(s) + ((size_t)zk_neon_chunks(s) + 1) * ZK_NEON_CHANNELS * ZK_NEON_CHUNK;
}

/** Blocks of one group. */
static inline int32_t zk_neon_blocks(const zk_conv_shape *s)
{
    return (s->out_c / s->groups + ZK_NEON_CHANNELS - 1) / ZK_NEON_CHANNELS;
}

/** As zk_neon_form wants them. */
size_t zk_neon_packed_bytes(const zk_conv_shape *s);
bool zk_neon_pack(const zk_conv_s8_args *a, void *packed);

#endif
