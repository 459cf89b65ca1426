/* SPDX-License-Identifier: Apache-2.0 */
/** @file The stages of code generation and what they work on. Private to codegen/. */
#ifndef ZI_CODEGEN_LOWER_H
#define ZI_CODEGEN_LOWER_H

#include "codegen/cg_impl.h"

/** Where the channels of a tensor are that has no tensor of its own. */
typedef struct zi_cg_choice {
    uint32_t tensor;
    int32_t c;
    int32_t *lanes; /**< of the tensor, per channel; -1: `fill` */
    int8_t fill;
} zi_cg_choice;

typedef struct zi_cg_builder {
    zurt_ctx *ctx;
    zi_cg_program *m;
    const zi_segment *segment;
    const zi_placement *placed;     /**< per node of the graph: `analysis` is its zi_layer */
    uint32_t *tensor_of;            /**< per tensor */
    uint32_t *n_readers;            /**< per tensor */
    bool *read_outside;             /**< per tensor: an output of the segment */
    const zi_cg_choice **choice_of; /**< per tensor without a tensor, at first; else NULL */
    size_t n_lanes;                 /**< of all choices */
    zi_arena temporary;
} zi_cg_builder;

/** A stage. ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: it cannot be arranged, with the reason. */
typedef zurt_status zi_cg_stage(zi_cg_builder *b);

/** In this order: see codegen.c. */
zi_cg_stage zi_cg_lower, zi_cg_copy_outputs, zi_cg_pack_inputs, zi_cg_copy_for_strides,
    zi_cg_list_outputs, zi_cg_allocate, zi_cg_emit, zi_cg_schedule;

/**
 * A new tensor of one picture of `i`; it becomes the tensor's, unless that is ZI_NONE.
 * @param out index of the tensor.
 * @return ZURT_OK; ZURT_E_NOMEM. Pointers to tensors are void after it.
 */
zurt_status zi_cg_add_tensor(zi_cg_builder *b, zi_id tensor, zi_image i, uint32_t *out);
/**
 * A layer after all others, the producer of tensor `out`.
 * @param layer borrowed until the next layer is added.
 * @return ZURT_OK; ZURT_E_NOMEM.
 */
zurt_status zi_cg_add_layer(zi_cg_builder *b, const zi_layer *l, uint32_t in, uint32_t out,
                            zi_cg_layer **layer);

/* The five that follow give ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: too many channels. Pointers
 * to tensors are void after them. */

/** Notes what a node of kind CHOOSE chooses, or computes it where pixels move or channels are
 *  padded. */
zurt_status zi_cg_choose(zi_cg_builder *b, const zi_node *n, const zi_layer *desc);
/** Notes what Concat `n` is: the parts of `whole`, each of which begins with a block. */
zurt_status zi_cg_gap(zi_cg_builder *b, const zi_node *n, uint32_t whole, zi_id node);
/** Notes a tensor's choice; makes it real if it leaves the segment. */
zurt_status zi_cg_note_choice(zi_cg_builder *b, zi_id tensor, const zi_cg_choice *choice,
                              zi_id node);
/** Gives a tensor a tensor of its own, if it has none; costs are `node`'s. */
zurt_status zi_cg_make_real(zi_cg_builder *b, zi_id tensor, zi_id node);
/** The layer that writes a choice in order to tensor `out`; stride, pad and node are `window`'s. */
zurt_status zi_cg_put_in_order(zi_cg_builder *b, const zi_cg_choice *choice, const zi_layer *window,
                               uint32_t out, zi_cg_layer **layer);
/** Makes the layer of a convolution that reads its input where its channels are; *out_read:
 *  whether it can. */
zurt_status zi_cg_read_choice(zi_cg_builder *b, const zi_node *n, const zi_layer *desc,
                              bool *out_read);

/** Does node `n`, which `desc` describes, within the layer that computes its input; false: it
 *  needs a layer of its own, and nothing has changed. */
bool zi_cg_fuse(zi_cg_builder *b, const zi_node *n, const zi_layer *desc);

#endif
