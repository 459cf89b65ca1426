/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A tensor whose channels differ much in range loses the small ones: int8 has one scale for all.
 * Where a convolution, a table and a depthwise convolution follow each other, nothing mixes
 * channels until the next convolution: they are computed in groups of like range, each a tensor
 * with a scale of its own.
 */
#ifndef ZC_QUANTISE_SPLIT_CHANNELS_H
#define ZC_QUANTISE_SPLIT_CHANNELS_H

#include "quantise/stats.h"

/**
 * Rewrites a copy of a float graph; what it computes stays the same.
 *
 * @param from    after the passes: NHWC, activations fused; must outlive *out.
 * @param stats   of `from`.
 * @param options nodes that it keeps in float are left as they are.
 * @param out     owned by the caller: zi_graph_destroy(); NULL if there is nothing to gain.
 * @param n_split chains of layers that were split.
 * @return ZURT_OK; ZURT_E_NOMEM, ZURT_E_LIMIT.
 */
zurt_status zc_split_channels(zurt_ctx *ctx, const zi_graph *from, const zc_stats *stats,
                              const zurt_quantize_options *options, zi_graph **out,
                              size_t *n_split);

#endif
