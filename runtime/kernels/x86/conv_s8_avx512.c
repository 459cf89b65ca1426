/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 for AVX-512 BW: products are added in pairs to 16 bits, which are then added.
 */
#include "kernels/kernels.h"
#include "kernels/x86/vec_avx512.h"

static inline vec dot(vec acc, vec x, vec w)
{
    const vec pairs = _mm512_maddubs_epi16(x, w);
    return _mm512_add_epi32(acc, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

#include "kernels/x86/conv_s8_512.h"

static const zk_x86_isa isa = {
    .lanes = LANES,
    .regs = ZK_X86_MAX_REGS,
    .value_bytes = 1,
    .pair_limit = 128, // 255 times that fits 16 bits
    .wide = &zk_x86_avx512_wide,
    .winograd = &zk_x86_avx512_winograd,
    .run = run_call,
    .flip = flip,
};

#include "kernels/x86/conv_s8_isa.h"

const zk_conv_s8_kernel zk_conv_s8_avx512 = {
    .packed_bytes = packed_bytes,
    .packed_more = packed_more,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .grain = grain,
    .run = run,
};
