/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of s8 over rows, reference. */
#include "kernels/kernels.h"

void zk_sum_s8_ref(const int8_t *x, int64_t n, int64_t stride, int64_t width, int32_t *sum)
{
    for (int64_t i = 0; i < n; i++, x += stride) {
        for (int64_t c = 0; c < width; c++)
            sum[c] += x[c];
    }
}
