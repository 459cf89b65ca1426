/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Last stage: each step takes in as many weights of later steps as the ring has room for and its
 * own length hides. Then cycles and DDR traffic, counted as the engine counts them.
 *
 * DDR is one budget for all ports: a step costs max(iterations + overhead, bytes / bandwidth).
 */
#include "codegen/cg_lower.h"
#include "isa/zk_cycles.h"

enum { RING_WORD_BYTES = 256, WORD_BYTES = 16, STEP_BYTES = 16 * ZK_STEP_WORDS };

/** Ring words of all streams, 1 GiB: a layer in many tiles has its weights as often. */
enum { MAX_STREAM_WORDS = 1 << 22 };

/** Bytes of DDR traffic per 1024 cycles. */
static uint64_t bytes_per_1024(const zi_caps *caps)
{
    return caps->clock_khz ? (uint64_t)caps->ddr_bytes_per_us * 1024 * 1000 / caps->clock_khz : 0;
}

static uint64_t act_bytes(const zk_step *s)
{
    uint64_t words = (uint64_t)s->load.planes * (uint64_t)s->load.words;
    if (s->flags & ZK_OUT_FIFO)
        words += (uint64_t)s->n_ocb * (uint64_t)s->store.words;
    return words * WORD_BYTES;
}

static uint64_t compute_time(const zk_step *s)
{
    uint64_t header = zk_block_words(s) > 0;
    return (uint64_t)s->n_ocb * (header + (uint64_t)s->walk.n_groups * (uint64_t)s->walk.period) +
           (uint64_t)zk_step_overhead(s);
}

/** Ring words that DDR delivers while the step computes. */
static int64_t words_in_time(const zi_cg_program *m, const zk_step *s)
{
    uint64_t rate = bytes_per_1024(m->caps), bytes = compute_time(s) * rate / 1024;
    uint64_t act = act_bytes(s);
    int64_t words = bytes > act ? (int64_t)((bytes - act) / RING_WORD_BYTES) : 0;
    int64_t beats = (int64_t)compute_time(s) / 4;
    return words < beats ? words : beats;
}

static zurt_status schedule_step(zurt_ctx *ctx, zi_cg_program *m, size_t i, int64_t *taken,
                                 int32_t *level)
{
    zi_cg_step *ms = &m->steps[i];
    zk_step *s = &ms->step;
    int32_t ring = (int32_t)m->caps->ring_beats / 16;
    int64_t end = (int64_t)ms->w_first + ms->w_used; // words read when the step is over
    int64_t released = s->flags & ZK_KEEP_WEIGHTS ? ms->w_first : end;
    int64_t least = ms->w_used && end > *taken ? end - *taken : 0;
    int64_t room = released + ring - *taken;
    int64_t want = words_in_time(m, s);
    want = want < least ? least : want;
    want = want < room ? want : room;
    want = want < m->stream_words - *taken ? want : m->stream_words - *taken;
    want = want < ZK_STEP_WEIGHTS ? want : ZK_STEP_WEIGHTS;
    if (want < least)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED, "mapping: the weight ring is too small");
    if (compute_time(s) > ZK_STEP_ITERATIONS)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                       "mapping: a layer takes more cycles than a step can have");
    // Words beyond the room at the start wait for released ones: then the fewest that do.
    int32_t before = *level, iterations = -1;
    s->load.w_src = (int32_t)*taken * 4;
    for (int attempt = 0; attempt < 2 && iterations < 0; attempt++) {
        s->load.w_words = (int32_t)(attempt ? least : want);
        *level = before;
        iterations = zk_step_iterations(s, ring, level);
    }
    if (iterations < 0)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                       "mapping: the weight ring is too small for a layer");
    s->iterations = iterations;
    *taken += s->load.w_words;
    s->move = zk_step_products(s);
    const char *field = zk_step_misfit(s);
    if (field)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                       "mapping: %s of a step is beyond its width in the step format", field);
    return ZURT_OK;
}

/** Where each step's words stand; those of a step without weights: the oldest in the ring. */
static void number_weights(zi_cg_program *m)
{
    int32_t next = 0, last = 0;
    bool kept = false;
    for (size_t i = 0; i < m->n_steps; i++) {
        zi_cg_step *ms = &m->steps[i];
        if (ms->w_used == 0) {
            ms->w_first = kept ? last : next;
            continue;
        }
        if (!ms->w_again) {
            last = next;
            next += ms->w_used;
        }
        ms->w_first = last;
        kept = ms->step.flags & ZK_KEEP_WEIGHTS;
    }
    m->stream_words = next;
}

static void count(zi_cg_program *m)
{
    uint64_t rate = bytes_per_1024(m->caps);
    for (size_t i = 0; i < m->n_steps; i++) {
        const zk_step *s = &m->steps[i].step;
        uint64_t cycles = (uint64_t)s->iterations + (uint64_t)zk_step_overhead(s);
        uint64_t bytes = act_bytes(s) + (uint64_t)s->load.w_words * RING_WORD_BYTES + STEP_BYTES;
        uint64_t transfer = rate ? bytes * 1024 / rate : 0;
        cycles = cycles > transfer ? cycles : transfer;
        m->cycles += cycles * (uint64_t)m->batch;
        m->ddr_bytes += bytes * (uint64_t)m->batch;
        uint32_t layer = m->steps[i].layer;
        for (size_t k = i; layer == ZI_NONE && k < m->n_steps; k++)
            layer = m->steps[k].layer; // a load is the next layer's
        if (layer != ZI_NONE) {
            zi_cg_layer *l = &m->layers[layer];
            zi_node_cost *node = &m->lowered.nodes[l->l.node - m->first_node];
            l->cycles += cycles * (uint64_t)m->batch;
            node->cycles += cycles * (uint64_t)m->batch;
            node->ddr_bytes += bytes * (uint64_t)m->batch;
        }
    }
}

zurt_status zi_cg_schedule(zi_cg_builder *b)
{
    zurt_ctx *ctx = b->ctx;
    zi_cg_program *m = b->m;
    int64_t words = 0;
    for (size_t i = 0; i < m->n_steps; i++)
        words += m->steps[i].w_used;
    if (words > MAX_STREAM_WORDS)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                       "mapping: %lld MiB of weights, once for each tile that reads them; %d are "
                       "possible",
                       (long long)(words / 4096), MAX_STREAM_WORDS / 4096);
    number_weights(m);
    int64_t taken = 0;
    int32_t level = 0;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < m->n_steps; i++)
        st = schedule_step(ctx, m, i, &taken, &level);
    if (!st)
        count(m);
    return st;
}
