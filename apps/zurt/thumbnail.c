/* SPDX-License-Identifier: Apache-2.0 */
/* Input buffer -> pixels -> PNG -> base64. Ref: PNG specification (third edition), RFC 4648. */
#include "thumbnail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { CHANNELS = 3 };

static float value_of(const target *t, size_t i)
{
    const zurt_tensor_info *info = &t->inputs[0];
    const void *data = t->in_space[0].data;
    float scale = info->scale > 0.0f ? info->scale : 1.0f;
    switch (info->dtype) {
    case ZURT_F32:
        return ((const float *)data)[i];
    case ZURT_S8:
        return scale * (float)(((const int8_t *)data)[i] - info->zero_point);
    default:
        return scale * (float)(((const uint8_t *)data)[i] - info->zero_point);
    }
}

/* A value of channel `ch` as the pixel it was made of. */
static uint8_t pixel_of(const target *t, float value, int32_t ch)
{
    const zurt_tensor_info *info = &t->inputs[0];
    bool is_pixel = info->dtype == ZURT_U8 && !(info->scale > 0.0f);
    int32_t k = t->norm.channels > 1 ? ch : 0;
    float p = is_pixel ? value : 255.0f * (value * t->norm.std[k] + t->norm.mean[k]);
    return p >= 255.0f ? 255 : p > 0.0f ? (uint8_t)lrintf(p) : 0;
}

/* Height, width and channels of input 0, if it is a picture. */
static bool picture_of(const target *t, int32_t *h, int32_t *w, int32_t *c)
{
    const zurt_tensor_info *info = &t->inputs[0];
    const int32_t *d = info->dims;
    if (t->n_in == 0 ||
        (info->dtype != ZURT_F32 && info->dtype != ZURT_S8 && info->dtype != ZURT_U8))
        return false;
    if (info->rank != 4 || (d[3] != 1 && d[3] != CHANNELS))
        return false;
    if (d[1] < 4 || d[2] < 4) // too small to tell anything
        return false;
    *h = d[1];
    *w = d[2];
    *c = d[3];
    return true;
}

static void put_u32(uint8_t *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A chunk at `out`; returns its end. */
static uint8_t *put_chunk(uint8_t *out, const char *type, const uint8_t *data, size_t n)
{
    put_u32(out, (uint32_t)n);
    memcpy(out + 4, type, 4);
    if (n)
        memmove(out + 8, data, n);
    put_u32(out + 8 + n, (uint32_t)crc32(0, out + 4, (uInt)(n + 4)));
    return out + 12 + n;
}

/* Rows of RGB, each after a filter byte of 0, to a PNG; free() it. */
static uint8_t *encode(const uint8_t *rows, int32_t w, int32_t h, size_t *size)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    size_t plain = (size_t)h * (1 + CHANNELS * (size_t)w);
    uLongf packed = compressBound((uLong)plain);
    uint8_t *png = malloc(sizeof(signature) + 25 + 12 + 12 + packed);
    uint8_t *body = malloc(packed);
    if (png && body && compress2(body, &packed, rows, (uLong)plain, 9) == Z_OK) {
        uint8_t header[13] = {0};
        put_u32(header, (uint32_t)w);
        put_u32(header + 4, (uint32_t)h);
        header[8] = 8; // bits a channel
        header[9] = 2; // RGB
        memcpy(png, signature, sizeof(signature));
        uint8_t *end = put_chunk(png + sizeof(signature), "IHDR", header, sizeof(header));
        end = put_chunk(end, "IDAT", body, packed);
        end = put_chunk(end, "IEND", NULL, 0);
        *size = (size_t)(end - png);
    } else {
        free(png);
        png = NULL;
    }
    free(body);
    return png;
}

static char *to_uri(const uint8_t *bytes, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char lead[] = "data:image/png;base64,";
    char *out = malloc(sizeof(lead) + (n + 2) / 3 * 4);
    if (!out)
        return NULL;
    char *at = out + sizeof(lead) - 1;
    memcpy(out, lead, sizeof(lead) - 1);
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)bytes[i] << 16;
        v |= i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0;
        v |= i + 2 < n ? bytes[i + 2] : 0;
        *at++ = letters[v >> 18];
        *at++ = letters[v >> 12 & 63];
        *at++ = i + 1 < n ? letters[v >> 6 & 63] : '=';
        *at++ = i + 2 < n ? letters[v & 63] : '=';
    }
    *at = 0;
    return out;
}

/* Each pixel is the one in the middle of the part of the input that it stands for. */
static void fill_rows(const target *t, int32_t channels, const int32_t from[2], const int32_t to[2],
                      uint8_t *rows)
{
    for (int32_t y = 0; y < to[0]; y++) {
        *rows++ = 0;
        for (int32_t x = 0; x < to[1]; x++) {
            size_t py = (size_t)((2 * (int64_t)y + 1) * from[0] / (2 * to[0]));
            size_t px = (size_t)((2 * (int64_t)x + 1) * from[1] / (2 * to[1]));
            size_t at = (py * (size_t)from[1] + px) * (size_t)channels;
            for (int32_t k = 0; k < CHANNELS; k++) {
                int32_t ch = channels == 1 ? 0 : t->norm.is_bgr ? CHANNELS - 1 - k : k;
                *rows++ = pixel_of(t, value_of(t, at + (size_t)ch), ch);
            }
        }
    }
}

char *thumbnail_uri(const target *t, int32_t side)
{
    int32_t from[2], channels;
    if (!picture_of(t, &from[0], &from[1], &channels))
        return NULL;
    int32_t longer = from[0] > from[1] ? from[0] : from[1];
    int32_t to[2];
    for (int d = 0; d < 2; d++) {
        to[d] = longer > side ? (int32_t)((int64_t)from[d] * side / longer) : from[d];
        to[d] = to[d] < 1 ? 1 : to[d];
    }
    uint8_t *rows = malloc((size_t)to[0] * (1 + CHANNELS * (size_t)to[1]));
    if (!rows)
        return NULL;
    fill_rows(t, channels, from, to, rows);
    size_t size = 0;
    uint8_t *png = encode(rows, to[1], to[0], &size);
    char *uri = png ? to_uri(png, size) : NULL;
    free(png);
    free(rows);
    return uri;
}
