/* SPDX-License-Identifier: Apache-2.0 */
/** @file Values that no scale can hold: NaN and infinities, in samples and in weights. */
#ifndef ZC_QUANTISE_FINITE_H
#define ZC_QUANTISE_FINITE_H

#include "base/ctx.h"
#include "graph/graph.h"

/** Index of the first NaN or infinite value of x[0..n); n if there is none. */
size_t zc_first_not_finite(const float *x, size_t n);

/**
 * Refuses a graph with weights, or other constants, that int8 has no meaning for: weights and
 * biases that are NaN or infinite, any constant that is NaN. Infinite constants elsewhere are
 * masks.
 * @return ZURT_OK; ZURT_E_FORMAT, the tensor named.
 */
zurt_status zc_check_constants(zurt_ctx *ctx, const zi_graph *g);

/** Refuses sample `index`: ZURT_E_FORMAT, it and the input named. */
zurt_status zc_check_sample(zurt_ctx *ctx, const zi_graph *g, const zurt_span *inputs,
                            size_t index);

#endif
