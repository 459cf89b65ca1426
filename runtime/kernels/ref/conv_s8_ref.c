/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patches and weights are widened to 16 bits with their zero points subtracted, so that the inner
 * loop is a dot product of contiguous 16-bit values, which compilers turn into multiply-add
 * instructions. Rows are padded with zeros to whole vectors.
 */
#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "quant/requant.h"

static void widen(const int8_t *restrict in, int32_t zero_point, int64_t n, int16_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (int16_t)(in[i] - zero_point);
}

static void clear(int64_t n, int16_t *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = 0;
}

/* The patch of one output pixel and group: a row of zk_conv_s8_pitch() values. */
static void gather(const zk_conv_s8_args *a, zk_pixel p, int32_t group, int16_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->in_c / s->groups;
    const int8_t *image = a->x + p.image * s->in_h * s->in_w * s->in_c + (int64_t)group * n;
    int16_t *end = out + zk_conv_s8_pitch(s);
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                clear(n, out);
            else
                widen(image + (iy * s->in_w + ix) * s->in_c, a->x_zero_point, n, out);
            out += n;
        }
    }
    clear(end - out, out);
}

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

/* Output channels [c, c + n_c) of the pixels whose patches are given. */
static void channels(const zk_conv_s8_args *a, const int16_t *patches, int64_t pixel,
                     int64_t n_pixels, int32_t c, int32_t n_c)
{
    const int64_t patch = zk_conv_patch(a->shape);
    const int64_t pitch = zk_conv_s8_pitch(a->shape);
    int16_t *w = a->scratch + a->tile * pitch;
    for (int32_t j = 0; j < ZK_CONV_CHANNELS; j++) {
        int16_t *row = w + j * pitch;
        const int64_t used = j < n_c ? patch : 0;
        if (used)
            widen(a->w + (c + j) * patch, a->w_zero_point ? a->w_zero_point[c + j] : 0, used, row);
        clear(pitch - used, row + used);
    }
    for (int64_t i = 0; i < n_pixels; i++) {
        int32_t acc[ZK_CONV_CHANNELS];
        dot(patches + i * pitch, w, pitch, acc);
        int8_t *out = a->out + (pixel + i) * a->shape->out_c + c;
        for (int32_t j = 0; j < n_c; j++) {
            const int32_t q =
                zi_requant(a->bias[c + j] + acc[j], a->multiplier[c + j], a->shift[c + j]);
            out[j] = (int8_t)zi_offset_clamp(q, a->out_zero_point, a->lo, a->hi);
        }
    }
}

void zk_conv_s8_ref(const zk_conv_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    const int64_t pitch = zk_conv_s8_pitch(s);
    for (int64_t begin = a->pixel_begin; begin < a->pixel_end; begin += a->tile) {
        const int64_t left = a->pixel_end - begin;
        const int64_t n = left < a->tile ? left : a->tile;
        for (int32_t c = a->channel_begin; c < a->channel_end;) {
            const int32_t group = c / per_group;
            zk_pixel p = zk_pixel_at(s, begin);
            for (int64_t i = 0; i < n; i++, zk_pixel_next(s, &p))
                gather(a, p, group, a->scratch + i * pitch);
            const int32_t group_end = (group + 1) * per_group;
            const int32_t end = group_end < a->channel_end ? group_end : a->channel_end;
            for (; c < end; c += ZK_CONV_CHANNELS) {
                const int32_t n_c = end - c < ZK_CONV_CHANNELS ? end - c : ZK_CONV_CHANNELS;
                channels(a, a->scratch, begin, n, c, n_c);
            }
            c = end;
        }
    }
}
