/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes import or are refused with a status and a message, as they are and with another batch;
 * what imports, with and without passes, is a valid graph, and runs if it is small. corpus/ has one
 * model per family of operators, written by make_onnx_corpus.c, and what once failed.
 */
#include "import_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx;
    check(zurt_ctx_create(NULL, &ctx) == ZURT_OK);
    import(ctx, data, size, true, 0);
    import(ctx, data, size, false, 0);
    import(ctx, data, size, false, 2);
    zurt_ctx_destroy(ctx);
    return 0;
}
