/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes that code generation makes, as one number: work on its sources that means to change
 * none must leave it. Steps, tables and weights of every segment count, of random networks on
 * engines with small scratchpads, as conf_map has them, or of models on both boards.
 *
 *   conf_lists [--is CRC] [COUNT [FIRST_SEED]]    networks; --is: fails unless it is that
 *   conf_lists MODEL.zurt...                      a line a model
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "codegen/cg_encode.h"
#include "codegen/engine_caps.h"
#include "conf_engines.h"
#include "model/model.h"
#include "support/random_net.h"

typedef struct tally {
    uint32_t crc, lists;
    uint64_t words;
} tally;

static void add_words(tally *t, const v16 *words, int32_t n)
{
    t->crc = zi_crc32c(t->crc, words, (size_t)n * sizeof(*words));
    t->words += (uint64_t)n;
}

static void add_code(tally *t, const zi_cg_code *code)
{
    const int32_t sizes[] = {code->n_epochs, code->step_words, code->weight_words, code->act_words};
    t->crc = zi_crc32c(t->crc, sizes, sizeof(sizes));
    add_words(t, code->steps, code->step_words);
    for (int q = 0; q < 4; q++)
        add_words(t, code->weights[q], code->weight_words);
    t->lists++;
}

static bool add_graph(zurt_ctx *ctx, const zi_graph *g, const zi_caps *caps, tally *t)
{
    const zi_caps *tables[] = {caps, zi_caps_cpu()};
    zi_partition *partition = NULL;
    bool ok = zi_partition_create(ctx, g, tables, 2, &partition) == ZURT_OK;
    for (uint32_t i = 0; ok && i < partition->n_segments; i++) {
        zi_cg_code code = {0};
        if (!zi_cg_program_of(&partition->segments[i]))
            continue;
        ok = zi_cg_encode(ctx, zi_cg_program_of(&partition->segments[i]), &code) == ZURT_OK;
        if (ok)
            add_code(t, &code);
        zi_cg_code_destroy(&code);
    }
    zi_partition_destroy(partition);
    return ok;
}

static bool add_net(zurt_ctx *ctx, uint64_t seed, tally *t)
{
    zt_source s = zt_source_seed(seed);
    bool wide;
    zi_caps caps = conf_small_caps(conf_engine(zt_pick(&s, CONF_ENGINES)).caps, &s, seed, &wide);
    zi_graph *g = zt_random_net(ctx, &s, wide ? 3 : 10, wide ? 110 : 40);
    bool ok = g && add_graph(ctx, g, &caps, t);
    if (!ok)
        fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, zurt_ctx_error(ctx));
    zi_graph_destroy(g);
    return ok;
}

static bool add_model(zurt_ctx *ctx, const char *path)
{
    static const char *const boards[] = {"kv260", "zcu104"};
    tally t = {0};
    zurt_model *m = NULL;
    bool ok = zurt_model_load_file(ctx, path, &m) == ZURT_OK;
    for (int i = 0; ok && i < 2; i++)
        ok = add_graph(ctx, m->graph, zi_caps_builtin(boards[i]), &t);
    if (ok)
        printf("%08" PRIx32 "  %s: %u step lists, %" PRIu64 " words\n", t.crc, path,
               (unsigned)t.lists, t.words);
    else
        fprintf(stderr, "%s: %s\n", path, zurt_ctx_error(ctx));
    zurt_model_destroy(m);
    return ok;
}

int main(int argc, char **argv)
{
    zurt_ctx *ctx = NULL;
    tally t = {0};
    const char *wanted = NULL;
    if (argc > 2 && strcmp(argv[1], "--is") == 0) {
        wanted = argv[2];
        argv += 2;
        argc -= 2;
    }
    bool ok = zurt_ctx_create(NULL, &ctx) == ZURT_OK;
    if (argc > 1 && strstr(argv[1], ".zurt")) {
        for (int i = 1; ok && i < argc; i++)
            ok = add_model(ctx, argv[i]);
        zurt_ctx_destroy(ctx);
        return ok ? 0 : 1;
    }
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 400;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    for (uint64_t seed = first; ok && seed < first + count; seed++)
        ok = add_net(ctx, seed, &t);
    zurt_ctx_destroy(ctx);
    printf("%08" PRIx32 "  %u step lists, %" PRIu64 " words\n", t.crc, (unsigned)t.lists, t.words);
    if (ok && wanted && strtoul(wanted, NULL, 16) != t.crc) {
        fprintf(stderr, "wanted %s: code generation makes other bytes than it did\n", wanted);
        ok = false;
    }
    return ok && t.lists > 0 ? 0 : 1;
}
