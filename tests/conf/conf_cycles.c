/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner's cycles against the engine's own: of every step as many iterations as it needs, not
 * one more or less. Per board, a step list runs
 *
 *   as it is:             the engine counts no iteration that did nothing, nothing left undone;
 *   with one more each:   as many idle ones as there are steps;
 *   with one less in one: something is left undone. (Of random networks, each step in turn.)
 *
 * So a step that were longer or shorter than planned would show. Layers must have the sum of their
 * steps.
 *
 *   conf_cycles [COUNT [FIRST_SEED]]        random networks
 *   conf_cycles MODEL.zurt...               models
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/codegen.h"
#include "codegen/engine_caps.h"
#include "isa/zk_config.h"
#include "model/model.h"
#include "support/engine_run.h"
#include "support/random_net.h"
#include "support/step_list.h"

typedef struct tally {
    uint32_t lists, steps, shortened, layers;
} tally;

static void add_iterations(const zi_cg_code *code, int32_t step, int32_t n)
{
    v16 *words = zt_step_at(code, step);
    zk_step s;
    zk_step_unpack(words, &s);
    s.iterations += n;
    zk_step_pack(&s, words);
}

static bool is(const char *what, int64_t got, int64_t want)
{
    if (got != want)
        fprintf(stderr, "%s: %lld, wanted %lld\n", what, (long long)got, (long long)want);
    return got == want;
}

/* What inspect says of a layer is what its steps cost. */
static bool layers_add_up(const zi_cg_program *m, const zi_pl_counts *counts, tally *t)
{
    uint64_t cycles = 0;
    int64_t iterations = 0;
    for (size_t i = 0; i < m->n_layers; i++)
        cycles += m->layers[i].cycles;
    for (size_t i = 0; i < m->n_steps; i++)
        iterations += (int64_t)m->steps[i].step.iterations * m->batch;
    t->layers += (uint32_t)m->n_layers;
    int64_t least = counts->iterations + ZK_STEP_OVERHEAD * counts->steps;
    if ((int64_t)m->cycles < least) {
        fprintf(stderr, "%llu cycles, but the engine needs %lld\n", (unsigned long long)m->cycles,
                (long long)least);
        return false;
    }
    return is("cycles of the layers", (int64_t)cycles, (int64_t)m->cycles) &&
           is("iterations counted", counts->iterations, iterations);
}

/* The list ends with the short step: the next one would read what that left in the ring. */
static bool notices_short(const char *board, const zi_cg_code *code, int32_t number)
{
    zi_cg_code cut = *code;
    int32_t epoch = 0, before = 0, all = zk_get32(&code->steps[0], 1);
    while (before + all <= number) {
        before += all;
        all = zk_get32(&code->steps[++epoch], 1);
    }
    cut.n_epochs = epoch + 1;
    zk_put32(&cut.steps[epoch], 1, number - before + 1);
    add_iterations(&cut, number, -1);
    bool noticed = zt_engine_run(board, &cut).wrong > 0;
    add_iterations(&cut, number, 1);
    zk_put32(&cut.steps[epoch], 1, all);
    if (!noticed)
        fprintf(stderr, "step %d with an iteration less: nothing noticed\n", (int)number);
    return noticed;
}

static bool try_list(const char *board, const zi_cg_program *m, const zi_cg_code *code,
                     bool shorten, tally *t)
{
    int32_t n = zt_n_steps(code);
    zi_pl_counts counts = zt_engine_run(board, code);
    bool ok = is("counted wrong", counts.wrong, 0) && is("steps", counts.steps, n) &&
              layers_add_up(m, &counts, t);
    for (int32_t i = 0; i < n; i++)
        add_iterations(code, i, 1);
    counts = zt_engine_run(board, code);
    ok = ok && is("idle iterations, one more each", counts.wrong, n);
    for (int32_t i = 0; i < n; i++)
        add_iterations(code, i, -1);
    for (int32_t i = 0; ok && shorten && i < n; i++, t->shortened++)
        ok = notices_short(board, code, i);
    t->lists++;
    t->steps += (uint32_t)n;
    return ok;
}

static bool try_graph(zurt_ctx *ctx, const zi_graph *g, const char *board, const zi_caps *caps,
                      bool shorten, tally *t)
{
    const zi_caps *tables[] = {caps, zi_caps_cpu()};
    zi_partition *partition = NULL;
    bool ok = zi_partition_create(ctx, g, tables, 2, &partition) == ZURT_OK;
    for (uint32_t i = 0; ok && i < partition->n_segments; i++) {
        const zi_cg_program *m = zi_cg_program_of(&partition->segments[i]);
        zi_cg_code code = {0};
        if (!m)
            continue;
        ok = zi_cg_encode(ctx, m, &code) == ZURT_OK && try_list(board, m, &code, shorten, t);
        zi_cg_code_destroy(&code);
    }
    if (!ok)
        fprintf(stderr, "on %s: %s\n", board, zurt_ctx_error(ctx));
    zi_partition_destroy(partition);
    return ok;
}

static bool try_net(zurt_ctx *ctx, uint64_t seed, tally *t)
{
    zt_source s = zt_source_seed(seed);
    const char *board = zt_one_in(&s, 2) ? "zcu104" : "kv260";
    zi_caps caps = *zi_caps_builtin(board);
    caps.scratchpad_words = caps.pixel_parallel * (uint32_t)zt_pick_range(&s, 60, 250);
    zi_graph *g = zt_random_net(ctx, &s, 6, 16);
    bool ok = g && try_graph(ctx, g, board, &caps, true, t);
    if (!ok)
        fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    zi_graph_destroy(g);
    return ok;
}

static bool try_model(zurt_ctx *ctx, const char *path, tally *t)
{
    static const char *const boards[] = {"kv260", "zcu104"};
    zurt_model *m = NULL;
    bool ok = zurt_model_load_file(ctx, path, &m) == ZURT_OK;
    if (!ok)
        fprintf(stderr, "%s\n", zurt_ctx_error(ctx));
    for (int i = 0; ok && i < 2; i++)
        ok = try_graph(ctx, m->graph, boards[i], zi_caps_builtin(boards[i]), false, t);
    zurt_model_destroy(m);
    return ok;
}

int main(int argc, char **argv)
{
    zurt_ctx *ctx = NULL;
    tally t = {0};
    bool files = argc > 1 && strstr(argv[1], ".zurt");
    uint64_t count = argc > 1 && !files ? strtoull(argv[1], NULL, 10) : 60;
    uint64_t first = argc > 2 && !files ? strtoull(argv[2], NULL, 10) : 1;
    bool ok = zurt_ctx_create(NULL, &ctx) == ZURT_OK;
    for (int i = 1; ok && files && i < argc; i++)
        ok = try_model(ctx, argv[i], &t);
    for (uint64_t seed = first; ok && !files && seed < first + count; seed++)
        ok = try_net(ctx, seed, &t);
    zurt_ctx_destroy(ctx);
    printf("%u step lists, %u layers, %u steps as long as planned; %u shortened ones noticed\n",
           t.lists, t.layers, t.steps, t.shortened);
    return ok && t.lists > 0 ? 0 : 1;
}
