/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of s8 for AVX-512 VNNI: sums of four products, any weights of eight bits. */
#include "kernels/kernels.h"
#include "kernels/x86/vec_avx512.h"

static inline vec dot(vec acc, vec x, vec w)
{
    return _mm512_dpbusd_epi32(acc, x, w);
}

#include "kernels/x86/conv_s8_512.h"

static const zk_x86_isa isa = {
    .lanes = LANES,
    .regs = ZK_X86_MAX_REGS,
    .value_bytes = 1,
    .winograd = &zk_x86_vnni_winograd,
    .run = run_call,
    .flip = flip,
};

#include "kernels/x86/conv_s8_isa.h"

const zk_conv_s8_kernel zk_conv_s8_vnni = {
    .packed_bytes = packed_bytes,
    .packed_more = packed_more,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .grain = grain,
    .run = run,
};
