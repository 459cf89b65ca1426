/* SPDX-License-Identifier: Apache-2.0 */
/** @file Packing a block of a convolution's channels on x86: what its forms share. */
#ifndef ZK_CONV_S8_X86_PACK_H
#define ZK_CONV_S8_X86_PACK_H

#include "kernels/x86/conv_s8_x86.h"

enum { ZK_X86_ALIGN = 64 };

/** Bytes of the packed operand beside its blocks. */
enum { ZK_X86_HEAD = ZK_X86_ALIGN + sizeof(zk_x86_packed) };

static inline int64_t zk_x86_align(int64_t n)
{
    return (n + ZK_X86_ALIGN - 1) / ZK_X86_ALIGN * ZK_X86_ALIGN;
}

/** From a block to its numbers. */
static inline int64_t zk_x86_numbers_at(void)
{
    return zk_x86_align(sizeof(zk_x86_block));
}

/** And to its weights. */
static inline int64_t zk_x86_weights_at(const zk_x86_isa *isa, int32_t regs)
{
    return zk_x86_numbers_at() +
           zk_x86_align((int64_t)ZK_X86_NUMBERS * regs * isa->lanes * ZK_X86_STEP);
}

/** The registers of block b are [begin, begin + regs) of the group's. */
int32_t zk_x86_regs_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t b, int32_t *begin);

/** Channels of a register, of the group's. */
int32_t zk_x86_channels_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t reg);

/** The numbers of a block, and whether they are those of the short way of requantising: that is for
 *  all channels or none, and not unless it `may` be. */
void zk_x86_pack_numbers(const zk_x86_isa *isa, const zk_conv_s8_args *a, bool may,
                         zk_x86_block *b);

/** Bytes of the packed operand in Winograd's form. */
size_t zk_x86_winograd_bytes(const zk_x86_isa *isa, const zk_conv_shape *s);
/** True if that form takes the shape, and the weights let it. */
bool zk_x86_winograd_proves(const zk_x86_isa *isa, const zk_conv_s8_args *a);
/** Packs all blocks, from b on. */
void zk_x86_winograd_pack(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_x86_block *b);

#endif
