/* SPDX-License-Identifier: Apache-2.0 */
/* Cameras store pixels as the sensor stands and say in Exif how to turn them. The files' markers
 * and chunks are walked here, before any decoder: nothing is copied, and damage means "upright".
 * Ref: CIPA DC-008 (Exif 2.32) 4.6.4; TIFF 6.0 section 2; ITU-T T.81 B.1; PNG third edition 11.3.
 */
#include "orientation.h"

#include <string.h>

#include "base/alloc.h"
#include "base/ctx.h"

enum { UPRIGHT = 1, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

static uint32_t get16(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const uint8_t *p, bool big)
{
    return big ? get16(p, big) << 16 | get16(p + 2, big) : get16(p + 2, big) << 16 | get16(p, big);
}

/* The orientation in the first directory of a TIFF structure. */
static int of_tiff(zi_bytes tiff)
{
    if (tiff.size < 14 ||
        (memcmp(tiff.data, "II*\0", 4) != 0 && memcmp(tiff.data, "MM\0*", 4) != 0))
        return UPRIGHT;
    bool big = tiff.data[0] == 'M';
    size_t at = get32(tiff.data + 4, big);
    if (at > tiff.size - 2)
        return UPRIGHT;
    size_t n = get16(tiff.data + at, big);
    at += 2;
    for (size_t i = 0; i < n && tiff.size - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
        const uint8_t *entry = tiff.data + at;
        if (get16(entry, big) != TAG_ORIENTATION)
            continue;
        uint32_t value = get16(entry + 8, big);
        bool good = get16(entry + 2, big) == TYPE_SHORT && get32(entry + 4, big) == 1;
        return good && value >= 1 && value <= 8 ? (int)value : UPRIGHT;
    }
    return UPRIGHT;
}

int zi_orientation_of_jpeg(zi_bytes file)
{
    for (size_t at = 2; at + 4 <= file.size && file.data[at] == 0xff;) {
        uint8_t marker = file.data[at + 1];
        if (marker == 0xff) { // fill
            at++;
            continue;
        }
        if (marker == 0xd9 || marker == 0xda) // end, or the scan: what describes it came before
            break;
        size_t length = get16(file.data + at + 2, true);
        if (length < 2 || length > file.size - at - 2)
            break;
        const uint8_t *content = file.data + at + 4;
        if (marker == 0xe1 && length >= 8 && memcmp(content, "Exif\0\0", 6) == 0)
            return of_tiff((zi_bytes){content + 6, length - 8});
        at += 2 + length;
    }
    return UPRIGHT;
}

int zi_orientation_of_png(zi_bytes file)
{
    for (size_t at = 8; at + 12 <= file.size;) {
        size_t length = get32(file.data + at, true);
        if (length > file.size - at - 12)
            break;
        if (memcmp(file.data + at + 4, "eXIf", 4) == 0)
            return of_tiff((zi_bytes){file.data + at + 8, length});
        at += 12 + length;
    }
    return UPRIGHT;
}

/* Where pixel (x, y) of the upright picture comes from. */
static size_t source(int orientation, const zurt_image *in, int32_t x, int32_t y)
{
    int32_t right = in->width - 1, bottom = in->height - 1, sx = x, sy = y;
    if (orientation >= 5) { // rows become columns
        sx = y;
        sy = x;
    }
    if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
        sx = right - sx;
    if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
        sy = bottom - sy;
    return (size_t)sy * (size_t)in->width + (size_t)sx;
}

zurt_status zi_image_turn(zurt_ctx *ctx, int orientation, zurt_image *image)
{
    if (orientation == UPRIGHT)
        return ZURT_OK;
    size_t channels = (size_t)image->channels;
    zurt_image out = {image->width, image->height, image->channels, NULL};
    if (orientation >= 5) {
        out.width = image->height;
        out.height = image->width;
    }
    size_t bytes = (size_t)out.width * (size_t)out.height * channels;
    out.pixels = zi_alloc_aligned(&ctx->allocator, bytes);
    if (!out.pixels)
        return zi_fail(ctx, ZURT_E_NOMEM, "image: need %zu bytes", bytes);
    uint8_t *to = out.pixels;
    for (int32_t y = 0; y < out.height; y++) {
        for (int32_t x = 0; x < out.width; x++, to += channels)
            memcpy(to, image->pixels + source(orientation, image, x, y) * channels, channels);
    }
    zi_free(&ctx->allocator, image->pixels);
    *image = out;
    return ZURT_OK;
}
