/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which input pixels a pooling window covers; shared by the variants. */
#ifndef ZK_WINDOW_H
#define ZK_WINDOW_H

#include "kernels/pool.h"

/** One axis of a window: taps [begin, end) read inside the input; `counted` taps lie inside the
 *  input and, where that counts, the declared padding. */
typedef struct zk_window {
    int64_t first; /**< input coordinate of tap 0; may be negative */
    int32_t begin, end;
    int32_t counted;
} zk_window;

static inline zk_window zk_window_at(int32_t o, int32_t kernel, int32_t stride, int32_t dilation,
                                     int32_t pad_before, int32_t pad_after, int32_t size,
                                     bool count_pad)
{
    zk_window w = {(int64_t)o * stride - pad_before, kernel, 0, 0};
    for (int32_t k = 0; k < kernel; k++) {
        const int64_t i = w.first + (int64_t)k * dilation;
        const bool inside = i >= 0 && i < size;
        if (inside && k < w.begin)
            w.begin = k;
        if (inside)
            w.end = k + 1;
        w.counted += inside || (count_pad && i < (int64_t)size + pad_after);
    }
    if (!w.end)
        w.begin = 0;
    return w;
}

static inline zk_window zk_window_y(const zk_pool_shape *s, int32_t oy)
{
    return zk_window_at(oy, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top, s->pad_bottom,
                        s->in_h, s->count_include_pad);
}

static inline zk_window zk_window_x(const zk_pool_shape *s, int32_t ox)
{
    return zk_window_at(ox, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left, s->pad_right,
                        s->in_w, s->count_include_pad);
}

/** Offset of a tap's pixel, in elements, from the start of the tensor. */
static inline int64_t zk_window_offset(const zk_pool_shape *s, int64_t row, const zk_window *wy,
                                       int32_t ky, const zk_window *wx, int32_t kx)
{
    const int64_t iy = wy->first + (int64_t)ky * s->dilation_h;
    const int64_t ix = wx->first + (int64_t)kx * s->dilation_w;
    return ((row / s->out_h * s->in_h + iy) * s->in_w + ix) * s->channels;
}

#endif
