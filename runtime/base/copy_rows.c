/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the widths that tensors have: a copy of a known size is a move or two, not a call. */
#include "base/copy_rows.h"

/* Bytes from which a call costs less than it saves. */
enum { LONG = 128 };

typedef struct rows {
    const char *x;
    char *y;
    int64_t x_step, y_step, width, n;
} rows;

static inline void copy_twice(rows r, size_t size)
{
    for (int64_t i = 0; i < r.n; i++, r.x += r.x_step, r.y += r.y_step)
        zi_copy_twice(r.y, r.x, (size_t)r.width, size);
}

static inline void copy_once(rows r, size_t size)
{
    for (int64_t i = 0; i < r.n; i++, r.x += r.x_step, r.y += r.y_step)
        memcpy(r.y, r.x, size);
}

/* 32 bytes or more; the last 16 of a row may overlap those before. */
static void copy_long(rows r)
{
    const int64_t last = r.width - 16;
    for (int64_t i = 0; i < r.n; i++, r.x += r.x_step, r.y += r.y_step) {
        for (int64_t k = 0; k < last; k += 16)
            memcpy(r.y + k, r.x + k, 16);
        memcpy(r.y + last, r.x + last, 16);
    }
}

void zi_copy_rows(const void *x, int64_t x_step, void *y, int64_t y_step, int64_t width, int64_t n)
{
    const rows r = {x, y, x_step, y_step, width, n};
    if (width >= LONG)
        copy_once(r, (size_t)width);
    else if (width > 32)
        copy_long(r);
    else if (width > 16)
        copy_twice(r, 16);
    else if (width == 16)
        copy_once(r, 16);
    else if (width > 8)
        copy_twice(r, 8);
    else if (width == 8)
        copy_once(r, 8);
    else if (width > 4)
        copy_twice(r, 4);
    else if (width == 4)
        copy_once(r, 4);
    else if (width == 3)
        copy_twice(r, 2);
    else if (width == 2)
        copy_once(r, 2);
    else if (width == 1)
        copy_once(r, 1);
}
