/* SPDX-License-Identifier: Apache-2.0 */
/** @file How a convolution's output is cut up for threads: into a grid of parts, pixels by
 * channels. */
#ifndef ZI_OPS_CONV_SHARE_H
#define ZI_OPS_CONV_SHARE_H

#include "kernels/conv.h"

typedef struct zi_conv_parts {
    int64_t pixels; /**< of a part; those at the end may be smaller */
    int32_t channels;
    uint32_t n_pixels, n_channels; /**< parts along each */
} zi_conv_parts;

/** One part: what a call of a kernel computes. */
typedef struct zi_conv_range {
    int64_t pixel_begin, pixel_end;
    int32_t channel_begin, channel_end;
} zi_conv_range;

/**
 * Parts for n_threads, as even as `grain` lets them be. Where there are too few pixels for all
 * threads, as in the last layers of a network, channels are cut too.
 *
 * @param s no dimension is 0.
 */
zi_conv_parts zi_conv_parts_choose(const zk_conv_shape *s, zk_conv_grain grain, uint32_t n_threads);

static inline uint32_t zi_conv_n_parts(const zi_conv_parts *parts)
{
    return parts->n_pixels * parts->n_channels;
}

/** As many of the parts [*begin, end) as are one range; *begin moves behind them. */
zi_conv_range zi_conv_next(const zk_conv_shape *s, const zi_conv_parts *parts, uint32_t *begin,
                           uint32_t end);

#endif
