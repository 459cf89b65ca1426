/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever a model holds, its steps pass the checker, and the engine touches nothing
 * outside buffers of exactly the sizes stated, needs the iterations stated, and meets no bank
 * twice. Input bytes are a `.zurt` file, whose check sums are made right, or the choices of a
 * random network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codegen/cg_encode.h"
#include "codegen/engine_caps.h"
#include "model/model.h"
#include "support/engine_run.h"
#include "support/map_input.h"
#include "support/random_net.h"
#include "support/reseal.h"

/* Beyond these a program is checked but not run: one input must not take seconds. */
enum { MAX_RUN_CYCLES = 8000, MAX_RUN_WORDS = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, zurt_ctx *ctx)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", zurt_ctx_error(ctx));
    abort();
}

static void run(zurt_ctx *ctx, const char *board, const zi_cg_code *code, bool whole_ring)
{
    zi_pl_counts counts = zt_engine_run(board, code);
    if (whole_ring && counts.wrong) // with less of it, weights come earlier than planned
        zi_fail(ctx, ZURT_E_INTERNAL, "the engine counted %lld things wrong",
                (long long)counts.wrong);
    must(!whole_ring || !counts.wrong, ctx);
}

static void map_graph(zurt_ctx *ctx, const zi_graph *g, zt_map_knobs knobs)
{
    const char *board = knobs.zcu104 ? "zcu104" : "kv260";
    const zi_caps *whole = zi_caps_builtin(board);
    zi_caps caps = *whole;
    if (knobs.rows)
        caps.scratchpad_words = knobs.rows * caps.pixel_parallel;
    caps.ring_beats >>= knobs.ring_shift;
    const zi_caps *tables[] = {&caps, zi_caps_cpu()};
    zi_partition *partition = NULL;
    must(zi_partition_create(ctx, g, tables, 2, &partition) == ZURT_OK, ctx);
    for (uint32_t i = 0; i < partition->n_segments; i++) {
        const zi_cg_program *map = zi_cg_program_of(&partition->segments[i]);
        zi_cg_code code = {0};
        if (!map || zi_cg_encode(ctx, map, &code) != ZURT_OK)
            continue;
        must(zi_cg_verify(ctx, &caps, &code) == ZURT_OK, ctx);
        if (map->cycles < MAX_RUN_CYCLES && code.act_words < MAX_RUN_WORDS)
            run(ctx, board, &code, caps.ring_beats == whole->ring_beats);
        zi_cg_code_destroy(&code);
    }
    zi_partition_destroy(partition);
}

static void try_file(zurt_ctx *ctx, const uint8_t *data, size_t size)
{
    uint8_t *copy = zi_alloc_aligned(&ctx->allocator, size);
    must(copy != NULL, ctx);
    memcpy(copy, data, size);
    reseal(copy, size);
    zurt_model *m = NULL;
    if (zurt_model_load_mem(ctx, copy, size, &m) == ZURT_OK)
        map_graph(ctx, m->graph, zt_map_knobs_of_file(data));
    zurt_model_destroy(m);
    zi_free(&ctx->allocator, copy);
}

static void try_choices(zurt_ctx *ctx, const uint8_t *data, size_t size)
{
    zt_source source = zt_source_bytes(data, size);
    zt_map_knobs knobs = zt_map_knobs_pick(&source);
    zi_graph *g = zt_random_net(ctx, &source, 12, 32);
    if (g && zi_graph_check(ctx, g) == ZURT_OK)
        map_graph(ctx, g, knobs);
    zi_graph_destroy(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx = NULL;
    if (zurt_ctx_create(NULL, &ctx))
        abort();
    if (zt_map_input_is_file(data, size))
        try_file(ctx, data, size);
    else
        try_choices(ctx, data, size);
    zurt_ctx_destroy(ctx);
    return 0;
}
