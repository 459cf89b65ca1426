/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the smallest of many random networks that shows each kind of layer, step and memory:
 * where the fuzz target `map` starts.
 *
 *   make_map_corpus FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codegen/codegen.h"
#include "codegen/engine_caps.h"
#include "model/model.h"
#include "support/map_input.h"
#include "support/random_net.h"

enum { SEEDS = 6000 };

static const char *const kinds[] = {"load", "conv", "diagonal", "row", "max"};
static const char *const flags[] = {"residual", "table", "bank", "fifo", "pool2", "up2", "keep"};
static const char *const others[] = {"strips",  "spills", "in_place",  "packed",  "batch",
                                     "refused", "choice", "channels",  "strided", "quads",
                                     "picks",   "flat",   "scattered", "leads"};
enum { N_KINDS = 5, N_FLAGS = 7, N_OTHERS = 14, N_FEATURES = N_KINDS + N_FLAGS + N_OTHERS };
enum {
    STRIPS = N_KINDS + N_FLAGS,
    SPILLS,
    IN_PLACE,
    PACKED,
    BATCH,
    REFUSED,
    CHOICE,
    CHANNELS,
    STRIDED,
    QUADS,
    PICKS,
    FLAT,
    SCATTERED,
    LEADS
};

typedef struct best {
    uint8_t *file;
    size_t size;
} best;

static const char *name_of(int feature)
{
    if (feature < N_KINDS)
        return kinds[feature];
    return feature < STRIPS ? flags[feature - N_KINDS] : others[feature - STRIPS];
}

static void layers_of(const zi_cg_program *m, bool has[N_FEATURES])
{
    for (size_t k = 0; k < m->n_layers; k++) {
        const zi_cg_layer *l = &m->layers[k];
        has[CHOICE] |= l->choice != NULL;
        has[CHANNELS] |= l->channels != NULL;
        has[STRIDED] |= l->choice && l->l.stride[1] > 1;
        has[QUADS] |= zi_cg_sums_quads(l);
        has[PICKS] |= l->picks;
        has[FLAT] |= l->flat_h > 0;
        has[SCATTERED] |= l->tile != ZI_NONE && zi_cg_scatters(l);
        has[LEADS] |= l->leads;
    }
}

static void features_of(const zi_partition *p, bool has[N_FEATURES])
{
    for (uint32_t i = 0; i < p->n_segments; i++) {
        const zi_cg_program *m = zi_cg_program_of(&p->segments[i]);
        has[REFUSED] |= p->segments[i].device != 0;
        if (!m)
            continue;
        has[SPILLS] |= m->n_starts > 1;
        has[BATCH] |= m->batch > 1;
        layers_of(m, has);
        for (size_t k = 0; k < m->n_tensors; k++) {
            has[STRIPS] |= m->tensors[k].buffer.where == ZI_CG_BAND;
            has[IN_PLACE] |= m->tensors[k].buffer.shares != ZI_NONE;
            has[PACKED] |= m->tensors[k].pack.lanes_h != 0;
        }
        for (size_t k = 0; k < m->n_steps; k++) {
            has[m->steps[k].step.kind] = true;
            for (int b = 0; b < N_FLAGS; b++)
                has[N_KINDS + b] |= m->steps[k].step.flags >> b & 1;
        }
    }
}

static bool plan(zurt_ctx *ctx, const zi_graph *g, const zt_map_knobs *k, bool has[N_FEATURES])
{
    zi_caps caps = *zi_caps_builtin(k->zcu104 ? "zcu104" : "kv260");
    if (k->rows)
        caps.scratchpad_words = k->rows * caps.pixel_parallel;
    caps.ring_beats >>= k->ring_shift;
    const zi_caps *tables[] = {&caps, zi_caps_cpu()};
    zi_partition *p = NULL;
    if (zi_partition_create(ctx, g, tables, 2, &p))
        return false;
    features_of(p, has);
    zi_partition_destroy(p);
    return true;
}

static bool try_seed(zurt_ctx *ctx, uint64_t seed, best found[N_FEATURES])
{
    zt_source source = zt_source_seed(seed);
    uint8_t knobs[4], *file = NULL;
    size_t size = 0;
    for (int i = 0; i < 4; i++)
        knobs[i] = (uint8_t)zt_pick(&source, 256);
    bool wide = seed % 16 == 0; // only their layers take turns
    zi_graph *g = zt_random_net(ctx, &source, wide ? 3 : 4, wide ? 110 : 16);
    zi_meta meta = {.norm = zi_norm_none(1), .description = ""};
    bool has[N_FEATURES] = {false};
    bool ok = g && zi_model_write(ctx, g, &meta, &file, &size) == ZURT_OK;
    if (ok) {
        memcpy(file + ZI_H_CRC, knobs, sizeof(knobs));
        zt_map_knobs k = zt_map_knobs_of_file(file);
        ok = plan(ctx, g, &k, has);
    }
    zi_graph_destroy(g);
    for (int f = 0; ok && f < N_FEATURES; f++) {
        if (!has[f] || (found[f].file && found[f].size <= size))
            continue;
        free(found[f].file);
        found[f] = (best){malloc(size), size};
        ok = found[f].file != NULL;
        if (ok)
            memcpy(found[f].file, file, size);
    }
    zi_free(&ctx->allocator, file);
    return ok;
}

static bool write_all(const char *folder, const best found[N_FEATURES])
{
    for (int f = 0; f < N_FEATURES; f++) {
        char path[4096];
        if (!found[f].file) {
            fprintf(stderr, "make_map_corpus: no network with '%s'\n", name_of(f));
            return false;
        }
        snprintf(path, sizeof(path), "%s/%s.zurt", folder, name_of(f));
        FILE *out = fopen(path, "wb");
        bool ok = out && fwrite(found[f].file, 1, found[f].size, out) == found[f].size;
        if (!out || fclose(out) != 0 || !ok) {
            perror(path);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    best found[N_FEATURES] = {{NULL, 0}};
    zurt_ctx *ctx = NULL;
    if (argc != 2 || zurt_ctx_create(NULL, &ctx)) {
        fprintf(stderr, "usage: make_map_corpus FOLDER\n");
        return 2;
    }
    bool ok = true;
    for (uint64_t seed = 1; ok && seed <= SEEDS; seed++)
        ok = try_seed(ctx, seed, found);
    ok = ok && write_all(argv[1], found);
    for (int f = 0; f < N_FEATURES; f++)
        free(found[f].file);
    zurt_ctx_destroy(ctx);
    return ok ? 0 : 1;
}
