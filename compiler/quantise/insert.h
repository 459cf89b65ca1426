/* SPDX-License-Identifier: Apache-2.0 */
/** @file A scheme written into its graph, and the types of the model's inputs and outputs. */
#ifndef ZC_QUANTISE_INSERT_H
#define ZC_QUANTISE_INSERT_H

#include "quantise/scheme.h"

/**
 * Inserts Quantize and Dequantize after every tensor that the scheme quantises, replaces weights
 * of int8 layers by dequantised s8 constants, and notes on the others why they stay float.
 * Compacts the graph: node and tensor arrays of the scheme do not fit it any more.
 */
zurt_status zc_insert(zc_scheme *s);

/** Takes the Quantize and Dequantize nodes at the model's border away (INT8) or has them change
 *  between u8 and s8 (UINT8). Values that are computed or read in float stay f32. */
zurt_status zc_set_io(zurt_ctx *ctx, zi_graph *g, zurt_io_type io);

#endif
