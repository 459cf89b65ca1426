/* SPDX-License-Identifier: Apache-2.0 */
/** @file Pictures to input tensors: JPEG decoding, resize, crop, normalisation, quantisation. */
#ifndef ZURT_IMAGE_H
#define ZURT_IMAGE_H

#include <zurt/zurt.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Pixels, 8 bits per channel, rows of width * channels bytes without gaps. */
typedef struct zurt_image {
    int32_t width;
    int32_t height;
    int32_t channels; /**< 1 grey, 3 RGB */
    uint8_t *pixels;  /**< owned; zurt_image_destroy() frees */
} zurt_image;

/** Largest side and area accepted: beyond them ZURT_E_LIMIT. */
#define ZURT_IMAGE_MAX_SIDE   16384
#define ZURT_IMAGE_MAX_PIXELS (1 << 26)

/**
 * Decodes a JPEG file to RGB (grey files too: three equal channels).
 *
 * @param out filled; free with zurt_image_destroy(). Zeroed on failure.
 * @return ZURT_OK; ZURT_E_ARG; ZURT_E_IO; ZURT_E_FORMAT: not a JPEG or damaged; ZURT_E_LIMIT;
 *         ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: CMYK.
 * Ref: libjpeg-turbo; the slow integer DCT, fancy upsampling.
 */
ZURT_API zurt_status zurt_image_load_jpeg(zurt_ctx *ctx, const char *path, zurt_image *out);
/** As above from memory. */
ZURT_API zurt_status zurt_image_decode_jpeg(zurt_ctx *ctx, const void *bytes, size_t size,
                                            zurt_image *out);
/** Frees the pixels and zeroes the struct. NULL is allowed. */
ZURT_API void zurt_image_destroy(zurt_ctx *ctx, zurt_image *image);

/**
 * Resizes (bilinear, half-pixel centres, antialiased when shrinking as Pillow's BILINEAR) and
 * crops.
 *
 * @param crop_ratio for ZURT_FIT_CENTRE_CROP: 0.875 takes 224 out of 256; in (0, 1].
 * @return ZURT_OK; ZURT_E_ARG; ZURT_E_LIMIT; ZURT_E_NOMEM.
 */
ZURT_API zurt_status zurt_image_fit(zurt_ctx *ctx, const zurt_image *in, int32_t width,
                                    int32_t height, zurt_fit fit, float crop_ratio,
                                    zurt_image *out);

/**
 * Normalises pixels and writes them as one picture [H, W, C] of an input tensor; F32 as
 * (pixel / 255 - mean) / std, S8 and U8 quantised from that value.
 *
 * @param norm of 1 channel (for all) or as many as the input has.
 * @param info the model's input [N, H, W, C]; H and W must equal the image's; C 1 (from RGB by
 *             BT.601 luma) or 3 (B, G, R order if norm->is_bgr).
 * @param out  H * W * C elements; for a batch one picture's share.
 * @return ZURT_OK; ZURT_E_ARG: shape, type or byte count does not fit.
 * Allocates nothing.
 */
ZURT_API zurt_status zurt_image_to_tensor(zurt_ctx *ctx, const zurt_image *image,
                                          const zurt_norm *norm, const zurt_tensor_info *info,
                                          const zurt_span *out);

#ifdef __cplusplus
}
#endif

#endif
