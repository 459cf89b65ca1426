/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernels.h"

void zk_quantize_f32_s8_ref(float scale, int32_t zero, int32_t lo, int32_t hi, const float *x,
                            int8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (int8_t)zi_quantize(x[i], scale, zero, lo, hi);
}
