/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution in float. */
#include "kernels/x86/vec_f32_avx2.h"

#include "kernels/depthwise_f32_vec.h"

void zk_depthwise_f32_avx2(const zk_depthwise_f32_args *a)
{
    depthwise(a);
}
