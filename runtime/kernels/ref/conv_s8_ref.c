/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner loop is a dot product of contiguous 16-bit values, which compilers turn into
 * multiply-add instructions: patches and weights are widened before.
 */
#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "quant/requant.h"

/* Dot products of one patch with ZK_CONV_CHANNELS weight rows. */
static void dot(const int16_t *restrict x, const int16_t *restrict w, int64_t pitch,
                int32_t acc[ZK_CONV_CHANNELS])
{
    const int64_t n = pitch / ZK_CONV_S8_ALIGN * ZK_CONV_S8_ALIGN;
    int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (int64_t i = 0; i < n; i++) {
        sum0 += x[i] * w[i];
        sum1 += x[i] * w[pitch + i];
        sum2 += x[i] * w[2 * pitch + i];
        sum3 += x[i] * w[3 * pitch + i];
    }
    acc[0] = sum0;
    acc[1] = sum1;
    acc[2] = sum2;
    acc[3] = sum3;
}

static void channels(const zk_conv_s8_args *a, const int16_t *w, int64_t pixel, int64_t n_pixels,
                     int32_t c, int32_t n_c)
{
    const int64_t pitch = zk_conv_s8_pitch(a->shape);
    for (int64_t i = 0; i < n_pixels; i++) {
        int32_t acc[ZK_CONV_CHANNELS];
        dot((const int16_t *)a->scratch + i * pitch, w, pitch, acc);
        int8_t *out = a->out + (pixel + i) * a->shape->out_c + c;
        for (int32_t j = 0; j < n_c; j++) {
            const int32_t q =
                zi_requant(a->bias[c + j] + acc[j], a->multiplier[c + j], a->shift[c + j]);
            out[j] = (int8_t)zi_offset_clamp(q, a->out_zero_point, a->lo, a->hi);
        }
    }
}

static void run(const zk_conv_s8_args *a)
{
    zk_conv_s8_tiles(a, channels);
}

const zk_conv_s8_kernel zk_conv_s8_ref = {
    .scratch_bytes = zk_conv_s8_tiles_scratch,
    .run = run,
};
