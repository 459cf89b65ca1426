/* SPDX-License-Identifier: Apache-2.0 */
/** @file Scale and zero point of one tensor: from a range, and compared. */
#ifndef ZC_QUANTISE_QPARAM_H
#define ZC_QUANTISE_QPARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"

typedef struct zc_qparam {
    float scale;
    int32_t zero_point; /**< of s8, in [-128, 127] */
} zc_qparam;

/**
 * Affine s8 parameters whose representable range holds [lo, hi] and, exactly, zero.
 * An empty range gives scale 1 / 255.
 * Ref: TFLite 8-bit quantisation specification, activations.
 */
zc_qparam zc_qparam_from_range(double lo, double hi);

/** Per-tensor parameters of a quantised tensor, those of u8 moved to s8 (zero point - 128). */
zc_qparam zc_qparam_of(const zi_tensor *t);

static inline bool zc_qparam_equal(zc_qparam a, zc_qparam b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point;
}

/**
 * Parameters fixed by the op, whatever the data: Softmax, Sigmoid, HardSigmoid, Tanh, LogSoftmax.
 * @return false for any other op. Ref: TFLite 8-bit quantisation specification, operators.
 */
bool zc_qparam_fixed(zi_op op, zc_qparam *out);

/** The s8 value of x, half to even, clamped. */
int8_t zc_qparam_quantise(zc_qparam p, double x);

/** Gives `tensor` per-tensor parameters. ZURT_E_NOMEM. */
zurt_status zc_qparam_set(zurt_ctx *ctx, zi_graph *g, zi_id tensor, zc_qparam p);

#endif
