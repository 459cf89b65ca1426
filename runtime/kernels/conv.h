/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Convolutions: grouped, dilated, strided, transposed, depthwise; fully connected is the 1x1 case.
 *
 * Preconditions of every kernel here, which ops/ proves once when it prepares a node: dimensions
 * of `shape` are >= 1 and consistent, ranges lie inside it, operands are dense and do not overlap,
 * and for s8 that |bias| + 255 * sum |w - w_zero_point| <= INT32_MAX for each output channel.
 */
#ifndef ZK_CONV_H
#define ZK_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Geometry. Output pixel (oy, ox) reads, for each tap (ky, kx), input pixel
 * iy = oy * stride_h - pad_top + ky * dilation_h, same for x. Transposed:
 * iy = (oy + pad_top - ky * dilation_h) / stride_h where that is whole. Pixels outside the input
 * are zero (s8: the zero point). Padding at the bottom and right follows from out_h, out_w.
 */
typedef struct zk_conv_shape {
    int32_t batch;
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_left;
    int32_t groups; /**< divides in_c and out_c */
    bool transposed;
} zk_conv_shape;

/** Pixels of all images: the numbering is (image * out_h + oy) * out_w + ox. */
static inline int64_t zk_conv_pixels(const zk_conv_shape *s)
{
    return (int64_t)s->batch * s->out_h * s->out_w;
}

/** Elements that one output pixel of one group reads: the length of a weight row. */
static inline int64_t zk_conv_patch(const zk_conv_shape *s)
{
    return (int64_t)s->kernel_h * s->kernel_w * (s->in_c / s->groups);
}

/** True if the input itself is the matrix of patches: 1x1, stride 1, no padding, one group. */
static inline bool zk_conv_is_gemm(const zk_conv_shape *s)
{
    return s->kernel_h == 1 && s->kernel_w == 1 && s->stride_h == 1 && s->stride_w == 1 &&
           s->pad_top == 0 && s->pad_left == 0 && s->groups == 1 && s->out_h == s->in_h &&
           s->out_w == s->in_w;
}

/** Output channels that a reference kernel computes in one pass over a patch. */
#define ZK_CONV_CHANNELS 4

/** Patches and weights of the s8 kernels are widened to 16 bits, rows padded to this many. */
#define ZK_CONV_S8_ALIGN 16

static inline int64_t zk_conv_s8_pitch(const zk_conv_shape *s)
{
    return (zk_conv_patch(s) + ZK_CONV_S8_ALIGN - 1) / ZK_CONV_S8_ALIGN * ZK_CONV_S8_ALIGN;
}

typedef struct zk_conv_s8_args {
    const zk_conv_shape *shape;
    const int8_t *x;             /**< [batch][in_h][in_w][in_c] */
    const int8_t *w;             /**< [out_c][kernel_h][kernel_w][in_c / groups] */
    const void *packed;          /**< what the variant's pack() made; NULL if it has none */
    const int32_t *w_zero_point; /**< [out_c]; NULL: all zero */
    const int32_t *bias;         /**< [out_c], scale s_x * s_w */
    const int32_t *multiplier;   /**< [out_c], of s_x * s_w / s_out: requant.h */
    const int32_t *shift;        /**< [out_c] */
    int32_t x_zero_point;
    int32_t out_zero_point;
    int32_t lo, hi; /**< clamp, quantised, within [-128, 127] */
    int8_t *out;    /**< [batch][out_h][out_w][out_c]; only the ranges below are written */
    int64_t pixel_begin, pixel_end;
    int32_t channel_begin, channel_end;
    int32_t tile;  /**< patches held at a time, >= 1 */
    void *scratch; /**< the variant's scratch_bytes(), ZI_ALIGN; NULL if that is 0 */
} zk_conv_s8_args;

/** What a variant's calls cost beside their products. */
typedef struct zk_conv_grain {
    int64_t pixels;   /**< ranges had best begin at multiples of it, */
    int32_t channels; /**< and of this */
    int32_t window; /**< what is done once for a pixel, whatever the channels of a call: as long as
                         the products of so many channels take */
} zk_conv_grain;

/** Of variants that do not say. */
static inline zk_conv_grain zk_conv_grain_default(const zk_conv_shape *s)
{
    return (zk_conv_grain){.pixels = 8, .channels = 32, .window = zk_conv_is_gemm(s) ? 0 : 2};
}

/**
 * A variant of the s8 convolution: out = clamp(requant(bias + sum (x - x_zero_point) *
 * (w - w_zero_point)) + out_zero_point).
 *
 * Weights, biases and multipliers do not change once a node is prepared: a variant may have them
 * packed then, in a form of its own, with whatever can be computed or proved of them.
 */
typedef struct zk_conv_s8_kernel {
    /** Bytes of the packed operand; NULL: the variant reads the weights as they are. */
    size_t (*packed_bytes)(const zk_conv_shape *shape);
    /** Further bytes of it, for what the values of the weights need. Reads what pack() reads. NULL:
     *  none, whatever they are. */
    size_t (*packed_more)(const zk_conv_s8_args *args);
    /** Fills args->packed's memory, zeroed and aligned to 16. Reads neither x nor the members
     *  that say what a call computes. NULL with packed_bytes. */
    void (*pack)(const zk_conv_s8_args *args, void *packed);
    /** Of one call; the caller keeps tile small enough for the sum to fit. */
    size_t (*scratch_bytes)(const zk_conv_shape *shape, int32_t tile);
    /** For who cuts the work up. Reads what pack() reads, and args->packed. NULL:
     *  zk_conv_grain_default(). */
    zk_conv_grain (*grain)(const zk_conv_s8_args *args);
    void (*run)(const zk_conv_s8_args *args);
} zk_conv_s8_kernel;

typedef struct zk_conv_f32_args {
    const zk_conv_shape *shape;
    const float *x;     /**< as zk_conv_s8_args, real values */
    const float *w;     /**< [out_c][kernel_h][kernel_w][in_c / groups] */
    const void *packed; /**< what the variant's pack() made; NULL if it has none */
    const float *bias;  /**< [out_c] */
    float lo, hi;       /**< clamp; infinities: none */
    float *out;
    int64_t pixel_begin, pixel_end;
    int32_t channel_begin, channel_end;
    int32_t tile;   /**< patches held at a time, >= 1 */
    float *scratch; /**< the variant's scratch_bytes(), ZI_ALIGN; NULL if that is 0 */
} zk_conv_f32_args;

/** Bytes of `tile` patches where the input itself is not the matrix of them. */
static inline size_t zk_conv_f32_scratch(const zk_conv_shape *s, int32_t tile)
{
    return zk_conv_is_gemm(s) ? 0 : (size_t)tile * (size_t)zk_conv_patch(s) * sizeof(float);
}

/**
 * A variant of the f32 convolution: out = clamp(bias + sum x * w). The order of a sum is the
 * variant's own and depends on nothing but the length of the patch, so that neither tiles nor
 * ranges change a bit of it; variants that pack share gemm_f32.h's. NaN passes through.
 *
 * As with the s8 convolution; but where weights or biases are given at run time, they are packed
 * again in each run.
 */
typedef struct zk_conv_f32_kernel {
    /** Bytes of the packed operand; NULL: the variant reads the weights as they are. */
    size_t (*packed_bytes)(const zk_conv_shape *shape);
    /** Fills all that packed_bytes() counts, aligned to 16, from w and bias. Reads neither x nor
     *  the members that say what a call computes. NULL with packed_bytes. */
    void (*pack)(const zk_conv_f32_args *args, void *packed);
    /** Of one call. */
    size_t (*scratch_bytes)(const zk_conv_shape *shape, int32_t tile);
    void (*run)(const zk_conv_f32_args *args);
} zk_conv_f32_kernel;

/** Channel c of the output from channel c of the input: groups == in_c == out_c, not transposed. */
typedef struct zk_depthwise_s8_args {
    const zk_conv_shape *shape;
    const int8_t *x;
    const int16_t *w; /**< [kernel_h][kernel_w][out_c], zero points already subtracted */
    const int32_t *bias;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t x_zero_point;
    int32_t out_zero_point;
    int32_t lo, hi;
    int8_t *out;
    int64_t row_begin, row_end; /**< image * out_h + oy */
} zk_depthwise_s8_args;

typedef void zk_depthwise_s8_fn(const zk_depthwise_s8_args *args);

typedef struct zk_depthwise_f32_args {
    const zk_conv_shape *shape;
    const float *x;
    const float *w; /**< [kernel_h][kernel_w][out_c] */
    const float *bias;
    float lo, hi;
    float *out;
    int64_t row_begin, row_end;
} zk_depthwise_f32_args;

/** Sums taps in order, bias first, product and sum rounded apart: variants agree bit for bit. */
typedef void zk_depthwise_f32_fn(const zk_depthwise_f32_args *args);

/** out[m][n] = sum over k of a[m][k] * b[k][n]; all dense, row-major; m, n >= 1, k >= 0. The order
 *  of a sum depends on k alone, as in zk_conv_f32_kernel. */
typedef struct zk_matmul_f32_args {
    const float *a;
    const float *b;
    float *out;
    int64_t m, n, k;
} zk_matmul_f32_args;

typedef void zk_matmul_f32_fn(const zk_matmul_f32_args *args);

#endif
