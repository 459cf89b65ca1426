/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The convolution of x86: what its instruction sets share, and the packed operand.
 *
 * The kernel multiplies unsigned by signed bytes, four products a lane: the input is copied with
 * its top bits flipped, u = x + 128. Weights are what is left of them after their zero point, which
 * may take nine bits, and with an instruction that saturates, two neighbours together may be too
 * large: what does not fit is split off and added in steps of its own ("extras"). Where these would
 * be many, values are widened to 16 bits instead, two products a lane, which take any weights.
 *
 * A block has up to `regs` registers of output channels of one group. Its weights lie as they are
 * read: for each segment of a patch, for each four bytes of it, `regs` vectors of lanes, each the
 * weights of one channel for them.
 */
#ifndef ZK_CONV_S8_X86_H
#define ZK_CONV_S8_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/conv.h"

/** Depth that one lane multiplies at a time. */
enum { ZK_X86_STEP = 4 };

/** Most channels of a block, for any instruction set. */
enum { ZK_X86_MAX_REGS = 4, ZK_X86_MAX_CHANNELS = 64 };

/** Rows of numbers in a block, one for each lane and register of it. */
enum {
    ZK_X86_BIAS,       /**< with the zero points' terms */
    ZK_X86_MULTIPLIER, /**< in even lanes: of this lane and, high, of the odd one */
    ZK_X86_ODD,        /**< the multipliers of odd lanes, in even ones */
    ZK_X86_ADD_EVEN,   /**< 64 bits: what is added to the product of even lanes; and of odd ones */
    ZK_X86_ADD_ODD,
    ZK_X86_RIGHT, /**< shifts, >= 0 */
    ZK_X86_LEFT,  /**< shifts, >= 0 */
    ZK_X86_REST,  /**< Winograd's form: of the bias, added afterwards; its ZK_X86_BIAS is that of
                       zk_winograd_sum */
    ZK_X86_NUMBERS
};

/** Begins a block; numbers, weights, extras and their offsets follow, at the byte offsets given. */
typedef struct zk_x86_block {
    int32_t channel;  /**< the first one, of the output */
    int32_t channels; /**< how many */
    int32_t regs;
    /** 1: every shift is to the right, by one at least, and no intermediate value of the short way
     *  of requantising leaves its bits: requant_avx2.h */
    int32_t plain;
    int32_t extra_end[ZK_X86_MAX_REGS]; /**< extras of a register begin where the last ones end */
    int64_t numbers, weights, extras, offsets;
    int64_t bytes; /**< to the next block */
} zk_x86_block;

/** Patches that lie at even distances, and what becomes of them. */
typedef struct zk_x86_call {
    const uint8_t *x;      /**< the first patch, flipped */
    int64_t pitch;         /**< from patch to patch */
    int64_t segment_pitch; /**< a patch is so many segments at this distance */
    int32_t segments;
    int32_t steps; /**< of four bytes in a segment */
    int64_t n;     /**< patches, >= 1 */
    const zk_x86_block *block;
    const int8_t *weights;
    int64_t ahead; /**< from these weights to those that are wanted next */
    int8_t *out;   /**< block->channels of the first pixel */
    int64_t out_pitch;
    int32_t out_zero_point, lo, hi;
} zk_x86_call;

/** conv_s8_winograd_x86.h */
typedef struct zk_x86_winograd zk_x86_winograd;

/** What differs between instruction sets. */
typedef struct zk_x86_isa {
    int32_t lanes, regs; /**< of 32 bits; most in a block */
    int32_t value_bytes; /**< 1; 2: values are widened, and a lane multiplies two at a time */
    /** Magnitude of the sum of two neighbouring weights of one sign at most; 0: any */
    int32_t pair_limit;
    /** This instruction set with widened values, for weights that need many extras; NULL: never
     *  better */
    const struct zk_x86_isa *wide;
    const zk_x86_winograd *winograd; /**< NULL: has no such form */
    void (*run)(const zk_x86_call *call);
    /** Values n of x + 128, of value_bytes each. */
    void (*flip)(const int8_t *x, int64_t n, uint8_t *out);
} zk_x86_isa;

extern const zk_x86_isa zk_x86_avx2_wide, zk_x86_avx512_wide;
extern const zk_x86_winograd zk_x86_avx2_winograd, zk_x86_avxvnni_winograd;
extern const zk_x86_winograd zk_x86_avx512_winograd, zk_x86_vnni_winograd;

/** How patches are laid out for a shape. */
typedef struct zk_x86_layout {
    int32_t segments;       /**< of a patch */
    int32_t segment_values; /**< that count, of each */
    int32_t steps;          /**< of a segment, padded to four bytes */
} zk_x86_layout;

zk_x86_layout zk_x86_layout_of(const zk_x86_isa *isa, const zk_conv_shape *s);

/** What blocks are, and how they are run. */
typedef enum zk_x86_form {
    ZK_X86_BYTES,   /**< of the instruction set itself */
    ZK_X86_WIDE,    /**< of its `wide` */
    ZK_X86_WINOGRAD /**< weights transformed for its `winograd`: a segment for each point */
} zk_x86_form;

/** Begins the packed operand, at its first address divisible by 64; blocks follow. */
typedef struct zk_x86_packed {
    zk_x86_form form;
    int32_t unused[15];
} zk_x86_packed;

static inline zk_x86_packed *zk_x86_packed_at(const void *packed)
{
    return (zk_x86_packed *)(((uintptr_t)packed + 63) / 64 * 64);
}

/** Blocks of one group. */
static inline int32_t zk_x86_blocks(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const int32_t per_group = s->out_c / s->groups;
    const int32_t regs = (per_group + isa->lanes - 1) / isa->lanes;
    return (regs + isa->regs - 1) / isa->regs;
}

static inline const void *zk_x86_at(const zk_x86_block *b, int64_t offset)
{
    return (const char *)b + offset;
}

/** As zk_conv_s8_kernel wants them. */
size_t zk_x86_packed_bytes(const zk_x86_isa *isa, const zk_conv_shape *s);
size_t zk_x86_packed_more(const zk_x86_isa *isa, const zk_conv_s8_args *a);
void zk_x86_pack(const zk_x86_isa *isa, const zk_conv_s8_args *a, void *packed);
size_t zk_x86_scratch_bytes(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t tile);
zk_conv_grain zk_x86_grain(const zk_x86_isa *isa, const zk_conv_s8_args *a);
void zk_x86_run(const zk_x86_isa *isa, const zk_conv_s8_args *a);

#endif
