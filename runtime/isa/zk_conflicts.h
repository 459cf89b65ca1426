/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Whether a step's vectors and results suit the banks: for code generator, checker and tests, which
 * must prove it before a step runs, since the engine trusts it; not synthesised. Time: a few
 * operations per output pixel.
 *
 * Ref: docs/engine.md, "Banks".
 */
#ifndef ZK_CONFLICTS_H
#define ZK_CONFLICTS_H

#include "isa/zk_cycles.h"

/** The lanes' pixels, as exec walks over them. */
typedef struct {
    int32_t x[ZK_PP_MAX], y[ZK_PP_MAX];
} zk_walk;

static inline void zk_walk_start(const zk_step *s, int32_t pp, zk_walk *out)
{
    int32_t x = s->walk.start_x, y = s->walk.start_y;
    for (int32_t l = 0; l < pp; l++) {
        out->x[l] = x;
        out->y[l] = y;
        x++;
        if (x >= s->walk.wrap_w) {
            x = 0;
            y++;
        }
    }
}

static inline void zk_walk_next(const zk_step *s, int32_t pp, zk_walk *w)
{
    for (int32_t l = 0; l < pp; l++) {
        int32_t wrap = w->x[l] + s->walk.dx >= s->walk.wrap_w;
        w->x[l] += s->walk.dx - (wrap ? s->walk.wrap_w : 0);
        w->y[l] += s->walk.dy + wrap;
    }
}

static inline int zk_walk_live(const zk_step *s, const zk_walk *w, int32_t l)
{
    return l < s->walk.lanes && w->x[l] < s->walk.w && w->y[l] >= 0 && w->y[l] < s->walk.h;
}

static inline int32_t zk_bank_of(int64_t a, int32_t pp)
{
    int32_t b = (int32_t)(a % pp);
    return b < 0 ? b + pp : b;
}

/**
 * Whether every vector rotates: lane l's word in bank (bank of lane 0) + l, for all pixels of the
 * output, input and residual. Taps do not matter, they move all lanes alike.
 *
 * @param s   a step within the limits of zk_step.h.
 * @param pp  banks, <= ZK_PP_MAX.
 */
static inline int zk_reads_rotate(const zk_step *s, int32_t pp)
{
    zk_walk w;
    zk_walk_start(s, pp, &w);
    for (int32_t g = 0; g < s->walk.n_groups; g++) {
        for (int32_t l = 1; l < pp; l++) {
            int64_t dy = (int64_t)w.y[l] - w.y[0], dx = (int64_t)w.x[l] - w.x[0];
            if (!zk_walk_live(s, &w, l))
                continue;
            if (zk_bank_of(dy * s->in.row + dx * s->in.col - l, pp) != 0)
                return 0;
            if ((s->flags & ZK_RESIDUAL) && zk_bank_of(dy * s->res.row + dx - l, pp) != 0)
                return 0;
        }
        zk_walk_next(s, pp, &w);
    }
    return 1;
}

/** Banks written in write-back iteration `pos` of a group; at most ZK_PP_MAX. Returns how many. */
static inline int32_t zk_banks_written(const zk_step *s, int32_t pp, const zk_walk *w, int64_t base,
                                       int32_t pos, int32_t *out)
{
    int32_t n = 0, up = (s->flags & ZK_UP2) != 0, pool = (s->flags & ZK_POOL2) != 0;
    int32_t count = up ? 2 : s->walk.wr_lanes;
    for (int32_t i = 0; i < count; i++) {
        int32_t l = up ? pos / 2 : pos * s->walk.wr_lanes + i, y, x, phase;
        if (l >= pp || !zk_walk_live(s, w, l))
            continue;
        y = up ? 2 * w->y[l] + pos % 2 : w->y[l];
        x = up ? 2 * w->x[l] + i : w->x[l];
        if (pool && (i > 0 || y % 2 == 0))
            continue;
        y = pool ? y / 2 : y;
        x = pool ? x / 2 : x;
        phase = x & ((1 << s->out.split) - 1);
        out[n++] =
            zk_bank_of(base + (int64_t)y * s->out.row + (int64_t)(x >> s->out.split) * s->out.col +
                           (int64_t)phase * s->out.half,
                       pp);
    }
    return n;
}

/** How results suit the banks. */
enum zk_suit {
    ZK_SUIT_NOT = 0,   /**< two words of an iteration share a bank: fewer wr_lanes, another pitch */
    ZK_SUIT_ALONE = 1, /**< none do, but those of neighbouring iterations: no act beats beside it */
    ZK_SUIT_LOADS = 2  /**< nor those: act beats are absorbed on time */
};

/**
 * How the results of a step suit the banks. Without ZK_OUT_BANK nothing is written: ZK_SUIT_LOADS.
 *
 * @param s   a step within the limits of zk_step.h, wr_lanes chosen; where period is 0, one group
 * is taken to follow the other at once.
 * @param pp  banks, <= ZK_PP_MAX.
 */
static inline int zk_writes_suit(const zk_step *s, int32_t pp)
{
    int32_t last[ZK_PP_MAX], n_last = 0, suit = ZK_SUIT_LOADS;
    int32_t blocks = s->flags & ZK_OUT_BANK ? (s->n_ocb < 2 ? s->n_ocb : 2) : 0;
    zk_walk w;
    for (int32_t g = 0; g < blocks * s->walk.n_groups; g++) { // two blocks: the seam between them
        int64_t base = s->out.base + (g < s->walk.n_groups ? 0 : (int64_t)s->out.plane);
        if (g % s->walk.n_groups == 0)
            zk_walk_start(s, pp, &w);
        if (s->walk.period > zk_step_writeback(s) ||
            (g == s->walk.n_groups && zk_block_words(s) > 0))
            n_last = 0; // an iteration without results lies between
        for (int32_t pos = 0; pos < zk_step_writeback(s); pos++) {
            int32_t now[ZK_PP_MAX], n = zk_banks_written(s, pp, &w, base, pos, now);
            for (int32_t i = 0; i < n; i++) {
                for (int32_t j = 0; j < i; j++)
                    if (now[i] == now[j])
                        return ZK_SUIT_NOT;
                for (int32_t j = 0; j < n_last; j++)
                    if (now[i] == last[j])
                        suit = ZK_SUIT_ALONE;
            }
            for (int32_t i = 0; i < n; i++)
                last[i] = now[i];
            n_last = n;
        }
        zk_walk_next(s, pp, &w);
    }
    return suit;
}

#endif
