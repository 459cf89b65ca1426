/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes become layers, each after what it reads; what can be joins the layer before it: cg_fuse.c.
 */
#include "codegen/cg_lower.h"

zurt_status zi_cg_add_tensor(zi_cg_builder *b, zi_id tensor, zi_image i, uint32_t *out)
{
    zi_cg_program *m = b->m;
    if (!zi_cg_grow(m, (void **)&m->tensors, &m->cap_tensors, m->n_tensors, sizeof(*m->tensors)))
        return zi_cg_nomem(b->ctx);
    *out = (uint32_t)m->n_tensors++;
    m->tensors[*out] = (zi_cg_tensor){.id = tensor,
                                      .h = i.h,
                                      .w = i.w,
                                      .c = i.c,
                                      .blocks = zi_blocks(i.c),
                                      .parent = ZI_NONE,
                                      .producer = ZI_NONE,
                                      .buffer.shares = ZI_NONE,
                                      .buffer.first_layer = ZI_NONE};
    if (tensor != ZI_NONE)
        b->tensor_of[tensor] = *out;
    return ZURT_OK;
}

zurt_status zi_cg_add_layer(zi_cg_builder *b, const zi_layer *l, uint32_t in, uint32_t out,
                            zi_cg_layer **layer)
{
    zi_cg_program *m = b->m;
    if (!zi_cg_grow(m, (void **)&m->layers, &m->cap_layers, m->n_layers, sizeof(*m->layers)))
        return zi_cg_nomem(b->ctx);
    m->tensors[out].producer = (uint32_t)m->n_layers;
    *layer = &m->layers[m->n_layers++];
    **layer = (zi_cg_layer){.l = *l,
                            .in = in,
                            .out = out,
                            .residual = ZI_NONE,
                            .tile = ZI_NONE,
                            .add = ZI_NONE,
                            .last_node = l->node,
                            .band = {ZI_NONE, ZI_NONE}};
    return ZURT_OK;
}

zi_layer zi_cg_copy_of(const zi_cg_tensor *p, zi_id node)
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

/* ---- one node ---- */

// All but the last of the layers that double height and width; *in, *desc: of that.
static zurt_status doubled_before(zi_cg_builder *b, zi_layer *desc, uint32_t *in)
{
    zurt_status st = ZURT_OK;
    for (int32_t k = 1; !st && k < desc->doublings; k++) {
        uint32_t out;
        zi_cg_layer *layer;
        zi_image result = {1, 2 * desc->x.h, 2 * desc->x.w, desc->x.c};
        st = zi_cg_add_tensor(b, ZI_NONE, result, &out);
        if (!st)
            st = zi_cg_add_layer(b, desc, *in, out, &layer);
        desc->x = desc->y = result;
        *in = out;
    }
    return st;
}

static zurt_status simple_layer(zi_cg_builder *b, const zi_node *n, zi_layer *desc)
{
    uint32_t out, in = b->tensor_of[n->in[0]];
    zi_cg_layer *layer;
    zurt_status st = doubled_before(b, desc, &in);
    if (st)
        return st;
    int32_t times = desc->up2 ? 2 : 1;
    zi_image result = {1, times * desc->y.h, times * desc->y.w, desc->y.c};
    st = zi_cg_add_tensor(b, n->out[0], result, &out);
    if (!st)
        st = zi_cg_add_layer(b, desc, in, out, &layer);
    if (st)
        return st;
    const zi_cg_tensor *x = &b->m->tensors[in];
    if (n->op == ZI_OP_FullyConnected && x->h * x->w > 1 && desc->x.c != x->c) {
        layer->flat_h = layer->l.kernel[0] = x->h;
        layer->flat_w = layer->l.kernel[1] = x->w;
        layer->l.x = (zi_image){desc->x.n, x->h, x->w, x->c};
    }
    if (n->op == ZI_OP_Add) {
        layer->add = desc->node;
        layer->sum = desc->sum;
        layer->residual = b->tensor_of[n->in[1]];
    }
    if (desc->kind == ZI_LAYER_MAX && n->op != ZI_OP_Add && n->op != ZI_OP_Resize &&
        n->op != ZI_OP_MaxPool) {
        layer->has_lut = true;
        if (n->op == ZI_OP_Lut)
            layer->lut = zi_node_in(b->m->g, n, 1)->data;
    }
    return ZURT_OK;
}

static zurt_status concat_copy(zi_cg_builder *b, const zi_node *n, uint32_t k, uint32_t parent,
                               int32_t first_block, zi_id node)
{
    zi_cg_program *m = b->m;
    const zi_tensor *x = zi_node_in(m->g, n, k), *y = zi_node_out(m->g, n, 0);
    const zi_cg_choice *choice = b->choice_of[n->in[k]];
    uint32_t in = b->tensor_of[n->in[k]], out;
    zi_cg_layer *layer;
    zurt_status st =
        zi_cg_add_tensor(b, ZI_NONE, (zi_image){1, x->dims[1], x->dims[2], x->dims[3]}, &out);
    if (!st && in != ZI_NONE) {
        zi_layer l = zi_cg_copy_of(&m->tensors[in], node);
        st = zi_cg_add_layer(b, &l, in, out, &layer);
    } else if (!st) {
        const zi_layer plain = {.node = node, .stride = {1, 1}};
        st = zi_cg_put_in_order(b, choice, &plain, out, &layer);
    }
    if (st)
        return st;
    m->tensors[out].parent = parent;
    m->tensors[out].first_block = first_block;
    if (!zi_same_quant(x, y)) {
        int8_t *table = zi_arena_alloc(&m->arena, 256);
        if (!table)
            return zi_cg_nomem(b->ctx);
        if (!zi_layer_rescale(x, y, table))
            return zi_fail(b->ctx, ZURT_E_INTERNAL, "mapping: concat '%s' was accepted", n->name);
        layer->has_lut = true;
        layer->lut = table;
    }
    return ZURT_OK;
}

// Operands that are computed here and joined only once are written to their planes directly.
static zurt_status concat(zi_cg_builder *b, const zi_node *n, const zi_layer *desc)
{
    zi_cg_program *m = b->m;
    uint32_t whole;
    int32_t block = 0;
    bool gaps = false;
    for (uint32_t k = 0; k < n->n_in; k++) {
        int32_t c = zi_node_in(m->g, n, k)->dims[3];
        gaps = gaps || (k + 1 < n->n_in && c % ZK_C);
        block += zi_blocks(c);
    }
    zi_image image = {1, desc->y.h, desc->y.w, gaps ? block * ZK_C : desc->y.c};
    zurt_status st = zi_cg_add_tensor(b, gaps ? ZI_NONE : n->out[0], image, &whole);
    block = 0;
    for (uint32_t k = 0; !st && k < n->n_in; k++) {
        const zi_tensor *x = zi_node_in(m->g, n, k);
        uint32_t operand = b->tensor_of[n->in[k]];
        zi_cg_tensor *p = &m->tensors[operand == ZI_NONE ? 0 : operand];
        const bool is_inner = p->parent == ZI_NONE && p->producer != ZI_NONE && !p->output;
        const bool same_image = p->h == desc->y.h && p->w == desc->y.w && p->c == x->dims[3];
        const bool is_own = operand != ZI_NONE && p->id == n->in[k];
        bool direct = is_own && is_inner && same_image && zi_same_quant(x, zi_node_out(m->g, n, 0));
        if (direct) {
            p->parent = whole;
            p->first_block = block;
        } else {
            st = concat_copy(b, n, k, whole, block, desc->node);
        }
        block += zi_blocks(x->dims[3]);
    }
    return st || !gaps ? st : zi_cg_gap(b, n, whole, desc->node);
}

// Most layers want their inputs in order.
static zurt_status real_inputs(zi_cg_builder *b, const zi_node *n, zi_id node)
{
    zurt_status st = ZURT_OK;
    for (uint32_t k = 0; !st && k < n->n_in; k++) {
        if (n->in[k] != ZI_NONE)
            st = zi_cg_make_real(b, n->in[k], node);
    }
    return st;
}

static zurt_status layer_of_node(zi_cg_builder *b, const zi_node *n, zi_layer *desc)
{
    zi_cg_program *m = b->m;
    bool read = false;
    if (desc->kind == ZI_LAYER_CHOOSE)
        return zi_cg_choose(b, n, desc);
    if (desc->kind == ZI_LAYER_CONCAT)
        return concat(b, n, desc);
    zurt_status st = zi_cg_read_choice(b, n, desc, &read);
    if (!st && !read)
        st = real_inputs(b, n, desc->node);
    if (st || read)
        return st;
    if (desc->kind == ZI_LAYER_VIEW) {
        // The tensor now has two names: who reads either reads it, so nothing may be fused to it.
        b->tensor_of[n->out[0]] = b->tensor_of[n->in[0]];
        return ZURT_OK;
    }
    const zi_cg_tensor *x = &m->tensors[b->tensor_of[n->in[0]]];
    bool flattened = x->h * x->w > 1 && (desc->x.h * desc->x.w == 1 && desc->x.c != x->c);
    if (flattened && n->op != ZI_OP_FullyConnected)
        return zi_node_fail(b->ctx, m->g, n, ZURT_E_UNSUPPORTED,
                            "reads a flattened picture, which only FullyConnected can");
    return zi_cg_fuse(b, n, desc) ? ZURT_OK : simple_layer(b, n, desc);
}

static zurt_status map_node(zi_cg_builder *b, zi_id node)
{
    zi_cg_program *m = b->m;
    const zi_node *n = &m->g->nodes[node];
    zi_layer desc = *(const zi_layer *)b->placed[node].analysis;
    desc.node = node; // the order may have changed since
    if (desc.x.n != m->batch)
        return zi_node_fail(b->ctx, m->g, n, ZURT_E_UNSUPPORTED,
                            "batch %d beside batch %d in one segment", (int)desc.x.n,
                            (int)m->batch);
    zurt_status st = layer_of_node(b, n, &desc);
    for (uint32_t k = 0; !st && k < n->n_out; k++) {
        uint32_t tensor = b->tensor_of[n->out[k]];
        if (tensor != ZI_NONE)
            m->tensors[tensor].output |= b->read_outside[n->out[k]];
    }
    return st;
}

/* ---- inputs and outputs ---- */

static zurt_status list_inputs(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    for (uint32_t i = 0; i < b->segment->n_inputs; i++) {
        zi_id t = b->segment->inputs[i];
        zi_image image;
        uint32_t p;
        if (!zi_image_of(&m->g->tensors[t], &image))
            return zi_fail(b->ctx, ZURT_E_UNSUPPORTED, "mapping: tensor '%s' has too many axes",
                           m->g->tensors[t].name);
        zurt_status st = zi_cg_add_tensor(b, t, image, &p);
        if (st)
            return st;
        m->tensors[p].input = true;
        m->tensors[p].source = (zi_image){1, image.h, image.w, image.c};
        m->batch = image.n;
    }
    return ZURT_OK;
}

static zurt_status name_outputs(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    m->n_outputs = b->segment->n_outputs;
    m->outputs = zi_arena_calloc(&m->arena, m->n_outputs, sizeof(*m->outputs));
    if (!m->outputs)
        return zi_cg_nomem(b->ctx);
    for (size_t i = 0; i < m->n_outputs; i++) {
        zi_id t = b->segment->outputs[i];
        m->outputs[i] = (zi_cg_output){t, b->tensor_of[t]};
    }
    return ZURT_OK;
}

// What nobody reads goes to the act buffer: a step writes somewhere.
static zurt_status store_unread(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    bool *is_read = zi_arena_calloc(&b->temporary, m->n_tensors, 1);
    if (!is_read)
        return zi_cg_nomem(b->ctx);
    for (size_t i = 0; i < m->n_layers; i++) {
        int32_t block;
        is_read[zi_cg_root(m, m->layers[i].in, &block)] = true;
        if (m->layers[i].residual != ZI_NONE)
            is_read[zi_cg_root(m, m->layers[i].residual, &block)] = true;
    }
    for (size_t i = 0; i < m->n_tensors; i++) {
        zi_cg_tensor *p = &m->tensors[i];
        p->buffer.stored |= !is_read[i] && !p->input && !p->buffer.pinned &&
                            p->buffer.where != ZI_CG_BAND && p->parent == ZI_NONE;
    }
    return ZURT_OK;
}

/* ---- all ---- */

static zurt_status prepare(zi_cg_builder *b)
{
    zi_cg_program *m = b->m;
    size_t n = m->g->n_tensors;
    m->lowered.nodes = zi_arena_calloc(&m->arena, m->n_nodes, sizeof(*m->lowered.nodes));
    b->tensor_of = zi_arena_calloc(&b->temporary, n, sizeof(*b->tensor_of));
    b->n_readers = zi_arena_calloc(&b->temporary, n, sizeof(*b->n_readers));
    b->read_outside = zi_arena_calloc(&b->temporary, n, sizeof(*b->read_outside));
    b->choice_of = zi_arena_calloc(&b->temporary, n, sizeof(*b->choice_of));
    if (!m->lowered.nodes || !b->tensor_of || !b->n_readers || !b->read_outside || !b->choice_of)
        return zi_cg_nomem(b->ctx);
    for (zi_id i = 0; i < m->n_nodes; i++)
        m->lowered.nodes[i].with = ZI_NONE;
    for (size_t i = 0; i < n; i++)
        b->tensor_of[i] = ZI_NONE;
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

zurt_status zi_cg_lower(zi_cg_builder *b)
{
    zurt_status st = prepare(b);
    for (zi_id i = 0; !st && i < b->m->n_nodes; i++)
        st = map_node(b, b->m->first_node + i);
    return st;
}

zurt_status zi_cg_list_outputs(zi_cg_builder *b)
{
    zurt_status st = store_unread(b);
    return st ? st : name_outputs(b);
}
