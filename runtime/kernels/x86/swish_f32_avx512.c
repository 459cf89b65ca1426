/* SPDX-License-Identifier: Apache-2.0 */
/* Sigmoid and swish in float. */
#include "kernels/kernels.h"
#include "kernels/x86/vec_f32_avx512.h"

#include "kernels/exp_f32_vec.h"

MAP_F32(zk_sigmoid_f32_avx512, vec_sigmoid)
MAP_F32(zk_swish_f32_avx512, vec_swish)
