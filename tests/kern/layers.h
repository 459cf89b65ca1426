/* SPDX-License-Identifier: Apache-2.0 */
/** @file Random and well-known convolutions for the kernel tests. */
#ifndef KERN_LAYERS_H
#define KERN_LAYERS_H

#include "kern.h"

/** Kernel 1..11, stride 1..4, dilation, asymmetric padding, channels 1..70 (a few up to 1100),
 *  groups, transposed; small enough for the naive model. */
zk_conv_shape random_conv(kern_rng *r);
/** A random_conv() with groups == in_c == out_c, not transposed. */
zk_conv_shape random_depthwise(kern_rng *r);

/** "conv 5x7x3 -> 5x7x16 k3x3 ..." for failure messages. */
void describe_conv(const char *op, const zk_conv_shape *s);

static inline size_t x_elems(const zk_conv_shape *s)
{
    return (size_t)s->batch * (size_t)s->in_h * (size_t)s->in_w * (size_t)s->in_c;
}

static inline size_t w_elems(const zk_conv_shape *s)
{
    return (size_t)s->out_c * (size_t)zk_conv_patch(s);
}

static inline size_t out_elems(const zk_conv_shape *s)
{
    return (size_t)zk_conv_pixels(s) * (size_t)s->out_c;
}

/** Layers of MobileNetV2 1.0 224: dense ones, then depthwise ones. */
enum { N_DENSE_LAYERS = 10, N_DEPTHWISE_LAYERS = 5 };
extern const kern_layer dense_layers[N_DENSE_LAYERS], depthwise_layers[N_DEPTHWISE_LAYERS];

/** A share of [0, *end), now and then: what lies outside it must stay as it is. */
void random_part(kern_rng *r, int64_t *begin, int64_t *end);

#endif
