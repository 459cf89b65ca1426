/* SPDX-License-Identifier: Apache-2.0 */
/** @file Depthwise windows over an input that is laid out beside it: any window, any stride. */
#ifndef ZK_DEPTHWISE_S8_NEON_WINDOW_H
#define ZK_DEPTHWISE_S8_NEON_WINDOW_H

#include <stdbool.h>

#include "kernels/conv.h"
#include "kernels/neon/depthwise_s8_neon.h"

/** False if a window is too large; then nothing is written. */
bool zk_neon_depthwise_windows(const zk_depthwise_s8_args *args);

/** Constants of the channels in a vector's lanes, as the assembly loads them. */
typedef struct zk_neon_lanes8 {
    int32_t bias[ZK_NEON_LANES];
    int32_t multiplier[ZK_NEON_LANES];
    int32_t right[ZK_NEON_LANES]; /**< shifts, <= 0 */
    int32_t left[ZK_NEON_LANES];  /**< >= 0 */
    int16_t out_zero_point[ZK_NEON_LANES];
    int8_t lo[2 * ZK_NEON_LANES], hi[2 * ZK_NEON_LANES];
    int64_t leftwards; /**< some shifts are not to the right by one at least */
} zk_neon_lanes8;

/** Vectors that lie one after the other in a row of the output: quads of them are computed. */
typedef struct zk_neon_line {
    const int16_t *x; /**< the first tap of the first vector */
    int8_t *out;
    const int16_t *w;        /**< [taps][ZK_NEON_LANES], two more are loaded */
    const int64_t *at;       /**< [taps + 1] where a vector's taps are, bytes from its first */
    int64_t taps, quads;     /**< quads >= 1 */
    int64_t x_step;          /**< bytes from vector to vector */
    int64_t out_step;        /**< eight bytes are stored there */
    int64_t rows, row_bytes; /**< of taps; where `columns` is set */
    int64_t columns;         /**< 3, 5 or 7: taps of a row, x_step apart, without `at`; else 0 */
} zk_neon_line;

void zk_neon_lines_run(const zk_neon_lanes8 *lanes, const zk_neon_line *line);

#endif
