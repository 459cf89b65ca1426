/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution in float. */
#include "kernels/neon/vec_f32_neon.h"

#include "kernels/depthwise_f32_vec.h"

void zk_depthwise_f32_neon(const zk_depthwise_f32_args *a)
{
    depthwise(a);
}
