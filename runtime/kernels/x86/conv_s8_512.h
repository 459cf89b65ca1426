/* SPDX-License-Identifier: Apache-2.0 */
/** @file The convolution of sixteen lanes; included by a variant that has defined dot(). */
#ifndef ZK_CONV_S8_512_H
#define ZK_CONV_S8_512_H

#include "kernels/x86/conv_s8_tiles.h"

/* Sums, weights and what is multiplied fill the 32 registers. */
TILE(12, 1)
TILE(8, 1)
TILE(4, 1)
TILE(2, 1)
TILE(1, 1)
TILE(12, 2)
TILE(10, 2)
TILE(8, 2)
TILE(6, 2)
TILE(3, 2)
TILE(1, 2)
TILE(8, 3)
TILE(6, 3)
TILE(5, 3)
TILE(4, 3)
TILE(2, 3)
TILE(1, 3)
TILE(6, 4)
TILE(5, 4)
TILE(4, 4)
TILE(3, 4)
TILE(2, 4)
TILE(1, 4)

static void run_call(const zk_x86_call *q)
{
    static const tile_size sizes[ZK_X86_MAX_REGS][MAX_SIZES] = {
        {{12, tile_12x1}, {8, tile_8x1}, {4, tile_4x1}, {2, tile_2x1}, {1, tile_1x1}},
        {{12, tile_12x2},
         {10, tile_10x2},
         {8, tile_8x2},
         {6, tile_6x2},
         {3, tile_3x2},
         {1, tile_1x2}},
        {{8, tile_8x3}, {6, tile_6x3}, {5, tile_5x3}, {4, tile_4x3}, {2, tile_2x3}, {1, tile_1x3}},
        {{6, tile_6x4}, {5, tile_5x4}, {4, tile_4x4}, {3, tile_3x4}, {2, tile_2x4}, {1, tile_1x4}},
    };
    run_sizes(q, sizes[q->block->regs - 1]);
}

#endif
