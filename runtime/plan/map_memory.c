/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second stage: where every place is. All are in the scratchpad at first; as long as one does not
 * fit, the largest of those that are there with it moves to the act buffer and is read in strips.
 */
#include <stdlib.h>

#include "plan/map_impl.h"

/** Retries, layers: a hostile graph must not keep the search busy for minutes. */
enum { MAX_RETRIES = 512, MAX_LAYERS = 4096 };

/** An input of more words than this is read in about INPUT_STRIPS strips, so that the first layer
 *  starts before all of it is there. */
enum { INPUT_WORDS = 4096, INPUT_STRIPS = 8 };

static int32_t ceil_div(int32_t a, int32_t b)
{
    return (a + b - 1) / b;
}

void zi_map_rows(const zi_map_layer *l, int32_t in_h, int32_t y0, int32_t y1, int32_t *r0,
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

static void touch(zi_map *m, uint32_t place, uint32_t layer)
{
    int32_t block;
    if (place == ZI_NONE)
        return;
    zi_place *p = &m->places[zi_place_root(m, place, &block)];
    if (p->first_layer == ZI_NONE || layer < p->first_layer)
        p->first_layer = layer;
    if (layer > p->last_layer)
        p->last_layer = layer;
}

static void find_lifetimes(zi_map *m, bool *is_read)
{
    for (size_t i = 0; i < m->n_places; i++) {
        m->places[i].first_layer = ZI_NONE;
        m->places[i].last_layer = 0;
        m->places[i].shares = ZI_NONE;
    }
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const zi_map_layer *l = &m->layers[i];
        const uint32_t reads[2] = {l->in, l->residual};
        int32_t block;
        for (int k = 0; k < 2; k++) {
            if (reads[k] == ZI_NONE)
                continue;
            uint32_t root = zi_place_root(m, reads[k], &block);
            is_read[root] = true;
            if (m->places[root].in_ddr)
                touch(m, l->strip[k], i);
            else
                touch(m, root, i);
        }
        touch(m, l->out, i);
    }
}

/* ---- layout ---- */

/** Cycles of a layer, roughly: to weigh one reader's wish against another's. */
static uint64_t weight_of(const zi_map_layer *l)
{
    return (uint64_t)l->l.y.h * (uint64_t)l->l.y.w * (uint64_t)zi_blocks(l->l.y.c) *
           (uint64_t)(l->l.kernel[0] * l->l.kernel[1]);
}

/** Whether a reader of `pitch` can go on across the end of a row. */
static bool flows(const zi_map *m, const zi_map_layer *l, bool residual, int32_t pitch)
{
    int64_t row = (int64_t)(residual || l->l.transposed ? 1 : l->l.stride[0]) * pitch;
    int32_t w = l->l.transposed ? ceil_div(l->l.y.w, l->l.stride[1]) : l->l.y.w;
    return l->l.y.h == 1 || (row - w) % (int32_t)m->caps->pixel_parallel == 0;
}

/** Penalty of a pitch over all readers of root `p`, or over layer `only`. */
static uint64_t penalty(const zi_map *m, uint32_t p, const zi_map_layer *only, int32_t pitch)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->n_layers; i++) {
        const zi_map_layer *l = &m->layers[i];
        int32_t block;
        if (only) {
            if (l != only)
                continue;
            bool is_residual = only->strip[1] == p;
            return flows(m, l, is_residual, pitch) ? 0 : weight_of(l);
        }
        if (zi_place_root(m, l->in, &block) == p && !flows(m, l, false, pitch))
            sum += weight_of(l);
        if (l->residual != ZI_NONE && zi_place_root(m, l->residual, &block) == p &&
            !flows(m, l, true, pitch))
            sum += weight_of(l);
    }
    return sum;
}

/** Distance between column phases such that neighbours are written to different banks. */
static int32_t half_of(const zi_map *m, int32_t w, int32_t split)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel, half = ceil_div(w, 1 << split);
    if (split == 0)
        return 0;
    while (half % pp == 0 || half % pp == 1 || half % pp == pp - 1)
        half++;
    return half;
}

static void lay_out(zi_map *m, uint32_t index, const zi_map_layer *only)
{
    zi_place *p = &m->places[index];
    int32_t phases = 1 << p->split, pp = (int32_t)m->caps->pixel_parallel;
    p->half = half_of(m, p->w, p->split);
    int32_t least = p->half * (phases - 1) + ceil_div(p->w, phases);
    uint64_t best = UINT64_MAX;
    for (int32_t pitch = least; pitch < least + pp && best > 0; pitch++) {
        uint64_t cost = penalty(m, index, only, pitch);
        if (cost < best) {
            best = cost;
            p->pitch = pitch;
        }
    }
}

/* ---- strips ---- */

static int32_t strip_rows(const zi_map_layer *l, int which, int32_t in_h, int32_t tile)
{
    if (which == 1)
        return tile;
    int64_t reach = (int64_t)(l->l.kernel[0] - 1) * l->l.dilation[0] + 1;
    int64_t rows = l->l.transposed ? tile / l->l.stride[0] + reach / l->l.stride[0] + 3
                                   : (int64_t)(tile - 1) * l->l.stride[0] + reach;
    return rows > in_h ? in_h : (int32_t)rows;
}

static int32_t tile_unit(const zi_map_layer *l)
{
    return l->l.transposed ? l->l.stride[0] : l->pool2 ? 2 : 1;
}

static int32_t whole_tile(const zi_map_layer *l)
{
    int32_t unit = tile_unit(l);
    return ceil_div(l->l.y.h, unit) * unit;
}

static void size_strip(zi_map *m, zi_map_layer *l, int which)
{
    if (l->strip[which] == ZI_NONE)
        return;
    int32_t block;
    const zi_place *source = &m->places[zi_place_root(m, which ? l->residual : l->in, &block)];
    zi_place *p = &m->places[l->strip[which]];
    p->h = strip_rows(l, which, source->h, l->tile_rows);
    p->plane = p->pitch * p->h;
    p->words = p->plane * p->blocks * (p->doubled ? 2 : 1);
}

static bool strips_fit(zi_map *m, zi_map_layer *l, int32_t words)
{
    int64_t sum = 0;
    for (int k = 0; k < 2; k++) {
        size_strip(m, l, k);
        sum += l->strip[k] == ZI_NONE ? 0 : m->places[l->strip[k]].words;
    }
    return sum <= words;
}

static zurt_status add_strip(zurt_ctx *ctx, zi_map *m, uint32_t layer, int which)
{
    zi_map_layer *l = &m->layers[layer];
    if (!zi_map_grow(m, (void **)&m->places, &m->cap_places, m->n_places, sizeof(*m->places)))
        return zi_map_nomem(ctx);
    const zi_place *source = &m->places[which ? l->residual : l->in];
    int32_t stride = which || l->l.transposed ? 1 : l->l.stride[1];
    uint32_t index = (uint32_t)m->n_places++;
    zi_place *p = &m->places[index];
    *p = (zi_place){.tensor = ZI_NONE,
                    .w = source->w,
                    .c = source->c,
                    .blocks = source->blocks,
                    .parent = ZI_NONE,
                    .producer = ZI_NONE,
                    .shares = ZI_NONE,
                    .first_layer = layer,
                    .last_layer = layer,
                    .is_strip = true,
                    .doubled = true,
                    .split = stride == 4   ? 2
                             : stride == 2 ? 1
                                           : 0};
    l->strip[which] = index;
    lay_out(m, index, l);
    return ZURT_OK;
}

/** Strips for the layers that read from the act buffer; sizes of those that have them already are
 *  left alone. */
static zurt_status make_strips(zurt_ctx *ctx, zi_map *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++) {
        zi_map_layer *l = &m->layers[i];
        const uint32_t reads[2] = {l->in, l->residual};
        bool fresh = false;
        for (int k = 0; k < 2; k++) {
            int32_t block;
            if (reads[k] == ZI_NONE || l->strip[k] != ZI_NONE ||
                !m->places[zi_place_root(m, reads[k], &block)].in_ddr)
                continue;
            zurt_status st = add_strip(ctx, m, i, k);
            if (st)
                return st;
            fresh = true;
        }
        if (!fresh)
            continue;
        int32_t unit = tile_unit(l);
        int32_t parts = m->places[l->in].input ? INPUT_STRIPS : 2;
        l->tile_rows = ceil_div(ceil_div(l->l.y.h, parts), unit) * unit;
        while (l->tile_rows > unit && !strips_fit(m, l, (int32_t)m->caps->scratchpad_words / 4))
            l->tile_rows = ceil_div(l->tile_rows / 2, unit) * unit;
        strips_fit(m, l, 0);
    }
    return ZURT_OK;
}

/** Makes a layer's strips smaller; false: they are as small as can be. */
static bool shrink_strips(zi_map *m, zi_map_layer *l)
{
    int32_t unit = tile_unit(l);
    if (l->tile_rows > unit) {
        l->tile_rows = ceil_div(l->tile_rows / 2, unit) * unit;
    } else {
        bool any = false;
        for (int k = 0; k < 2; k++) {
            if (l->strip[k] != ZI_NONE && m->places[l->strip[k]].doubled) {
                m->places[l->strip[k]].doubled = false;
                any = true;
            }
        }
        if (!any)
            return false;
    }
    strips_fit(m, l, 0);
    return true;
}

/* ---- addresses ---- */

static uint32_t owner_of(const zi_map *m, uint32_t p)
{
    while (m->places[p].shares != ZI_NONE)
        p = m->places[p].shares;
    return p;
}

// The sum of a residual takes the residual's memory over, if that is read here for the last time.
static void share_residuals(zi_map *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const zi_map_layer *l = &m->layers[i];
        int32_t block;
        if (l->residual == ZI_NONE || l->pool2 || l->l.up2 || l->l.transposed)
            continue;
        uint32_t r = l->residual, o = l->out;
        zi_place *from = &m->places[r], *to = &m->places[o];
        if (from->parent != ZI_NONE || to->parent != ZI_NONE || from->in_ddr || to->in_ddr ||
            from->words != to->words || from->pitch != to->pitch || from->plane != to->plane ||
            from->split || to->split || to->words == 0 || from->last_layer != i ||
            to->first_layer != i || zi_place_root(m, l->in, &block) == r)
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

static bool together(const zi_place *a, const zi_place *b)
{
    return a->first_layer <= b->last_layer && b->first_layer <= a->last_layer;
}

/** Lowest address at which `p` meets none of the first n of `order`; -1: there is none. */
static int32_t find_base(const zi_map *m, const sized *order, size_t n, const zi_place *p)
{
    int32_t base = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            const zi_place *o = &m->places[order[i].place];
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
static void allocate(zi_map *m, sized *order, uint32_t *failed)
{
    size_t n = 0;
    *failed = ZI_NONE;
    for (uint32_t i = 0; i < m->n_places; i++) {
        const zi_place *p = &m->places[i];
        if (p->words > 0 && p->parent == ZI_NONE && p->shares == ZI_NONE &&
            p->first_layer != ZI_NONE)
            order[n++] = (sized){p->words, i};
    }
    qsort(order, n, sizeof(*order), compare_size);
    for (size_t i = 0; i < n; i++) {
        zi_place *p = &m->places[order[i].place];
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

/** Moves the largest place that is alive with `failed` to the act buffer; false: none can go. */
static bool spill_one(zi_map *m, uint32_t failed)
{
    uint32_t best = ZI_NONE;
    for (uint32_t i = 0; i < m->n_places; i++) {
        const zi_place *p = &m->places[i];
        if (p->words == 0 || p->parent != ZI_NONE || p->is_strip || p->fixed || p->in_ddr ||
            !together(p, &m->places[failed]))
            continue;
        if (best == ZI_NONE || p->words > m->places[best].words)
            best = i;
    }
    if (best != ZI_NONE) {
        m->places[best].in_ddr = true;
        return true;
    }
    for (uint32_t i = 0; i < m->n_layers; i++) {
        zi_map_layer *l = &m->layers[i];
        const zi_place *f = &m->places[failed];
        if (i >= f->first_layer && i <= f->last_layer &&
            (l->strip[0] != ZI_NONE || l->strip[1] != ZI_NONE) && shrink_strips(m, l))
            return true;
    }
    return false;
}

/** Strips shrink before anything moves. */
static bool make_room(zi_map *m, uint32_t failed)
{
    const zi_place *f = &m->places[failed];
    if (f->is_strip && shrink_strips(m, &m->layers[f->first_layer]))
        return true;
    return spill_one(m, failed);
}

static void size_places(zi_map *m, const bool *is_read)
{
    for (uint32_t i = 0; i < m->n_places; i++) {
        zi_place *p = &m->places[i];
        if (p->is_strip || p->parent != ZI_NONE)
            continue;
        p->words = p->base = 0;
        if (p->in_ddr || (!is_read[i] && !p->fixed))
            continue;
        lay_out(m, i, NULL);
        p->plane = p->pitch * p->h;
        p->words = p->plane * p->blocks;
    }
}

static void inherit(zi_map *m)
{
    for (uint32_t i = 0; i < m->n_places; i++) {
        zi_place *p = &m->places[i];
        int32_t block;
        if (p->parent == ZI_NONE)
            continue;
        const zi_place *root = &m->places[zi_place_root(m, i, &block)];
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
static zurt_status place_in_ddr(zurt_ctx *ctx, zi_map *m)
{
    int64_t words = 0;
    for (uint32_t i = 0; i < m->n_places; i++) {
        zi_place *p = &m->places[i];
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

static zurt_status arrange(zurt_ctx *ctx, zi_map *m)
{
    for (int retry = 0; retry < MAX_RETRIES; retry++) {
        zurt_status st = make_strips(ctx, m);
        if (st)
            return st;
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
            return zi_map_nomem(ctx);
        if (failed == ZI_NONE)
            return ZURT_OK;
        if (!make_room(m, failed))
            break;
    }
    return zi_fail(ctx, ZURT_E_UNSUPPORTED, "the scratchpad of '%s' is too small for its tensors",
                   m->caps->name);
}

zurt_status zi_map_memory(zurt_ctx *ctx, zi_map *m)
{
    if (m->n_layers > MAX_LAYERS)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED, "mapping: %zu layers in one segment, limit %d",
                       m->n_layers, MAX_LAYERS);
    for (size_t i = 0; i < m->n_layers; i++)
        m->layers[i].tile_rows = whole_tile(&m->layers[i]);
    for (size_t i = 0; i < m->n_places; i++) {
        zi_place *p = &m->places[i];
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
