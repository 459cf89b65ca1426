/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's form of the convolution of s8 for AVX-VNNI. */
#include "kernels/x86/vec_avx2.h"

static inline vec dot(vec acc, vec x, vec w)
{
    return _mm256_dpwssd_avx_epi32(acc, x, w);
}

#include "kernels/x86/conv_s8_winograd_256.h"

const zk_x86_winograd zk_x86_avxvnni_winograd = {
    .least_channels = VALUES,
    .least_percent = 50,
    .window = window,
    .products = products,
    .outputs = outputs,
};
