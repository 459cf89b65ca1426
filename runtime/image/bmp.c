/* SPDX-License-Identifier: Apache-2.0 */
/* BMP to RGB: palettes, 24 and 32 bits, uncompressed. A header and rows: less than what a library
 * would have to be argued for. Ref: Microsoft, [MS-WMF] 2.2.2.3 and 2.2.2.9. */
#include <zurt/image.h>

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "image_file.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, BI_RGB = 0, BI_BITFIELDS = 3 };

typedef struct bmp {
    zi_bytes file;
    int64_t width, height;
    bool top_down;
    uint32_t bits;        /* a pixel */
    uint32_t compression; /* BI_RGB or BI_BITFIELDS */
    size_t palette, palette_step, n_colours;
    size_t row_bytes, pixels; /* of the file: rows are padded to 4 */
} bmp;

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static zurt_status damaged(zurt_ctx *ctx, const char *what)
{
    return zi_fail(ctx, ZURT_E_FORMAT, "BMP: %s", what);
}

static zurt_status unsupported(zurt_ctx *ctx, const bmp *b)
{
    return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                   "BMP: %u bits a pixel, compression %u; save it uncompressed, or as PNG", b->bits,
                   b->compression);
}

/* 32 bits with masks: where programs put blue, green, red and the rest without them. */
static bool usual_masks(const bmp *b, size_t header)
{
    if (b->file.size < FILE_HEADER + INFO_HEADER + 12 || header < INFO_HEADER)
        return false;
    const uint8_t *masks = b->file.data + FILE_HEADER + INFO_HEADER;
    return b->bits == 32 && zi_get_u32(masks) == 0xff0000 && zi_get_u32(masks + 4) == 0xff00 &&
           zi_get_u32(masks + 8) == 0xff;
}

static zurt_status read_palette(zurt_ctx *ctx, bmp *b, size_t header, uint32_t n_used)
{
    b->palette_step = header == CORE_HEADER ? 3 : 4;
    b->palette = FILE_HEADER + header;
    b->n_colours = b->bits <= 8 ? (size_t)1 << b->bits : 0;
    if (n_used > b->n_colours && b->bits <= 8)
        return damaged(ctx, "more colours than its bits can name");
    b->n_colours = n_used && b->bits <= 8 ? n_used : b->n_colours;
    if (b->palette > b->file.size || (b->file.size - b->palette) / b->palette_step < b->n_colours)
        return damaged(ctx, "cut off in its palette");
    return ZURT_OK;
}

static zurt_status read_header(zurt_ctx *ctx, bmp *b)
{
    const uint8_t *p = b->file.data;
    if (b->file.size < FILE_HEADER + CORE_HEADER || memcmp(p, "BM", 2) != 0)
        return damaged(ctx, "no header");
    size_t header = zi_get_u32(p + FILE_HEADER);
    bool core = header == CORE_HEADER;
    if ((!core && header < INFO_HEADER) || header > 124 || b->file.size < FILE_HEADER + header)
        return damaged(ctx, "the header has an unknown size or is cut off");
    const uint8_t *h = p + FILE_HEADER;
    b->width = core ? (int64_t)get16(h + 4) : (int32_t)zi_get_u32(h + 4);
    b->height = core ? (int64_t)get16(h + 6) : (int32_t)zi_get_u32(h + 8);
    b->bits = get16(core ? h + 10 : h + 14);
    b->compression = core ? BI_RGB : zi_get_u32(h + 16);
    b->top_down = b->height < 0;
    b->height = b->top_down ? -b->height : b->height;
    if (b->width < 1 || b->height < 1)
        return damaged(ctx, "no pixels");
    zurt_status st = zi_image_check_size(ctx, "BMP", (uint64_t)b->width, (uint64_t)b->height);
    if (st)
        return st;
    bool known = b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 24 || b->bits == 32;
    if (!known ||
        (b->compression != BI_RGB && !(b->compression == BI_BITFIELDS && usual_masks(b, header))))
        return unsupported(ctx, b);
    st = read_palette(ctx, b, header, core ? 0 : zi_get_u32(h + 32));
    if (st)
        return st;
    b->row_bytes = ((size_t)b->width * b->bits + 31) / 32 * 4;
    b->pixels = zi_get_u32(p + 10);
    if (b->pixels < FILE_HEADER + header || b->pixels > b->file.size ||
        (b->file.size - b->pixels) / b->row_bytes < (size_t)b->height)
        return damaged(ctx, "cut off in its pixels");
    return ZURT_OK;
}

/* Blue, green, red of one pixel of a row; NULL if the palette has no such colour. */
static const uint8_t *colour(const bmp *b, const uint8_t *row, size_t x)
{
    if (b->bits >= 24)
        return row + x * (b->bits / 8);
    size_t bit = x * b->bits;
    unsigned shift = 8 - b->bits - (unsigned)(bit % 8);
    size_t index = (size_t)(row[bit / 8] >> shift) & (((size_t)1 << b->bits) - 1);
    return index < b->n_colours ? b->file.data + b->palette + index * b->palette_step : NULL;
}

zurt_status zi_image_decode_bmp(zurt_ctx *ctx, zi_bytes file, zurt_image *out)
{
    bmp b = {.file = file};
    zurt_status st = read_header(ctx, &b);
    if (st)
        return st;
    size_t width = (size_t)b.width, height = (size_t)b.height;
    uint8_t *pixels = zi_alloc_aligned(&ctx->allocator, width * height * 3);
    if (!pixels)
        return zi_fail(ctx, ZURT_E_NOMEM, "BMP: need %zu bytes", width * height * 3);
    uint8_t *to = pixels;
    for (size_t y = 0; !st && y < height; y++) {
        const uint8_t *row = file.data + b.pixels + (b.top_down ? y : height - 1 - y) * b.row_bytes;
        for (size_t x = 0; !st && x < width; x++, to += 3) {
            const uint8_t *bgr = colour(&b, row, x);
            if (!bgr) {
                st = damaged(ctx, "a pixel's colour is not in the palette");
                break;
            }
            to[0] = bgr[2];
            to[1] = bgr[1];
            to[2] = bgr[0];
        }
    }
    if (st)
        zi_free(&ctx->allocator, pixels);
    else
        *out = (zurt_image){(int32_t)b.width, (int32_t)b.height, 3, pixels};
    return st;
}
