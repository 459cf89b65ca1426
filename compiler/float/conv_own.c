/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution in float where OpenBLAS cannot be had: the channels of a pixel run side by side, over
 * weights that lie as they are read. Every sum runs over the patch in order, so neither tiles nor
 * ranges change a result.
 */
#include "float/blas.h"

#include "kernels/patch.h"

enum { CHANNELS = 32, DEPTH = 256 }; // 32 KiB of weights

/* depth weights of n_c channels, transposed; of channels that are not there zeros. */
static void pack(const float *w, int64_t patch, int64_t depth, int32_t n_c, float *out)
{
    for (int64_t k = 0; k < depth; k++) {
        for (int32_t c = 0; c < CHANNELS; c++)
            out[k * CHANNELS + c] = c < n_c ? w[c * patch + k] : 0.0f;
    }
}

/* sum[c] += sum over k of x[k] * w[k][c] */
static void add_products(const float *restrict x, const float *restrict w, int64_t depth,
                         float *restrict sum)
{
    for (int64_t k = 0; k < depth; k++) {
        for (int c = 0; c < CHANNELS; c++)
            sum[c] += x[k] * w[k * CHANNELS + c];
    }
}

/* The outputs hold the sums until the last part of the patch has been added. */
static void block(const zk_conv_f32_args *a, const float *patches, int64_t pixel, int64_t n,
                  int32_t begin, int32_t end)
{
    const int64_t patch = zk_conv_patch(a->shape);
    const int32_t n_c = end - begin;
    const float *bias = a->bias + begin;
    float packed[DEPTH * CHANNELS];
    for (int64_t k = 0; k < patch; k += DEPTH) {
        const int64_t depth = patch - k < DEPTH ? patch - k : DEPTH;
        pack(a->w + begin * patch + k, patch, depth, n_c, packed);
        for (int64_t i = 0; i < n; i++) {
            float *out = a->out + (pixel + i) * a->shape->out_c + begin;
            float sum[CHANNELS] = {0};
            for (int32_t c = 0; k && c < n_c; c++)
                sum[c] = out[c];
            add_products(patches + i * patch + k, packed, depth, sum);
            for (int32_t c = 0; c < n_c; c++) {
                const float v = sum[c] + bias[c];
                const float clamped = v < a->lo ? a->lo : v > a->hi ? a->hi : v;
                out[c] = k + depth == patch ? clamped : sum[c];
            }
        }
    }
}

static void run(const zk_conv_f32_args *a)
{
    const zk_conv_shape *s = a->shape;
    if (s->out_c / s->groups < CHANNELS / 4 || zk_conv_pixels(s) == 1) { // packing would not pay
        zk_conv_f32_ref.run(a);
        return;
    }
    zc_conv_f32_tiles(a, CHANNELS, block);
}

const zk_conv_f32_kernel zc_conv_f32_own = {.scratch_bytes = zk_conv_f32_scratch, .run = run};
