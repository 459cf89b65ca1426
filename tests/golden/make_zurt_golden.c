/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a sample graph of the tests as a `.zurt`: make_zurt_golden FILE [1.1].
 * tests/golden/format_1_0.zurt and format_1_1.zurt were made by it; a file of each format version
 * stays, readable for ever.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "support/sample_graph.h"

int main(int argc, char **argv)
{
    zurt_ctx *ctx;
    if (argc < 2 || argc > 3 || zurt_ctx_create(NULL, &ctx))
        return 2;
    zi_graph *g = argc == 3 ? sample_graph_1_1(ctx) : sample_graph(ctx);
    zi_meta meta = sample_meta();
    uint8_t *bytes = NULL;
    size_t size = 0;
    int failed = !g || zi_model_write(ctx, g, &meta, &bytes, &size);
    FILE *out = failed ? NULL : fopen(argv[1], "wb");
    failed |= !out || fwrite(bytes, 1, size, out) != size;
    failed |= out && fclose(out);
    if (failed)
        fprintf(stderr, "make_zurt_golden: %s\n", zurt_ctx_error(ctx));
    zi_free(&ctx->allocator, bytes);
    zi_graph_destroy(g);
    zurt_ctx_destroy(ctx);
    return failed ? 1 : 0;
}
