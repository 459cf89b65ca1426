/* SPDX-License-Identifier: Apache-2.0 */
/* Widened values on AVX2: sums of two products. */
#include "kernels/x86/vec_avx2.h"

static inline vec dot(vec acc, vec x, vec w)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(x, w));
}

#include "kernels/x86/conv_s8_256.h"

const zk_x86_isa zk_x86_avx2_wide = {
    .lanes = LANES,
    .regs = 2,
    .value_bytes = 2,
    .run = run_call,
    .flip = flip_wide,
};
