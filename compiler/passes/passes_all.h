/* SPDX-License-Identifier: Apache-2.0 */
/** @file The passes, and what several of them need. Private to passes/. */
#ifndef ZC_PASSES_PASSES_ALL_H
#define ZC_PASSES_PASSES_ALL_H

#include "passes/passes.h"

/** Evaluates what depends on constants alone; the Dequantize of a constant stays. */
zc_pass_fn zc_fold_constants_pass;
/** Drops what changes nothing; joins Reshapes and Transposes; merges equal ones. */
zc_pass_fn zc_clean_pass;
/** MatMul with a constant matrix, and its bias, becomes FullyConnected. */
zc_pass_fn zc_matmul_pass;
/** NCHW to NHWC: layout.c. */
zc_pass_fn zc_layout_pass;
/** Swish, HardSigmoid, HardSwish and Softmax written out in smaller ops. */
zc_pass_fn zc_fuse_patterns_pass;
/** A Pad in front of a convolution or pool becomes its padding. */
zc_pass_fn zc_fuse_pad_pass;
/** Multiplications and additions per channel go into the weights next to them. */
zc_pass_fn zc_fuse_affine_pass;
/** Those that are left, of many channels, become convolutions. */
zc_pass_fn zc_affine_conv_pass;
/** Relu and Clip become the clamp of the node before. */
zc_pass_fn zc_fuse_activation_pass;

/** Writers and readers for a sweep. Passes keep both right as they change the graph. */
typedef struct zc_index {
    zi_id *writer;
    uint32_t *n_readers;
} zc_index;

zurt_status zc_index_make(zurt_ctx *ctx, const zi_graph *g, zc_index *out);
void zc_index_free(zurt_ctx *ctx, zc_index *index);

/** The node that writes a tensor; NULL for constants, inputs, and ZI_NONE. */
static inline zi_node *zc_writer(const zi_graph *g, const zc_index *index, zi_id tensor)
{
    zi_id w = tensor == ZI_NONE ? ZI_NONE : index->writer[tensor];
    return w == ZI_NONE ? NULL : &g->nodes[w];
}

/** `keep` computes what `gone` did: it takes over its output 0, and `gone` is removed. */
void zc_take_output(zi_graph *g, zc_index *index, zi_node *keep, zi_node *gone);

/** Replaces a node's operands by `n_in` others, which the arena keeps. */
zurt_status zc_set_inputs(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n, const zi_id *in,
                          uint32_t n_in);

/** True for a float constant. */
bool zc_is_const_f32(const zi_graph *g, zi_id tensor);
/** True for a float constant of one element; *value is it. */
bool zc_scalar(const zi_graph *g, zi_id tensor, float *value);

#endif
