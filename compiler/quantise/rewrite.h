/* SPDX-License-Identifier: Apache-2.0 */
/** @file A copy of a float graph that is rewritten so that int8 loses less; what it computes stays.
 *  Private to quantise/. */
#ifndef ZC_QUANTISE_REWRITE_H
#define ZC_QUANTISE_REWRITE_H

#include "quantise/stats.h"

typedef struct zc_rewrite {
    zurt_ctx *ctx;
    zi_graph *g; /**< the copy */
    const zc_stats *stats;
    const zurt_quantize_options *options;
    uint32_t *n_readers; /**< of the tensors that the graph had */
} zc_rewrite;

/** Copies a graph, which must outlive the copy. ZURT_E_NOMEM; zc_rewrite_end() it also then. */
zurt_status zc_rewrite_begin(zurt_ctx *ctx, const zi_graph *from, const zc_stats *stats,
                             const zurt_quantize_options *options, zc_rewrite *out);
/**
 * Puts the copy in order and checks it, or lets it go.
 * @param st      of the work in between; returned if it is a failure.
 * @param changed whether anything was rewritten.
 * @param out     owned by the caller: zi_graph_destroy(); NULL on failure, or if nothing was.
 */
zurt_status zc_rewrite_end(zc_rewrite *s, zurt_status st, bool changed, zi_graph **out);

/** Whether the options keep a node in float. */
bool zc_is_kept(const zc_rewrite *s, const zi_node *n);
/** The node that alone reads what node `n` writes; ZI_NONE: there is none, or several. */
zi_id zc_only_reader(const zc_rewrite *s, zi_id n);
/** A convolution of one group, with constants for operands. */
bool zc_is_dense(const zi_graph *g, const zi_node *n);
/** A convolution of each channel by itself, with constants for operands. */
bool zc_is_depthwise(const zi_graph *g, const zi_node *n, int32_t channels);

#endif
