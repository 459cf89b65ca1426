/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The packed operand of the NEON convolution as a product of matrices, and the assembly that
 * multiplies by it.
 *
 * A block has four output channels of one group. Rows of the input and of the weights are padded to
 * a multiple of 8; a block's weights lie as they are read: for each step of 16 values, 16 of the
 * first channel, 16 of the second, ...; then, if 8 are left, 8 of each.
 */
#ifndef ZK_CONV_S8_NEON_GEMM_H
#define ZK_CONV_S8_NEON_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/conv.h"

enum { ZK_NEON_CHANNELS = 4, ZK_NEON_PIXELS = 4, ZK_NEON_STEP = 16, ZK_NEON_HALF_STEP = 8 };

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
    int32_t pairs;      /**< 1: the sum of products i and i + 8 of a step fits 16 bits */
    int32_t needs_sums; /**< 1: some `zero` is not 0 */
    int32_t unused;
    int8_t w[]; /**< [steps][4][16], then [4][8] */
} zk_neon_block;

/** What zk_neon_quads() computes: 4 pixels and 4 channels at a time. */
typedef struct zk_neon_quads {
    const int8_t *x; /**< the first pixel's row */
    int64_t x_pitch; /**< bytes from row to row */
    int8_t *out;     /**< the first pixel's four channels */
    int64_t out_pitch;
    const zk_neon_block *block;
    int64_t n; /**< quads of pixels, >= 1 */
    int64_t steps;
    int64_t half_step;   /**< 1: 8 values follow the steps; steps + half_step >= 1 */
    const int32_t *sums; /**< of each row of x; NULL unless the block needs them */
    int16_t out_zero_point;
    int8_t lo, hi;
} zk_neon_quads;

void zk_neon_quads_run(const zk_neon_quads *q);

/** Length of a row, padded. */
static inline int64_t zk_neon_row(const zk_conv_shape *s)
{
    return (zk_conv_patch(s) + ZK_NEON_HALF_STEP - 1) / ZK_NEON_HALF_STEP * ZK_NEON_HALF_STEP;
}

static inline size_t zk_neon_block_bytes(const zk_conv_shape *s)
{
    const size_t bytes = sizeof(zk_neon_block) + ZK_NEON_CHANNELS * (size_t)zk_neon_row(s);
    return (bytes + 15) / 16 * 16;
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
