/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to an input tensor: normalised, in the model's channel order and scale. */
#include <zurt/image.h>

#include <math.h>
#include <stdbool.h>

#include "base/ctx.h"
#include "quant/scale.h"

/* What each of the 256 pixel values becomes, per channel of the tensor. */
typedef union pixel_table {
    float f32[3][256];
    uint8_t q8[3][256]; /* S8 and U8 by their bits */
} pixel_table;

/* In single precision and in this order, as PyTorch normalises. */
static float normalise(const zurt_norm *norm, int32_t channel, int pixel)
{
    int32_t c = norm->channels == 1 ? 0 : channel;
    return ((float)pixel / 255.0f - norm->mean[c]) / norm->std[c];
}

/* The network's own nodes make values of them. */
static bool takes_pixels(const zurt_tensor_info *info)
{
    return info->dtype == ZURT_U8 && !(info->scale > 0);
}

static void fill_table(const zurt_norm *norm, const zurt_tensor_info *info, pixel_table *t)
{
    int32_t lo = info->dtype == ZURT_S8 ? -128 : 0, hi = info->dtype == ZURT_S8 ? 127 : 255;
    for (int32_t c = 0; c < info->dims[3]; c++) {
        for (int p = 0; p < 256; p++) {
            if (takes_pixels(info)) {
                t->q8[c][p] = (uint8_t)p;
                continue;
            }
            float x = normalise(norm, c, p);
            if (info->dtype == ZURT_F32)
                t->f32[c][p] = x;
            else
                t->q8[c][p] = (uint8_t)zi_quantize(x, info->scale, info->zero_point, lo, hi);
        }
    }
}

/* ITU-R BT.601 luma in 16-bit fixed point, as Pillow's "L". */
static uint8_t luma(const uint8_t *rgb)
{
    return (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

/* Where a pixel's values come from: bytes from its first, and from pixel to pixel. */
typedef struct source {
    const uint8_t *pixels;
    size_t step;
    size_t at[3];
} source;

static source source_of(const zurt_image *image, const zurt_norm *norm)
{
    source s = {.pixels = image->pixels, .step = (size_t)image->channels};
    for (size_t c = 0; c < 3; c++)
        s.at[c] = image->channels == 1 ? 0 : norm->is_bgr ? 2 - c : c;
    return s;
}

/* One tensor channel of every pixel, or three; every combination is a loop of its own, without a
 * question inside. */
#define FILL(name, type, member)                                                                   \
    static void name(const source *s, bool grey, int32_t n_channels, size_t n,                     \
                     const pixel_table *t, type *out)                                              \
    {                                                                                              \
        const uint8_t *p = s->pixels;                                                              \
        const size_t step = s->step, first = s->at[0], second = s->at[1], third = s->at[2];        \
        if (n_channels == 3) {                                                                     \
            for (size_t i = 0; i < n; i++, p += step, out += 3) {                                  \
                out[0] = t->member[0][p[first]];                                                   \
                out[1] = t->member[1][p[second]];                                                  \
                out[2] = t->member[2][p[third]];                                                   \
            }                                                                                      \
        } else if (grey) {                                                                         \
            for (size_t i = 0; i < n; i++, p += step)                                              \
                out[i] = t->member[0][*p];                                                         \
        } else {                                                                                   \
            for (size_t i = 0; i < n; i++, p += step)                                              \
                out[i] = t->member[0][luma(p)];                                                    \
        }                                                                                          \
    }

FILL(fill_f32, float, f32)
FILL(fill_q8, uint8_t, q8)

static zurt_status check(zurt_ctx *ctx, const zurt_image *image, const zurt_norm *norm,
                         const zurt_tensor_info *info, const zurt_span *out)
{
    if (!image->pixels || (image->channels != 1 && image->channels != 3))
        return zi_fail(ctx, ZURT_E_ARG, "image: no pixels, or neither 1 nor 3 channels");
    if (info->rank != 4 || info->dims[1] != image->height || info->dims[2] != image->width ||
        (info->dims[3] != 1 && info->dims[3] != 3))
        return zi_fail(
            ctx, ZURT_E_ARG,
            "image: %d x %d pixels do not fit input '%s': it must be [N, %d, %d, 1 or 3]",
            (int)image->width, (int)image->height, info->name, (int)image->height,
            (int)image->width);
    if (info->dtype != ZURT_F32 && info->dtype != ZURT_S8 && info->dtype != ZURT_U8)
        return zi_fail(ctx, ZURT_E_ARG, "image: input '%s' is %s, not f32, s8 or u8", info->name,
                       zurt_dtype_name(info->dtype));
    if (info->dtype == ZURT_S8 && !(info->scale > 0))
        return zi_fail(ctx, ZURT_E_ARG, "image: input '%s' has no scale", info->name);
    if (norm->channels != 1 && norm->channels != info->dims[3])
        return zi_fail(ctx, ZURT_E_ARG, "image: normalisation of %d channels, input '%s' has %d",
                       (int)norm->channels, info->name, (int)info->dims[3]);
    size_t bytes = (size_t)image->width * (size_t)image->height * (size_t)info->dims[3] *
                   zurt_dtype_bytes(info->dtype);
    if (out->bytes != bytes)
        return zi_fail(ctx, ZURT_E_ARG, "image: %zu bytes given, one picture needs %zu", out->bytes,
                       bytes);
    return ZURT_OK;
}

zurt_status zurt_image_to_tensor(zurt_ctx *ctx, const zurt_image *image, const zurt_norm *norm,
                                 const zurt_tensor_info *info, const zurt_span *out)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!image || !norm || !info || !out || !out->data)
        return zi_fail(ctx, ZURT_E_ARG, "image: an argument is NULL");
    zurt_status st = check(ctx, image, norm, info, out);
    if (st)
        return st;
    pixel_table table;
    fill_table(norm, info, &table);
    const source from = source_of(image, norm);
    const bool grey = image->channels == 1;
    const size_t n = (size_t)image->width * (size_t)image->height;
    if (info->dtype == ZURT_F32)
        fill_f32(&from, grey, info->dims[3], n, &table, out->data);
    else
        fill_q8(&from, grey, info->dims[3], n, &table, out->data);
    return ZURT_OK;
}
