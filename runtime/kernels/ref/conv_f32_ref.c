/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Same form as the s8 kernel. A sum runs in LANES interleaved partial sums, added pairwise at the
 * end: an order that vectors keep, so that results do not depend on the compiler.
 */
#include "kernels/kernels.h"
#include "kernels/patch.h"

#define LANES 16

static float dot(const float *restrict x, const float *restrict w, int64_t n)
{
    float sum[LANES] = {0};
    const int64_t whole = n / LANES * LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
        for (int l = 0; l < LANES; l++)
            sum[l] += x[i + l] * w[i + l];
    }
    for (int64_t i = whole; i < n; i++)
        sum[i - whole] += x[i] * w[i];
    for (int half = LANES / 2; half; half /= 2) {
        for (int l = 0; l < half; l++)
            sum[l] += sum[half + l];
    }
    return sum[0];
}

/* Output channels [c, c + n_c) of the pixels whose patches are given. */
static void channels(const zk_conv_f32_args *a, const float *patches, int64_t pixel,
                     int64_t n_pixels, int32_t c, int32_t n_c)
{
    const int64_t patch = zk_conv_patch(a->shape);
    for (int64_t i = 0; i < n_pixels; i++) {
        float *out = a->out + (pixel + i) * a->shape->out_c;
        for (int32_t j = c; j < c + n_c; j++) {
            const float v = dot(patches + i * patch, a->w + j * patch, patch) + a->bias[j];
            out[j] = v < a->lo ? a->lo : v > a->hi ? a->hi : v;
        }
    }
}

static void run(const zk_conv_f32_args *a)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    const bool direct = zk_conv_is_gemm(s);
    for (int64_t begin = a->pixel_begin; begin < a->pixel_end; begin += a->tile) {
        const int64_t left = a->pixel_end - begin;
        const int64_t n = left < a->tile ? left : a->tile;
        for (int32_t c = a->channel_begin; c < a->channel_end;) {
            const int32_t group = c / per_group;
            if (!direct)
                zk_gather_f32(a, begin, n, group);
            const float *patches = direct ? a->x + begin * s->in_c : a->scratch;
            const int32_t group_end = (group + 1) * per_group;
            const int32_t end = group_end < a->channel_end ? group_end : a->channel_end;
            for (; c < end; c += ZK_CONV_CHANNELS) {
                const int32_t n_c = end - c < ZK_CONV_CHANNELS ? end - c : ZK_CONV_CHANNELS;
                channels(a, patches, begin, n, c, n_c);
            }
            c = end;
        }
    }
}

const zk_conv_f32_kernel zk_conv_f32_ref = {
    .scratch_bytes = zk_conv_f32_scratch,
    .run = run,
};
