/* SPDX-License-Identifier: Apache-2.0 */
/* Loads: bands and inputs come to the scratchpad beside the step before, where that leaves them
 * alone. */
#include "codegen/cg_emit.h"
#include "isa/zk_conflicts.h"

/** Beside how many of the last steps a load may be. */
enum { MAX_AHEAD = 2 };

static bool meets(const int32_t range[2], int32_t begin, int32_t end)
{
    return range[0] < end && begin < range[1];
}

static int64_t duration(const zk_step *s)
{
    return (int64_t)s->n_ocb * s->walk.n_groups * s->walk.period;
}

/** Those of the last steps that can load [begin, end) beside what they do, the longest first.
 *  Returns how many. None before a step that works there: what it reads would be lost. */
static int loading_steps(const zi_cg_program *m, int32_t begin, int32_t end,
                         zi_cg_step *out[MAX_AHEAD])
{
    int n = 0;
    size_t first = m->starts[m->n_starts - 1];
    for (size_t i = m->n_steps; i > first && i + MAX_AHEAD > m->n_steps; i--) {
        zi_cg_step *s = &m->steps[i - 1];
        if (meets(s->read[0], begin, end) || meets(s->read[1], begin, end) ||
            meets(s->write, begin, end))
            break;
        if (s->step.load.planes > 0 ||
            zk_writes_suit(&s->step, (int32_t)m->caps->pixel_parallel) != ZK_SUIT_LOADS)
            continue;
        int at = n++;
        for (; at > 0 && duration(&s->step) > duration(&out[at - 1]->step); at--)
            out[at] = out[at - 1];
        out[at] = s;
    }
    return n;
}

/** Beside step `s`: rows [r0, r1) of `source` to `base`, laid out like `to`. */
static void load_beside(zk_step *s, const zi_cg_tensor *source, int32_t r0, int32_t r1,
                        const zi_cg_tensor *to, int32_t base)
{
    s->load.src = source->buffer.ddr + r0 * source->w;
    s->load.planes = source->blocks;
    s->load.words = (r1 - r0) * source->w;
    s->load.src_plane = source->h * source->w;
    s->load.dst = base;
    s->load.w = source->w;
    s->load.row = to->buffer.pitch;
    s->load.plane = to->buffer.plane;
    s->load.split = to->buffer.split;
    s->load.half = to->buffer.half;
}

/** Loads rows [r0, r1) of `source` to `base`, laid out like `to`: beside one step or, if that is
 *  too short, two; in a step of their own if there is none. */
static zurt_status load_rows(zi_cg_emitter *e, const zi_cg_tensor *source, int32_t r0, int32_t r1,
                             const zi_cg_tensor *to, int32_t base)
{
    zi_cg_step *s[MAX_AHEAD] = {NULL};
    int n = loading_steps(e->m, base, base + to->buffer.plane * source->blocks, s);
    int32_t rows = r1 - r0, here = rows;
    zurt_status st = n ? ZURT_OK : zi_cg_add_step(e, &s[0]);
    if (st)
        return st;
    if (n == 2) { // a word every second iteration
        int64_t time[2] = {duration(&s[0]->step), duration(&s[1]->step)};
        if (2 * (int64_t)rows * source->w * source->blocks > time[0])
            here = (int32_t)zi_ceil_div64(rows * time[0], time[0] + time[1]);
    }
    load_beside(&s[0]->step, source, r0, r0 + here, to, base);
    if (here < rows)
        load_beside(&s[1]->step, source, r0 + here, r1, to, base + here * to->buffer.pitch);
    return ZURT_OK;
}

zurt_status zi_cg_make_view(zi_cg_emitter *e, uint32_t p, uint32_t band, int32_t r0, int32_t r1,
                            int32_t tile, zi_cg_view *out)
{
    zi_cg_program *m = e->m;
    int32_t block;
    uint32_t root = zi_cg_root(m, p, &block);
    const zi_cg_tensor *source = &m->tensors[p], *at = source;
    zurt_status st = ZURT_OK;
    *out = (zi_cg_view){.base = source->buffer.base, .first_row = 0, .rows = source->h};
    if (m->tensors[root].buffer.where == ZI_CG_DDR) {
        at = &m->tensors[band];
        out->base = at->buffer.base + (at->buffer.doubled && tile % 2 ? at->buffer.words / 2 : 0);
        out->first_row = r0;
        out->rows = r1 - r0;
        st = load_rows(e, source, r0, r1, at, out->base);
    } else if (m->tensors[root].input && !e->loaded[root]) {
        const zi_cg_tensor *whole = &m->tensors[root];
        e->loaded[root] = true;
        st = load_rows(e, whole, 0, whole->h, whole, whole->buffer.base);
    }
    out->w = source->w;
    out->pitch = at->buffer.pitch;
    out->half = at->buffer.half;
    out->plane = at->buffer.plane;
    out->split = at->buffer.split;
    out->begin = out->base;
    out->end = out->base + at->buffer.plane * source->blocks;
    return st;
}
