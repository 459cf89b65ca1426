/* SPDX-License-Identifier: Apache-2.0 */
/** @file Graph to graph, one pass per file; the order is the table in passes.c. */
#ifndef ZC_PASSES_PASSES_H
#define ZC_PASSES_PASSES_H

#include "graph/graph.h"

/** A pass keeps the graph's meaning, its inputs and its outputs (names too, shapes of outputs
 *  too; an image input may become NHWC, then from_nchw is set). */
typedef zurt_status zc_pass_fn(zurt_ctx *ctx, zi_graph *g);

/** Runs all passes in order, then zi_graph_compact() and zi_graph_check(). */
zurt_status zc_passes_run(zurt_ctx *ctx, zi_graph *g);

#endif
