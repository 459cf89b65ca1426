/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Pictures to input tensors: JPEG, PNG and BMP decoding, resize, crop, normalisation, quantisation.
 *
 * All functions run on the ctx's thread and leave the reason of a failure in zurt_ctx_error().
 * Pixels come from the ctx's allocator and are freed with the same ctx.
 */
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

/** Largest side and area, of a picture read or made: beyond them ZURT_E_LIMIT. */
#define ZURT_IMAGE_MAX_SIDE   16384
#define ZURT_IMAGE_MAX_PIXELS (1 << 26)

/** What is done with the orientation that a camera noted in the file. */
typedef enum zurt_orientation {
    ZURT_ORIENT_UPRIGHT = 0, /**< the picture is turned upright, as viewers show it */
    ZURT_ORIENT_STORED = 1   /**< rows and columns as they stand in the file */
} zurt_orientation;

/**
 * Reads a JPEG, PNG or BMP file, known by its first bytes, to RGB; grey ones to three equal
 * channels. Palettes are looked up; of 16 bits the high byte is taken; alpha is left out, whatever
 * is behind it; CMYK becomes RGB without a colour profile.
 *
 * @param path of a regular file; borrowed for the call.
 * @param out  filled, whatever it held; zurt_image_destroy() frees it. Zeroed on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, no such orientation; ZURT_E_IO: the file cannot be read;
 *         ZURT_E_FORMAT: another kind of file, named, or damaged: parts are not replaced by grey;
 *         ZURT_E_LIMIT: more pixels than above, more than 256 MiB, a JPEG of more than 256 scans;
 *         ZURT_E_UNSUPPORTED: a BMP of 16 bits a pixel or run-length coded, a kind that
 *         libjpeg-turbo was built without; ZURT_E_NOMEM.
 * Ref: ITU-T T.81, with libjpeg-turbo's slow integer DCT and fancy upsampling, as most readers use;
 * PNG (W3C), third edition; CIPA DC-008 4.6.4 for the orientation. The bytes are Pillow's.
 */
ZURT_API zurt_status zurt_image_load(zurt_ctx *ctx, const char *path, zurt_orientation orientation,
                                     zurt_image *out);
/** As zurt_image_load(), from `size` bytes in memory, borrowed for the call. No ZURT_E_IO. */
ZURT_API zurt_status zurt_image_decode(zurt_ctx *ctx, const void *bytes, size_t size,
                                       zurt_orientation orientation, zurt_image *out);

/** As zurt_image_load(), of a JPEG only, as it is stored. */
ZURT_API zurt_status zurt_image_load_jpeg(zurt_ctx *ctx, const char *path, zurt_image *out);
/** As zurt_image_load_jpeg(), from `size` bytes in memory, borrowed for the call. No ZURT_E_IO. */
ZURT_API zurt_status zurt_image_decode_jpeg(zurt_ctx *ctx, const void *bytes, size_t size,
                                            zurt_image *out);
/** Frees the pixels and zeroes the struct; a NULL or zeroed image is allowed. */
ZURT_API void zurt_image_destroy(zurt_ctx *ctx, zurt_image *image);

/**
 * Resizes and crops: bilinear with half-pixel centres, widened when shrinking.
 *
 * @param in         1 or 3 channels; borrowed for the call.
 * @param width      of the result, pixels; 1 to ZURT_IMAGE_MAX_SIDE, as `height`.
 * @param fit        ZURT_FIT_STRETCH: the whole picture, whatever its aspect becomes;
 *                   ZURT_FIT_CENTRE_CROP: the middle, aspect kept;
 *                   ZURT_FIT_LETTERBOX: the whole picture, aspect kept, in the middle of grey of
 *                   the value 114, with which YOLO networks are trained.
 * @param crop_ratio for ZURT_FIT_CENTRE_CROP, of the shorter side, in [1/1024, 1]: 0.875 resizes
 *                   to 256 and takes 224. Ignored otherwise.
 * @param out        another image than `in`, filled whatever it held, with in->channels;
 *                   zurt_image_destroy() frees it. Zeroed on failure.
 *
 * A letterboxed picture is resized by s = min(width / in->width, height / in->height), to
 * w = round(s * in->width) and h = round(s * in->height), halves to even, at least 1, and stands at
 * x0 = floor((width - w) / 2), y0 = floor((height - h) / 2). A point (x, y) of the result, say a
 * corner of a box that a network found, is ((x - x0) * in->width / w, (y - y0) * in->height / h) of
 * `in`. Stretched, w = width and h = height and nothing is in front of it.
 *
 * @return ZURT_OK; ZURT_E_ARG: NULL, `in` without pixels, an unknown fit, a ratio outside (0, 1];
 *         ZURT_E_LIMIT: a side, an area or a ratio beyond the limits; ZURT_E_NOMEM.
 * Ref: Pillow's Image.resize(BILINEAR) up to 11.3: the same bytes.
 */
ZURT_API zurt_status zurt_image_fit(zurt_ctx *ctx, const zurt_image *in, int32_t width,
                                    int32_t height, zurt_fit fit, float crop_ratio,
                                    zurt_image *out);

/**
 * Normalises pixels and writes them as one picture [H, W, C] of an input tensor; F32 as
 * (pixel / 255 - mean) / std, S8 and U8 quantised from that value. A U8 input without a scale
 * takes the pixels as they are: what is done with them is in the network.
 *
 * @param image borrowed for the call.
 * @param norm  of 1 channel (for all) or as many as the input has.
 * @param info  the model's input [N, H, W, C]; H and W must equal the image's; C 1 (from RGB by
 *              BT.601 luma) or 3 (B, G, R order if norm->is_bgr).
 * @param out   the caller's, H * W * C elements; for a batch one picture's share.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or shape, type or byte count does not fit.
 * Allocates nothing.
 */
ZURT_API zurt_status zurt_image_to_tensor(zurt_ctx *ctx, const zurt_image *image,
                                          const zurt_norm *norm, const zurt_tensor_info *info,
                                          const zurt_span *out);

#ifdef __cplusplus
}
#endif

#endif
