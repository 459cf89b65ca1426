/* SPDX-License-Identifier: Apache-2.0 */
/* PNG by libpng, to RGB: grey spread, palette looked up, the high byte of 16 bits, alpha left out.
 * No colour management, as image libraries that feed networks do none. */
#include <zurt/image.h>

#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "image_file.h"

/* Everything that lives across a longjmp stands here, none of it in locals. */
typedef struct decoder {
    png_structp png;
    png_infop info;
    jmp_buf give_up;
    zurt_ctx *ctx;
    zurt_status status; /* set before a longjmp */
    zi_bytes rest;      /* not read yet */
    uint8_t *pixels;
} decoder;

static void on_error(png_structp png, png_const_charp text)
{
    decoder *d = png_get_error_ptr(png);
    if (!d->status)
        d->status = ZURT_E_FORMAT;
    if (d->status != ZURT_E_NOMEM)
        zi_fail(d->ctx, d->status, "PNG: %s", text);
    longjmp(d->give_up, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png; // about what is skipped
    (void)text;
}

static png_voidp take(png_structp png, png_alloc_size_t size)
{
    decoder *d = png_get_mem_ptr(png);
    void *p = zi_alloc_aligned(&d->ctx->allocator, size);
    if (!p)
        d->status = zi_fail(d->ctx, ZURT_E_NOMEM, "PNG: need %zu bytes", (size_t)size);
    return p;
}

static void give(png_structp png, png_voidp p)
{
    decoder *d = png_get_mem_ptr(png);
    zi_free(&d->ctx->allocator, p);
}

static void on_read(png_structp png, png_bytep out, size_t size)
{
    decoder *d = png_get_io_ptr(png);
    if (size > d->rest.size)
        png_error(png, "the file is cut off");
    memcpy(out, d->rest.data, size);
    d->rest = (zi_bytes){d->rest.data + size, d->rest.size - size};
}

/* What neither pixels nor their colours need is not unpacked. */
static void ignore_chunks(png_structp png)
{
    static const png_byte names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0"
                                    "sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof(names) / 5));
}

static zurt_status check_header(decoder *d)
{
    png_uint_32 width = png_get_image_width(d->png, d->info);
    png_uint_32 height = png_get_image_height(d->png, d->info);
    return zi_image_check_size(d->ctx, "PNG", width, height);
}

/* May leave by longjmp. */
static zurt_status decode(decoder *d, zurt_image *out)
{
    png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); // check_header() says it better
    ignore_chunks(d->png);
    png_set_read_fn(d->png, d, on_read);
    png_read_info(d->png, d->info);
    zurt_status st = check_header(d);
    if (st)
        return st;
    png_set_palette_to_rgb(d->png);
    png_set_expand_gray_1_2_4_to_8(d->png);
    png_set_strip_16(d->png);
    png_set_strip_alpha(d->png);
    png_set_gray_to_rgb(d->png);
    int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    size_t width = png_get_image_width(d->png, d->info);
    size_t height = png_get_image_height(d->png, d->info);
    size_t row_bytes = width * 3;
    if (png_get_rowbytes(d->png, d->info) != row_bytes)
        return zi_fail(d->ctx, ZURT_E_INTERNAL, "PNG: rows of %zu bytes, not %zu",
                       png_get_rowbytes(d->png, d->info), row_bytes);
    d->pixels = zi_alloc_aligned(&d->ctx->allocator, row_bytes * height);
    if (!d->pixels)
        return zi_fail(d->ctx, ZURT_E_NOMEM, "PNG: need %zu bytes", row_bytes * height);
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++)
            png_read_row(d->png, d->pixels + y * row_bytes, NULL);
    }
    png_read_end(d->png, NULL);
    *out = (zurt_image){(int32_t)width, (int32_t)height, 3, d->pixels};
    d->pixels = NULL;
    return ZURT_OK;
}

zurt_status zi_image_decode_png(zurt_ctx *ctx, zi_bytes file, zurt_image *out)
{
    decoder *d = zi_zalloc(&ctx->allocator, sizeof(*d));
    if (!d)
        return zi_fail(ctx, ZURT_E_NOMEM, "PNG: out of memory");
    d->ctx = ctx;
    d->rest = file;
    if (setjmp(d->give_up) == 0) {
        d->png =
            png_create_read_struct_2(PNG_LIBPNG_VER_STRING, d, on_error, on_warning, d, take, give);
        d->info = d->png ? png_create_info_struct(d->png) : NULL;
        d->status = d->info ? decode(d, out) : zi_fail(ctx, ZURT_E_NOMEM, "PNG: out of memory");
    }
    zurt_status st = d->status;
    if (d->png)
        png_destroy_read_struct(&d->png, &d->info, NULL);
    zi_free(&ctx->allocator, d->pixels);
    zi_free(&ctx->allocator, d);
    return st;
}
