/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 for AVX2: products are added in pairs to 16 bits, which are then added. */
#include "kernels/kernels.h"
#include "kernels/x86/vec_avx2.h"

static inline vec dot(vec acc, vec x, vec w)
{
    const vec pairs = _mm256_maddubs_epi16(x, w);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#include "kernels/x86/conv_s8_256.h"

static const zk_x86_isa isa = {
    .lanes = LANES,
    .regs = 2,
    .value_bytes = 1,
    .pair_limit = 128, // 255 times that fits 16 bits
    .wide = &zk_x86_avx2_wide,
    .winograd = &zk_x86_avx2_winograd,
    .run = run_call,
    .flip = flip,
};

#include "kernels/x86/conv_s8_isa.h"

const zk_conv_s8_kernel zk_conv_s8_avx2 = {
    .packed_bytes = packed_bytes,
    .packed_more = packed_more,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .grain = grain,
    .run = run,
};
