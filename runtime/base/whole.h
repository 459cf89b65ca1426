/* SPDX-License-Identifier: Apache-2.0 */
/** @file Division of whole numbers that rounds up or down, whatever the signs; `b` > 0. */
#ifndef ZI_BASE_WHOLE_H
#define ZI_BASE_WHOLE_H

#include <stdint.h>

static inline int64_t zi_floor_div64(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static inline int64_t zi_ceil_div64(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

static inline int32_t zi_floor_div(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

static inline int32_t zi_ceil_div(int32_t a, int32_t b)
{
    return a / b + (a % b > 0);
}

#endif
