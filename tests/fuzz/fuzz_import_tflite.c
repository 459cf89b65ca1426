/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes import or are refused with a status and a message; what imports, with and without
 * passes, is a valid graph, and runs if it is small. corpus/ has files of one operator each,
 * written by tests/golden/tflite_models.py, and what once failed.
 */
#include "import_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx;
    check(zurt_ctx_create(NULL, &ctx) == ZURT_OK);
    import(ctx, data, size, true, -1);
    import(ctx, data, size, false, -1);
    zurt_ctx_destroy(ctx);
    return 0;
}
