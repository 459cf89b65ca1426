/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * How many iterations a step takes: the engine's timing, exactly, from the step alone. For the
 * code generator, the checker and the tests; not synthesised. Cycles = iterations +
 * zk_step_overhead(), as long as DDR delivers a beat per port whenever one is asked for. All of
 * this is a model.
 *
 * In a step without waits:
 *   iterations = max(n_ocb * (1 + n_groups * period) + write-back of the last group,
 *                    4 * load.w_words, time of the act beats)
 * (no +1 for kinds without a header word). Act beats are taken every second iteration as long as
 * results may be written, then every iteration.
 *
 * Ref: docs/engine.md, "Cycle model".
 */
#ifndef ZK_CYCLES_H
#define ZK_CYCLES_H

#include <stdint.h>

#include "isa/zk_config.h"
#include "isa/zk_step.h"

/** The largest weight ring of all configurations. */
#define ZK_RING_MAX ZK_ZCU104_RING

/** Cycles of a step beyond its iterations: the pipeline's fill and drain, its tables. */
static inline int32_t zk_step_overhead(const zk_step *s)
{
    return ZK_STEP_OVERHEAD + (s->flags & (ZK_RESIDUAL | ZK_LUT) ? ZK_TABLE_CYCLES : 0);
}

/** Iterations that write back a group; 0 for ZK_LOAD. */
static inline int32_t zk_step_writeback(const zk_step *s)
{
    if (s->kind == ZK_LOAD)
        return 0;
    if (s->flags & ZK_UP2)
        return 2 * s->walk.lanes;
    return (s->walk.lanes + s->walk.wr_lanes - 1) / s->walk.wr_lanes;
}

/** Iterations that read vectors for a group: the taps, and one for the residual. */
static inline int32_t zk_step_reads(const zk_step *s)
{
    return s->n_taps * s->n_icb + (s->flags & ZK_RESIDUAL ? 1 : 0);
}

/** The smallest `period`. */
static inline int32_t zk_step_period(const zk_step *s)
{
    int32_t reads = zk_step_reads(s), writes = zk_step_writeback(s);
    int32_t least = s->kind == ZK_DW_ROW ? ZK_ROW_GAP : 1;
    least = writes > least ? writes : least;
    return reads > least ? reads : least;
}

/** What `move` of a step must be: fields within their widths leave no product beyond 32 bits. */
static inline zk_step_move zk_step_products(const zk_step *s)
{
    const zk_step_walk *w = &s->walk;
    zk_step_move m = {0};
    if (s->kind == ZK_LOAD)
        return m;
    m.reads = s->n_taps * s->n_icb;
    m.writes = zk_step_writeback(s);
    m.in = w->dy * s->in.row + w->dx * s->in.col;
    m.in_wrap = s->in.row - w->wrap_w * s->in.col;
    m.res = w->dy * s->res.row + w->dx;
    m.ix = w->dx * s->in.stride_x;
    m.ix_wrap = -w->wrap_w * s->in.stride_x;
    m.iy = w->dy * s->in.stride_y;
    m.row = w->dy * s->out.row;
    m.start_in = w->start_y * s->in.row + w->start_x * s->in.col;
    m.start_res = w->start_y * s->res.row + w->start_x;
    m.start_ix = w->start_x * s->in.stride_x;
    m.start_iy = w->start_y * s->in.stride_y;
    m.start_row = w->start_y * s->out.row;
    return m;
}

/** The weight ring's clock: words are numbered from 0, the oldest in the ring when a step begins.
 */
typedef struct {
    int32_t ring;     /**< capacity */
    int32_t level;    /**< words there at the start */
    int32_t w_words;  /**< words to come */
    int32_t begun;    /**< words to come whose absorption has been timed */
    int32_t end;      /**< iteration of the last beat of the last of them; -1 before the first */
    int32_t released; /**< words read for the last time, and when: */
    int32_t release_time[ZK_RING_MAX];
} zk_ring_clock;

/** Times the absorption of the next word; 0: it never finds room. */
static inline int zk_ring_absorb(zk_ring_clock *c)
{
    int32_t displaced = c->level + c->begun - c->ring, begin = c->end + 1;
    if (displaced >= c->released)
        return 0;
    if (displaced >= 0 && c->release_time[displaced % c->ring] + 1 > begin)
        begin = c->release_time[displaced % c->ring] + 1;
    c->end = begin + 3;
    c->begun++;
    return 1;
}

/** First iteration, not before t, in which word n can be read; -1: never. */
static inline int32_t zk_ring_ready(zk_ring_clock *c, int32_t n, int32_t t)
{
    int32_t seen = 0;
    if (n >= c->level + c->w_words)
        return -1;
    while (c->level + c->begun <= n)
        if (!zk_ring_absorb(c))
            return -1;
    if (n >= c->level)
        seen = c->end + ZK_RING_GAP; // words are read in order: n is the last one timed
    return seen > t ? seen : t;
}

static inline void zk_ring_release(zk_ring_clock *c, int32_t t)
{
    c->release_time[c->released % c->ring] = t;
    c->released++;
}

/** One block that has weights: from iteration t, reading from word `first` on; its end, or -1. */
static inline int32_t zk_block_time(const zk_step *s, zk_ring_clock *c, int32_t first, int32_t t)
{
    int32_t words = zk_block_words(s), reads = s->n_taps * s->n_icb;
    int32_t per_word = s->kind == ZK_DW_DIAG ? 16 : 1, keep = s->flags & ZK_KEEP_WEIGHTS;
    t = zk_ring_ready(c, first, t);
    if (t < 0)
        return -1;
    if (!keep)
        zk_ring_release(c, t);
    t++;
    for (int32_t w = 0; w < words; w++) { // the first group waits for its weights
        int32_t uses = reads - w * per_word < per_word ? reads - w * per_word : per_word;
        t = zk_ring_ready(c, first + 1 + w, t);
        if (t < 0)
            return -1;
        t += uses;
        if (!keep && s->walk.n_groups == 1)
            zk_ring_release(c, t - 1);
    }
    t += s->walk.period - reads;
    if (s->walk.n_groups == 1)
        return t;
    t += (s->walk.n_groups - 2) * s->walk.period;
    for (int32_t w = 0; w < words && !keep; w++) { // the last group releases them
        int32_t last = (w + 1) * per_word < reads ? (w + 1) * per_word : reads;
        zk_ring_release(c, t + last - 1);
    }
    return t + s->walk.period;
}

/**
 * Iterations of a step.
 *
 * @param s      a step whose counts are within the limits of zk_step.h; `iterations` is not read.
 * @param ring   words of the weight ring, <= ZK_RING_MAX.
 * @param level  in: words in the ring at the start (0 before the first step); out: at the end.
 * @return iterations; -1: the step reads weights that are never absorbed, or absorbs weights for
 *         which the ring never has room. `level` is then unchanged.
 */
static inline int32_t zk_step_iterations(const zk_step *s, int32_t ring, int32_t *level)
{
    zk_ring_clock c = {ring, *level, s->load.w_words, 0, -1, 0, {0}};
    int32_t words = zk_block_words(s), t = 0, result, beats = s->load.planes * s->load.words, paced;
    for (int32_t o = 0; o < s->n_ocb; o++) {
        if (words > 0)
            t = zk_block_time(s, &c, o * (words + 1), t);
        else
            t += s->walk.n_groups * s->walk.period;
        if (t < 0)
            return -1;
    }
    if (s->n_ocb > 0)
        t += zk_step_writeback(s);
    while (c.begun < c.w_words)
        if (!zk_ring_absorb(&c))
            return -1;
    result = t > c.end + 1 ? t : c.end + 1;
    paced = (t + 1) / 2; // beats that fit beside the computation
    if (beats > paced)
        result = result > t + beats - paced ? result : t + beats - paced;
    *level += s->load.w_words - c.released;
    return result;
}

#endif
