/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes decode, as the picture that they begin as, or are refused; what decodes can be resized.
 */
#include <stdlib.h>

#include <zurt/image.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx;
    zurt_image image, small;
    if (zurt_ctx_create(NULL, &ctx))
        abort();
    zurt_status st =
        size ? zurt_image_decode(ctx, data, size, ZURT_ORIENT_UPRIGHT, &image) : ZURT_E_ARG;
    if (size && !st != (image.pixels != NULL))
        abort();
    if (!st && (int64_t)image.width * image.height < 1 << 20) {
        if (zurt_image_fit(ctx, &image, 8, 6, ZURT_FIT_CENTRE_CROP, 0.875f, &small))
            abort();
        zurt_image_destroy(ctx, &small);
    }
    if (size)
        zurt_image_destroy(ctx, &image);
    zurt_ctx_destroy(ctx);
    return 0;
}
