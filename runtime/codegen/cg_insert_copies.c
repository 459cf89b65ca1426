/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between layers: for readers of one tensor that want it laid out differently, and for
 * outputs that no step can store while it computes them.
 */
#include <string.h>

#include "codegen/cg_lower.h"

// Splits layer i's tensor in `level` column phases: log2 of the stride with which it is read.
static int32_t split_of(const zi_cg_layer *l)
{
    int32_t s = l->l.transposed || l->picks ? 1 : l->l.stride[1];
    return s == 4 ? 2 : s == 2 ? 1 : 0;
}

static zurt_status insert_layer(zi_cg_builder *b, size_t at, const zi_cg_layer *l)
{
    zi_cg_program *m = b->m;
    if (!zi_cg_grow(m, (void **)&m->layers, &m->cap_layers, m->n_layers, sizeof(*m->layers)))
        return zi_cg_nomem(b->ctx);
    memmove(&m->layers[at + 1], &m->layers[at], (m->n_layers - at) * sizeof(*l));
    m->layers[at] = *l;
    m->n_layers++;
    for (size_t p = 0; p < m->n_tensors; p++) {
        if (m->tensors[p].producer != ZI_NONE && m->tensors[p].producer >= at)
            m->tensors[p].producer++;
    }
    m->tensors[l->out].producer = (uint32_t)at;
    return ZURT_OK;
}

// Whether a layer needs no pixel but those of its stride.
static bool reads_few(const zi_cg_program *m, const zi_cg_layer *l)
{
    const zi_layer *d = &l->l;
    return split_of(l) && d->kernel[0] == 1 && d->kernel[1] == 1 && d->pad[0] == 0 &&
           d->pad[1] == 0 && !m->tensors[l->in].input;
}

/*
 * A copy of `in` for layer `at` and those after it that read with the same split; of those pixels
 * alone that are read, if `few`: then they read it with stride 1.
 */
static zurt_status copy_for(zi_cg_builder *b, size_t at, uint32_t in, bool few)
{
    zi_cg_program *m = b->m;
    zi_layer desc = zi_cg_copy_of(&m->tensors[in], m->layers[at].l.node);
    const zi_layer reader = m->layers[at].l;
    int32_t split = split_of(&m->layers[at]);
    if (few) {
        desc.stride[0] = reader.stride[0];
        desc.stride[1] = reader.stride[1];
        desc.y = (zi_image){1, reader.y.h, reader.y.w, desc.x.c};
    }
    uint32_t out;
    zurt_status st = zi_cg_add_tensor(b, ZI_NONE, desc.y, &out);
    if (st)
        return st;
    m->tensors[out].buffer.split = few ? 0 : split;
    for (size_t i = at; i < m->n_layers; i++) {
        zi_cg_layer *l = &m->layers[i];
        if (l->in != in || split_of(l) != split)
            continue;
        if (few && (!reads_few(m, l) || l->l.stride[0] != reader.stride[0]))
            continue;
        l->in = out;
        if (few) {
            l->l.x = desc.y;
            l->l.stride[0] = l->l.stride[1] = 1;
        }
    }
    zi_cg_layer copy = {.l = desc,
                        .in = in,
                        .out = out,
                        .residual = ZI_NONE,
                        .tile = ZI_NONE,
                        .add = ZI_NONE,
                        .picks = few,
                        .last_node = desc.node,
                        .band = {ZI_NONE, ZI_NONE}};
    return insert_layer(b, at, &copy);
}

// A sum that would fill most of the scratchpad together with its residual, were it not written over
// that; a tensor with split columns cannot be.
static bool is_crowded(const zi_cg_program *m, uint32_t root)
{
    const zi_cg_tensor *p = &m->tensors[root];
    return p->producer != ZI_NONE && m->layers[p->producer].residual != ZI_NONE &&
           2 * (int64_t)p->h * p->w * p->blocks > m->caps->scratchpad_words / 4 * 3;
}

// Groups of lanes that a strided layer loses because no pitch lets them go on across the end of a
// row: its width is odd, say, and stride and lanes are even.
static int64_t groups_lost(const zi_cg_program *m, const zi_layer *d)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel;
    for (int32_t pitch = 0; pitch < pp; pitch++) {
        if ((d->stride[0] * pitch - d->y.w) % pp == 0)
            return 0;
    }
    return (int64_t)d->y.h * zi_ceil_div(d->y.w, pp) - zi_ceil_div64((int64_t)d->y.h * d->y.w, pp);
}

// Whether a copy of the pixels that they read, one lane at a time, gains the strided readers of
// `root` more than it costs. All of them must do with it.
static bool copy_pays(const zi_cg_program *m, uint32_t root)
{
    int64_t gain = 0, cost = 0;
    for (size_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        const zi_layer *d = &l->l;
        int32_t block;
        if (!split_of(l) || zi_cg_root(m, l->in, &block) != root)
            continue;
        if (!reads_few(m, l) || l->in != root)
            return false;
        gain += groups_lost(m, d) * zi_blocks(d->x.c) * zi_blocks(d->y.c) / d->groups;
        cost = (int64_t)d->y.h * d->y.w * zi_blocks(d->x.c) + ZK_STEP_OVERHEAD;
    }
    return gain > cost;
}

static void note_read(zi_cg_program *m, uint32_t tensor, int32_t split, bool *plain, bool *strided)
{
    int32_t block;
    uint32_t root = zi_cg_root(m, tensor, &block);
    if (split)
        strided[root] = true;
    else
        plain[root] = true;
}

zurt_status zi_cg_copy_for_strides(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    size_t n = m->n_tensors;
    bool *plain = zi_arena_calloc(&b->temporary, n, 1);
    bool *strided = zi_arena_calloc(&b->temporary, n, 1);
    int32_t *split = zi_arena_calloc(&b->temporary, n, sizeof(*split));
    if (!plain || !strided || !split)
        return zi_cg_nomem(b->ctx);
    for (size_t i = 0; i < m->n_layers; i++) {
        zi_cg_layer *l = &m->layers[i];
        int32_t block, s = split_of(l);
        uint32_t root = zi_cg_root(m, l->in, &block);
        note_read(m, l->in, s, plain, strided);
        if (s && split[root] && split[root] != s)
            plain[root] = true;
        split[root] = s ? s : split[root];
        if (l->residual != ZI_NONE)
            note_read(m, l->residual, 0, plain, strided);
        if (zi_cg_scatters(l))
            note_read(m, l->out, 0, plain, strided);
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        int32_t block, s = split_of(&m->layers[i]);
        if (!s)
            continue;
        uint32_t in = m->layers[i].in, root = zi_cg_root(m, in, &block);
        bool few = reads_few(m, &m->layers[i]) && !m->tensors[root].buffer.split;
        if (root < n && (plain[root] || (few && (is_crowded(m, root) || copy_pays(m, root))))) {
            zurt_status st = copy_for(b, i, in, few);
            if (st)
                return st;
            plain[root] = true;
            i++;
        } else {
            m->tensors[root].buffer.split = s;
        }
    }
    return ZURT_OK;
}

// What results are scattered to must be in the scratchpad, whole; or else in tiles of it at first.
static zurt_status fix_scattered(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < m->n_layers; i++) {
        int32_t block;
        const zi_cg_layer *l = &m->layers[i];
        uint32_t root = zi_cg_root(m, l->out, &block);
        const zi_cg_tensor *p = &m->tensors[root];
        if (!zi_cg_scatters(l))
            continue;
        if ((int64_t)p->h * p->w * p->blocks > m->caps->scratchpad_words / 2)
            st = zi_cg_scatter_in_tiles(b->ctx, m, root);
        else
            m->tensors[l->out].buffer.pinned = m->tensors[root].buffer.pinned = true;
    }
    return st;
}

zurt_status zi_cg_copy_outputs(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    size_t n = m->n_tensors;
    zurt_status st = fix_scattered(b);
    for (uint32_t p = 0; !st && p < n; p++) {
        if (!m->tensors[p].output)
            continue;
        int32_t block;
        zi_cg_tensor *root = &m->tensors[zi_cg_root(m, p, &block)];
        if (!m->tensors[p].buffer.pinned && !root->buffer.pinned && !m->tensors[p].input) {
            m->tensors[p].buffer.stored = root->buffer.stored =
                true; // a view may leave that was joined before
            continue;
        }
        zi_layer desc = zi_cg_copy_of(
            &m->tensors[p], m->n_layers ? m->layers[m->n_layers - 1].l.node : m->first_node);
        uint32_t out;
        zi_cg_layer *layer;
        st = zi_cg_add_tensor(b, ZI_NONE, desc.y, &out);
        if (!st)
            st = zi_cg_add_layer(b, &desc, p, out, &layer);
        if (st)
            return st;
        m->tensors[out].id = m->tensors[p].id;
        m->tensors[out].buffer.stored = m->tensors[out].output = true;
        m->tensors[p].output = false;
        for (size_t t = 0; t < m->g->n_tensors; t++) { // the names under which it leaves
            if (b->tensor_of[t] == p && b->read_outside[t])
                b->tensor_of[t] = out;
        }
    }
    return st;
}
