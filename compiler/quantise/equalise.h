/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Equalisation: what a convolution writes can be divided by a factor a channel, if what reads it is
 * multiplied by that. Channels then use more of the range of their tensor's one scale.
 * Ref: Nagel et al., the paper on data-free quantising (DFQ), arXiv 1906.04721;
 * Xiao et al., SmoothQuant, 2022.
 */
#ifndef ZC_QUANTISE_EQUALISE_H
#define ZC_QUANTISE_EQUALISE_H

#include "quantise/stats.h"

/**
 * Rewrites a copy of a float graph: pairs of convolutions with nothing but Relu, ReLU6, LeakyRelu
 * or MaxPool between. What it computes stays the same up to rounding; behind ReLU6, for values
 * within those seen.
 *
 * @param alpha how much of a difference in range is taken from the activations, 0 to 1, where the
 *              reader's weights have to bear it; a depthwise reader's bear all.
 * @param out   owned by the caller: zi_graph_destroy(); NULL if there is no such pair.
 * @return ZURT_OK; ZURT_E_NOMEM, ZURT_E_LIMIT.
 */
zurt_status zc_equalise(zurt_ctx *ctx, const zi_graph *from, const zc_stats *stats,
                        const zurt_quantize_options *options, double alpha, zi_graph **out);

#endif
