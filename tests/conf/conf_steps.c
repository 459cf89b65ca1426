/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged step lists: fields at their boundaries, steps in another order, taps, epochs, weights
 * and sizes of buffers changed, and counts mended so that rules that compare do not hide others.
 * What the step checker takes, the engine runs to its end inside all buffers, without a conflict
 * and in the iterations stated.
 *
 *   conf_steps [COUNT [FIRST_SEED]]        as many networks
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codegen/codegen.h"
#include "codegen/engine_caps.h"
#include "isa/zk_cycles.h"
#include "support/engine_run.h"
#include "support/random_net.h"
#include "support/step_list.h"

enum { MUTATIONS = 150, MAX_RUN = 60000, FIELDS = sizeof(zk_step) / sizeof(int32_t) };

typedef struct program {
    zi_caps caps;
    const char *board;
    zi_cg_code code;
} program;

typedef struct tally {
    uint32_t mutations, accepted, too_long;
} tally;

static int32_t boundary(zt_source *s, int32_t now, const program *p)
{
    const int32_t values[] = {0,
                              1,
                              2,
                              -1,
                              7,
                              8,
                              9,
                              16,
                              127,
                              -128,
                              -129,
                              256,
                              INT32_MAX,
                              INT32_MIN,
                              1 << 16,
                              1 << 26,
                              (1 << 26) + 1,
                              (int32_t)p->caps.scratchpad_words,
                              (int32_t)p->caps.scratchpad_words - 1,
                              p->code.act_words,
                              p->code.act_words - 1,
                              p->code.weight_words,
                              p->code.step_words,
                              now / 2,
                              (int32_t)(2 * (uint32_t)now)};
    uint32_t i = zt_pick(s, sizeof(values) / sizeof(values[0]) + 8);
    if (i < sizeof(values) / sizeof(values[0]))
        return values[i];
    return (int32_t)((uint32_t)now + zt_pick(s, 33) - 16);
}

static int32_t any_step(zt_source *s, const zi_cg_code *code)
{
    return (int32_t)zt_pick(s, (uint32_t)zt_n_steps(code));
}

static int32_t *field_of(zk_step *s, uint32_t number)
{
    return (int32_t *)(void *)((char *)s + number * sizeof(int32_t));
}

static void mutate_field(zt_source *s, const program *p, zi_cg_code *code)
{
    v16 *words = zt_step_at(code, any_step(s, code));
    zk_step step;
    zk_step_unpack(words, &step);
    int32_t *field = field_of(&step, zt_pick(s, FIELDS));
    *field = boundary(s, *field, p);
    zk_step_pack(&step, words); // its low bits, where it has more than the field
}

/* Field of one step into another. */
static void mutate_mix(zt_source *s, zi_cg_code *code)
{
    v16 *words = zt_step_at(code, any_step(s, code));
    zk_step from, to;
    zk_step_unpack(zt_step_at(code, any_step(s, code)), &from);
    zk_step_unpack(words, &to);
    uint32_t field = zt_pick(s, FIELDS);
    *field_of(&to, field) = *field_of(&from, field);
    zk_step_pack(&to, words);
}

static void mutate_bit(zt_source *s, zi_cg_code *code)
{
    uint32_t bit = zt_pick(s, 128 * ZK_STEP_WORDS);
    zt_step_at(code, any_step(s, code))[bit / 128].b[bit / 8 % 16] ^= (int8_t)(1 << bit % 8);
}

static void mutate_order(zt_source *s, zi_cg_code *code)
{
    v16 *a = zt_step_at(code, any_step(s, code)), *b = zt_step_at(code, any_step(s, code));
    for (int32_t i = 0; i < ZK_STEP_WORDS; i++) {
        v16 word = a[i];
        a[i] = b[i];
        b[i] = word;
    }
}

static void mutate_tap(zt_source *s, const program *p, zi_cg_code *code)
{
    zk_step step;
    zk_tap tap;
    zk_step_unpack(zt_step_at(code, any_step(s, code)), &step);
    if (step.n_taps < 1 || step.n_taps > ZK_TAPS || step.table < 0 ||
        step.table > code->step_words - ZK_TAPS) // changed before
        return;
    int32_t t = (int32_t)zt_pick(s, (uint32_t)step.n_taps);
    v16 *word = &code->steps[step.table + t / 2];
    zk_tap_unpack(word, t % 2, &tap);
    int32_t *numbers[] = {&tap.offset, &tap.dy, &tap.dx}, *n = numbers[zt_pick(s, 3)];
    *n = boundary(s, *n, p);
    zk_tap_pack(&tap, t % 2, word);
}

static void mutate_epoch(zt_source *s, const program *p, zi_cg_code *code)
{
    v16 *word = &code->steps[zt_pick(s, (uint32_t)code->n_epochs)];
    int i = (int)zt_pick(s, 2);
    zk_put32(word, i, boundary(s, zk_get32(word, i), p));
}

static void mutate_size(zt_source *s, zi_cg_code *code)
{
    int32_t *sizes[] = {&code->step_words, &code->weight_words, &code->act_words, &code->n_epochs};
    int32_t *size = sizes[zt_pick(s, 4)];
    *size -= 1 + (int32_t)zt_pick(s, zt_one_in(s, 2) ? 4 : 200);
    *size = *size < 0 ? 0 : *size;
}

static void mutate_weight(zt_source *s, zi_cg_code *code)
{
    if (code->weight_words == 0)
        return;
    uint32_t at = zt_pick(s, 256) * 256 + zt_pick(s, 256);
    v16 *word = &code->weights[zt_pick(s, 4)][at % (uint32_t)code->weight_words];
    word->b[zt_pick(s, 16)] = (int8_t)zt_pick(s, 256);
}

/* What the planner would have made of the counts, so that a change gets past the rules that only
 * compare. */
static void mend(zt_source *s, zk_step *step, int32_t ring, int32_t *level)
{
    int64_t pixels = (int64_t)step->walk.w * step->walk.h;
    bool sane = step->walk.lanes > 0 && step->walk.w > 0 && step->n_taps > 0 &&
                step->n_taps < 300 && step->n_icb > 0 && step->n_icb < 300 && step->n_ocb > 0 &&
                step->n_ocb < 300 && pixels > 0 && pixels < 1 << 20 && step->walk.wr_lanes > 0 &&
                step->walk.lanes < 64 && step->walk.wr_lanes < 64;
    if (step->kind != ZK_LOAD && sane && zt_one_in(s, 2)) {
        step->walk.period = zk_step_period(step);
        step->walk.wrap_w = step->walk.w;
        step->walk.dx = step->walk.lanes % step->walk.w;
        step->walk.dy = step->walk.lanes / step->walk.w;
        step->walk.n_groups = (int32_t)((pixels + step->walk.lanes - 1) / step->walk.lanes);
        step->walk.n_groups += step->walk.start_y < 0;
        if (step->flags & ZK_OUT_FIFO)
            step->store.words = (int32_t)pixels / (step->flags & ZK_POOL2 ? 4 : 1);
    }
    if (step->walk.wr_lanes > 0 && !zt_one_in(s, 16))
        step->move = zk_step_products(step);
    bool short_enough = step->walk.period > 0 && step->walk.period < 1 << 16 &&
                        step->walk.n_groups > 0 && step->walk.n_groups < 1 << 12;
    bool loads = step->load.planes >= 0 && step->load.words >= 0 && step->load.w_words >= 0 &&
                 step->load.planes < 1 << 14 && step->load.words < 1 << 14 &&
                 step->load.w_words < 1 << 14;
    int32_t needs = *level + step->load.w_words;
    if (loads && ((step->kind == ZK_LOAD && step->n_ocb == 0) || (sane && short_enough)) &&
        (int64_t)step->n_ocb * (zk_block_words(step) + 1) <= 4 * (int64_t)needs + 4096) {
        int32_t n = zk_step_iterations(step, ring, level);
        step->iterations = n < 0 ? step->iterations : n;
    }
}

static void mend_all(zt_source *s, const program *p, const zi_cg_code *code)
{
    int32_t level = 0;
    for (int32_t i = 0; i < zt_n_steps(code); i++) {
        zk_step step;
        zk_step_unpack(zt_step_at(code, i), &step);
        mend(s, &step, (int32_t)p->caps.ring_beats / 16, &level);
        zk_step_pack(&step, zt_step_at(code, i));
    }
}

static void mutate(zt_source *s, const program *p, zi_cg_code *code)
{
    for (uint32_t n = 1 + (zt_one_in(s, 2) ? zt_pick(s, 3) : 0); n > 0; n--) {
        switch (zt_pick(s, 12)) {
        case 0:
            mutate_mix(s, code);
            break;
        case 1:
            mutate_order(s, code);
            break;
        case 2:
            mutate_tap(s, p, code);
            break;
        case 3:
            mutate_weight(s, code);
            break;
        case 4:
            mutate_bit(s, code);
            break;
        default:
            mutate_field(s, p, code);
            break;
        }
    }
    if (!zt_one_in(s, 4))
        mend_all(s, p, code);
    if (zt_one_in(s, 16)) // no step is looked at any more
        mutate_epoch(s, p, code);
    if (zt_one_in(s, 16))
        mutate_size(s, code);
}

/* ---- one list ---- */

static void *or_abort(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static v16 *copy_words(const zurt_allocator *a, const v16 *from, int32_t n)
{
    v16 *to = or_abort(zi_calloc(a, (size_t)n + 1, sizeof(*to)));
    memcpy(to, from, (size_t)n * sizeof(*to));
    return to;
}

static zi_cg_code copy_code(const zi_cg_code *from)
{
    zi_cg_code to = *from;
    to.steps = copy_words(&from->allocator, from->steps, from->step_words);
    for (int q = 0; q < 4; q++)
        to.weights[q] = copy_words(&from->allocator, from->weights[q], from->weight_words);
    return to;
}

static int64_t iterations_of(const zi_cg_code *code)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < zt_n_steps(code); i++) {
        zk_step step;
        zk_step_unpack(zt_step_at(code, i), &step);
        sum += step.iterations;
    }
    return sum;
}

/* Whether the engine runs what the checker took. */
static bool runs(const program *p, const zi_cg_code *code, tally *t)
{
    t->accepted++;
    if (iterations_of(code) > MAX_RUN) {
        t->too_long++;
        return true;
    }
    zi_pl_counts counts = zt_engine_run(p->board, code);
    if (counts.wrong)
        fprintf(stderr, "the engine counted %lld things wrong\n", (long long)counts.wrong);
    return !counts.wrong;
}

static bool try_mutations(zurt_ctx *ctx, program *p, zt_source *s, tally *t)
{
    if (zi_cg_verify(ctx, &p->caps, &p->code)) {
        fprintf(stderr, "before any change: %s\n", zurt_ctx_error(ctx));
        return false;
    }
    bool ok = true;
    for (int i = 0; ok && i < MUTATIONS; i++) {
        zi_cg_code code = copy_code(&p->code);
        t->mutations++;
        mutate(s, p, &code);
        if (zi_cg_verify(ctx, &p->caps, &code) == ZURT_OK && !runs(p, &code, t)) {
            fprintf(stderr, "mutation %d is taken and must not be\n", i);
            ok = false;
        }
        zi_cg_code_destroy(&code);
    }
    return ok;
}

static bool try_net(zurt_ctx *ctx, uint64_t seed, tally *t)
{
    zt_source s = zt_source_seed(seed);
    program p = {.board = zt_one_in(&s, 2) ? "zcu104" : "kv260"};
    p.caps = *zi_caps_builtin(p.board);
    p.caps.scratchpad_words = p.caps.pixel_parallel * (uint32_t)zt_pick_range(&s, 60, 250);
    zi_graph *g = or_abort(zt_random_net(ctx, &s, 5, 16));
    const zi_caps *tables[] = {&p.caps, zi_caps_cpu()};
    zi_partition *partition = NULL;
    bool ok = zi_partition_create(ctx, g, tables, 2, &partition) == ZURT_OK;
    for (uint32_t i = 0; ok && i < partition->n_segments; i++) {
        const zi_cg_program *map = zi_cg_program_of(&partition->segments[i]);
        if (!map || zi_cg_encode(ctx, map, &p.code))
            continue;
        if (iterations_of(&p.code) < MAX_RUN)
            ok = try_mutations(ctx, &p, &s, t);
        zi_cg_code_destroy(&p.code);
    }
    if (!ok)
        fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    zi_partition_destroy(partition);
    zi_graph_destroy(g);
    return ok;
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 60;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    zurt_ctx *ctx = NULL;
    tally t = {0};
    bool ok = zurt_ctx_create(NULL, &ctx) == ZURT_OK;
    for (uint64_t seed = first; ok && seed < first + count; seed++)
        ok = try_net(ctx, seed, &t);
    zurt_ctx_destroy(ctx);
    printf("%u mutations: %u refused, %u accepted, of which %u too long to run\n", t.mutations,
           t.mutations - t.accepted, t.accepted, t.too_long);
    // A test of nothing must not pass: some are refused, some are not.
    if (ok && count >= 20)
        ok = t.accepted > t.mutations / 50 && t.accepted < t.mutations / 2 &&
             t.too_long < t.accepted / 2;
    return ok ? 0 : 1;
}
