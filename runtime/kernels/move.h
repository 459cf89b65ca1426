/* SPDX-License-Identifier: Apache-2.0 */
/** @file Kernels that move bytes and compute nothing. */
#ifndef ZK_MOVE_H
#define ZK_MOVE_H

#include <stdint.h>

/**
 * y[c * y_pitch + r] = x[r * x_pitch + c] for r < rows, c < cols. Nothing overlaps; x_pitch may be
 * 0 or negative, y_pitch is at least `rows`.
 */
typedef void zk_transpose_s8_fn(const int8_t *x, int64_t x_pitch, int8_t *y, int64_t y_pitch,
                                int64_t rows, int64_t cols);

#endif
