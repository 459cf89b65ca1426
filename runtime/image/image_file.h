/* SPDX-License-Identifier: Apache-2.0 */
/** @file The decoders, one for each kind of picture, and the limits they share. */
#ifndef ZI_IMAGE_FILE_H
#define ZI_IMAGE_FILE_H

#include <zurt/image.h>

#include "base/bytes.h"

/** Bytes to RGB pixels of the ctx's allocator; `out` is zeroed before and stays so on failure. */
zurt_status zi_image_decode_jpeg(zurt_ctx *ctx, zi_bytes file, zurt_image *out);
zurt_status zi_image_decode_png(zurt_ctx *ctx, zi_bytes file, zurt_image *out);
zurt_status zi_image_decode_bmp(zurt_ctx *ctx, zi_bytes file, zurt_image *out);

/** ZURT_E_LIMIT for more pixels than zurt/image.h allows. */
zurt_status zi_image_check_size(zurt_ctx *ctx, const char *format, uint64_t width, uint64_t height);

#endif
