/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which input pixels an output pixel of a convolution reads; shared by the variants. */
#ifndef ZK_PATCH_H
#define ZK_PATCH_H

#include "kernels/conv.h"

/** Place of an output pixel. */
typedef struct zk_pixel {
    int64_t image;
    int32_t y, x;
} zk_pixel;

static inline zk_pixel zk_pixel_at(const zk_conv_shape *s, int64_t pixel)
{
    const int64_t row = pixel / s->out_w;
    return (zk_pixel){row / s->out_h, (int32_t)(row % s->out_h), (int32_t)(pixel % s->out_w)};
}

static inline void zk_pixel_next(const zk_conv_shape *s, zk_pixel *p)
{
    if (++p->x < s->out_w)
        return;
    p->x = 0;
    if (++p->y < s->out_h)
        return;
    p->y = 0;
    p->image++;
}

/** Input coordinate that tap k of output coordinate o reads on one axis; -1: none. */
static inline int64_t zk_tap(int32_t o, int32_t k, int32_t stride, int32_t dilation, int32_t pad,
                             int32_t size, bool transposed)
{
    int64_t i = transposed ? (int64_t)o + pad - (int64_t)k * dilation
                           : (int64_t)o * stride - pad + (int64_t)k * dilation;
    if (transposed) {
        if (i < 0 || i % stride)
            return -1;
        i /= stride;
    }
    return i >= 0 && i < size ? i : -1;
}

static inline int64_t zk_tap_y(const zk_conv_shape *s, int32_t oy, int32_t ky)
{
    return zk_tap(oy, ky, s->stride_h, s->dilation_h, s->pad_top, s->in_h, s->transposed);
}

static inline int64_t zk_tap_x(const zk_conv_shape *s, int32_t ox, int32_t kx)
{
    return zk_tap(ox, kx, s->stride_w, s->dilation_w, s->pad_left, s->in_w, s->transposed);
}

/** Taps [begin, end) of output coordinate o that lie inside the input; not transposed. */
typedef struct zk_taps {
    int32_t begin, end;
    int64_t first; /**< input coordinate of tap `begin` */
} zk_taps;

static inline zk_taps zk_taps_at(int32_t o, int32_t kernel, int32_t stride, int32_t dilation,
                                 int32_t pad, int32_t size)
{
    zk_taps t = {0, kernel, 0};
    while (t.begin < kernel && zk_tap(o, t.begin, stride, dilation, pad, size, false) < 0)
        t.begin++;
    while (t.end > t.begin && zk_tap(o, t.end - 1, stride, dilation, pad, size, false) < 0)
        t.end--;
    t.first = (int64_t)o * stride - pad + (int64_t)t.begin * dilation;
    return t;
}

/**
 * Output channels [c, c + n_c), at most ZK_CONV_CHANNELS, of the n_pixels from `pixel` on.
 *
 * @param a->scratch patches: rows of zk_conv_s8_pitch() values, widened to 16 bits with the zero
 *                   point subtracted, zeros at the end.
 * @param w          ZK_CONV_CHANNELS weight rows of the same form, those past n_c zero.
 */
typedef void zk_conv_s8_block_fn(const zk_conv_s8_args *a, const int16_t *w, int64_t pixel,
                                 int64_t n_pixels, int32_t c, int32_t n_c);

/** Scratch bytes of zk_conv_s8_tiles(). */
size_t zk_conv_s8_tiles_scratch(const zk_conv_shape *s, int32_t tile);

/** The loops of an s8 convolution: tiles of pixels, groups, blocks of channels. */
void zk_conv_s8_tiles(const zk_conv_s8_args *a, zk_conv_s8_block_fn *block);

/** Copies the patches of n pixels and one group to a->scratch, zk_conv_patch() floats each. */
void zk_gather_f32(const zk_conv_f32_args *a, int64_t pixel, int64_t n, int32_t group);

#endif
