/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table, an add, a 2x2 maximum joins the layer that computes its input, if nobody else reads
 * that.
 */
#include "codegen/cg_lower.h"

// The layer that computes a tensor, if more can be done to its result before anybody reads it.
static zi_cg_layer *open_layer(zi_cg_builder *b, zi_id tensor)
{
    uint32_t p = b->tensor_of[tensor];
    if (p == ZI_NONE || b->n_readers[tensor] != 1 || b->read_outside[tensor] ||
        b->m->tensors[p].id != tensor || b->m->tensors[p].producer == ZI_NONE ||
        b->m->tensors[p].parent != ZI_NONE)
        return NULL;
    zi_cg_layer *l = &b->m->layers[b->m->tensors[p].producer];
    return l->out == p && !l->pool2 && !l->l.up2 ? l : NULL;
}

static void rename_output(zi_cg_builder *b, zi_cg_layer *l, zi_id tensor, zi_id node)
{
    b->m->tensors[l->out].id = tensor;
    b->tensor_of[tensor] = l->out;
    b->m->lowered.nodes[node - b->m->first_node].with = l->l.node;
    l->last_node = node;
}

static bool fuse_lut(zi_cg_builder *b, const zi_node *n, zi_id node)
{
    zi_cg_layer *l = open_layer(b, n->in[0]);
    if (!l || l->has_lut || l->l.kind == ZI_LAYER_CONCAT)
        return false;
    l->has_lut = true;
    if (n->op == ZI_OP_Lut)
        l->lut = zi_node_in(b->m->g, n, 1)->data;
    rename_output(b, l, n->out[0], node);
    return true;
}

// Whether all parts of a tensor are written before layer `layer` is computed.
static bool complete_before(const zi_cg_program *m, uint32_t tensor, uint32_t layer)
{
    for (size_t i = 0; i < m->n_tensors; i++) {
        uint32_t p = (uint32_t)i;
        while (p != tensor && p != ZI_NONE)
            p = m->tensors[p].parent;
        if (p == tensor && m->tensors[i].producer != ZI_NONE && m->tensors[i].producer >= layer)
            return false;
    }
    return true;
}

// The sum joins the layer that computes the later operand.
static bool fuse_add(zi_cg_builder *b, const zi_node *n, const zi_layer *desc)
{
    zi_cg_program *m = b->m;
    if (n->in[0] == n->in[1])
        return false;
    zi_cg_layer *best = NULL;
    uint32_t own = 0;
    for (uint32_t k = 0; k < 2; k++) {
        zi_cg_layer *l = open_layer(b, n->in[k]);
        const bool adds = l && l->l.kind != ZI_LAYER_CONCAT && !l->l.transposed;
        if (adds && l->add == ZI_NONE && (!best || l > best)) {
            best = l;
            own = k;
        }
    }
    if (!best)
        return false;
    uint32_t other = b->tensor_of[n->in[1 - own]];
    if (!complete_before(m, other, (uint32_t)(best - m->layers)))
        return false;
    best->add = desc->node;
    best->sum = desc->sum;
    best->own_operand = own;
    best->residual = other;
    best->own_lut = best->lut; // is taken up by the add's own table
    best->lut = NULL;
    best->has_lut = false;
    rename_output(b, best, n->out[0], desc->node);
    return true;
}

static bool fuse_pool(zi_cg_builder *b, const zi_node *n, const zi_layer *pool)
{
    zi_cg_layer *l = open_layer(b, n->in[0]);
    bool two = pool->kernel[0] == 2 && pool->kernel[1] == 2 && pool->stride[0] == 2 &&
               pool->stride[1] == 2 && pool->pad[0] == 0 && pool->pad[1] == 0 &&
               pool->x.h == 2 * pool->y.h && pool->x.w == 2 * pool->y.w &&
               pool->x.w >= ZK_POOL2_WIDTH && pool->x.w <= 2 * ZK_LINE &&
               b->m->caps->requant_parallel >= 32 && b->m->caps->pixel_parallel % 2 == 0;
    if (!l || !two || l->l.kind != ZI_LAYER_CONV || l->l.transposed || l->l.stride[1] == 3 ||
        l->l.stride[1] > 4) // of two lanes, where those have one
        return false;
    l->pool2 = true;
    rename_output(b, l, n->out[0], pool->node);
    b->m->tensors[l->out].h = pool->y.h;
    b->m->tensors[l->out].w = pool->y.w;
    return true;
}

bool zi_cg_fuse(zi_cg_builder *b, const zi_node *n, const zi_layer *desc)
{
    if (n->op == ZI_OP_Add)
        return fuse_add(b, n, desc);
    if (n->op == ZI_OP_MaxPool)
        return fuse_pool(b, n, desc);
    if (desc->kind == ZI_LAYER_MAX && n->op != ZI_OP_Resize)
        return fuse_lut(b, n, desc->node);
    return false;
}
