/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Pooling windows. Preconditions as conv.h; s8 averages: kernel_h * kernel_w * 255 <= INT32_MAX.
 */
#ifndef ZK_POOL_H
#define ZK_POOL_H

#include <stdbool.h>
#include <stdint.h>

/** Geometry, as zk_conv_shape without transposition. Paddings are those declared: a window may
 *  reach past the bottom and right ones (ceil mode), and nothing there ever counts. */
typedef struct zk_pool_shape {
    int32_t batch;
    int32_t in_h, in_w, channels;
    int32_t out_h, out_w;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w; /**< 1 for averages */
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    bool count_include_pad; /**< averages: declared padding counts, as zeros */
} zk_pool_shape;

typedef struct zk_maxpool_s8_args {
    const zk_pool_shape *shape;
    const int8_t *x;            /**< [batch][in_h][in_w][channels] */
    int8_t *out;                /**< [batch][out_h][out_w][channels] */
    int64_t row_begin, row_end; /**< image * out_h + oy */
} zk_maxpool_s8_args;

/** A window without a pixel gives -128. */
typedef void zk_maxpool_s8_fn(const zk_maxpool_s8_args *args);

typedef struct zk_maxpool_f32_args {
    const zk_pool_shape *shape;
    const float *x;
    float *out;
    int64_t row_begin, row_end;
} zk_maxpool_f32_args;

/** A window without a pixel gives -INFINITY. */
typedef void zk_maxpool_f32_fn(const zk_maxpool_f32_args *args);

typedef struct zk_avgpool_s8_args {
    const zk_pool_shape *shape;
    const int8_t *x;
    int32_t x_zero_point;
    int32_t out_zero_point;
    /** [kernel_h * kernel_w + 1]: at `count` the form of s_x / (s_out * count). NULL: input and
     *  output are quantised alike, and the mean is that of the stored values. */
    const int32_t *multiplier;
    const int32_t *shift;
    bool ties_up; /**< alike: the mean is that of q + 128, the stored values of a uint8 model */
    int8_t *out;
    int64_t row_begin, row_end;
} zk_avgpool_s8_args;

/**
 * Alike: zi_div_round(sum q, count), padding that counts being the zero point; ties_up:
 * zi_div_round(sum (q + 128), count) - 128. Otherwise
 * requant(sum (q - x_zero_point)) + out_zero_point. Count 0 gives the output's zero.
 * Ref: TFLite AVERAGE_POOL_2D (int8, uint8) and MEAN.
 */
typedef void zk_avgpool_s8_fn(const zk_avgpool_s8_args *args);

/** sum[c] += x[i * stride + c] over n rows i, for c < width. The caller keeps sums in 32 bits. */
typedef void zk_sum_s8_fn(const int8_t *x, int64_t n, int64_t stride, int64_t width, int32_t *sum);

typedef struct zk_avgpool_f32_args {
    const zk_pool_shape *shape;
    const float *x;
    float *out;
    int64_t row_begin, row_end;
} zk_avgpool_f32_args;

typedef void zk_avgpool_f32_fn(const zk_avgpool_f32_args *args);

#endif
