/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG by libjpeg-turbo, to RGB. */
#include <zurt/image.h>

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h> // jpeglib.h wants FILE
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "image_file.h"

/* A progressive file may repeat scans: each costs a pass over all pixels for a few bytes. */
#define MAX_SCANS 256

/* Memory of the library itself; a progressive picture keeps all its coefficients. */
#define MAX_LIBRARY_BYTES ((long)1 << 29)

/* Everything that lives across a longjmp stands here, none of it in locals. */
typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf give_up;
    zurt_ctx *ctx;
    zurt_status status; /* set before a longjmp */
    uint8_t *pixels;
    uint8_t *inks; /* one row of a CMYK file */
} decoder;

static void on_error(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    int code = jpeg->err->msg_code;
    d->status = code == JERR_OUT_OF_MEMORY                                ? ZURT_E_NOMEM
                : code == JERR_BAD_PRECISION || code == JERR_NOT_COMPILED ? ZURT_E_UNSUPPORTED
                                                                          : ZURT_E_FORMAT;
    zi_fail(d->ctx, d->status, "JPEG: %s", text);
    longjmp(d->give_up, 1);
}

/* The library would replace damaged parts by grey and go on; a half-read picture is worse than a
 * refused one. Three warnings are harmless. */
static void on_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR &&
        code != JWRN_ADOBE_XFORM)
        on_error(jpeg);
}

static void on_output(j_common_ptr jpeg)
{
    (void)jpeg; // never prints
}

static void on_progress(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number <= MAX_SCANS)
        return;
    d->status = zi_fail(d->ctx, ZURT_E_LIMIT, "JPEG: more than %d scans", MAX_SCANS);
    longjmp(d->give_up, 1);
}

static bool is_cmyk(const struct jpeg_decompress_struct *j)
{
    return j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK;
}

/* a * b / 255, rounded. */
static uint32_t part(uint32_t a, uint32_t b)
{
    uint32_t t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

/* Inks to light as Pillow does, without colour profiles. Files hold 255 minus the ink. */
static void cmyk_to_rgb(const uint8_t *from, size_t width, uint8_t *to)
{
    for (size_t x = 0; x < width; x++, from += 4, to += 3) {
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)(from[3] - part(255u - from[c], from[3]));
    }
}

/* May leave by longjmp. */
static void read_rows(decoder *d)
{
    struct jpeg_decompress_struct *j = &d->jpeg;
    size_t row_bytes = (size_t)j->image_width * 3;
    while (j->output_scanline < j->output_height) {
        uint8_t *to = d->pixels + j->output_scanline * row_bytes;
        JSAMPROW row = d->inks ? d->inks : to;
        jpeg_read_scanlines(j, &row, 1);
        if (d->inks)
            cmyk_to_rgb(d->inks, j->image_width, to);
    }
}

/* May leave by longjmp. */
static zurt_status decode(decoder *d, const void *bytes, size_t size, zurt_image *out)
{
    struct jpeg_decompress_struct *j = &d->jpeg;
    jpeg_mem_src(j, bytes, (unsigned long)size);
    jpeg_read_header(j, TRUE);
    // before anything of the picture's size is allocated
    zurt_status st = zi_image_check_size(d->ctx, "JPEG", j->image_width, j->image_height);
    if (st)
        return st;
    j->out_color_space = is_cmyk(j) ? JCS_CMYK : JCS_RGB;
    j->dct_method = JDCT_ISLOW;
    j->do_fancy_upsampling = TRUE;
    size_t pixel_bytes = (size_t)j->image_width * j->image_height * 3;
    d->pixels = zi_alloc_aligned(&d->ctx->allocator, pixel_bytes);
    if (is_cmyk(j))
        d->inks = zi_alloc_aligned(&d->ctx->allocator, (size_t)j->image_width * 4);
    if (!d->pixels || (is_cmyk(j) && !d->inks))
        return zi_fail(d->ctx, ZURT_E_NOMEM, "JPEG: need %zu bytes", pixel_bytes);
    jpeg_start_decompress(j);
    read_rows(d);
    jpeg_finish_decompress(j);
    *out = (zurt_image){(int32_t)j->image_width, (int32_t)j->image_height, 3, d->pixels};
    d->pixels = NULL;
    return ZURT_OK;
}

zurt_status zi_image_decode_jpeg(zurt_ctx *ctx, zi_bytes file, zurt_image *out)
{
    decoder *d = zi_zalloc(&ctx->allocator, sizeof(*d));
    if (!d)
        return zi_fail(ctx, ZURT_E_NOMEM, "JPEG: out of memory");
    d->ctx = ctx;
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->errors.output_message = on_output;
    d->jpeg.client_data = d;
    if (setjmp(d->give_up) == 0) {
        jpeg_create_decompress(&d->jpeg);
        d->progress.progress_monitor = on_progress;
        d->jpeg.progress = &d->progress;
        d->jpeg.mem->max_memory_to_use = MAX_LIBRARY_BYTES;
        d->status = decode(d, file.data, file.size, out);
    }
    zurt_status st = d->status;
    jpeg_destroy_decompress(&d->jpeg);
    zi_free(&ctx->allocator, d->pixels);
    zi_free(&ctx->allocator, d->inks);
    zi_free(&ctx->allocator, d);
    return st;
}
