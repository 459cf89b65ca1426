/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the parts of the first stage, nodes to layers, share. Private to plan/. */
#ifndef ZI_PLAN_MAP_BUILDER_H
#define ZI_PLAN_MAP_BUILDER_H

#include "plan/map_impl.h"

/** Where the channels of a tensor are that has no place of its own. */
typedef struct zi_map_choice {
    uint32_t place;
    int32_t c;
    int32_t *lanes; /**< of the place, per channel; -1: `fill` */
    int8_t fill;
} zi_map_choice;

typedef struct zi_map_builder {
    zurt_ctx *ctx;
    zi_map *m;
    const zi_segment *segment;
    uint32_t *place_of;              /**< per tensor */
    uint32_t *n_readers;             /**< per tensor */
    bool *read_outside;              /**< per tensor: an output of the segment */
    const zi_map_choice **choice_of; /**< per tensor without a place, at first; else NULL */
    size_t n_lanes;                  /**< of all choices */
    zi_arena temporary;
} zi_map_builder;

/**
 * A new place of one picture of `i`; it becomes the tensor's, unless that is ZI_NONE.
 * @param out index of the place.
 * @return ZURT_OK; ZURT_E_NOMEM. Pointers to places are void after it.
 */
zurt_status zi_map_add_place(zi_map_builder *b, zi_id tensor, zi_image i, uint32_t *out);
/**
 * A layer after all others, the producer of place `out`.
 * @param layer borrowed until the next layer is added.
 * @return ZURT_OK; ZURT_E_NOMEM.
 */
zurt_status zi_map_add_layer(zi_map_builder *b, const zi_layer *l, uint32_t in, uint32_t out,
                             zi_map_layer **layer);

/** Notes what a node of kind CHOOSE chooses, or computes it where pixels move or channels are
 *  padded. ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: too many channels; as the four below:
 * pointers to places are void after it. */
zurt_status zi_map_choose(zi_map_builder *b, const zi_node *n, const zi_layer *desc);
/** Notes what Concat `n` is: the parts of `whole`, each of which begins with a block. */
zurt_status zi_map_gap(zi_map_builder *b, const zi_node *n, uint32_t whole, zi_id node);
/** Notes a tensor's choice; makes it real if it leaves the segment. */
zurt_status zi_map_note_choice(zi_map_builder *b, zi_id tensor, const zi_map_choice *choice,
                               zi_id node);
/** Gives a tensor a place of its own, if it has none; costs are `node`'s. */
zurt_status zi_map_make_real(zi_map_builder *b, zi_id tensor, zi_id node);
/** The layer that writes a choice in order to place `out`; stride, pad and node are `window`'s. */
zurt_status zi_map_put_in_order(zi_map_builder *b, const zi_map_choice *choice,
                                const zi_layer *window, uint32_t out, zi_map_layer **layer);
/** Makes the layer of a convolution that reads its input where its channels are; *out_read:
 *  whether it can. */
zurt_status zi_map_read_choice(zi_map_builder *b, const zi_node *n, const zi_layer *desc,
                               bool *out_read);

/** Does node `n`, which `desc` describes, within the layer that computes its input; false: it
 *  needs a layer of its own, and nothing has changed. */
bool zi_map_fuse(zi_map_builder *b, const zi_node *n, const zi_layer *desc);
/** Packs each input that one ordinary convolution alone reads, where that saves time.
 *  ZURT_OK; ZURT_E_NOMEM. Pointers to places are void after it. */
zurt_status zi_map_pack_inputs(zi_map_builder *b);
/** Tensors that are read with different strides, or joined, get a copy for the strided readers. */
zurt_status zi_map_copy_for_strides(zi_map_builder *b);
/** Outputs that no step can send to the act buffer while it computes them get a copy that can. */
zurt_status zi_map_copy_outputs(zi_map_builder *b);

#endif
