/* SPDX-License-Identifier: Apache-2.0 */
/** @file The assembly that moves 3x3 windows along a row: its arguments. */
#ifndef ZK_DEPTHWISE_S8_NEON_H
#define ZK_DEPTHWISE_S8_NEON_H

#include <stdint.h>

enum { ZK_NEON_LANES = 8 };

/** Constants of eight channels, as the assembly loads them. */
typedef struct zk_neon_block8 {
    int16_t w[9][ZK_NEON_LANES]; /**< zero points subtracted; rows outside the input are 0 */
    int32_t bias[ZK_NEON_LANES];
    int32_t multiplier[ZK_NEON_LANES];
    int32_t right[ZK_NEON_LANES]; /**< shifts, <= 0 */
    int32_t left[ZK_NEON_LANES];  /**< >= 0 */
    int16_t out_zero_point[ZK_NEON_LANES];
    int8_t lo[ZK_NEON_LANES], hi[ZK_NEON_LANES];
    int8_t x_zero_point[ZK_NEON_LANES];
} zk_neon_block8;

enum {
    ZK_NEON_LEFT_OUTSIDE = 1,
    ZK_NEON_RIGHT_OUTSIDE = 2,
    ZK_NEON_STRIDE2 = 4,
    ZK_NEON_LEFT_SHIFTS = 8, /**< some shifts are not to the right by one at least */
    ZK_NEON_NO_TIES = 16     /**< all that is below the zero point is clamped: no matter how
                                  negative ties are rounded */
};

/** Windows of some rows of the output that lie one below the other, all with the same weights. */
typedef struct zk_neon_windows {
    const int8_t *x[3]; /**< the first window's first column inside: the left or the middle one */
    int8_t *out;
    int64_t step;  /**< bytes from column to column, and from output to output */
    int64_t n;     /**< windows whose right column is inside */
    int64_t flags; /**< ZK_NEON_...; right outside: one more window, whose right column is not */
    int64_t rows;  /**< >= 1 */
    int64_t x_pitch, out_pitch; /**< bytes from row to row */
} zk_neon_windows;

void zk_neon_rows_run(const zk_neon_block8 *block, const zk_neon_windows *windows);

#endif
