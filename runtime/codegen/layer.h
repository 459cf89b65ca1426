/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What one node is to the step engine: a sum or maximum over a window, or no work at all.
 */
#ifndef ZI_CODEGEN_LAYER_H
#define ZI_CODEGEN_LAYER_H

#include "codegen/sum_tables.h"
#include "plan/plan.h"
#include "quant/rescale.h"

/** A tensor as n pictures of h x w pixels with c channels. */
typedef struct zi_image {
    int32_t n, h, w, c;
} zi_image;

typedef enum zi_layer_kind {
    ZI_LAYER_CONV = 0,      /**< sums over input channels: Conv, ConvTranspose, FullyConnected */
    ZI_LAYER_DEPTHWISE = 1, /**< sums within a channel: depthwise Conv, means */
    ZI_LAYER_MAX = 2,       /**< maximum within a channel; with one tap a copy: Add, Lut, Resize */
    ZI_LAYER_CONCAT = 3,    /**< planes one after the other: addressing alone, or copies */
    ZI_LAYER_VIEW = 4,      /**< nothing is done */
    ZI_LAYER_CHOOSE = 5     /**< some channels, or some pixels: see zi_layer_channels() */
} zi_layer_kind;

/** How a channel's weights and multiplier go to the engine: layer_conv.c finds them. */
typedef struct zi_cg_channel {
    int32_t zero_point; /**< subtracted from each weight */
    int32_t raise;      /**< each weight is multiplied by 2^raise */
    int32_t bias;       /**< the input's zero point is folded in */
    int32_t multiplier;
    int32_t shift; /**< <= 0 */
    bool constant; /**< one result, whatever the input: its weights are taken as 0 */
} zi_cg_channel;

typedef struct zi_layer {
    zi_layer_kind kind;
    zi_id node;
    zi_image x, y;       /**< read and written */
    int32_t kernel[2];   /**< h, w */
    int32_t stride[2];   /**< h, w; 1 where the output has one row, column */
    int32_t dilation[2]; /**< h, w */
    int32_t pad[2];      /**< top, left */
    int32_t groups;      /**< CONV: of whole blocks of 16 channels; else 1 */
    bool transposed;
    bool up2;            /**< each pixel is written to 2x2 */
    int32_t doublings;   /**< such layers, one after the other, that the node is; 0: not a Resize */
    int32_t passes;      /**< n > 1: weights are sums of n int8 */
    int32_t mean_weight; /**< DEPTHWISE without weights: the weight of every tap; else 0 */
    int32_t mean_multiplier, mean_shift, mean_bias;
    const zi_cg_channel *out_channels; /**< of int8 weights: one per output channel; else NULL */
    const zi_sum_tables *sum;          /**< of an int8 Add; else NULL */
} zi_layer;

/** What a question about a node needs. */
typedef struct zi_layer_query {
    zi_arena *arena; /**< for the words of a refusal, and what a layer points to */
    const zi_caps *caps;
    const zi_graph *g;
} zi_layer_query;

/** False for ranks above 4. */
bool zi_image_of(const zi_tensor *t, zi_image *out);

static inline int32_t zi_blocks(int32_t channels)
{
    return (channels + 15) / 16;
}

/** For each channel of output k of a node of kind CHOOSE: the input's channel; -1: padding. */
void zi_layer_channels(const zi_graph *g, const zi_node *n, uint32_t k, int32_t *out);
/** The value of padding channels. */
int8_t zi_layer_fill(const zi_graph *g, const zi_node *n);

/** Bounds of a node's fused activation in its output's quantisation. */
void zi_layer_clamp(const zi_graph *g, const zi_node *n, int32_t *lo, int32_t *hi);

/** zi_rescale_table() of two tensors. */
static inline bool zi_layer_rescale(const zi_tensor *from, const zi_tensor *to, int8_t table[256])
{
    return zi_rescale_table(from->quant.scale[0], from->quant.zero_point[0], to->quant.scale[0],
                            to->quant.zero_point[0], table);
}

#endif
