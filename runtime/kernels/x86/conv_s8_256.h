/* SPDX-License-Identifier: Apache-2.0 */
/** @file The convolution of eight lanes; included by a variant that has defined dot(). */
#ifndef ZK_CONV_S8_256_H
#define ZK_CONV_S8_256_H

#include "kernels/x86/conv_s8_tiles.h"

TILE(8, 1)
TILE(4, 1)
TILE(2, 1)
TILE(1, 1)
TILE(4, 2)
TILE(3, 2)
TILE(2, 2)
TILE(1, 2)

static void run_call(const zk_x86_call *q)
{
    static const tile_size sizes[2][MAX_SIZES] = {
        {{8, tile_8x1}, {4, tile_4x1}, {2, tile_2x1}, {1, tile_1x1}},
        {{4, tile_4x2}, {3, tile_3x2}, {2, tile_2x2}, {1, tile_1x2}},
    };
    run_sizes(q, sizes[q->block->regs - 1]);
}

#endif
