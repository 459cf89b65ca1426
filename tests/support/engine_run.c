/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a step list on the engine's sources, guarded on all sides. */
#include "support/engine_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/pl/pl_engine.h"

/* As far as an address of the step format reaches on either side; pages of a buffer at most. */
#define GUARD_BYTES ((size_t)1 << 30)
#define MAX_BYTES   ((size_t)1 << 28)
#define PAGE_BYTES  ((size_t)4096)

/* A buffer that ends where its last page ends; before it, as far as that page begins, is a slack.
 */
typedef struct guarded {
    uint8_t *pages;
    size_t n_bytes; // of whole pages
    size_t slack;
    v16 *words;
} guarded;

enum { STEPS, WEIGHTS, ACT = WEIGHTS + 4, N_BUFFERS, SLACK = 0x5c };

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "engine_run: %s\n", what);
    abort();
}

/* Address space for all buffers, between guards; reserved once. */
static uint8_t *space(void)
{
    static uint8_t *base;
    if (!base) {
        size_t bytes = N_BUFFERS * (GUARD_BYTES + MAX_BYTES) + GUARD_BYTES;
        void *map =
            mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        must(map != MAP_FAILED, "no address space");
        base = map;
    }
    return base;
}

static void protect(const guarded *g, int allowed)
{
    must(!g->n_bytes || mprotect(g->pages, g->n_bytes, allowed) == 0, "no protection");
}

static guarded guard(int which, const v16 *from, int32_t words)
{
    size_t bytes = (size_t)words * sizeof(v16);
    guarded g = {.n_bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES};
    must(bytes <= MAX_BYTES, "a buffer is too large");
    g.pages = space() + GUARD_BYTES + (size_t)which * (GUARD_BYTES + MAX_BYTES);
    g.slack = g.n_bytes - bytes;
    protect(&g, PROT_READ | PROT_WRITE);
    g.words = (v16 *)(void *)(g.pages + g.slack);
    memset(g.pages, SLACK, g.slack);
    if (from)
        memcpy(g.words, from, bytes);
    else
        memset(g.words, 0, bytes);
    return g;
}

static void release(const guarded *g)
{
    for (size_t i = 0; i < g->slack; i++)
        must(g->pages[i] == SLACK, "the engine wrote before a buffer");
    protect(g, PROT_NONE);
}

zi_pl_counts zt_engine_run(const char *board, const zi_cg_code *code)
{
    zi_pl_engine engine;
    must(zi_pl_engine_get(board, &engine), "no such engine");
    guarded steps = guard(STEPS, code->steps, code->step_words), weights[4];
    guarded act = guard(ACT, NULL, code->act_words);
    protect(&steps, PROT_READ);
    for (int q = 0; q < 4; q++) {
        weights[q] = guard(WEIGHTS + q, code->weights[q], code->weight_words);
        protect(&weights[q], PROT_READ);
    }
    engine.take_counts();
    engine.kernel(steps.words, code->n_epochs, weights[0].words, weights[1].words, weights[2].words,
                  weights[3].words, act.words, act.words);
    zi_pl_counts counts = engine.take_counts();
    for (int q = 0; q < 4; q++)
        release(&weights[q]);
    release(&act);
    release(&steps);
    return counts;
}
