/* SPDX-License-Identifier: Apache-2.0 */
/** @file The kernels that an ISA's products make: included where `isa`, a zk_gemm_f32, is. */
#ifndef ZK_GEMM_F32_VARIANT_H
#define ZK_GEMM_F32_VARIANT_H

#include "kernels/gemm_f32.h"

static size_t packed_bytes(const zk_conv_shape *shape)
{
    return zk_gemm_conv_packed_bytes(&isa, shape);
}

static void pack(const zk_conv_f32_args *a, void *packed)
{
    zk_gemm_conv_pack(&isa, a, packed);
}

static size_t scratch_bytes(const zk_conv_shape *shape, int32_t tile)
{
    return zk_gemm_conv_scratch_bytes(&isa, shape, tile);
}

static void run(const zk_conv_f32_args *a)
{
    zk_gemm_conv_run(&isa, a);
}

#define GEMM_F32_VARIANT(name)                                                                     \
    const zk_conv_f32_kernel zk_conv_f32_##name = {                                                \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .scratch_bytes = scratch_bytes,                                                            \
        .run = run,                                                                                \
    };                                                                                             \
    void zk_matmul_f32_##name(const zk_matmul_f32_args *a)                                         \
    {                                                                                              \
        zk_gemm_matmul(&isa, a);                                                                   \
    }

#endif
