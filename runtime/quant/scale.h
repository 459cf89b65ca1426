/* SPDX-License-Identifier: Apache-2.0 */
/** @file Scales to fixed-point multipliers. IEEE double only: same result on every machine. */
#ifndef ZI_QUANT_SCALE_H
#define ZI_QUANT_SCALE_H

#include <stdbool.h>
#include <stdint.h>

/** A real multiplier as requant.h takes it. */
typedef struct zi_multiplier {
    int32_t multiplier;
    int32_t shift;
} zi_multiplier;

/**
 * Nearest fixed-point form of `real`.
 *
 * A value too small for ZI_SHIFT_MIN becomes {0, 0}.
 * @return false if real is negative, not finite, or needs more than ZI_SHIFT_MAX.
 * Ref: TFLite QuantizeMultiplier.
 */
bool zi_multiplier_from_real(double real, zi_multiplier *out);

/** Real value to quantised: round half to even of x / scale, plus zero_point, clamped.
 *  NaN gives zero_point. Ref: ONNX QuantizeLinear. */
int32_t zi_quantize(float x, float scale, int32_t zero_point, int32_t lo, int32_t hi);

/**
 * Bounds of a fused activation in the quantised domain: [lo, hi] real, infinities allowed, mapped
 * by round-half-away as TFLite does, then intersected with [-128, 127].
 */
void zi_clamp_bounds(float lo, float hi, float scale, int32_t zero_point, int32_t *q_lo,
                     int32_t *q_hi);

#endif
