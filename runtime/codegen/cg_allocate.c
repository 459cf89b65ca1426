/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second stage: where every place is. All are in the scratchpad at first; as long as one does not
 * fit, the largest of those that are there with it moves to the act buffer and is read in strips.
 */
#include <stdlib.h>

#include "codegen/cg_lower.h"

/** Retries, layers: a hostile graph must not keep the search busy for minutes. */
enum { MAX_RETRIES = 512, MAX_LAYERS = 4096 };

/** An input of more words than this is read in strips. */
enum { INPUT_WORDS = 4096 };

void zi_cg_rows(const zi_cg_layer *l, int32_t in_h, int32_t y0, int32_t y1, int32_t *r0,
                int32_t *r1)
{
    const zi_layer *d = &l->l;
    int64_t first, last;
    int64_t reach = (int64_t)(d->kernel[0] - 1) * d->dilation[0];
    if (d->transposed) {
        first = ((int64_t)y0 + d->pad[0] - reach) / d->stride[0] - 1;
        last = ((int64_t)y1 - 1 + d->pad[0]) / d->stride[0];
    } else {
        first = (int64_t)y0 * d->stride[0] - d->pad[0];
        last = (int64_t)(y1 - 1) * d->stride[0] - d->pad[0] + reach;
    }
    first = first < 0 ? 0 : first > in_h - 1 ? in_h - 1 : first;
    last = last < first ? first : last > in_h - 1 ? in_h - 1 : last;
    *r0 = (int32_t)first;
    *r1 = (int32_t)last + 1;
}

/* ---- lifetimes ---- */

static void touch(zi_cg_program *m, uint32_t place, uint32_t layer)
{
    int32_t block;
    if (place == ZI_NONE)
        return;
    zi_cg_place *p = &m->places[zi_cg_root(m, place, &block)];
    if (p->first_layer == ZI_NONE || layer < p->first_layer)
        p->first_layer = layer;
    if (layer > p->last_layer)
        p->last_layer = layer;
}

static void find_lifetimes(zi_cg_program *m, bool *is_read)
{
    for (size_t i = 0; i < m->n_places; i++) {
        m->places[i].first_layer = ZI_NONE;
        m->places[i].last_layer = 0;
        m->places[i].shares = ZI_NONE;
    }
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        const uint32_t reads[2] = {l->in, l->residual};
        int32_t block;
        for (int k = 0; k < 2; k++) {
            if (reads[k] == ZI_NONE)
                continue;
            uint32_t root = zi_cg_root(m, reads[k], &block);
            is_read[root] = true;
            if (m->places[root].in_ddr)
                touch(m, l->strip[k], i);
            else
                touch(m, root, i);
        }
        touch(m, l->tile, i);
        touch(m, l->out, i);
        if (l->leads) {
            touch(m, l->strip[0], i + 1);
            touch(m, m->layers[i + 1].out, i);
        }
    }
}

/* ---- addresses ---- */

static uint32_t owner_of(const zi_cg_program *m, uint32_t p)
{
    while (m->places[p].shares != ZI_NONE)
        p = m->places[p].shares;
    return p;
}

// The sum of a residual takes the residual's memory over, if that is read here for the last time.
static void share_residuals(zi_cg_program *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        int32_t block;
        if (l->residual == ZI_NONE || l->pool2 || l->l.up2 || l->l.transposed)
            continue;
        uint32_t r = l->residual, o = l->out;
        zi_cg_place *from = &m->places[r], *to = &m->places[o];
        if (from->parent != ZI_NONE || to->parent != ZI_NONE || from->in_ddr || to->in_ddr ||
            from->words != to->words || from->pitch != to->pitch || from->plane != to->plane ||
            from->split || to->split || to->words == 0 || from->last_layer != i ||
            to->first_layer != i || zi_cg_root(m, l->in, &block) == r)
            continue;
        uint32_t owner = owner_of(m, r);
        to->shares = r;
        if (to->last_layer > m->places[owner].last_layer)
            m->places[owner].last_layer = to->last_layer;
    }
}

typedef struct sized {
    int32_t words;
    uint32_t place;
} sized;

static int compare_size(const void *left, const void *right)
{
    const sized *a = left, *b = right;
    if (a->words != b->words)
        return a->words < b->words ? 1 : -1;
    return a->place < b->place ? -1 : 1;
}

static bool together(const zi_cg_place *a, const zi_cg_place *b)
{
    return a->first_layer <= b->last_layer && b->first_layer <= a->last_layer;
}

/** Lowest address at which `p` meets none of the first n of `order`; -1: there is none. */
static int32_t find_base(const zi_cg_program *m, const sized *order, size_t n, const zi_cg_place *p)
{
    int32_t base = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            const zi_cg_place *o = &m->places[order[i].place];
            if (together(o, p) && base < o->base + o->words && o->base < base + p->words) {
                base = o->base + o->words;
                moved = true;
            }
        }
        if (base > (int32_t)m->caps->scratchpad_words - p->words)
            return -1;
    }
    return base;
}

/** Addresses for all; *failed is the first place that does not fit, ZI_NONE if all do. */
static void allocate(zi_cg_program *m, sized *order, uint32_t *failed)
{
    size_t n = 0;
    *failed = ZI_NONE;
    for (uint32_t i = 0; i < m->n_places; i++) {
        const zi_cg_place *p = &m->places[i];
        if (p->words > 0 && p->parent == ZI_NONE && p->shares == ZI_NONE &&
            p->first_layer != ZI_NONE)
            order[n++] = (sized){p->words, i};
    }
    qsort(order, n, sizeof(*order), compare_size);
    for (size_t i = 0; i < n; i++) {
        zi_cg_place *p = &m->places[order[i].place];
        p->base = find_base(m, order, i, p);
        if (p->base < 0) {
            *failed = order[i].place;
            return;
        }
    }
    for (uint32_t i = 0; i < m->n_places; i++) {
        if (m->places[i].shares != ZI_NONE)
            m->places[i].base = m->places[owner_of(m, i)].base;
    }
}

/* ---- spills ---- */

/** The largest place that is alive with `failed` and may move to the act buffer. `fixed`: of those
 *  that layers scatter to; else of the others. ZI_NONE: there is none. */
static uint32_t largest(const zi_cg_program *m, uint32_t failed, bool fixed)
{
    uint32_t best = ZI_NONE;
    for (uint32_t i = 0; i < m->n_places; i++) {
        const zi_cg_place *p = &m->places[i];
        if (p->words == 0 || p->parent != ZI_NONE || p->is_strip || p->fixed != fixed ||
            p->in_ddr || !together(p, &m->places[failed]))
            continue;
        if (best == ZI_NONE || p->words > m->places[best].words)
            best = i;
    }
    return best;
}

/** Pairs part and strips shrink before anything moves; what is scattered moves last. *out_any:
 * whether something could be done. */
static zurt_status make_room(zurt_ctx *ctx, zi_cg_program *m, uint32_t failed, bool *out_any)
{
    const zi_cg_place *f = &m->places[failed];
    *out_any = zi_cg_undo_interleave(m) ||
               (f->is_strip && zi_cg_shrink_strips(m, &m->layers[f->first_layer]));
    for (int fixed = 0; fixed < 2 && !*out_any; fixed++) {
        uint32_t best = largest(m, failed, fixed);
        if (best == ZI_NONE)
            continue;
        m->places[best].in_ddr = *out_any = true;
        if (fixed)
            return zi_cg_scatter_in_tiles(ctx, m, best);
    }
    for (uint32_t i = f->first_layer; i < m->n_layers && i <= f->last_layer && !*out_any; i++)
        *out_any = zi_cg_shrink_strips(m, &m->layers[i]);
    return ZURT_OK;
}

static void size_places(zi_cg_program *m, const bool *is_read)
{
    for (uint32_t i = 0; i < m->n_places; i++) {
        zi_cg_place *p = &m->places[i];
        if (p->is_strip || p->parent != ZI_NONE)
            continue;
        p->words = p->base = 0;
        if (p->in_ddr || (!is_read[i] && !p->fixed))
            continue;
        if (p->pitch == 0) // its readers stay as they are
            zi_cg_choose_pitch(m, i, NULL);
        p->plane = p->pitch * p->h;
        p->words = zi_cg_place_words(p, 1);
    }
}

static void inherit(zi_cg_program *m)
{
    for (uint32_t i = 0; i < m->n_places; i++) {
        zi_cg_place *p = &m->places[i];
        int32_t block;
        if (p->parent == ZI_NONE)
            continue;
        const zi_cg_place *root = &m->places[zi_cg_root(m, i, &block)];
        p->pitch = root->pitch;
        p->half = root->half;
        p->split = root->split;
        p->plane = root->plane;
        p->base = root->base + block * root->plane;
        p->words = root->words ? p->blocks * root->plane : 0;
        p->in_ddr = root->in_ddr;
        p->stored = root->stored;
        p->ddr = root->ddr + block * root->h * root->w;
    }
}

/** The act buffer: inputs, outputs and what moved there; never reused within a picture. */
static zurt_status place_in_ddr(zurt_ctx *ctx, zi_cg_program *m)
{
    int64_t words = 0;
    for (uint32_t i = 0; i < m->n_places; i++) {
        zi_cg_place *p = &m->places[i];
        if (p->in_ddr && !p->input)
            p->stored = true;
        if (p->parent != ZI_NONE || p->is_strip || (!p->input && !p->stored))
            continue;
        p->ddr = (int32_t)words;
        words += ((int64_t)p->h * p->w * p->blocks + 3) / 4 * 4; // whole cache lines
        if (words > INT32_MAX / 64)
            return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                           "mapping: the act buffer would exceed its address range");
    }
    m->act_words = (int32_t)words;
    return ZURT_OK;
}

static zurt_status arrange(zurt_ctx *ctx, zi_cg_program *m)
{
    for (int retry = 0; retry < MAX_RETRIES; retry++) {
        zurt_status st = zi_cg_make_strips(ctx, m);
        if (st)
            return st;
        if (retry == 0)
            zi_cg_interleave(m);
        zi_arena temporary;
        zi_arena_init(&temporary, &ctx->allocator);
        bool *is_read = zi_arena_calloc(&temporary, m->n_places, 1);
        sized *order = zi_arena_calloc(&temporary, m->n_places, sizeof(*order));
        uint32_t failed = ZI_NONE;
        if (is_read && order) {
            find_lifetimes(m, is_read);
            size_places(m, is_read);
            share_residuals(m);
            allocate(m, order, &failed);
        }
        bool ok = is_read && order;
        zi_arena_clear(&temporary);
        if (!ok)
            return zi_cg_nomem(ctx);
        if (failed == ZI_NONE)
            return ZURT_OK;
        bool any;
        st = make_room(ctx, m, failed, &any);
        if (st)
            return st;
        if (!any)
            break;
    }
    return zi_fail(ctx, ZURT_E_UNSUPPORTED, "the scratchpad of '%s' is too small for its tensors",
                   m->caps->name);
}

zurt_status zi_cg_allocate(zi_cg_builder *b)
{
    zurt_ctx *ctx = b->ctx;
    zi_cg_program *m = b->m;
    if (m->n_layers > MAX_LAYERS)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED, "mapping: %zu layers in one segment, limit %d",
                       m->n_layers, MAX_LAYERS);
    for (size_t i = 0; i < m->n_layers; i++)
        zi_cg_whole_tile(m, &m->layers[i]);
    for (size_t i = 0; i < m->n_places; i++) {
        zi_cg_place *p = &m->places[i];
        if (p->input && (int64_t)p->h * p->w * p->blocks > INPUT_WORDS)
            p->in_ddr = true;
    }
    zurt_status st = arrange(ctx, m);
    if (!st)
        st = place_in_ddr(ctx, m);
    if (!st)
        inherit(m);
    return st;
}
