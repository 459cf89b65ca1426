/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random networks through code generator, checker and engine in C simulation, against the reference
 * kernels. The engine is told to have less memory than it has (conf_small_caps()). Its own count of
 * iterations must be the code generator's: it is what every modelled number is made of.
 *
 *   conf_map [COUNT [FIRST_SEED]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend/pl/pl.h"
#include "codegen/codegen.h"
#include "conf_engines.h"
#include "exec/session.h"
#include "support/model_fixture.h"
#include "support/random_net.h"
#include "support/reference.h"

static zi_caps caps;
static zi_pl_engine engine;

/* Iterations that the engine counted since the last run began. */
static int64_t counted;
static zi_pl_counts (*take_counts)(void);

static zi_pl_counts count_and_take(void)
{
    zi_pl_counts c = take_counts();
    counted += c.iterations;
    return c;
}

static zurt_status open_small(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    return zi_pl_open_engine(ctx, config, &engine, out);
}

/* What the code generator did over all networks: a test of nothing must not pass. */
typedef struct tally {
    uint32_t nets, on_pl, banded, spills, in_place, packed, quads, scattered, picks, pairs,
        put_in_order, read_in_place, kinds[5], flags[7];
} tally;

static void count_map(tally *t, const zi_cg_program *m)
{
    bool bands = false;
    for (size_t i = 0; i < m->n_tensors; i++) {
        bands |= m->tensors[i].buffer.where == ZI_CG_BAND;
        t->in_place += m->tensors[i].buffer.shares != ZI_NONE;
        t->packed += m->tensors[i].pack.lanes_h != 0;
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        t->quads += zi_cg_sums_quads(&m->layers[i]);
        t->scattered += m->layers[i].tile != ZI_NONE && zi_cg_scatters(&m->layers[i]);
        t->picks += m->layers[i].picks;
        t->put_in_order += m->layers[i].choice != NULL;
        t->read_in_place += m->layers[i].channels != NULL;
        t->pairs += m->layers[i].leads;
    }
    t->on_pl++;
    t->banded += bands;
    t->spills += m->n_starts > 1;
    for (size_t i = 0; i < m->n_steps; i++) {
        t->kinds[m->steps[i].step.kind]++;
        for (int b = 0; b < 7; b++)
            t->flags[b] += m->steps[i].step.flags >> b & 1;
    }
}

static void count_session(tally *t, const zurt_session *s)
{
    t->nets++;
    for (uint32_t i = 0; i < s->schedule->partition->n_segments; i++) {
        if (zi_cg_program_of(&s->schedule->partition->segments[i]))
            count_map(t, zi_cg_program_of(&s->schedule->partition->segments[i]));
    }
}

/* Iterations of one run as the code generator planned them. */
static int64_t planned(const zurt_session *s)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < s->schedule->partition->n_segments; i++) {
        const zi_cg_program *m = zi_cg_program_of(&s->schedule->partition->segments[i]);
        for (size_t k = 0; m && k < m->n_steps; k++)
            sum += (int64_t)m->steps[k].step.iterations * m->batch;
    }
    return sum;
}

static int fail(uint64_t seed, const char *what, zurt_ctx *ctx, const zi_graph *g)
{
    char *text = NULL;
    zi_graph_print(ctx, g, &text);
    fprintf(stderr, "seed %llu, scratchpad %u words: %s: %s\n%s", (unsigned long long)seed,
            (unsigned)caps.scratchpad_words, what, zurt_ctx_error(ctx), text ? text : "");
    return 1;
}

static int run_net(zurt_ctx *ctx, uint64_t seed, tally *t)
{
    zt_source source = zt_source_seed(seed);
    engine = conf_engine(zt_pick(&source, CONF_ENGINES));
    take_counts = engine.take_counts;
    engine.take_counts = count_and_take;
    bool wide;
    caps = conf_small_caps(engine.caps, &source, seed, &wide);
    engine.caps = &caps;
    zi_backend_vtable vtable = zi_backend_sim;
    vtable.open = open_small;
    zi_accelerators accelerators = {.candidates = {&vtable}, .n = 1, .required = true};
    zi_graph *g = zt_random_net(ctx, &source, wide ? 3 : 10, wide ? 110 : 40);
    if (!g || zi_graph_check(ctx, g))
        return fail(seed, "generator", ctx, g);
    zt_io expected = zt_io_create(g, seed), got = zt_io_create(g, seed);
    int result = 0;
    if (zt_reference_run(ctx, g, &expected) == ZURT_OK) {
        struct zurt_model model = zt_model_of(g);
        zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
        options.threads = 1;
        zurt_session *s = NULL;
        zurt_status st = zi_session_create(ctx, &model, &options, &accelerators, &s);
        counted = 0;
        if (!st)
            st = zurt_session_run(s, got.in, g->n_inputs, got.out, g->n_outputs);
        if (st)
            result = fail(seed, "session", ctx, g);
        else if (counted != planned(s))
            result = fail(seed, "the engine counts other iterations than were planned", ctx, g);
        else if (zt_io_compare(&expected, &got) >= 0)
            result = fail(seed, "bytes differ", ctx, g);
        else
            count_session(t, s);
        zurt_session_destroy(s);
    }
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    zi_graph_destroy(g);
    return result;
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 400;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    zurt_ctx *ctx = NULL;
    tally t = {0};
    int failed = zurt_ctx_create(NULL, &ctx) != ZURT_OK;
    for (uint64_t seed = first; !failed && seed < first + count; seed++)
        failed = run_net(ctx, seed, &t);
    zurt_ctx_destroy(ctx);
    printf("%u networks, %u segments on the PL: %u with bands, %u with spills, %u sums in place, "
           "%u inputs packed, %u for four sums at once, %u scattered in tiles, %u strided copies, "
           "%u pairs in turns\n"
           "channels: put in order %u, read where they are %u\n"
           "steps: load %u, conv %u, diagonal %u, row %u, max %u\n"
           "flags: residual %u, lut %u, bank %u, fifo %u, pool2 %u, up2 %u, keep %u\n",
           t.nets, t.on_pl, t.banded, t.spills, t.in_place, t.packed, t.quads, t.scattered, t.picks,
           t.pairs, t.put_in_order, t.read_in_place, t.kinds[0], t.kinds[1], t.kinds[2], t.kinds[3],
           t.kinds[4], t.flags[0], t.flags[1], t.flags[2], t.flags[3], t.flags[4], t.flags[5],
           t.flags[6]);
    for (int i = 0; i < 5 && count >= 400; i++)
        failed |= t.kinds[i] == 0;
    for (int i = 0; i < 7 && count >= 400; i++)
        failed |= t.flags[i] == 0;
    return failed || (count >= 400 && (!t.banded || !t.spills || !t.in_place || !t.packed ||
                                       !t.quads || !t.scattered || !t.picks || !t.pairs ||
                                       !t.put_in_order || !t.read_in_place));
}
