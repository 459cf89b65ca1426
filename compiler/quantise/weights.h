/* SPDX-License-Identifier: Apache-2.0 */
/** @file Weights of a layer to s8, and the bias that makes up for their rounding. */
#ifndef ZC_QUANTISE_WEIGHTS_H
#define ZC_QUANTISE_WEIGHTS_H

#include "quantise/stats.h"

/**
 * Quantises the f32 weights of Conv, ConvTranspose or FullyConnected: symmetric, [-127, 127], one
 * scale per output channel or one for all. Scales are raised where the bias or the sum of a
 * channel would not fit into 32 bits.
 *
 * @param x        parameters of the layer's input.
 * @param channels sums of the layer's input over calibration; NULL or unwatched: the bias stays.
 *                 Else it is corrected by the mean output error that rounding the weights causes.
 * @param w        s8 constant; @param bias f32 constant, ZI_NONE if there is none and none needed.
 * @return ZURT_OK; ZURT_E_NOMEM.
 * Ref: TFLite 8-bit quantisation specification; Nagel et al., "Data-free quantization through
 *      weight equalization and bias correction", section 4.2 (the empirical mean).
 */
zurt_status zc_weights_quantise(zurt_ctx *ctx, zi_graph *g, const zi_node *n, zc_qparam x,
                                const zc_channel_sum *channels, bool per_tensor, zi_id *w,
                                zi_id *bias);

#endif
