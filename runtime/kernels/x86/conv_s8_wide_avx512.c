/* SPDX-License-Identifier: Apache-2.0 */
/* Widened values on AVX-512 BW: sums of two products. */
#include "kernels/x86/vec_avx512.h"

static inline vec dot(vec acc, vec x, vec w)
{
    return _mm512_add_epi32(acc, _mm512_madd_epi16(x, w));
}

#include "kernels/x86/conv_s8_512.h"

const zk_x86_isa zk_x86_avx512_wide = {
    .lanes = LANES,
    .regs = ZK_X86_MAX_REGS,
    .value_bytes = 2,
    .run = run_call,
    .flip = flip_wide,
};
