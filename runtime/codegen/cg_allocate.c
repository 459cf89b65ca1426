/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where every tensor is, and how its rows lie. All are in the scratchpad at first; as long as one
 * does not fit, the largest of those that are there with it moves to the act buffer and is read in
 * bands (cg_tile.c).
 */
#include "codegen/cg_lower.h"
#include "plan/offsets.h"

/** Retries, layers: a hostile graph must not keep the search busy for minutes. */
enum { MAX_RETRIES = 512, MAX_LAYERS = 4096 };

/** An input of more words than this is read in bands. */
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

static void touch(zi_cg_program *m, uint32_t tensor, uint32_t layer)
{
    int32_t block;
    if (tensor == ZI_NONE)
        return;
    zi_cg_tensor *p = &m->tensors[zi_cg_root(m, tensor, &block)];
    if (p->buffer.first_layer == ZI_NONE || layer < p->buffer.first_layer)
        p->buffer.first_layer = layer;
    if (layer > p->buffer.last_layer)
        p->buffer.last_layer = layer;
}

static void find_lifetimes(zi_cg_program *m, bool *is_read)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        m->tensors[i].buffer.first_layer = ZI_NONE;
        m->tensors[i].buffer.last_layer = 0;
        m->tensors[i].buffer.shares = ZI_NONE;
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
            if (m->tensors[root].buffer.where == ZI_CG_DDR)
                touch(m, l->band[k], i);
            else
                touch(m, root, i);
        }
        touch(m, l->tile, i);
        touch(m, l->out, i);
        if (l->leads) {
            touch(m, l->band[0], i + 1);
            touch(m, m->layers[i + 1].out, i);
        }
    }
}

/* ---- addresses ---- */

static uint32_t owner_of(const zi_cg_program *m, uint32_t p)
{
    while (m->tensors[p].buffer.shares != ZI_NONE)
        p = m->tensors[p].buffer.shares;
    return p;
}

// Two whole tensors that lie in the scratchpad alike.
static bool same_layout(const zi_cg_tensor *a, const zi_cg_tensor *b)
{
    const zi_cg_buffer *x = &a->buffer, *y = &b->buffer;
    bool whole = a->parent == ZI_NONE && b->parent == ZI_NONE;
    bool there = x->where != ZI_CG_DDR && y->where != ZI_CG_DDR && x->words > 0;
    return whole && there && x->words == y->words && x->pitch == y->pitch && x->plane == y->plane &&
           !x->split && !y->split;
}

// The sum of a residual takes the residual's memory over, if that is read here for the last time.
static void share_residuals(zi_cg_program *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        int32_t block;
        if (l->residual == ZI_NONE || l->pool2 || zi_cg_scatters(l))
            continue;
        zi_cg_tensor *from = &m->tensors[l->residual], *to = &m->tensors[l->out];
        bool dies_here = from->buffer.last_layer == i, born_here = to->buffer.first_layer == i;
        if (!same_layout(from, to) || !dies_here || !born_here ||
            zi_cg_root(m, l->in, &block) == l->residual)
            continue;
        zi_cg_buffer *owner = &m->tensors[owner_of(m, l->residual)].buffer;
        to->buffer.shares = l->residual;
        if (to->buffer.last_layer > owner->last_layer)
            owner->last_layer = to->buffer.last_layer;
    }
}

static bool together(const zi_cg_buffer *a, const zi_cg_buffer *b)
{
    return a->first_layer <= b->last_layer && b->first_layer <= a->last_layer;
}

/** Addresses for all; *failed is the first tensor that does not fit, ZI_NONE if all do. False:
 *  memory is refused. */
static bool allocate(zi_cg_program *m, zi_arena *temporary, uint32_t *failed)
{
    zi_allocation *list = zi_arena_calloc(temporary, m->n_tensors, sizeof(*list));
    size_t n = 0, end, misfit;
    if (!list)
        return false;
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        const zi_cg_tensor *t = &m->tensors[i];
        const zi_cg_buffer *b = &t->buffer;
        if (b->words > 0 && t->parent == ZI_NONE && b->shares == ZI_NONE &&
            b->first_layer != ZI_NONE)
            list[n++] = (zi_allocation){.first = b->first_layer,
                                        .last = b->last_layer,
                                        .owner = i,
                                        .size = (size_t)b->words};
    }
    if (!zi_assign_offsets(list, n, temporary, m->caps->scratchpad_words, &end, &misfit))
        return false;
    *failed = misfit < n ? list[misfit].owner : ZI_NONE;
    for (size_t i = 0; i < misfit; i++)
        m->tensors[list[i].owner].buffer.base = (int32_t)list[i].offset;
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        if (m->tensors[i].buffer.shares != ZI_NONE)
            m->tensors[i].buffer.base = m->tensors[owner_of(m, i)].buffer.base;
    }
    return true;
}

/* ---- pitches ----
 *
 * Rows of a picture are spaced so that its readers, groups of pixels across the ends of rows, find
 * each pixel in a bank of its own. */

/** Cycles of a layer, roughly: to weigh one reader's wish against another's. */
static uint64_t weight_of(const zi_cg_layer *l)
{
    return (uint64_t)l->l.y.h * (uint64_t)l->l.y.w * (uint64_t)zi_blocks(l->l.y.c) *
           (uint64_t)(l->l.kernel[0] * l->l.kernel[1]);
}

/** Whether a reader of `pitch` can go on across the end of a row. */
static bool flows(const zi_cg_program *m, const zi_cg_layer *l, bool residual, int32_t pitch)
{
    if (l->picks && !residual)
        return true;
    int64_t row = (int64_t)(residual || l->l.transposed ? 1 : l->l.stride[0]) * pitch;
    int32_t w = l->l.transposed ? zi_ceil_div(l->l.y.w, l->l.stride[1]) : l->l.y.w;
    return l->l.y.h == 1 || (row - w) % (int32_t)m->caps->pixel_parallel == 0;
}

/** Penalty of a pitch over all readers of root `p`, or over layer `only`. */
static uint64_t penalty(const zi_cg_program *m, uint32_t p, const zi_cg_layer *only, int32_t pitch)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        int32_t block;
        if (only) {
            if (l != only)
                continue;
            bool is_residual = only->band[1] == p;
            return flows(m, l, is_residual, pitch) ? 0 : weight_of(l);
        }
        if (zi_cg_root(m, l->in, &block) == p && !flows(m, l, false, pitch))
            sum += weight_of(l);
        if (l->residual != ZI_NONE && zi_cg_root(m, l->residual, &block) == p &&
            !flows(m, l, true, pitch))
            sum += weight_of(l);
    }
    return sum;
}

/** Distance between column phases such that neighbours are written to different banks. */
static int32_t half_of(const zi_cg_program *m, int32_t w, int32_t split)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel, half = zi_ceil_div(w, 1 << split);
    if (split == 0)
        return 0;
    while (half % pp == 0 || half % pp == 1 || half % pp == pp - 1)
        half++;
    return half;
}

void zi_cg_choose_pitch(zi_cg_program *m, uint32_t index, const zi_cg_layer *only)
{
    zi_cg_tensor *p = &m->tensors[index];
    int32_t phases = 1 << p->buffer.split, pp = (int32_t)m->caps->pixel_parallel;
    p->buffer.half = half_of(m, p->w, p->buffer.split);
    int32_t least = p->buffer.half * (phases - 1) + zi_ceil_div(p->w, phases);
    uint64_t best = UINT64_MAX;
    for (int32_t pitch = least; pitch < least + pp && best > 0; pitch++) {
        uint64_t cost = penalty(m, index, only, pitch);
        if (cost < best) {
            best = cost;
            p->buffer.pitch = pitch;
        }
    }
}

/* ---- spills ---- */

/** The largest tensor that is alive with `failed` and may move to the act buffer. `pinned`: of
 * those that layers scatter to; else of the others. ZI_NONE: there is none. */
static uint32_t largest(const zi_cg_program *m, uint32_t failed, bool pinned)
{
    uint32_t best = ZI_NONE;
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        const zi_cg_tensor *p = &m->tensors[i];
        if (p->buffer.words == 0 || p->parent != ZI_NONE || p->buffer.where != ZI_CG_SCRATCHPAD ||
            p->buffer.pinned != pinned || !together(&p->buffer, &m->tensors[failed].buffer))
            continue;
        if (best == ZI_NONE || p->buffer.words > m->tensors[best].buffer.words)
            best = i;
    }
    return best;
}

/** Pairs part and bands shrink before anything moves; what is scattered moves last. *out_any:
 * whether something could be done. */
static zurt_status make_room(zurt_ctx *ctx, zi_cg_program *m, uint32_t failed, bool *out_any)
{
    const zi_cg_tensor *f = &m->tensors[failed];
    *out_any =
        zi_cg_undo_interleave(m) ||
        (f->buffer.where == ZI_CG_BAND && zi_cg_shrink_bands(m, &m->layers[f->buffer.first_layer]));
    for (int pinned = 0; pinned < 2 && !*out_any; pinned++) {
        uint32_t best = largest(m, failed, pinned);
        if (best == ZI_NONE)
            continue;
        m->tensors[best].buffer.where = ZI_CG_DDR;
        *out_any = true;
        if (pinned)
            return zi_cg_scatter_in_tiles(ctx, m, best);
    }
    for (uint32_t i = f->buffer.first_layer;
         i < m->n_layers && i <= f->buffer.last_layer && !*out_any; i++)
        *out_any = zi_cg_shrink_bands(m, &m->layers[i]);
    return ZURT_OK;
}

static void size_tensors(zi_cg_program *m, const bool *is_read)
{
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        zi_cg_tensor *t = &m->tensors[i];
        zi_cg_buffer *b = &t->buffer;
        if (b->where == ZI_CG_BAND || t->parent != ZI_NONE)
            continue;
        b->words = b->base = 0;
        if (b->where == ZI_CG_DDR || (!is_read[i] && !b->pinned))
            continue;
        if (b->pitch == 0) // its readers stay as they are
            zi_cg_choose_pitch(m, i, NULL);
        b->plane = b->pitch * t->h;
        b->words = zi_cg_tensor_words(t, 1);
    }
}

// What a part of another tensor has of the whole.
static void inherit(zi_cg_program *m)
{
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        zi_cg_tensor *t = &m->tensors[i];
        int32_t block;
        if (t->parent == ZI_NONE)
            continue;
        const zi_cg_tensor *root = &m->tensors[zi_cg_root(m, i, &block)];
        const zi_cg_buffer *whole = &root->buffer;
        zi_cg_buffer *b = &t->buffer;
        b->where = whole->where;
        b->stored = whole->stored;
        b->pitch = whole->pitch;
        b->half = whole->half;
        b->split = whole->split;
        b->plane = whole->plane;
        b->base = whole->base + block * whole->plane;
        b->words = whole->words ? t->blocks * whole->plane : 0;
        b->ddr = whole->ddr + block * root->h * root->w;
    }
}

static zurt_status assign_ddr(zurt_ctx *ctx, zi_cg_program *m)
{
    int64_t words = 0;
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        zi_cg_tensor *p = &m->tensors[i];
        if (p->buffer.where == ZI_CG_DDR && !p->input)
            p->buffer.stored = true;
        if (p->parent != ZI_NONE || p->buffer.where == ZI_CG_BAND ||
            (!p->input && !p->buffer.stored))
            continue;
        p->buffer.ddr = (int32_t)words;
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
        zurt_status st = zi_cg_make_bands(ctx, m);
        if (st)
            return st;
        if (retry == 0)
            zi_cg_interleave(m);
        zi_arena temporary;
        zi_arena_init(&temporary, &ctx->allocator);
        bool *is_read = zi_arena_calloc(&temporary, m->n_tensors, 1);
        uint32_t failed = ZI_NONE;
        bool ok = is_read != NULL;
        if (ok) {
            find_lifetimes(m, is_read);
            size_tensors(m, is_read);
            share_residuals(m);
            ok = allocate(m, &temporary, &failed);
        }
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
    for (size_t i = 0; i < m->n_tensors; i++) {
        zi_cg_tensor *p = &m->tensors[i];
        if (p->input && (int64_t)p->h * p->w * p->blocks > INPUT_WORDS)
            p->buffer.where = ZI_CG_DDR;
    }
    zurt_status st = arrange(ctx, m);
    if (!st)
        st = assign_ddr(ctx, m);
    if (!st)
        inherit(m);
    return st;
}
