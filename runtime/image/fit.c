/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resize by a triangle filter in the 8-bit fixed-point arithmetic of Pillow's BILINEAR: weights in
 * double, then 22 fraction bits; columns first, rounded to 8 bits, then rows (as Pillow to 11.3;
 * later releases may take rows first, which changes roundings). Only what the crop
 * keeps is computed, which gives the same bytes as cropping afterwards.
 */
#include <zurt/image.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "base/size.h"

#define WEIGHT_BITS 22

/* What YOLO networks are trained with. */
#define LETTERBOX_GREY 114

/* Along one axis: the part [first, first + count) of `in` pixels resized to `out`. */
typedef struct axis {
    int32_t in;
    int64_t out;
    int64_t first;
    int32_t count;
} axis;

/* For each output pixel its first source pixel, how many, and their weights. */
typedef struct taps {
    int32_t *start;
    int32_t *n;
    int32_t *weight; /* rows of `stride` */
    size_t stride;
} taps;

/* Doubles in the order that Pillow computes them: the last bit decides a rounding. */
static void weigh(const axis *a, int32_t i, double *w, taps *t)
{
    double scale = (double)a->in / (double)a->out;
    double widen = scale < 1.0 ? 1.0 : scale; // shrinking: the filter covers what is merged
    double centre = ((double)(a->first + i) + 0.5) * scale;
    double narrow = 1.0 / widen, sum = 0.0;
    int64_t begin = (int64_t)(centre - widen + 0.5), end = (int64_t)(centre + widen + 0.5);
    begin = begin < 0 ? 0 : begin;
    end = end > a->in ? a->in : end;
    t->start[i] = (int32_t)begin;
    t->n[i] = (int32_t)(end - begin);
    for (int32_t k = 0; k < t->n[i]; k++) {
        double x = fabs(((double)(k + begin) - centre + 0.5) * narrow);
        w[k] = x < 1.0 ? 1.0 - x : 0.0;
        sum += w[k];
    }
    for (int32_t k = 0; k < t->n[i]; k++) {
        double part = sum != 0.0 ? w[k] / sum : w[k];
        t->weight[(size_t)i * t->stride + (size_t)k] = (int32_t)(0.5 + part * (1 << WEIGHT_BITS));
    }
}

static void taps_destroy(zurt_ctx *ctx, taps *t)
{
    zi_free(&ctx->allocator, t->start);
    zi_free(&ctx->allocator, t->n);
    zi_free(&ctx->allocator, t->weight);
}

static zurt_status taps_create(zurt_ctx *ctx, const axis *a, taps *t)
{
    double scale = (double)a->in / (double)a->out;
    size_t count = (size_t)a->count, bytes = 0;
    t->stride = (size_t)ceil(scale < 1.0 ? 1.0 : scale) * 2 + 1;
    bool fits = zi_size_mul(t->stride, sizeof(double), &bytes);
    double *w = fits ? zi_zalloc(&ctx->allocator, bytes) : NULL;
    t->start = zi_calloc(&ctx->allocator, count, sizeof(*t->start));
    t->n = zi_calloc(&ctx->allocator, count, sizeof(*t->n));
    fits = fits && zi_size_mul(count, t->stride, &bytes);
    t->weight = fits ? zi_calloc(&ctx->allocator, bytes, sizeof(*t->weight)) : NULL;
    zurt_status st = ZURT_OK;
    if (!w || !t->start || !t->n || !t->weight)
        st = zi_fail(ctx, ZURT_E_NOMEM, "image: out of memory");
    for (int32_t i = 0; !st && i < a->count; i++)
        weigh(a, i, w, t);
    zi_free(&ctx->allocator, w);
    return st;
}

static uint8_t to_pixel(int32_t sum)
{
    int32_t v = sum >> WEIGHT_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* One row of `count` pixels from a row of the source. */
static void resize_row(const taps *t, int32_t count, const uint8_t *in, int32_t channels,
                       uint8_t *out)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t *w = t->weight + (size_t)i * t->stride;
        for (int32_t c = 0; c < channels; c++) {
            const uint8_t *p = in + (size_t)t->start[i] * (size_t)channels + c;
            int32_t sum = 1 << (WEIGHT_BITS - 1);
            for (int32_t k = 0; k < t->n[i]; k++)
                sum += w[k] * p[(size_t)k * (size_t)channels];
            *out++ = to_pixel(sum);
        }
    }
}

/* Row i of the result from rows of the intermediate picture, whose first is source row `base`. */
static void merge_rows(const taps *t, int32_t i, const uint8_t *in, int32_t base, size_t row_bytes,
                       uint8_t *out)
{
    const int32_t *w = t->weight + (size_t)i * t->stride;
    const uint8_t *top = in + (size_t)(t->start[i] - base) * row_bytes;
    for (size_t x = 0; x < row_bytes; x++) {
        int32_t sum = 1 << (WEIGHT_BITS - 1);
        for (int32_t k = 0; k < t->n[i]; k++)
            sum += w[k] * top[(size_t)k * row_bytes + x];
        out[x] = to_pixel(sum);
    }
}

static zurt_status resample(zurt_ctx *ctx, const zurt_image *in, const taps *columns,
                            const taps *rows, zurt_image *out)
{
    int32_t base = rows->start[0], last = out->height - 1;
    int32_t n_rows = rows->start[last] + rows->n[last] - base;
    size_t in_bytes = (size_t)in->width * (size_t)in->channels;
    size_t row_bytes = (size_t)out->width * (size_t)out->channels;
    uint8_t *middle = zi_calloc(&ctx->allocator, (size_t)n_rows, row_bytes);
    out->pixels = zi_calloc(&ctx->allocator, (size_t)out->height, row_bytes);
    if (!middle || !out->pixels) {
        zi_free(&ctx->allocator, middle);
        return zi_fail(ctx, ZURT_E_NOMEM, "image: out of memory");
    }
    for (int32_t y = 0; y < n_rows; y++)
        resize_row(columns, out->width, in->pixels + (size_t)(base + y) * in_bytes, in->channels,
                   middle + (size_t)y * row_bytes);
    for (int32_t y = 0; y < out->height; y++)
        merge_rows(rows, y, middle, base, row_bytes, out->pixels + (size_t)y * row_bytes);
    zi_free(&ctx->allocator, middle);
    return ZURT_OK;
}

/* The side that limits gets target / ratio, the other what the aspect gives; the crop's margins
 * are halves of the excess, the odd pixel behind. */
static void plan_crop(const zurt_image *in, int32_t width, int32_t height, float ratio, axis *x,
                      axis *y)
{
    bool wide = (int64_t)in->width * height > (int64_t)in->height * width;
    axis *shorter = wide ? y : x, *longer = wide ? x : y;
    shorter->out = llround((double)shorter->count / (double)ratio);
    longer->out = llround((double)shorter->out * longer->in / shorter->in);
    if (longer->out < longer->count)
        longer->out = longer->count;
    x->first = (x->out - width) / 2;
    y->first = (y->out - height) / 2;
}

/* The side that limits gets the target, the other what the aspect gives. */
static void plan_letterbox(const zurt_image *in, int32_t width, int32_t height, axis *x, axis *y)
{
    bool wide = (int64_t)in->width * height > (int64_t)in->height * width;
    axis *longer = wide ? x : y, *shorter = wide ? y : x;
    shorter->out = llrint((double)shorter->in * (double)longer->out / (double)longer->in);
    if (shorter->out < 1)
        shorter->out = 1;
    shorter->count = (int32_t)shorter->out;
}

/* Puts a picture in the middle of grey; takes it over, also on failure. */
static zurt_status letterbox(zurt_ctx *ctx, zurt_image *inner, int32_t width, int32_t height)
{
    size_t channels = (size_t)inner->channels, row_bytes = (size_t)width * channels;
    size_t inner_bytes = (size_t)inner->width * channels;
    zurt_image out = {width, height, inner->channels, NULL};
    out.pixels = zi_alloc_aligned(&ctx->allocator, row_bytes * (size_t)height);
    if (!out.pixels)
        return zi_fail(ctx, ZURT_E_NOMEM, "image: out of memory");
    memset(out.pixels, LETTERBOX_GREY, row_bytes * (size_t)height);
    size_t left = (size_t)(width - inner->width) / 2, top = (size_t)(height - inner->height) / 2;
    for (size_t row = 0; row < (size_t)inner->height; row++)
        memcpy(out.pixels + (top + row) * row_bytes + left * channels,
               inner->pixels + row * inner_bytes, inner_bytes);
    zurt_image_destroy(ctx, inner);
    *inner = out;
    return ZURT_OK;
}

static zurt_status check_args(zurt_ctx *ctx, const zurt_image *in, int32_t width, int32_t height,
                              zurt_fit fit, float crop_ratio)
{
    if (!in->pixels || in->width < 1 || in->height < 1 || (in->channels != 1 && in->channels != 3))
        return zi_fail(ctx, ZURT_E_ARG, "image: no pixels, or neither 1 nor 3 channels");
    if (width < 1 || height < 1)
        return zi_fail(ctx, ZURT_E_ARG, "image: target of %d x %d", (int)width, (int)height);
    if (fit != ZURT_FIT_STRETCH && fit != ZURT_FIT_CENTRE_CROP && fit != ZURT_FIT_LETTERBOX)
        return zi_fail(ctx, ZURT_E_ARG, "image: unknown fit %d", (int)fit);
    if (fit == ZURT_FIT_CENTRE_CROP && !(crop_ratio > 0.0f && crop_ratio <= 1.0f))
        return zi_fail(ctx, ZURT_E_ARG, "image: crop ratio %g is not in (0, 1]",
                       (double)crop_ratio);
    const bool from_fits = in->width <= ZURT_IMAGE_MAX_SIDE && in->height <= ZURT_IMAGE_MAX_SIDE;
    const bool to_fits = width <= ZURT_IMAGE_MAX_SIDE && height <= ZURT_IMAGE_MAX_SIDE &&
                         (int64_t)width * height <= ZURT_IMAGE_MAX_PIXELS;
    const bool is_speck = fit == ZURT_FIT_CENTRE_CROP && crop_ratio < 1.0f / 1024;
    if (!from_fits || !to_fits || is_speck)
        return zi_fail(ctx, ZURT_E_LIMIT, "image: %d x %d to %d x %d, at most %d a side",
                       (int)in->width, (int)in->height, (int)width, (int)height,
                       ZURT_IMAGE_MAX_SIDE);
    return ZURT_OK;
}

zurt_status zurt_image_fit(zurt_ctx *ctx, const zurt_image *in, int32_t width, int32_t height,
                           zurt_fit fit, float crop_ratio, zurt_image *out)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!in || !out || in == out)
        return zi_fail(ctx, ZURT_E_ARG, "image: in and out must be two pictures");
    *out = (zurt_image){0};
    zurt_status st = check_args(ctx, in, width, height, fit, crop_ratio);
    if (st)
        return st;
    axis x = {in->width, width, 0, width}, y = {in->height, height, 0, height};
    if (fit == ZURT_FIT_CENTRE_CROP)
        plan_crop(in, width, height, crop_ratio, &x, &y);
    else if (fit == ZURT_FIT_LETTERBOX)
        plan_letterbox(in, width, height, &x, &y);
    taps columns = {0}, rows = {0};
    zurt_image result = {x.count, y.count, in->channels, NULL};
    st = taps_create(ctx, &x, &columns);
    if (!st)
        st = taps_create(ctx, &y, &rows);
    if (!st)
        st = resample(ctx, in, &columns, &rows, &result);
    taps_destroy(ctx, &columns);
    taps_destroy(ctx, &rows);
    if (!st && fit == ZURT_FIT_LETTERBOX)
        st = letterbox(ctx, &result, width, height);
    if (!st)
        *out = result;
    else
        zurt_image_destroy(ctx, &result);
    return st;
}
