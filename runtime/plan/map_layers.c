/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First stage: nodes become layers. A table, an add, a 2x2 maximum or a doubling joins the layer
 * that computes its input, if nobody else reads that.
 */
#include <string.h>

#include "base/alloc.h"
#include "plan/map_impl.h"

typedef struct builder {
    zurt_ctx *ctx;
    zi_map *m;
    const zi_segment *segment;
    uint32_t *place_of;  // per tensor
    uint32_t *n_readers; // per tensor
    bool *read_outside;  // per tensor: an output of the segment
    zi_arena temporary;
} builder;

static zurt_status add_place(builder *b, zi_id tensor, zi_image i, uint32_t *out)
{
    zi_map *m = b->m;
    if (!zi_map_grow(m, (void **)&m->places, &m->cap_places, m->n_places, sizeof(*m->places)))
        return zi_map_nomem(b->ctx);
    *out = (uint32_t)m->n_places++;
    m->places[*out] = (zi_place){.tensor = tensor,
                                 .h = i.h,
                                 .w = i.w,
                                 .c = i.c,
                                 .blocks = zi_blocks(i.c),
                                 .parent = ZI_NONE,
                                 .producer = ZI_NONE,
                                 .shares = ZI_NONE,
                                 .first_layer = ZI_NONE};
    if (tensor != ZI_NONE)
        b->place_of[tensor] = *out;
    return ZURT_OK;
}

static zurt_status add_layer(builder *b, const zi_layer *l, uint32_t in, uint32_t out,
                             zi_map_layer **layer)
{
    zi_map *m = b->m;
    if (!zi_map_grow(m, (void **)&m->layers, &m->cap_layers, m->n_layers, sizeof(*m->layers)))
        return zi_map_nomem(b->ctx);
    m->places[out].producer = (uint32_t)m->n_layers;
    *layer = &m->layers[m->n_layers++];
    **layer = (zi_map_layer){.l = *l,
                             .in = in,
                             .out = out,
                             .residual = ZI_NONE,
                             .add = ZI_NONE,
                             .last_node = l->node,
                             .strip = {ZI_NONE, ZI_NONE}};
    return ZURT_OK;
}

static zi_layer copy_of(const zi_place *p, zi_id node)
{
    zi_image i = {1, p->h, p->w, p->c};
    return (zi_layer){.kind = ZI_LAYER_MAX,
                      .node = node,
                      .x = i,
                      .y = i,
                      .kernel = {1, 1},
                      .stride = {1, 1},
                      .dilation = {1, 1},
                      .groups = 1,
                      .passes = 1};
}

/* ---- fusion ---- */

// The layer that computes a tensor, if more can be done to its result before anybody reads it.
static zi_map_layer *open_layer(builder *b, zi_id tensor)
{
    uint32_t p = b->place_of[tensor];
    if (p == ZI_NONE || b->n_readers[tensor] != 1 || b->read_outside[tensor] ||
        b->m->places[p].tensor != tensor || b->m->places[p].producer == ZI_NONE ||
        b->m->places[p].parent != ZI_NONE)
        return NULL;
    zi_map_layer *l = &b->m->layers[b->m->places[p].producer];
    return l->out == p && !l->pool2 && !l->l.up2 ? l : NULL;
}

static void rename_output(builder *b, zi_map_layer *l, zi_id tensor, zi_id node)
{
    b->m->places[l->out].tensor = tensor;
    b->place_of[tensor] = l->out;
    l->last_node = node;
}

static bool fuse_lut(builder *b, const zi_node *n, zi_id node)
{
    zi_map_layer *l = open_layer(b, n->in[0]);
    if (!l || l->has_lut || l->l.kind == ZI_LAYER_CONCAT)
        return false;
    l->has_lut = true;
    if (n->op == ZI_OP_Lut)
        l->lut = zi_node_in(b->m->g, n, 1)->data;
    rename_output(b, l, n->out[0], node);
    return true;
}

// The sum joins the layer that computes the later operand.
static bool fuse_add(builder *b, const zi_node *n, zi_id node)
{
    zi_map *m = b->m;
    if (n->in[0] == n->in[1])
        return false;
    zi_map_layer *best = NULL;
    uint32_t own = 0;
    for (uint32_t k = 0; k < 2; k++) {
        zi_map_layer *l = open_layer(b, n->in[k]);
        if (l && !l->has_lut && l->add == ZI_NONE && l->l.kind != ZI_LAYER_CONCAT &&
            !l->l.transposed && (!best || l > best)) {
            best = l;
            own = k;
        }
    }
    if (!best)
        return false;
    uint32_t other = b->place_of[n->in[1 - own]], producer = m->places[other].producer;
    if (producer != ZI_NONE && producer >= (uint32_t)(best - m->layers))
        return false;
    best->add = node;
    best->own_operand = own;
    best->residual = other;
    rename_output(b, best, n->out[0], node);
    return true;
}

static bool fuse_pool(builder *b, const zi_node *n, const zi_layer *pool)
{
    zi_map_layer *l = open_layer(b, n->in[0]);
    bool two = pool->kernel[0] == 2 && pool->kernel[1] == 2 && pool->stride[0] == 2 &&
               pool->stride[1] == 2 && pool->pad[0] == 0 && pool->pad[1] == 0 &&
               pool->x.h == 2 * pool->y.h && pool->x.w == 2 * pool->y.w &&
               pool->x.w <= 2 * ZK_LINE && b->m->caps->requant_parallel >= 32;
    if (!l || !two || l->l.kind != ZI_LAYER_CONV || l->l.transposed)
        return false;
    l->pool2 = true;
    rename_output(b, l, n->out[0], pool->node);
    b->m->places[l->out].h = pool->y.h;
    b->m->places[l->out].w = pool->y.w;
    return true;
}

/* ---- one node ---- */

static zurt_status simple_layer(builder *b, const zi_node *n, const zi_layer *desc)
{
    uint32_t out, in = b->place_of[n->in[0]];
    zi_map_layer *layer;
    int32_t times = desc->up2 ? 2 : 1;
    zi_image result = {1, times * desc->y.h, times * desc->y.w, desc->y.c};
    zurt_status st = add_place(b, n->out[0], result, &out);
    if (!st)
        st = add_layer(b, desc, in, out, &layer);
    if (st)
        return st;
    const zi_place *x = &b->m->places[in];
    if (n->op == ZI_OP_FullyConnected && x->h * x->w > 1 && desc->x.c != x->c) {
        layer->flat_h = layer->l.kernel[0] = x->h;
        layer->flat_w = layer->l.kernel[1] = x->w;
        layer->l.x = (zi_image){desc->x.n, x->h, x->w, x->c};
    }
    if (n->op == ZI_OP_Add) {
        layer->add = desc->node;
        layer->residual = b->place_of[n->in[1]];
    }
    if (desc->kind == ZI_LAYER_MAX && n->op != ZI_OP_Add && n->op != ZI_OP_Resize &&
        n->op != ZI_OP_MaxPool) {
        layer->has_lut = true;
        if (n->op == ZI_OP_Lut)
            layer->lut = zi_node_in(b->m->g, n, 1)->data;
    }
    return ZURT_OK;
}

static zurt_status concat_copy(builder *b, const zi_node *n, uint32_t k, uint32_t parent,
                               int32_t first_block, zi_id node)
{
    zi_map *m = b->m;
    const zi_tensor *x = zi_node_in(m->g, n, k), *y = zi_node_out(m->g, n, 0);
    uint32_t in = b->place_of[n->in[k]], out;
    zi_layer l = copy_of(&m->places[in], node);
    zi_map_layer *layer;
    zurt_status st = add_place(b, ZI_NONE, l.y, &out);
    if (!st)
        st = add_layer(b, &l, in, out, &layer);
    if (st)
        return st;
    m->places[out].parent = parent;
    m->places[out].first_block = first_block;
    if (!zi_alike(x, y)) {
        int8_t *table = zi_arena_alloc(&m->arena, 256);
        if (!table)
            return zi_map_nomem(b->ctx);
        if (!zi_rescale_table(x, y, table))
            return zi_fail(b->ctx, ZURT_E_INTERNAL, "mapping: concat '%s' was accepted", n->name);
        layer->has_lut = true;
        layer->lut = table;
    }
    return ZURT_OK;
}

// Operands that are computed here and joined only once are written to their planes directly.
static zurt_status concat(builder *b, const zi_node *n, const zi_layer *desc)
{
    zi_map *m = b->m;
    uint32_t whole;
    int32_t block = 0;
    zurt_status st = add_place(b, n->out[0], desc->y, &whole);
    for (uint32_t k = 0; !st && k < n->n_in; k++) {
        const zi_tensor *x = zi_node_in(m->g, n, k);
        zi_place *p = &m->places[b->place_of[n->in[k]]];
        bool direct = p->parent == ZI_NONE && p->producer != ZI_NONE && !p->output &&
                      p->h == desc->y.h && p->w == desc->y.w && p->c == x->dims[3] &&
                      zi_alike(x, zi_node_out(m->g, n, 0)) && p->tensor == n->in[k];
        if (direct) {
            p->parent = whole;
            p->first_block = block;
        } else {
            st = concat_copy(b, n, k, whole, block, desc->node);
        }
        block += zi_blocks(x->dims[3]);
    }
    return st;
}

static zurt_status map_node(builder *b, zi_id node)
{
    zi_map *m = b->m;
    const zi_node *n = &m->g->nodes[node];
    zi_layer desc;
    const char *reason = NULL, *remedy = NULL;
    zi_layer_query q = {&b->temporary, m->caps, m->g};
    if (!zi_layer_from_node(&q, n, &desc, &reason, &remedy))
        return zi_node_fail(b->ctx, m->g, n, reason ? ZURT_E_UNSUPPORTED : ZURT_E_NOMEM,
                            "cannot be mapped: %s", reason ? reason : "out of memory");
    if (desc.x.n != m->batch)
        return zi_node_fail(b->ctx, m->g, n, ZURT_E_UNSUPPORTED,
                            "batch %d beside batch %d in one segment", (int)desc.x.n,
                            (int)m->batch);
    if (desc.kind == ZI_LAYER_VIEW) {
        b->place_of[n->out[0]] = b->place_of[n->in[0]];
        // The place now has two names: who reads either reads it, so nothing may be fused to it.
        m->places[b->place_of[n->in[0]]].output |= b->read_outside[n->out[0]];
        return ZURT_OK;
    }
    const zi_place *x = &m->places[b->place_of[n->in[0]]];
    bool flattened = x->h * x->w > 1 && (desc.x.h * desc.x.w == 1 && desc.x.c != x->c);
    if (flattened && n->op != ZI_OP_FullyConnected)
        return zi_node_fail(b->ctx, m->g, n, ZURT_E_UNSUPPORTED,
                            "reads a flattened picture, which only FullyConnected can");
    zurt_status st;
    bool done = false;
    if (n->op == ZI_OP_Add)
        done = fuse_add(b, n, node);
    else if (desc.kind == ZI_LAYER_MAX && n->op != ZI_OP_Resize && n->op != ZI_OP_MaxPool)
        done = fuse_lut(b, n, node);
    else if (n->op == ZI_OP_MaxPool)
        done = fuse_pool(b, n, &desc);
    if (done)
        st = ZURT_OK;
    else
        st = desc.kind == ZI_LAYER_CONCAT ? concat(b, n, &desc) : simple_layer(b, n, &desc);
    if (!st)
        m->places[b->place_of[n->out[0]]].output |= b->read_outside[n->out[0]];
    return st;
}

/* ---- inputs and outputs ---- */

static zurt_status list_inputs(builder *b)
{
    zi_map *m = b->m;
    for (uint32_t i = 0; i < b->segment->n_inputs; i++) {
        zi_id t = b->segment->inputs[i];
        zi_image image;
        uint32_t p;
        if (!zi_image_of(&m->g->tensors[t], &image))
            return zi_fail(b->ctx, ZURT_E_UNSUPPORTED, "mapping: tensor '%s' has too many axes",
                           m->g->tensors[t].name);
        zurt_status st = add_place(b, t, image, &p);
        if (st)
            return st;
        m->places[p].input = true;
        m->places[p].source = (zi_image){1, image.h, image.w, image.c};
        m->batch = image.n;
    }
    return ZURT_OK;
}

static void pack_input(zi_map *m, zi_map_layer *l)
{
    zi_place *p = &m->places[l->in];
    int32_t kh = l->l.kernel[0], kw = l->l.kernel[1];
    int32_t taps = kw * zi_blocks(p->c), rows = zi_blocks(kw * p->c);
    bool fold = l->l.stride[0] == 2 && l->l.stride[1] == 2 && l->l.dilation[0] == 1 &&
                l->l.dilation[1] == 1 && 4 * p->c <= 16;
    if (fold) {
        p->pack = (zi_pack){2, 2, 2, 2, 1, l->l.pad[0], l->l.pad[1]};
        l->l.kernel[0] = (kh + 1) / 2;
        l->l.kernel[1] = (kw + 1) / 2;
        p->h = l->l.y.h + l->l.kernel[0] - 1;
        p->w = l->l.y.w + l->l.kernel[1] - 1;
        p->c = 4 * p->c;
        l->l.stride[0] = 1;
        l->l.pad[0] = 0;
    } else if (rows < taps && l->l.passes == 1) {
        p->pack = (zi_pack){1, kw, 1, l->l.stride[1], l->l.dilation[1], 0, l->l.pad[1]};
        l->l.kernel[1] = 1;
        p->w = l->l.y.w;
        p->c = kw * p->c;
    } else {
        return;
    }
    l->l.stride[1] = 1;
    l->l.dilation[1] = 1;
    l->l.pad[1] = 0;
    l->packed = true;
    p->blocks = zi_blocks(p->c);
    l->l.x = (zi_image){1, p->h, p->w, p->c};
}

// An input that one ordinary convolution alone reads.
static void pack_inputs(builder *b)
{
    zi_map *m = b->m;
    for (size_t p = 0; p < m->n_places && m->places[p].input; p++) {
        uint32_t readers = 0;
        zi_map_layer *reader = NULL;
        for (size_t i = 0; i < m->n_layers; i++) {
            zi_map_layer *l = &m->layers[i];
            readers += (l->in == p ? 1u : 0u) + (l->residual == p ? 1u : 0u);
            reader = l->in == p ? l : reader;
        }
        if (readers == 1 && reader && reader->l.kind == ZI_LAYER_CONV && !reader->l.transposed &&
            reader->l.groups == 1 && !reader->flat_h && m->places[p].c <= 8 &&
            !m->places[p].output && m->places[p].parent == ZI_NONE &&
            m->g->nodes[reader->l.node].op == ZI_OP_Conv &&
            m->g->nodes[reader->l.node].attr.conv.groups == 1)
            pack_input(m, reader);
    }
}

// Splits layer i's place in `level` column phases: log2 of the stride with which it is read.
static int32_t split_of(const zi_map_layer *l)
{
    int32_t s = l->l.transposed ? 1 : l->l.stride[1];
    return s == 4 ? 2 : s == 2 ? 1 : 0;
}

static zurt_status insert_layer(builder *b, size_t at, const zi_map_layer *l)
{
    zi_map *m = b->m;
    if (!zi_map_grow(m, (void **)&m->layers, &m->cap_layers, m->n_layers, sizeof(*m->layers)))
        return zi_map_nomem(b->ctx);
    memmove(&m->layers[at + 1], &m->layers[at], (m->n_layers - at) * sizeof(*l));
    m->layers[at] = *l;
    m->n_layers++;
    for (size_t p = 0; p < m->n_places; p++) {
        if (m->places[p].producer != ZI_NONE && m->places[p].producer >= at)
            m->places[p].producer++;
    }
    m->places[l->out].producer = (uint32_t)at;
    return ZURT_OK;
}

// A copy of `in` for layer `at` and those after it that read with the same split.
static zurt_status copy_for(builder *b, size_t at, uint32_t in, int32_t split)
{
    zi_map *m = b->m;
    zi_layer desc = copy_of(&m->places[in], m->layers[at].l.node);
    uint32_t out;
    zurt_status st = add_place(b, ZI_NONE, desc.y, &out);
    if (st)
        return st;
    for (size_t i = at; i < m->n_layers; i++) {
        if (m->layers[i].in == in && split_of(&m->layers[i]) == split)
            m->layers[i].in = out;
    }
    zi_map_layer copy = {.l = desc,
                         .in = in,
                         .out = out,
                         .residual = ZI_NONE,
                         .add = ZI_NONE,
                         .last_node = desc.node,
                         .strip = {ZI_NONE, ZI_NONE}};
    return insert_layer(b, at, &copy);
}

static void note_read(zi_map *m, uint32_t place, int32_t split, bool *plain, bool *strided)
{
    int32_t block;
    uint32_t root = zi_place_root(m, place, &block);
    if (split)
        strided[root] = true;
    else
        plain[root] = true;
}

// Tensors that are read with different strides, or joined, get a copy for the strided readers.
static zurt_status copy_for_strides(builder *b)
{
    zi_map *m = b->m;
    size_t n = m->n_places;
    bool *plain = zi_arena_calloc(&b->temporary, n, 1);
    bool *strided = zi_arena_calloc(&b->temporary, n, 1);
    int32_t *split = zi_arena_calloc(&b->temporary, n, sizeof(*split));
    if (!plain || !strided || !split)
        return zi_map_nomem(b->ctx);
    for (size_t i = 0; i < m->n_layers; i++) {
        zi_map_layer *l = &m->layers[i];
        int32_t block, s = split_of(l);
        uint32_t root = zi_place_root(m, l->in, &block);
        note_read(m, l->in, s, plain, strided);
        if (s && split[root] && split[root] != s)
            plain[root] = true;
        split[root] = s ? s : split[root];
        if (l->residual != ZI_NONE)
            note_read(m, l->residual, 0, plain, strided);
        if (l->l.transposed || l->l.up2)
            note_read(m, l->out, 0, plain, strided);
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        int32_t block, s = split_of(&m->layers[i]);
        if (!s)
            continue;
        uint32_t in = m->layers[i].in, root = zi_place_root(m, in, &block);
        if (root < n && plain[root]) {
            zurt_status st = copy_for(b, i, in, s);
            if (st)
                return st;
            m->places[m->n_places - 1].split = s;
            i++;
        } else {
            m->places[root].split = s;
        }
    }
    return ZURT_OK;
}

// Outputs that no step can send to the act buffer while it computes them.
static zurt_status copy_outputs(builder *b)
{
    zi_map *m = b->m;
    size_t n = m->n_places;
    for (size_t i = 0; i < m->n_layers; i++) {
        zi_map_layer *l = &m->layers[i];
        int32_t block;
        if (l->l.transposed || l->l.up2) {
            m->places[l->out].fixed = true;
            m->places[zi_place_root(m, l->out, &block)].fixed = true;
        }
    }
    for (uint32_t p = 0; p < n; p++) {
        if (!m->places[p].output)
            continue;
        if (!m->places[p].fixed && !m->places[p].input) {
            m->places[p].stored = true;
            continue;
        }
        zi_layer desc =
            copy_of(&m->places[p], m->n_layers ? m->layers[m->n_layers - 1].l.node : m->first_node);
        uint32_t out;
        zi_map_layer *layer;
        zurt_status st = add_place(b, ZI_NONE, desc.y, &out);
        if (!st)
            st = add_layer(b, &desc, p, out, &layer);
        if (st)
            return st;
        m->places[out].tensor = m->places[p].tensor;
        m->places[out].stored = m->places[out].output = true;
        m->places[p].output = false;
        for (size_t t = 0; t < m->g->n_tensors; t++) { // the names under which it leaves
            if (b->place_of[t] == p && b->read_outside[t])
                b->place_of[t] = out;
        }
    }
    return ZURT_OK;
}

/* ---- all ---- */

static zurt_status prepare(builder *b)
{
    const zi_map *m = b->m;
    size_t n = m->g->n_tensors;
    b->place_of = zi_arena_calloc(&b->temporary, n, sizeof(*b->place_of));
    b->n_readers = zi_arena_calloc(&b->temporary, n, sizeof(*b->n_readers));
    b->read_outside = zi_arena_calloc(&b->temporary, n, sizeof(*b->read_outside));
    if (!b->place_of || !b->n_readers || !b->read_outside)
        return zi_map_nomem(b->ctx);
    for (size_t i = 0; i < n; i++)
        b->place_of[i] = ZI_NONE;
    for (zi_id i = m->first_node; i < m->first_node + m->n_nodes; i++) {
        const zi_node *node = &m->g->nodes[i];
        for (uint32_t k = 0; k < node->n_in; k++) {
            if (node->in[k] != ZI_NONE)
                b->n_readers[node->in[k]]++;
        }
    }
    for (uint32_t i = 0; i < b->segment->n_outputs; i++)
        b->read_outside[b->segment->outputs[i]] = true;
    return list_inputs(b);
}

// What nobody reads goes to the act buffer: a step writes somewhere.
static zurt_status store_unread(builder *b)
{
    zi_map *m = b->m;
    bool *is_read = zi_arena_calloc(&b->temporary, m->n_places, 1);
    if (!is_read)
        return zi_map_nomem(b->ctx);
    for (size_t i = 0; i < m->n_layers; i++) {
        int32_t block;
        is_read[zi_place_root(m, m->layers[i].in, &block)] = true;
        if (m->layers[i].residual != ZI_NONE)
            is_read[zi_place_root(m, m->layers[i].residual, &block)] = true;
    }
    for (size_t i = 0; i < m->n_places; i++) {
        zi_place *p = &m->places[i];
        p->stored |= !is_read[i] && !p->input && !p->fixed && p->parent == ZI_NONE;
    }
    return ZURT_OK;
}

static zurt_status name_outputs(builder *b)
{
    zi_map *m = b->m;
    m->n_outputs = b->segment->n_outputs;
    m->outputs = zi_arena_calloc(&m->arena, m->n_outputs, sizeof(*m->outputs));
    if (!m->outputs)
        return zi_map_nomem(b->ctx);
    for (size_t i = 0; i < m->n_outputs; i++) {
        zi_id t = b->segment->outputs[i];
        m->outputs[i] = (zi_map_output){t, b->place_of[t]};
    }
    return ZURT_OK;
}

zurt_status zi_map_layers(zurt_ctx *ctx, zi_map *m, const zi_segment *segment)
{
    builder b = {.ctx = ctx, .m = m, .segment = segment};
    zi_arena_init(&b.temporary, &ctx->allocator);
    zurt_status st = prepare(&b);
    for (zi_id i = 0; !st && i < m->n_nodes; i++)
        st = map_node(&b, m->first_node + i);
    if (!st)
        st = copy_outputs(&b);
    if (!st) {
        pack_inputs(&b);
        st = copy_for_strides(&b);
    }
    if (!st)
        st = store_unread(&b);
    if (!st)
        st = name_outputs(&b);
    zi_arena_clear(&b.temporary);
    return st;
}
