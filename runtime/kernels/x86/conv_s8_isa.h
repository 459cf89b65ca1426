/* SPDX-License-Identifier: Apache-2.0 */
/** @file The members of a zk_conv_s8_kernel, for the `isa` of the file that includes this. */
#ifndef ZK_CONV_S8_ISA_H
#define ZK_CONV_S8_ISA_H

static size_t packed_bytes(const zk_conv_shape *s)
{
    return zk_x86_packed_bytes(&isa, s);
}

static size_t packed_more(const zk_conv_s8_args *a)
{
    return zk_x86_packed_more(&isa, a);
}

static size_t scratch_bytes(const zk_conv_shape *s, int32_t tile_pixels)
{
    return zk_x86_scratch_bytes(&isa, s, tile_pixels);
}

static void pack(const zk_conv_s8_args *a, void *packed)
{
    zk_x86_pack(&isa, a, packed);
}

static zk_conv_grain grain(const zk_conv_s8_args *a)
{
    return zk_x86_grain(&isa, a);
}

static void run(const zk_conv_s8_args *a)
{
    zk_x86_run(&isa, a);
}

#endif
