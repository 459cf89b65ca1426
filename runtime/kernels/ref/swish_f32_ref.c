/* SPDX-License-Identifier: Apache-2.0 */
/* Sigmoid and swish in float, reference. */
#include "kernels/exp_f32.h"
#include "kernels/kernels.h"

void zk_sigmoid_f32_ref(const float *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = zk_sigmoid_f32(x[i]);
}

void zk_swish_f32_ref(const float *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * zk_sigmoid_f32(x[i]);
}
