/* SPDX-License-Identifier: Apache-2.0 */
/** @file How a picture stands: what its Exif data say, and turning it upright. */
#ifndef ZI_IMAGE_ORIENTATION_H
#define ZI_IMAGE_ORIENTATION_H

#include <stdbool.h>

#include <zurt/image.h>

#include "base/bytes.h"

/** Orientation 1 to 8 of a JPEG or PNG file; 1, upright, if it says nothing or nothing sensible. */
int zi_orientation_of_jpeg(zi_bytes file);
int zi_orientation_of_png(zi_bytes file);

/** Turns and mirrors the pixels so that the picture is upright; ZURT_E_NOMEM leaves it as it is. */
zurt_status zi_image_turn(zurt_ctx *ctx, int orientation, zurt_image *image);

#endif
