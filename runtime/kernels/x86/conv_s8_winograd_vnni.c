/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's form of the convolution of s8 for AVX-512 VNNI. */
#include "kernels/x86/vec_avx512.h"

static inline vec dot(vec acc, vec x, vec w)
{
    return _mm512_dpwssd_epi32(acc, x, w);
}

#include "kernels/x86/conv_s8_winograd_512.h"

const zk_x86_winograd zk_x86_vnni_winograd = {
    .least_channels = 64,
    .least_percent = 70,
    .most_weights = 2 * 1024 * 1024, // what the other form waits for is little
    .window = window,
    .products = products,
    .outputs = outputs,
};
