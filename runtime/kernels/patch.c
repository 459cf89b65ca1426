/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers the pixels of a convolution's window, padding included. */
#include "kernels/patch.h"

#include <string.h>

/* One tap after the other: groups, dilated or transposed. */
static void gather_taps_f32(const zk_conv_f32_args *a, zk_pixel p, int32_t group, float *out)
{
    const zk_conv_shape *s = a->shape;
    const size_t n = (size_t)(s->in_c / s->groups);
    const float *image = a->x + p.image * s->in_h * s->in_w * s->in_c + (size_t)group * n;
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                memset(out, 0, n * sizeof(*out));
            else
                memcpy(out, image + (iy * s->in_w + ix) * s->in_c, n * sizeof(*out));
            out += n;
        }
    }
}

/* memcpy() that begins at once for the few values that many rows of windows are. */
static inline void copy(float *restrict out, const float *restrict x, int64_t n)
{
    enum { LONG = 64, STEP = 4 };
    if (n >= LONG) {
        memcpy(out, x, (size_t)n * sizeof(*out));
    } else if (n >= STEP) {
        for (int64_t i = 0; i + STEP < n; i += STEP)
            memcpy(out + i, x + i, STEP * sizeof(*out));
        memcpy(out + n - STEP, x + n - STEP, STEP * sizeof(*out));
    } else {
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i];
    }
}

/* A window whose rows lie in one piece in the input, where they are in it. */
static void gather_rows_f32(const zk_conv_f32_args *a, zk_pixel p, float *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->in_c, width = s->kernel_w * n;
    const float *image = a->x + p.image * s->in_h * s->in_w * n;
    const int64_t ix = (int64_t)p.x * s->stride_w - s->pad_left;
    int64_t iy = (int64_t)p.y * s->stride_h - s->pad_top;
    const int64_t before = ix >= 0 ? 0 : -ix < s->kernel_w ? -ix : s->kernel_w;
    const int64_t room = s->in_w - ix; // columns of the window before the right edge
    const int64_t end = room < before ? before : room < s->kernel_w ? room : s->kernel_w;
    for (int32_t ky = 0; ky < s->kernel_h; ky++, iy += s->dilation_h, out += width) {
        const bool inside = iy >= 0 && iy < s->in_h && before < end;
        if (!inside || end - before < s->kernel_w)
            memset(out, 0, (size_t)width * sizeof(*out));
        if (inside)
            copy(out + before * n, image + (iy * s->in_w + ix + before) * n, (end - before) * n);
    }
}

void zk_gather_f32(const zk_conv_f32_args *a, int64_t pixel, int64_t n, int32_t group)
{
    const int64_t patch = zk_conv_patch(a->shape);
    const bool in_rows =
        a->shape->groups == 1 && a->shape->dilation_w == 1 && !a->shape->transposed;
    zk_pixel p = zk_pixel_at(a->shape, pixel);
    for (int64_t i = 0; i < n; i++, zk_pixel_next(a->shape, &p)) {
        if (in_rows)
            gather_rows_f32(a, p, a->scratch + i * patch);
        else
            gather_taps_f32(a, p, group, a->scratch + i * patch);
    }
}

static void widen(const int8_t *restrict in, int32_t zero_point, int64_t n, int16_t *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (int16_t)(in[i] - zero_point);
}

static void gather_s8(const zk_conv_s8_args *a, zk_pixel p, int32_t group, int16_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int64_t n = s->in_c / s->groups;
    const int8_t *image = a->x + p.image * s->in_h * s->in_w * s->in_c + group * n;
    const int16_t *end = out + zk_conv_s8_pitch(s);
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                memset(out, 0, (size_t)n * sizeof(*out));
            else
                widen(image + (iy * s->in_w + ix) * s->in_c, a->x_zero_point, n, out);
            out += n;
        }
    }
    memset(out, 0, (size_t)(end - out) * sizeof(*out));
}

static void gather_tile_s8(const zk_conv_s8_args *a, int64_t pixel, int64_t n, int32_t group)
{
    const int64_t pitch = zk_conv_s8_pitch(a->shape);
    zk_pixel p = zk_pixel_at(a->shape, pixel);
    for (int64_t i = 0; i < n; i++, zk_pixel_next(a->shape, &p))
        gather_s8(a, p, group, (int16_t *)a->scratch + i * pitch);
}

/* Weight rows of output channels [c, c + n), behind the patches. */
static const int16_t *widen_weights(const zk_conv_s8_args *a, int32_t c, int32_t n)
{
    const int64_t patch = zk_conv_patch(a->shape);
    const int64_t pitch = zk_conv_s8_pitch(a->shape);
    int16_t *w = (int16_t *)a->scratch + a->tile * pitch;
    for (int32_t i = 0; i < ZK_CONV_CHANNELS; i++) {
        int16_t *row = w + i * pitch;
        const int64_t used = i < n ? patch : 0;
        if (used)
            widen(a->w + (c + i) * patch, a->w_zero_point ? a->w_zero_point[c + i] : 0, used, row);
        memset(row + used, 0, (size_t)(pitch - used) * sizeof(*row));
    }
    return w;
}

size_t zk_conv_s8_tiles_scratch(const zk_conv_shape *s, int32_t tile)
{
    return ((size_t)tile + ZK_CONV_CHANNELS) * (size_t)zk_conv_s8_pitch(s) * sizeof(int16_t);
}

void zk_conv_s8_tiles(const zk_conv_s8_args *a, zk_conv_s8_block_fn *block)
{
    const int32_t per_group = a->shape->out_c / a->shape->groups;
    for (int64_t begin = a->pixel_begin; begin < a->pixel_end; begin += a->tile) {
        const int64_t left = a->pixel_end - begin;
        const int64_t n = left < a->tile ? left : a->tile;
        for (int32_t c = a->channel_begin; c < a->channel_end;) {
            const int32_t group = c / per_group;
            const int32_t group_end = (group + 1) * per_group;
            const int32_t end = group_end < a->channel_end ? group_end : a->channel_end;
            gather_tile_s8(a, begin, n, group);
            for (; c < end; c += ZK_CONV_CHANNELS) {
                const int32_t n_c = end - c < ZK_CONV_CHANNELS ? end - c : ZK_CONV_CHANNELS;
                block(a, widen_weights(a, c, n_c), begin, n, c, n_c);
            }
            c = end;
        }
    }
}
