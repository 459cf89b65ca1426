/* SPDX-License-Identifier: Apache-2.0 */
/** @file Plain integers of every type as s64: shape arithmetic and indices share one code path. */
#ifndef ZI_OPS_INTS_H
#define ZI_OPS_INTS_H

#include <stddef.h>
#include <stdint.h>

#include <zurt/zurt.h>

/** out[i] = element first + i * step of `x`. */
void zi_ints_load(zurt_dtype dtype, const void *x, int64_t first, size_t step, size_t n,
                  int64_t *out);
/** Stores n elements from `first` on, keeping the low bits; bool stores 0 or 1. */
void zi_ints_store(zurt_dtype dtype, const int64_t *x, size_t n, void *out, int64_t first);

/* Arithmetic that wraps, as two's complement does. */
static inline int64_t zi_wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t zi_wrap_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t zi_wrap_mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/** Truncates toward zero; x / 0 is 0; INT64_MIN / -1 wraps to INT64_MIN. */
static inline int64_t zi_safe_div(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? zi_wrap_sub(0, a) : a / b;
}

/** Wraps; a negative exponent truncates the reciprocal: 1, -1 or 0, and 0 for 0. */
static inline int64_t zi_int_pow(int64_t a, int64_t b)
{
    if (b < 0)
        return a == 1 ? 1 : a != -1 ? 0 : b % 2 ? -1 : 1;
    int64_t r = 1;
    for (; b; b >>= 1) {
        if (b & 1)
            r = zi_wrap_mul(r, a);
        a = zi_wrap_mul(a, a);
    }
    return r;
}

#endif
