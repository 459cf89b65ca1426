/* SPDX-License-Identifier: Apache-2.0 */
/** @file What quantise/ offers to the rest of the compiler; zurt_quantize() is in compile.h. */
#ifndef ZC_QUANTISE_QUANTISE_H
#define ZC_QUANTISE_QUANTISE_H

#include "base/ctx.h"
#include "graph/graph.h"

/**
 * Turns a float graph with Quantize and Dequantize nodes into an int8 graph with exactly those
 * scales and zero points: a node whose inputs are dequantised and whose output is quantised
 * computes on s8. uint8 activations and weights are shifted to s8 (zero point - 128); uint8 model
 * inputs and outputs keep their type behind a Quantize node. What does not match, and a node whose
 * note is not empty, stays float between Dequantize and Quantize.
 *
 * A graph without such nodes is left alone. Inputs, outputs and their names are kept. Runs
 * zi_graph_compact() and zi_graph_check() at the end.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_LIMIT; ZURT_E_FORMAT: quantisation parameters that make
 *         no sense, named.
 */
zurt_status zc_qdq_to_int8(zurt_ctx *ctx, zi_graph *g);

#endif
