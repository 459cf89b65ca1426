/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures from files and memory: recognised by their bytes, decoded, turned upright. */
#include "image_file.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "base/file.h"
#include "orientation.h"

#define MAX_FILE_BYTES ((size_t)1 << 28)

zurt_status zi_image_check_size(zurt_ctx *ctx, const char *format, uint64_t width, uint64_t height)
{
    if (width > ZURT_IMAGE_MAX_SIDE || height > ZURT_IMAGE_MAX_SIDE ||
        width * height > ZURT_IMAGE_MAX_PIXELS)
        return zi_fail(ctx, ZURT_E_LIMIT,
                       "%s: %" PRIu64 " x %" PRIu64 ", at most %d a side and %d pixels", format,
                       width, height, ZURT_IMAGE_MAX_SIDE, ZURT_IMAGE_MAX_PIXELS);
    return ZURT_OK;
}

static zurt_status refuse(zurt_ctx *ctx, zurt_file_kind kind)
{
    const char *remedy = zurt_file_kind_remedy(kind);
    return zi_fail(ctx, ZURT_E_FORMAT, "this is %s, not a JPEG, PNG or BMP picture%s%s",
                   zurt_file_kind_name(kind), *remedy ? "; " : "", remedy);
}

static zurt_status decode(zurt_ctx *ctx, zi_bytes file, zurt_orientation orientation,
                          zurt_image *out)
{
    zurt_file_kind kind = zurt_file_kind_of(file.data, file.size);
    int turned = 1;
    zurt_status st;
    switch (kind) {
    case ZURT_FILE_JPEG:
        turned = zi_orientation_of_jpeg(file);
        st = zi_image_decode_jpeg(ctx, file, out);
        break;
    case ZURT_FILE_PNG:
        turned = zi_orientation_of_png(file);
        st = zi_image_decode_png(ctx, file, out);
        break;
    case ZURT_FILE_BMP:
        st = zi_image_decode_bmp(ctx, file, out);
        break;
    default:
        return refuse(ctx, kind);
    }
    if (!st && orientation == ZURT_ORIENT_UPRIGHT)
        st = zi_image_turn(ctx, turned, out);
    if (st)
        zurt_image_destroy(ctx, out);
    return st;
}

zurt_status zurt_image_decode(zurt_ctx *ctx, const void *bytes, size_t size,
                              zurt_orientation orientation, zurt_image *out)
{
    if (out)
        *out = (zurt_image){0};
    if (!ctx)
        return ZURT_E_ARG;
    if (!bytes || !out)
        return zi_fail(ctx, ZURT_E_ARG, "image: bytes and out must not be NULL");
    if (orientation != ZURT_ORIENT_UPRIGHT && orientation != ZURT_ORIENT_STORED)
        return zi_fail(ctx, ZURT_E_ARG, "image: no orientation %d", (int)orientation);
    if (size > MAX_FILE_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "image: %zu bytes, at most %zu", size, MAX_FILE_BYTES);
    return decode(ctx, (zi_bytes){bytes, size}, orientation, out);
}

zurt_status zurt_image_load(zurt_ctx *ctx, const char *path, zurt_orientation orientation,
                            zurt_image *out)
{
    if (out)
        *out = (zurt_image){0};
    if (!ctx)
        return ZURT_E_ARG;
    if (!path || !out)
        return zi_fail(ctx, ZURT_E_ARG, "image: path and out must not be NULL");
    zi_file file;
    zurt_status st = zi_file_open(ctx, path, MAX_FILE_BYTES, MAX_FILE_BYTES, &file);
    if (!st)
        st = zurt_image_decode(ctx, file.bytes.data, file.bytes.size, orientation, out);
    zi_file_close(&file);
    return st ? zi_fail_prefix(ctx, st, "%s: ", path) : ZURT_OK;
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
    return zi_image_decode_jpeg(ctx, (zi_bytes){bytes, size}, out);
}

zurt_status zurt_image_load_jpeg(zurt_ctx *ctx, const char *path, zurt_image *out)
{
    if (out)
        *out = (zurt_image){0};
    if (!ctx)
        return ZURT_E_ARG;
    if (!path || !out)
        return zi_fail(ctx, ZURT_E_ARG, "JPEG: path and out must not be NULL");
    zi_file file;
    zurt_status st = zi_file_open(ctx, path, MAX_FILE_BYTES, MAX_FILE_BYTES, &file);
    if (!st)
        st = zi_image_decode_jpeg(ctx, file.bytes, out);
    zi_file_close(&file);
    return st ? zi_fail_prefix(ctx, st, "%s: ", path) : ZURT_OK;
}

void zurt_image_destroy(zurt_ctx *ctx, zurt_image *image)
{
    if (!ctx || !image)
        return;
    zi_free(&ctx->allocator, image->pixels);
    *image = (zurt_image){0};
}
