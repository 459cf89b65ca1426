/* SPDX-License-Identifier: Apache-2.0 */
/** @file Straight from the definitions, in wide arithmetic, without the kernels' own helpers. */
#ifndef KERN_NAIVE_H
#define KERN_NAIVE_H

#include "kernels/conv.h"
#include "kernels/pool.h"

/** acc * multiplier * 2^(shift - 31) as docs/arithmetic.md says, by division. */
int32_t naive_requant(int64_t acc, int32_t multiplier, int32_t shift);

/** Sum over one window: values as doubles (exact for s8); `sum_abs` (may be NULL) of |x * w|.
 *  x and w are real or offset values; arrays as zk_conv_f32_args, sums per output element. */
void naive_conv(const zk_conv_shape *s, const double *x, const double *w, double *sum,
                double *sum_abs);

/** A pooling window: taps inside the input, and taps that count for a mean. */
typedef struct naive_window {
    double sum;
    double max; /**< -INFINITY if no tap is inside */
    int32_t counted;
} naive_window;

naive_window naive_pool(const zk_pool_shape *s, const double *x, int32_t image, int32_t oy,
                        int32_t ox, int32_t c);

#endif
