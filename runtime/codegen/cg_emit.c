/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer becomes one step per tile of rows, phase of a transposed convolution and range of output
 * channels; epochs begin where a layer reads what was stored.
 */
#include "codegen/cg_emit.h"
#include "codegen/cg_lower.h"
#include "isa/zk_conflicts.h"

/** Steps of a segment: a hostile graph must not make a list that fills the memory. */
enum { MAX_STEPS = 1 << 16 };

zurt_status zi_cg_add_step(zi_cg_emitter *e, zi_cg_step **out)
{
    zi_cg_program *m = e->m;
    if (m->n_steps == MAX_STEPS)
        return zi_fail(e->ctx, ZURT_E_UNSUPPORTED, "mapping: more than %d steps", MAX_STEPS);
    if (!zi_cg_grow(m, (void **)&m->steps, &m->cap_steps, m->n_steps, sizeof(*m->steps)))
        return zi_cg_nomem(e->ctx);
    *out = &m->steps[m->n_steps++];
    **out = (zi_cg_step){.layer = ZI_NONE, .first_tap = (uint32_t)m->n_taps};
    (*out)->step.in.ocb_every = 1;
    return ZURT_OK;
}

static zurt_status start_epoch(zi_cg_emitter *e)
{
    zi_cg_program *m = e->m;
    if (m->n_starts && m->starts[m->n_starts - 1] == m->n_steps)
        return ZURT_OK;
    if (!zi_cg_grow(m, (void **)&m->starts, &m->cap_starts, m->n_starts, sizeof(*m->starts)))
        return zi_cg_nomem(e->ctx);
    m->starts[m->n_starts++] = (uint32_t)m->n_steps;
    return ZURT_OK;
}

/* ---- loads: inputs and bands come to the scratchpad beside a step that leaves them alone ---- */

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

/** Makes rows [r0, r1) of tensor `p` readable: loads them if they are in the act buffer, to `band`;
 *  `tile` is the number of the tile of rows: bands alternate. */
static zurt_status make_view(zi_cg_emitter *e, uint32_t p, uint32_t band, int32_t r0, int32_t r1,
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

/* ---- tiles ---- */

static int32_t block_words_of(const zi_cg_layer *l)
{
    const zi_layer *d = &l->l;
    int32_t taps = d->kernel[0] * d->kernel[1] * d->passes;
    return d->kind == ZI_LAYER_CONV ? taps * (zi_blocks(d->x.c) / d->groups) : taps;
}

/** Words of a block that go to the act buffer from a tile of `rows`. */
static int32_t stored_words(const zi_cg_program *m, const zi_cg_layer *l, int32_t rows)
{
    bool stored = m->tensors[l->out].buffer.stored && !zi_cg_fills_tile(l);
    return stored ? l->l.y.w * rows / (l->pool2 ? 4 : 1) : 0;
}

/** End of the range of blocks that one step of `rows` computes from `block` on. */
static int32_t blocks_end(const zi_cg_program *m, const zi_cg_layer *l, int32_t block, int32_t rows)
{
    int32_t total = zi_cg_blocks(l), most = ZK_STEP_WEIGHTS / (block_words_of(l) + 1);
    int32_t stored = stored_words(m, l, rows), fits = (int32_t)m->caps->scratchpad_words;
    if (stored > 0 && fits / stored < most)
        most = fits / stored;
    int32_t group = total / l->l.groups, end = block + (most < 1 ? 1 : most);
    int32_t boundary = (block / group + 1) * group;
    return end < boundary ? end : boundary;
}

static zurt_status emit_tile(zi_cg_emitter *e, uint32_t layer, const zi_cg_view v[2], int32_t y0,
                             int32_t y1, bool keep, bool again)
{
    const zi_cg_layer *l = &e->m->layers[layer];
    const zi_layer *d = &l->l;
    int32_t phases[2] = {1, 1}, total = zi_cg_blocks(l);
    zi_cg_share sh = {.y0 = y0, .y1 = y1, .keep = keep, .again = again};
    zurt_status st = ZURT_OK;
    for (int k = 0; k < 2 && d->transposed; k++)
        phases[k] = d->stride[k];
    for (int32_t block = 0; !st && block < total; block += sh.n_blocks) {
        sh.block = block;
        sh.n_blocks = blocks_end(e->m, l, block, y1 - y0) - block;
        for (int32_t p = 0; !st && p < phases[0] * phases[1]; p++) {
            sh.phase[0] = p / phases[1];
            sh.phase[1] = p % phases[1];
            if (sh.phase[0] < y1 - y0 && sh.phase[1] < d->y.w)
                st = zi_cg_emit_step(e, layer, l, v, &sh);
        }
    }
    return st;
}

/** The result of a tile: the maximum of its sums, those of 2x2 pixels; or a copy of what was
 *  scattered there. */
static zurt_status emit_result(zi_cg_emitter *e, uint32_t layer, int32_t y0, int32_t y1)
{
    zi_cg_layer l = e->m->layers[layer];
    const zi_cg_tensor *p = &e->m->tensors[l.tile];
    if (zi_cg_scatters(&l)) {
        l.l = zi_cg_copy_of(&e->m->tensors[l.out], l.l.node);
        y0 *= e->m->layers[layer].l.up2 ? 2 : 1;
        y1 *= e->m->layers[layer].l.up2 ? 2 : 1;
        l.tile = ZI_NONE;
    }
    zi_cg_view v[2] = {{.base = p->buffer.base,
                        .first_row = y0,
                        .rows = y1 - y0,
                        .w = p->w,
                        .pitch = p->buffer.pitch,
                        .plane = p->buffer.plane,
                        .begin = p->buffer.base,
                        .end = p->buffer.base + p->buffer.words},
                       {0}};
    zi_cg_share sh = {.y0 = y0, .y1 = y1, .n_blocks = zi_blocks(l.l.y.c)};
    l.l.kind = ZI_LAYER_MAX;
    l.has_lut = false; // the tile went through it
    return zi_cg_emit_step(e, layer, &l, v, &sh);
}

/** A layer that reads what this epoch stores belongs to the next one. */
static zurt_status separate(zi_cg_emitter *e, const zi_cg_layer *l)
{
    zi_cg_program *m = e->m;
    const uint32_t reads[2] = {l->in, l->residual};
    zurt_status st = ZURT_OK;
    for (int k = 0; !st && k < 2; k++) {
        int32_t block;
        if (reads[k] == ZI_NONE)
            continue;
        uint32_t root = zi_cg_root(m, reads[k], &block);
        if (m->tensors[root].buffer.where == ZI_CG_DDR && e->written_in[root] == m->n_starts)
            st = start_epoch(e);
    }
    return st;
}

static zurt_status emit_rows(zi_cg_emitter *e, uint32_t layer, int32_t tile, bool keep, bool again)
{
    zi_cg_program *m = e->m;
    const zi_cg_layer l = m->layers[layer];
    int32_t y0 = tile * l.tile_rows, y1 = y0 + l.tile_rows, r0, r1;
    zi_cg_view v[2] = {{0}, {0}};
    y1 = y1 < l.l.y.h ? y1 : l.l.y.h;
    zi_cg_rows(&l, m->tensors[l.in].h, y0, y1, &r0, &r1);
    zurt_status st = make_view(e, l.in, l.band[0], r0, r1, tile, &v[0]);
    if (!st && l.residual != ZI_NONE)
        st = make_view(e, l.residual, l.band[1], y0, y1, tile, &v[1]);
    if (!st)
        st = emit_tile(e, layer, v, y0, y1, keep, again);
    if (!st && l.tile != ZI_NONE)
        st = emit_result(e, layer, y0, y1);
    return st;
}

static int32_t n_tiles(const zi_cg_layer *l)
{
    return zi_ceil_div(l->l.y.h, l->tile_rows);
}

static zurt_status emit_layer(zi_cg_emitter *e, uint32_t layer)
{
    zi_cg_program *m = e->m;
    const zi_cg_layer l = m->layers[layer];
    int32_t block, tiles = n_tiles(&l);
    int64_t words = (int64_t)zi_cg_blocks(&l) * (block_words_of(&l) + 1);
    const bool has_weights = !l.l.transposed && l.l.kind != ZI_LAYER_MAX;
    const bool is_small = words <= m->caps->ring_beats / 32;
    bool keep = tiles > 1 && has_weights && is_small &&
                blocks_end(m, &l, 0, l.tile_rows) == zi_cg_blocks(&l);
    zurt_status st = separate(e, &l);
    for (int32_t t = 0; !st && t < tiles; t++)
        st = emit_rows(e, layer, t, keep && t + 1 < tiles, keep && t > 0);
    e->written_in[zi_cg_root(m, l.out, &block)] = (uint32_t)m->n_starts;
    return st;
}

/** A layer and the one after it in turns, the second as far as its rows are there. Neither keeps
 *  weights: in the ring those of one would stand before the other's. */
static zurt_status emit_pair(zi_cg_emitter *e, uint32_t layer)
{
    zi_cg_program *m = e->m;
    const zi_cg_layer first = m->layers[layer], second = m->layers[layer + 1];
    int32_t block, done = 0, in_h = m->tensors[second.in].h, tiles = n_tiles(&first);
    zurt_status st = separate(e, &first);
    for (int32_t t = 0; !st && t < tiles; t++) {
        int32_t y0 = done, there = (t + 1) * first.tile_rows, r0, r1 = 0;
        zi_cg_view v[2] = {{0}, {0}};
        st = emit_rows(e, layer, t, false, false);
        for (; done < second.l.y.h; done++) {
            zi_cg_rows(&second, in_h, done, done + 1, &r0, &r1);
            if (r1 > there)
                break;
        }
        if (!st && done > y0)
            st = make_view(e, second.in, ZI_NONE, y0, done, 0, &v[0]);
        if (!st && done > y0)
            st = emit_tile(e, layer + 1, v, y0, done, false, false);
    }
    for (int k = 0; k < 2; k++)
        e->written_in[zi_cg_root(m, m->layers[layer + (uint32_t)k].out, &block)] =
            (uint32_t)m->n_starts;
    return st;
}

zurt_status zi_cg_emit(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    zi_cg_emitter e = {.ctx = b->ctx, .m = m};
    zi_arena_init(&e.temporary, &b->ctx->allocator);
    e.written_in = zi_arena_calloc(&e.temporary, m->n_tensors, sizeof(*e.written_in));
    e.loaded = zi_arena_calloc(&e.temporary, m->n_tensors, sizeof(*e.loaded));
    zurt_status st = e.written_in && e.loaded ? start_epoch(&e) : zi_cg_nomem(b->ctx);
    for (uint32_t i = 0; !st && i < m->n_layers; i += m->layers[i].leads ? 2 : 1)
        st = m->layers[i].leads ? emit_pair(&e, i) : emit_layer(&e, i);
    zi_arena_clear(&e.temporary);
    return st;
}
