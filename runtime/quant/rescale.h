/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * From the scales of tensors to the numbers of integer arithmetic: the only place, whatever device
 * computes. Ref: docs/arithmetic.md.
 */
#ifndef ZI_QUANT_RESCALE_H
#define ZI_QUANT_RESCALE_H

#include "quant/scale.h"

/** An Add or Sub: multipliers of both operands, to a common scale, and of their sum. */
typedef struct zi_rescale_factors {
    zi_multiplier a, b, out;
} zi_rescale_factors;

/** @return false: scales too far apart for fixed point. Ref: TFLite ADD. */
bool zi_rescale_add(double scale_a, double scale_b, double scale_out, zi_rescale_factors *out);

/** A mean of `count` values from their sum. @return false: the output's scale is too small. */
bool zi_rescale_mean(double scale_in, double scale_out, int32_t count, zi_multiplier *out);

/**
 * Change of quantisation: table[q + 128] = requant(q - zero_in) + zero_out, in integers, so it is
 * computed at load.
 *
 * @return false if scale_in / scale_out has no fixed-point form (above 2^15).
 * Ref: TFLite QUANTIZE, Requantize.
 */
bool zi_rescale_table(float scale_in, int32_t zero_in, float scale_out, int32_t zero_out,
                      int8_t table[256]);

#endif
