/* SPDX-License-Identifier: Apache-2.0 */
/** @file Sizes that cannot wrap. Each returns false, and leaves *out alone, on overflow. */
#ifndef ZI_BASE_SIZE_H
#define ZI_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool zi_size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static inline bool zi_size_mul(size_t a, size_t b, size_t *out)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

/** Rounds up to a multiple of `align`, a power of two. */
static inline bool zi_size_align(size_t a, size_t align, size_t *out)
{
    size_t sum;
    if (!zi_size_add(a, align - 1, &sum))
        return false;
    *out = sum & ~(align - 1);
    return true;
}

#endif
