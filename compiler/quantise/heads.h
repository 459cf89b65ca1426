/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which tensors regression heads read: coordinates that no function bounds. */
#ifndef ZC_QUANTISE_HEADS_H
#define ZC_QUANTISE_HEADS_H

#include <stdbool.h>

#include "graph/graph.h"

/**
 * Marks what the convolutions read from which dense, unbounded outputs come, boxes, key points or
 * offsets, from the output back to the model's inputs. Scores, which a Sigmoid, a Softmax or the
 * like bounds, and outputs of one position, as a classifier's, are no such outputs.
 * @param writer of every tensor: the node, or ZI_NONE.
 * @param feeds  [n_tensors], set to true where a head reads; the rest is left alone.
 * @return ZURT_OK; ZURT_E_NOMEM.
 */
zurt_status zc_heads_find(zurt_ctx *ctx, const zi_graph *g, const zi_id *writer, bool *feeds);

#endif
