/* SPDX-License-Identifier: Apache-2.0 */
/** @file The layout pass's state and the moves it makes. Private to passes/layout*.c. */
#ifndef ZC_PASSES_LAYOUT_H
#define ZC_PASSES_LAYOUT_H

#include "passes/layout_rep.h"

typedef struct zc_layout {
    zurt_ctx *ctx;
    zi_graph *g;  /**< the nodes written so far */
    zc_rep *reps; /**< of every tensor of the old nodes */
} zc_layout;

/** Appends a node that computes new tensor `*out` (named for `like`) and infers it. */
zurt_status zc_layout_emit(zc_layout *l, zi_op op, zi_id like, const char *suffix, const zi_id *in,
                           uint32_t n_in, const zi_attr *attr, zi_id *out);

/** `held`'s bytes under other dims: itself, a constant, or a Reshape. */
zurt_status zc_layout_view(zc_layout *l, zi_id held, int32_t rank, const int32_t *dims, zi_id *out);

/** The tensor that holds the stored form; dequantises it now if that was put off. */
zurt_status zc_layout_held(zc_layout *l, zi_id tensor, zi_id *out);

/**
 * A dense tensor whose axis i is axis order[i] of `tensor` (-1: an axis of 1); `order` names every
 * axis that is not 1. Moves elements only where the stored form differs.
 * @param r the tensor's form: l->reps[tensor], or another for the same dims.
 */
zurt_status zc_layout_realise(zc_layout *l, const zc_rep *r, zi_id tensor, int32_t rank,
                              const int32_t *order, zi_id *out);

/** A dense tensor in `tensor`'s own order of axes; moves elements only where the stored form
 *  differs. */
zurt_status zc_layout_plain(zc_layout *l, zi_id tensor, zi_id *out);

#endif
