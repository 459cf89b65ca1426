/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The executor behind zurt_evaluator: runs any graph on the host through ops/. A tap sees every
 * tensor as it is computed.
 */
#ifndef ZC_FLOAT_EVALUATOR_H
#define ZC_FLOAT_EVALUATOR_H

#include "graph/graph.h"
#include "kernels/kernels.h"

typedef struct zc_executor zc_executor;

/** Sees a tensor right after it is computed (graph inputs first); `data` only during the call. What
 *  it writes there, but not to a graph input, is what later nodes read. A status other than ZURT_OK
 *  ends the run with it. */
typedef zurt_status zc_tap_fn(void *self, zi_id tensor, void *data);

zurt_status zc_executor_create(zurt_ctx *ctx, const zi_graph *g, uint32_t threads,
                               zc_executor **out);
/** in/out: dense tensors in the graph's order. tap may be NULL. */
zurt_status zc_executor_run(zc_executor *e, const zurt_view *in, size_t n_in, const zurt_span *out,
                            size_t n_out, zc_tap_fn *tap, void *tap_self);
void zc_executor_destroy(zc_executor *e);

/** Whether a node runs: all that a session asks of it, constants and scales among it.
 *  ZURT_E_UNSUPPORTED or another status, the node named. */
zurt_status zc_node_runs(zurt_ctx *ctx, const zi_graph *g, const zi_node *n);

/** Evaluates one node whose inputs are all constant and makes its outputs constants of the graph
 *  (the node itself is marked ZI_OP_NONE). ZURT_E_UNSUPPORTED; ZURT_E_NOMEM; ZURT_E_LIMIT. */
zurt_status zc_fold_node(zurt_ctx *ctx, zi_graph *g, zi_node *n);

#endif
