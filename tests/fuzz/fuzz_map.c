/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever a model holds, its steps pass the checker, and the engine touches nothing
 * outside buffers of exactly the sizes stated. Input bytes are tried as a `.zurt` file with its
 * check sums made right, and as the choices of a random network.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend/pl/pl_code.h"
#include "backend/pl/pl_engine.h"
#include "base/alloc.h"
#include "model/model.h"
#include "support/random_net.h"
#include "support/reseal.h"

/* Beyond these a program is checked but not run: one input must not take seconds. */
enum { MAX_RUN_CYCLES = 300000, MAX_RUN_WORDS = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, zurt_ctx *ctx)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", zurt_ctx_error(ctx));
    abort();
}

static void run(zurt_ctx *ctx, const zi_pl_engine *engine, const zi_pl_code *code)
{
    const zurt_allocator *a = &ctx->allocator;
    v16 *act = zi_calloc(a, (size_t)code->act_words, sizeof(*act));
    must(act != NULL, ctx);
    engine->kernel(code->steps, code->n_segments, code->weights[0], code->weights[1],
                   code->weights[2], code->weights[3], act, act);
    zi_free(a, act);
}

static void map_graph(zurt_ctx *ctx, const zi_graph *g, uint32_t rows)
{
    zi_pl_engine engine;
    must(zi_pl_engine_get("kv260", &engine), ctx);
    zi_caps caps = *engine.caps;
    caps.scratchpad_words = rows * caps.pixel_parallel;
    const zi_caps *tables[] = {&caps, zi_caps_cpu()};
    zi_partition *partition = NULL;
    must(zi_partition_create(ctx, g, tables, 2, &partition) == ZURT_OK, ctx);
    for (uint32_t i = 0; i < partition->n_segments; i++) {
        const zi_map *map = partition->segments[i].map;
        zi_pl_code code = {0};
        if (!map || zi_pl_code_create(ctx, map, &code) != ZURT_OK)
            continue;
        must(zi_pl_check(ctx, &caps, &code) == ZURT_OK, ctx);
        if (map->cycles < MAX_RUN_CYCLES && code.act_words < MAX_RUN_WORDS)
            run(ctx, &engine, &code);
        zi_pl_code_destroy(&code);
    }
    zi_partition_destroy(partition);
}

static void try_file(zurt_ctx *ctx, const uint8_t *data, size_t size, uint32_t rows)
{
    uint8_t *copy = zi_alloc_aligned(&ctx->allocator, size);
    must(copy != NULL, ctx);
    for (size_t i = 0; i < size; i++)
        copy[i] = data[i];
    reseal(copy, size);
    zurt_model *m = NULL;
    if (zurt_model_load_mem(ctx, copy, size, &m) == ZURT_OK)
        map_graph(ctx, m->graph, rows);
    zurt_model_destroy(m);
    zi_free(&ctx->allocator, copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx = NULL;
    if (zurt_ctx_create(NULL, &ctx))
        abort();
    zt_source source = zt_source_bytes(data, size);
    uint32_t rows = (uint32_t)zt_pick_range(&source, 20, 900);
    zi_graph *g = zt_random_net(ctx, &source, 12, 32);
    if (g && zi_graph_check(ctx, g) == ZURT_OK)
        map_graph(ctx, g, rows);
    zi_graph_destroy(g);
    try_file(ctx, data, size, ZK_KV260_ROWS);
    try_file(ctx, data, size, rows);
    zurt_ctx_destroy(ctx);
    return 0;
}
