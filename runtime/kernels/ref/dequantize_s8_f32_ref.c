/* SPDX-License-Identifier: Apache-2.0 */
/* Values of s8 as real numbers, reference. */
#include "kernels/kernels.h"

void zk_dequantize_s8_f32_ref(float scale, int32_t zero, const int8_t *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = scale * (float)(x[i] - zero);
}
