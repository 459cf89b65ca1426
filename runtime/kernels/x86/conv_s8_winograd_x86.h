/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Winograd's form of the convolution (kernels/winograd_s8.h) on x86.
 *
 * A strip of tiles has its windows transformed; then, for each block of channels and each point,
 * the products are those of conv_s8_tiles.h with values of 16 bits: a tile takes the place of a
 * pixel.
 */
#ifndef ZK_CONV_S8_WINOGRAD_X86_H
#define ZK_CONV_S8_WINOGRAD_X86_H

#include "kernels/winograd_s8.h"
#include "kernels/x86/conv_s8_x86.h"

/** A window: its pixels, all channels of each. */
typedef struct zk_x86_window {
    const int8_t *x[ZK_WINOGRAD_POINTS];
    int32_t channels; /**< as many as a register holds of 16 bits, at least */
    int64_t pitch;    /**< of `out`, values from point to point */
    int16_t *out;
} zk_x86_window;

/** Sums of tiles become values of one register's channels. */
typedef struct zk_x86_outputs {
    const zk_x86_call *call; /**< the block, the clamp */
    int32_t reg;             /**< of the block */
    const int32_t *sums;     /**< of the register and the span's first tile */
    int64_t point_pitch, tile_pitch;
} zk_x86_outputs;

/** What differs between instruction sets; a block's lanes and registers are those of the other
 *  forms. */
struct zk_x86_winograd {
    /** Where it is the better form: input and output channels, and of the pixels of all tiles how
     *  many the output has, at least; bytes of weights at most, 0: any. The channels fill a
     *  register of 16 bits. */
    int32_t least_channels, least_percent;
    int64_t most_weights;
    /** Transforms a window. */
    void (*window)(const zk_x86_window *w);
    /** out[n][lanes of the block] = sums of x * w, values of 16 bits. */
    void (*products)(const zk_x86_call *call);
    zk_winograd_write_fn *outputs; /**< its state is a zk_x86_outputs */
};

bool zk_x86_winograd_takes(const zk_x86_isa *isa, const zk_conv_shape *s);
/** Pairs of input channels. */
int32_t zk_x86_winograd_steps(const zk_conv_shape *s);
size_t zk_x86_winograd_scratch(const zk_x86_isa *isa, const zk_conv_shape *s);
zk_conv_grain zk_x86_winograd_grain(const zk_x86_isa *isa, const zk_conv_shape *s);
void zk_x86_winograd_run(const zk_x86_isa *isa, const zk_conv_s8_args *a);

#endif
