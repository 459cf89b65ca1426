/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the files of zi_layer_from_node() share. Private to codegen/. */
#ifndef ZI_CODEGEN_LAYER_IMPL_H
#define ZI_CODEGEN_LAYER_IMPL_H

#include "codegen/layer.h"

/** A question about node `n` and, in *layer, what is known of it so far. */
typedef struct zi_layer_answer {
    const zi_layer_query *q;
    const zi_node *n;
    zi_layer *layer;
    const char *reason, *remedy; /**< of a refusal; reason is NULL if memory was refused */
} zi_layer_answer;

static inline bool zi_node_is_s8(const zi_graph *g, const zi_node *n)
{
    return g->tensors[n->out[0]].dtype == ZURT_S8;
}

/** Notes a refusal; always false. Both texts are static or in the query's arena. */
bool zi_layer_refuse(zi_layer_answer *a, const char *reason, const char *remedy);

/* Limits that ops share: false after a refusal. */

/** Activations are int8 with one scale, or will be. */
bool zi_layer_check_types(zi_layer_answer *a);
/** Sets x and y of the layer from the node's first input and output, if the engine can address
 *  them. */
bool zi_layer_take_images(zi_layer_answer *a);
/** One row of output must fit the scratchpad with its input, twice over. */
bool zi_layer_check_row(zi_layer_answer *a, int32_t in_blocks, int32_t out_blocks);
/** Kernel, stride, dilation and padding are the engine's; a stride along an axis with one result
 *  becomes 1. */
bool zi_layer_check_window(zi_layer_answer *a);
/** The ring must hold a block's weights, `words` of 16x16, while several groups of pixels use
 *  them. */
bool zi_layer_check_ring(zi_layer_answer *a, int64_t words);
/** The mean of the pixels of the layer's window, which does not reach beyond the picture. */
bool zi_layer_mean(zi_layer_answer *a);
/** The node's first input, as it is. */
bool zi_layer_copy(zi_layer_answer *a);

/** Describes the nodes of some ops; false after a refusal. */
typedef bool zi_layer_of_op(zi_layer_answer *a);

zi_layer_of_op zi_layer_conv;            // Conv, ConvTranspose
zi_layer_of_op zi_layer_fully_connected; // of every pixel, where there are several: a 1x1 Conv
zi_layer_of_op zi_layer_pool;            // MaxPool, AveragePool
zi_layer_of_op zi_layer_reduce;          // ReduceMean
zi_layer_of_op zi_layer_add;
zi_layer_of_op zi_layer_resize;
zi_layer_of_op zi_layer_concat;
zi_layer_of_op zi_layer_choose;  // Slice, Split, Gather, Pad
zi_layer_of_op zi_layer_reshape; // a vector from a picture, or nothing at all
zi_layer_of_op zi_layer_lut;     // a table, or an activation that will be one

#endif
