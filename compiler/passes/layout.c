/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NCHW to NHWC for the whole graph, in one sweep.
 *
 * The importer wraps each spatial op in Transposes to and from NHWC. Here no Transpose or Reshape
 * is written when it is met: the sweep notes how each tensor is stored (layout_rep.h), lets every
 * op that can work on the stored form, and moves elements only where an op, or the model's output,
 * wants another order. Between spatial ops the notes cancel. Each node is looked at once.
 */
#include <string.h>

#include "base/alloc.h"
#include "passes/layout_ops.h"
#include "passes/passes.h"

static const int32_t to_nhwc[4] = {0, 2, 3, 1};

/** Ops through which an image may pass before the first spatial op sees it. */
static bool passes_images(zi_op op)
{
    return zi_op_has(op, ZI_OPF_MAP) || zi_op_has(op, ZI_OPF_BINARY) || op == ZI_OP_Quantize ||
           op == ZI_OP_Dequantize || op == ZI_OP_Cast || op == ZI_OP_Slice || op == ZI_OP_Pad ||
           op == ZI_OP_Split || op == ZI_OP_Concat;
}

/** Marks the tensors that reach a Transpose to NHWC: found from the readers back. */
static void mark_images(const zi_graph *g, uint8_t *image)
{
    for (size_t i = g->n_nodes; i-- > 0;) {
        const zi_node *n = &g->nodes[i];
        bool reaches = false;
        for (uint32_t k = 0; k < n->n_out && passes_images(n->op); k++)
            reaches = reaches || image[n->out[k]];
        if (n->op == ZI_OP_Transpose && g->tensors[n->in[0]].rank == 4)
            reaches = memcmp(n->attr.perm.perm, to_nhwc, sizeof(to_nhwc)) == 0;
        for (uint32_t k = 0; k < n->n_in && reaches; k++) {
            if (n->in[k] != ZI_NONE && g->tensors[n->in[k]].rank == 4)
                image[n->in[k]] = 1;
        }
    }
}

/** Images come in as NHWC. */
static zurt_status turn_inputs(zc_layout *l, const uint8_t *image)
{
    zi_graph *g = l->g;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < g->n_inputs && !st; i++) {
        const zi_tensor t = g->tensors[g->inputs[i]];
        if (!image[g->inputs[i]] || t.from_nchw || t.quant.n > 1)
            continue;
        zi_id id;
        st = zi_graph_add_tensor(l->ctx, g, t.name, &id);
        if (st)
            break;
        zi_tensor turned = t;
        turned.name = g->tensors[id].name;
        turned.from_nchw = true;
        for (int d = 0; d < 4; d++)
            turned.dims[d] = t.dims[to_nhwc[d]];
        g->tensors[id] = turned;
        l->reps[g->inputs[i]] = zc_rep_make(id, 4, t.dims, to_nhwc);
        g->inputs[i] = id;
    }
    return st;
}

static zc_layout_rule *rule_of(const zi_node *n)
{
    if (n->op == ZI_OP_Transpose)
        return zc_layout_transpose;
    if (n->op == ZI_OP_Reshape)
        return zc_layout_reshape;
    if (n->op == ZI_OP_FullyConnected)
        return zc_layout_fully_connected;
    if (n->op == ZI_OP_Concat)
        return zc_layout_concat;
    if (n->op == ZI_OP_Gather)
        return zc_layout_gather;
    if (zi_op_has(n->op, ZI_OPF_MAP) || n->op == ZI_OP_Cast || n->op == ZI_OP_Quantize ||
        n->op == ZI_OP_Dequantize)
        return zc_layout_unary;
    if (zi_op_has(n->op, ZI_OPF_BINARY) || n->op == ZI_OP_Where)
        return zc_layout_elementwise;
    return zi_op_has(n->op, ZI_OPF_SPATIAL) ? NULL : zc_layout_axes;
}

/** Inputs in their own order, as the node was written. */
static zurt_status copy_plain(zc_layout *l, const zi_node *n)
{
    zi_id *in = zi_arena_calloc(&l->g->arena, n->n_in, sizeof(*in));
    if (!in)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "layout: out of memory");
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n->n_in && !st; i++) {
        in[i] = ZI_NONE;
        if (n->in[i] != ZI_NONE)
            st = zc_layout_plain(l, n->in[i], &in[i]);
    }
    return st ? st : zc_layout_copy(l, n, in, n->out, &n->attr);
}

/** Empty tensors have no atoms to speak of: nodes on them keep their own order. */
static bool is_empty(const zi_graph *g, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE && zi_tensor_elems(&g->tensors[n->in[i]]) == 0)
            return true;
    }
    for (uint32_t i = 0; i < n->n_out; i++) {
        if (zi_tensor_elems(&g->tensors[n->out[i]]) == 0)
            return true;
    }
    return false;
}

static zurt_status sweep(zc_layout *l, const zi_node *old, size_t n_old)
{
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < n_old && !st; i++) {
        const zi_node *n = &old[i];
        bool done = false;
        zc_layout_rule *rule = rule_of(n);
        if (rule && !is_empty(l->g, n))
            st = rule(l, n, &done);
        if (!st && !done)
            st = copy_plain(l, n);
    }
    return st;
}

static bool listed(const zi_id *list, size_t count, zi_id id)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == id)
            return true;
    }
    return false;
}

/** Outputs keep name, order and shape; the tensor with the stored form gives its name away. */
static zurt_status bring_outputs(zc_layout *l)
{
    zi_graph *g = l->g;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < g->n_outputs && !st; i++) {
        zi_id id = g->outputs[i], plain;
        const char *name = g->tensors[id].name;
        st = zc_layout_plain(l, id, &plain);
        if (st || plain == id)
            continue;
        zi_tensor *held = &g->tensors[l->reps[id].held];
        if (held->data || listed(g->inputs, g->n_inputs, plain) ||
            listed(g->outputs, g->n_outputs, plain)) {
            zi_attr attr = {.shape = {.rank = g->tensors[plain].rank}};
            memcpy(attr.shape.dims, g->tensors[plain].dims, sizeof(attr.shape.dims));
            zi_quant quant = g->tensors[plain].quant;
            st = zc_layout_emit(l, ZI_OP_Reshape, id, "", &plain, 1, &attr, &plain);
            if (!st)
                g->tensors[plain].quant = quant;
        } else if (plain != l->reps[id].held && strcmp(held->name, name) == 0 &&
                   !listed(g->inputs, g->n_inputs, l->reps[id].held)) {
            held->name = zi_arena_printf(&g->arena, "%s_nhwc", name);
            if (!held->name)
                st = zi_fail(l->ctx, ZURT_E_NOMEM, "layout: out of memory");
        }
        g->tensors[plain].name = name;
        g->outputs[i] = plain;
    }
    return st;
}

zurt_status zc_layout_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_layout l = {.ctx = ctx, .g = g};
    l.reps = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*l.reps));
    uint8_t *image = zi_zalloc(&ctx->allocator, g->n_tensors);
    zurt_status st = ZURT_OK;
    if (!l.reps || !image)
        st = zi_fail(ctx, ZURT_E_NOMEM, "layout: out of memory");
    for (zi_id i = 0; i < g->n_tensors && !st; i++) {
        const zi_tensor *t = &g->tensors[i];
        l.reps[i] = zc_rep_make(i, t->rank, t->dims, NULL);
        if (t->quant.n > 1)
            l.reps[i].quant_axis = (int8_t)t->quant.axis;
    }
    zi_node *old = g->nodes;
    size_t n_old = g->n_nodes;
    if (!st) {
        mark_images(g, image);
        st = turn_inputs(&l, image);
    }
    if (!st) {
        g->nodes = NULL;
        g->n_nodes = g->cap_nodes = 0;
        st = sweep(&l, old, n_old);
        if (!st)
            st = bring_outputs(&l);
        zi_free(&g->arena.allocator, old);
    }
    zi_free(&ctx->allocator, l.reps);
    zi_free(&ctx->allocator, image);
    return st;
}
