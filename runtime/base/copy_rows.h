/* SPDX-License-Identifier: Apache-2.0 */
/** @file Copies many pieces of memory of one size, as every op that rearranges its input does. */
#ifndef ZI_BASE_COPY_ROWS_H
#define ZI_BASE_COPY_ROWS_H

#include <stdint.h>
#include <string.h>

/**
 * Copies n rows of `width` bytes. Nothing overlaps, and no byte beside the rows is touched.
 *
 * @param x_step, y_step bytes from row to row; may be negative, and x_step 0.
 */
void zi_copy_rows(const void *x, int64_t x_step, void *y, int64_t y_step, int64_t width, int64_t n);

/** Two moves of `size` bytes, which is a constant, for size <= n <= 2 * size bytes. */
static inline void zi_copy_twice(char *y, const char *x, size_t n, size_t size)
{
    char head[16], tail[16];
    memcpy(head, x, size);
    memcpy(tail, x + n - size, size);
    memcpy(y, head, size);
    memcpy(y + n - size, tail, size);
}

/** Copies n bytes, at most 16. */
static inline void zi_copy_few(void *y, const void *x, size_t n)
{
    if (n >= 8)
        zi_copy_twice(y, x, n, 8);
    else if (n >= 4)
        zi_copy_twice(y, x, n, 4);
    else if (n >= 2)
        zi_copy_twice(y, x, n, 2);
    else if (n)
        memcpy(y, x, 1);
}

#endif
