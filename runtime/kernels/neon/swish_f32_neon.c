/* SPDX-License-Identifier: Apache-2.0 */
/* Sigmoid and swish in float. */
#include "kernels/kernels.h"
#include "kernels/neon/vec_f32_neon.h"

#include "kernels/exp_f32_vec.h"

MAP_F32(zk_sigmoid_f32_neon, vec_sigmoid)
MAP_F32(zk_swish_f32_neon, vec_swish)
