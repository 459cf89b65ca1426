/* SPDX-License-Identifier: Apache-2.0 */
#include <zurt/image.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h> // jpeglib.h wants FILE
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/alloc.h"
#include "base/ctx.h"

#define MAX_FILE_BYTES ((size_t)1 << 28)

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

/* Type and size, before anything of the picture's size is allocated. */
static zurt_status check_header(decoder *d)
{
    const struct jpeg_decompress_struct *j = &d->jpeg;
    if (j->image_width > ZURT_IMAGE_MAX_SIDE || j->image_height > ZURT_IMAGE_MAX_SIDE ||
        (size_t)j->image_width * j->image_height > ZURT_IMAGE_MAX_PIXELS)
        return zi_fail(d->ctx, ZURT_E_LIMIT, "JPEG: %u x %u, at most %d a side and %d pixels",
                       j->image_width, j->image_height, ZURT_IMAGE_MAX_SIDE, ZURT_IMAGE_MAX_PIXELS);
    if (j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK)
        return zi_fail(d->ctx, ZURT_E_UNSUPPORTED, "JPEG: CMYK: convert it to RGB");
    return ZURT_OK;
}

/* May leave by longjmp. */
static zurt_status decode(decoder *d, const void *bytes, size_t size, zurt_image *out)
{
    struct jpeg_decompress_struct *j = &d->jpeg;
    jpeg_mem_src(j, bytes, (unsigned long)size);
    jpeg_read_header(j, TRUE);
    zurt_status st = check_header(d);
    if (st)
        return st;
    j->out_color_space = JCS_RGB;
    j->dct_method = JDCT_ISLOW;
    j->do_fancy_upsampling = TRUE;
    size_t row_bytes = (size_t)j->image_width * 3;
    d->pixels = zi_alloc_aligned(&d->ctx->allocator, row_bytes * j->image_height);
    if (!d->pixels)
        return zi_fail(d->ctx, ZURT_E_NOMEM, "JPEG: need %zu bytes", row_bytes * j->image_height);
    jpeg_start_decompress(j);
    while (j->output_scanline < j->output_height) {
        JSAMPROW row = d->pixels + j->output_scanline * row_bytes;
        jpeg_read_scanlines(j, &row, 1);
    }
    jpeg_finish_decompress(j);
    *out = (zurt_image){(int32_t)j->image_width, (int32_t)j->image_height, 3, d->pixels};
    d->pixels = NULL;
    return ZURT_OK;
}

zurt_status zurt_image_decode_jpeg(zurt_ctx *ctx, const void *bytes, size_t size, zurt_image *out)
{
    if (out)
        *out = (zurt_image){0};
    if (!ctx)
        return ZURT_E_ARG;
    if (!bytes || !out)
        return zi_fail(ctx, ZURT_E_ARG, "JPEG: bytes and out must not be NULL");
    if (size > MAX_FILE_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "JPEG: %zu bytes, at most %zu", size, MAX_FILE_BYTES);
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
        d->status = decode(d, bytes, size, out);
    }
    zurt_status st = d->status;
    jpeg_destroy_decompress(&d->jpeg);
    zi_free(&ctx->allocator, d->pixels);
    zi_free(&ctx->allocator, d);
    return st;
}

/* *out from the ctx's allocator, also on failure. */
static zurt_status read_all(zurt_ctx *ctx, int fd, uint8_t **out, size_t *size)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
    if (!S_ISREG(s.st_mode))
        return zi_fail(ctx, ZURT_E_IO, "not a regular file");
    if ((uint64_t)s.st_size > MAX_FILE_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "more than %zu bytes", MAX_FILE_BYTES);
    *out = zi_alloc_aligned(&ctx->allocator, (size_t)s.st_size);
    if (!*out)
        return zi_fail(ctx, ZURT_E_NOMEM, "need %zu bytes", (size_t)s.st_size);
    while (*size < (size_t)s.st_size) {
        ssize_t n = read(fd, *out + *size, (size_t)s.st_size - *size);
        if (n < 0 && errno != EINTR)
            return zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
        if (n == 0)
            break; // shorter than it was: the decoder will say so
        if (n > 0)
            *size += (size_t)n;
    }
    return ZURT_OK;
}

zurt_status zurt_image_load_jpeg(zurt_ctx *ctx, const char *path, zurt_image *out)
{
    if (out)
        *out = (zurt_image){0};
    if (!ctx)
        return ZURT_E_ARG;
    if (!path || !out)
        return zi_fail(ctx, ZURT_E_ARG, "JPEG: path and out must not be NULL");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // nonblocking: path may be a FIFO
    if (fd < 0)
        return zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(errno));
    uint8_t *bytes = NULL;
    size_t size = 0;
    zurt_status st = read_all(ctx, fd, &bytes, &size);
    close(fd);
    if (!st)
        st = zurt_image_decode_jpeg(ctx, bytes, size, out);
    zi_free(&ctx->allocator, bytes);
    return st ? zi_fail_prefix(ctx, st, "%s: ", path) : ZURT_OK;
}

void zurt_image_destroy(zurt_ctx *ctx, zurt_image *image)
{
    if (!ctx || !image)
        return;
    zi_free(&ctx->allocator, image->pixels);
    *image = (zurt_image){0};
}
