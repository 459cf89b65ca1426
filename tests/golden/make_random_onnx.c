/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The random graphs of the tests as ONNX files: make_random_onnx SEED COUNT FOLDER writes
 * FOLDER/SEED.onnx, FOLDER/SEED+1.onnx and so on, and a line "SEED: reason" for a graph that the
 * exporter refuses.
 */
#include <stdio.h>
#include <stdlib.h>

#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/random_graph.h"

/* False if there is no memory. */
static bool write_one(zurt_ctx *ctx, uint64_t seed, const char *folder)
{
    zt_source source = zt_source_seed(seed);
    const zt_graph_wish wish = {.max_nodes = 1 + (uint32_t)(seed % 12),
                                .input = seed % 4 ? ZURT_F32 : ZURT_DTYPE_NONE,
                                .runnable = true};
    zi_graph *g = zt_random_graph(ctx, &source, &wish, NULL);
    zurt_graph *graph = NULL;
    if (!g || zc_graph_wrap(ctx, g, &graph))
        return false;
    char path[4096];
    snprintf(path, sizeof(path), "%s/%llu.onnx", folder, (unsigned long long)seed);
    if (zurt_emit_onnx_file(ctx, graph, path))
        printf("%llu: %s\n", (unsigned long long)seed, zurt_ctx_error(ctx));
    zurt_graph_destroy(graph);
    return true;
}

int main(int argc, char **argv)
{
    zurt_ctx *ctx;
    if (argc != 4 || zurt_ctx_create(NULL, &ctx))
        return 2;
    uint64_t seed = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
    bool done = true;
    for (uint64_t i = 0; i < count && done; i++)
        done = write_one(ctx, seed + i, argv[3]);
    if (!done)
        fprintf(stderr, "make_random_onnx: %s\n", zurt_ctx_error(ctx));
    zurt_ctx_destroy(ctx);
    return done ? 0 : 1;
}
