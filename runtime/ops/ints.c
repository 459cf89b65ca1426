/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores integers of every width as s64. */
#include "ops/ints.h"

#include <string.h>

void zi_ints_load(zurt_dtype dtype, const void *x, int64_t first, size_t step, size_t n,
                  int64_t *out)
{
    if (dtype == ZURT_S64) {
        const int64_t *p = (const int64_t *)x + first;
        for (size_t i = 0; i < n; i++)
            out[i] = p[i * step];
    } else if (dtype == ZURT_S32) {
        const int32_t *p = (const int32_t *)x + first;
        for (size_t i = 0; i < n; i++)
            out[i] = p[i * step];
    } else if (dtype == ZURT_S8) {
        const int8_t *p = (const int8_t *)x + first;
        for (size_t i = 0; i < n; i++)
            out[i] = p[i * step];
    } else {
        const uint8_t *p = (const uint8_t *)x + first;
        for (size_t i = 0; i < n; i++)
            out[i] = p[i * step];
    }
}

void zi_ints_store(zurt_dtype dtype, const int64_t *x, size_t n, void *out, int64_t first)
{
    if (dtype == ZURT_S64) {
        memcpy((int64_t *)out + first, x, n * sizeof(*x));
    } else if (dtype == ZURT_S32) {
        int32_t *p = (int32_t *)out + first;
        for (size_t i = 0; i < n; i++)
            p[i] = (int32_t)x[i];
    } else {
        uint8_t *p = (uint8_t *)out + first;
        for (size_t i = 0; i < n; i++)
            p[i] = dtype == ZURT_BOOL ? x[i] != 0 : (uint8_t)x[i];
    }
}
