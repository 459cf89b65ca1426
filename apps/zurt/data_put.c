/* SPDX-License-Identifier: Apache-2.0 */
/* From numbers and pixels to one sample of an input, whatever its type. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zurt/image.h>

#include "data.h"

data_shape data_sample_shape(const zurt_tensor_info *info, size_t bytes)
{
    data_shape shape = {0};
    int first = info->rank > 1 && (info->dims[0] == 1 || bytes < info->bytes) ? 1 : 0;
    for (int i = first; i < info->rank; i++)
        shape.dims[shape.rank++] = (size_t)info->dims[i];
    return shape;
}

void data_shape_text(const size_t *dims, int rank, char *text, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < rank && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%zu", i ? ", " : "[", dims[i]);
    if (at < size)
        snprintf(text + at, size - at, "%s", rank ? "]" : "[]");
}

static int check_count(cli *c, const zurt_tensor_info *info, size_t n, zurt_span out)
{
    size_t elem = zurt_dtype_bytes(info->dtype);
    if (n * elem == out.bytes)
        return EXIT_DONE;
    return cli_fail(c, ZURT_E_FORMAT, "input '%s' takes %zu values a sample, the data has %zu",
                    info->name, out.bytes / elem, n);
}

/* One whole number; false if the type cannot hold it. */
static bool put_integer(const zurt_tensor_info *info, int64_t v, void *data, size_t i)
{
    switch (info->dtype) {
    case ZURT_S32:
        ((int32_t *)data)[i] = (int32_t)v;
        return v >= INT32_MIN && v <= INT32_MAX;
    case ZURT_S64:
        ((int64_t *)data)[i] = v;
        return true;
    case ZURT_BOOL:
        ((uint8_t *)data)[i] = v != 0;
        return v == 0 || v == 1;
    default:
        return false;
    }
}

int data_put_integers(cli *c, const zurt_tensor_info *info, const int64_t *values, size_t n,
                      zurt_span out)
{
    int code = check_count(c, info, n, out);
    for (size_t i = 0; code == EXIT_DONE && i < n; i++) {
        float real = (float)values[i];
        if (info->dtype == ZURT_F32 || info->dtype == ZURT_S8 || info->dtype == ZURT_U8) {
            zurt_span one = {(uint8_t *)out.data + i * zurt_dtype_bytes(info->dtype),
                             zurt_dtype_bytes(info->dtype)};
            code = data_put_floats(c, info, &real, 1, one);
        } else if (!put_integer(info, values[i], out.data, i)) {
            code = cli_fail(c, ZURT_E_FORMAT, "input '%s' is %s: it cannot hold %lld", info->name,
                            zurt_dtype_name(info->dtype), (long long)values[i]);
        }
    }
    return code;
}

int data_put_floats(cli *c, const zurt_tensor_info *info, const float *values, size_t n,
                    zurt_span out)
{
    int code = check_count(c, info, n, out);
    if (code != EXIT_DONE)
        return code;
    zurt_status st = zurt_tensor_from_float(c->ctx, info, values, out);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

bool data_is_chw(const data_source *s, const zurt_tensor_info *info)
{
    const bool first =
        s->layout == SAMPLE_NCHW || (s->layout == SAMPLE_AS_SOURCE && info->from_nchw);
    return first && info->rank == 4;
}

void data_chw_to_hwc(const zurt_tensor_info *info, const void *in, void *out, size_t n, size_t elem)
{
    size_t channels = (size_t)info->dims[3];
    size_t pixels = (size_t)info->dims[1] * (size_t)info->dims[2];
    for (size_t first = 0; first < n; first += channels * pixels) {
        const uint8_t *from = (const uint8_t *)in + first * elem;
        uint8_t *to = (uint8_t *)out + first * elem;
        for (size_t ch = 0; ch < channels; ch++) {
            for (size_t p = 0; p < pixels; p++)
                memcpy(to + (p * channels + ch) * elem, from + (ch * pixels + p) * elem, elem);
        }
    }
}

/* Image inputs are [N, H, W, C]; other shapes take grey pixels one by one. */
static bool is_image(const zurt_tensor_info *info)
{
    return info->rank == 4 && (info->dims[3] == 1 || info->dims[3] == 3);
}

float data_pixel_value(const zurt_norm *norm, const zurt_tensor_info *info, uint8_t pixel,
                       size_t ch)
{
    if (info->dtype != ZURT_F32 && !(info->scale > 0.0f))
        return pixel; // what is done with it is in the network
    ch = ch < (size_t)norm->channels ? ch : 0;
    return ((float)pixel / 255.0f - norm->mean[ch]) / norm->std[ch];
}

static int put_picture(cli *c, const zurt_norm *norm, const zurt_tensor_info *info,
                       const zurt_image *image, zurt_span out)
{
    zurt_image fitted = {0};
    zurt_tensor_info one = *info; // a single element of the batch
    one.dims[0] = 1;
    one.bytes = out.bytes;
    zurt_status st = ZURT_OK;
    bool same = image->width == info->dims[2] && image->height == info->dims[1];
    if (!same)
        st = zurt_image_fit(c->ctx, image, info->dims[2], info->dims[1], norm->fit,
                            norm->crop_ratio, &fitted);
    if (!st)
        st = zurt_image_to_tensor(c->ctx, same ? image : &fitted, norm, &one, &out);
    zurt_image_destroy(c->ctx, &fitted);
    if (st == ZURT_E_ARG) // the picture, or its --input-norm, does not go with the model
        st = ZURT_E_FORMAT;
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

/* [N, C, H, W] that the network kept so, as no node of it works on pictures. */
static bool is_planar_image(const zurt_tensor_info *info)
{
    return info->rank == 4 && !is_image(info) && (info->dims[1] == 1 || info->dims[1] == 3);
}

static int put_planar_picture(cli *c, const zurt_norm *norm, const zurt_tensor_info *info,
                              const zurt_image *image, zurt_span out)
{
    zurt_tensor_info turned = *info;
    size_t channels = (size_t)info->dims[1], elem = zurt_dtype_bytes(info->dtype);
    size_t pixels = (size_t)info->dims[2] * (size_t)info->dims[3];
    turned.dims[1] = info->dims[2];
    turned.dims[2] = info->dims[3];
    turned.dims[3] = info->dims[1];
    zurt_span rows = {malloc(out.bytes + 1), out.bytes};
    if (!rows.data)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    int code = put_picture(c, norm, &turned, image, rows);
    for (size_t p = 0; code == EXIT_DONE && p < pixels * channels; p++)
        memcpy((uint8_t *)out.data + (p % channels * pixels + p / channels) * elem,
               (const uint8_t *)rows.data + p * elem, elem);
    free(rows.data);
    return code;
}

int data_put_pixels(cli *c, const zurt_norm *norm, const zurt_tensor_info *info,
                    const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                    zurt_span out)
{
    zurt_image image = {width, height, channels, (uint8_t *)(uintptr_t)pixels};
    if ((is_image(info) || is_planar_image(info)) && info->dims[0] > 1 && out.bytes == info->bytes)
        return cli_fail(c, ZURT_E_UNSUPPORTED,
                        "input '%s' takes %d pictures at once and the outputs do not tell which "
                        "values are whose: set --batch 1, or feed whole tensors (raw:, npy:)",
                        info->name, (int)info->dims[0]);
    if (is_image(info))
        return put_picture(c, norm, info, &image, out);
    if (is_planar_image(info))
        return put_planar_picture(c, norm, info, &image, out);
    size_t n = (size_t)width * (size_t)height * (size_t)channels;
    float *values = malloc(n * sizeof(*values));
    if (!values)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        values[i] =
            data_pixel_value(norm, info, pixels[i], channels > 1 ? i % (size_t)channels : 0);
    int code = data_put_floats(c, info, values, n, out);
    free(values);
    return code;
}
