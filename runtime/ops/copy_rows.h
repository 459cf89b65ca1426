/* SPDX-License-Identifier: Apache-2.0 */
/** @file Copies many pieces of memory of one size, as every op that rearranges its input does. */
#ifndef ZI_OPS_COPY_ROWS_H
#define ZI_OPS_COPY_ROWS_H

#include <stdint.h>

/**
 * Copies n rows of `width` bytes. Nothing overlaps, and no byte beside the rows is touched.
 *
 * @param x_step, y_step bytes from row to row; may be negative, and x_step 0.
 */
void zi_copy_rows(const void *x, int64_t x_step, void *y, int64_t y_step, int64_t width, int64_t n);

#endif
