/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a QDQ graph into one that computes in int8, node after node. */
#include "quantise/lower.h"

#include <string.h>

#include "base/alloc.h"
#include "float/evaluator.h"
#include "ops/ops.h"
#include "quantise/quantise.h"

zurt_status zc_lower_tensor(zc_lowering *l, zi_id like, zc_qparam p, zi_id *out)
{
    zurt_status st = zi_graph_add_tensor(l->ctx, l->g, l->g->tensors[like].name, out);
    if (st)
        return st;
    zi_tensor *t = &l->g->tensors[*out];
    const zi_tensor *from = &l->g->tensors[like];
    t->dtype = ZURT_S8;
    t->rank = from->rank; // Split takes the sizes of its parts from here
    memcpy(t->dims, from->dims, sizeof(t->dims));
    return zc_qparam_set(l->ctx, l->g, *out, p);
}

zurt_status zc_lower_requantise(zc_lowering *l, const char *name, zi_id in, zi_id out)
{
    zi_node *n;
    zurt_status st = zi_graph_add_node(l->ctx, l->g, ZI_OP_Quantize, name, &in, 1, &out, 1, &n);
    if (st)
        return st;
    n->attr.axis.axis = (int32_t)l->g->tensors[out].dtype;
    return zi_node_infer(l->ctx, l->g, n);
}

/** The tensor's own values serve as its form: s8 or s32, quantised. */
static bool is_form(const zi_tensor *t)
{
    bool per_axis = t->quant.n > 1;
    return t->quant.n > 0 && (zi_tensor_is_const(t) ? t->dtype == ZURT_S8 || t->dtype == ZURT_S32
                                                    : t->dtype == ZURT_S8 && !per_axis);
}

zurt_status zc_lower_form(zc_lowering *l, zi_id tensor, zi_id *out)
{
    *out = ZI_NONE;
    if (tensor == ZI_NONE)
        return ZURT_OK;
    const zi_tensor *t = &l->g->tensors[tensor];
    bool is_u8 = t->dtype == ZURT_U8 && t->quant.n > 0;
    if (tensor < l->n && l->form[tensor] != ZI_NONE) {
        *out = l->form[tensor];
    } else if (is_form(t)) {
        *out = tensor;
    } else if (is_u8 && zi_tensor_is_const(t)) {
        zurt_status st = zc_lower_const_u8(l, tensor, out);
        if (st)
            return st;
    } else if (is_u8 && tensor < l->n && l->writer[tensor] == ZI_NONE && t->quant.n == 1) {
        zurt_status st = zc_lower_tensor(l, tensor, zc_qparam_of(t), out);
        if (!st)
            st = zc_lower_requantise(l, l->g->tensors[tensor].name, tensor, *out);
        if (st)
            return st;
    }
    if (tensor < l->n)
        l->form[tensor] = *out;
    return ZURT_OK;
}

zurt_status zc_lower_emit(zc_lowering *l, const zi_node *n, zi_op op, const zi_id *in,
                          uint32_t n_in, const zi_id *out, uint32_t n_out, bool *done)
{
    *done = false;
    zi_node *e;
    zurt_status st = zi_graph_add_node(l->ctx, l->g, op, n->name, in, n_in, out, n_out, &e);
    if (st)
        return st;
    e->attr = n->attr;
    e->note = n->note;
    e->clamp_lo = n->clamp_lo;
    e->clamp_hi = n->clamp_hi;
    st = zi_node_infer(l->ctx, l->g, e);
    if (!st)
        st = zc_node_runs(l->ctx, l->g, e);
    *done = !st;
    if (st == ZURT_E_UNSUPPORTED || st == ZURT_E_FORMAT) {
        l->g->n_nodes--;
        return ZURT_OK;
    }
    return st;
}

/* ---- Quantize and Dequantize ---- */

/** Makes an s8 tensor for the u8 output `q` of a Quantize node that then only narrows the type. */
static zurt_status through_s8(zc_lowering *l, size_t at, zi_id q)
{
    zi_id s8;
    zurt_status st = zc_lower_tensor(l, q, zc_qparam_of(&l->g->tensors[q]), &s8);
    if (!st)
        st = zc_lower_requantise(l, l->g->nodes[at].name, l->g->nodes[at].in[0], s8);
    if (st)
        return st;
    l->g->nodes[at].in[0] = s8;
    l->form[q] = s8;
    return ZURT_OK;
}

static zurt_status lower_quantize(zc_lowering *l, size_t at)
{
    zi_node *n = &l->g->nodes[at];
    zi_id x = n->in[0], q = n->out[0], form;
    const zi_tensor *tx = &l->g->tensors[x], *tq = &l->g->tensors[q];
    if (tx->dtype == ZURT_F32 && zi_tensor_is_const(tx))
        return zc_lower_const_as(l, x, q, &l->form[q]);
    if (tq->quant.n != 1)
        return ZURT_OK; // per-axis activations stay as they are
    zurt_status st = zc_lower_form(l, x, &form);
    if (st)
        return st;
    n = &l->g->nodes[at];
    tq = &l->g->tensors[q];
    if (form == ZI_NONE || l->g->tensors[form].dtype != ZURT_S8 ||
        l->g->tensors[form].quant.n != 1) {
        if (tq->dtype == ZURT_U8)
            return through_s8(l, at, q);
        l->form[q] = q;
        return ZURT_OK;
    }
    if (form == q) { // an int8 node writes it already
        n->op = ZI_OP_NONE;
        l->form[q] = q;
        return ZURT_OK;
    }
    n->in[0] = form;
    if (zc_qparam_equal(zc_qparam_of(&l->g->tensors[form]), zc_qparam_of(tq))) {
        l->form[q] = form;
        return ZURT_OK;
    }
    if (tq->dtype == ZURT_U8)
        return through_s8(l, at, q);
    l->form[q] = q;
    return ZURT_OK;
}

static zurt_status lower_dequantize(zc_lowering *l, size_t at)
{
    zi_id form;
    zurt_status st = zc_lower_form(l, l->g->nodes[at].in[0], &form);
    if (st || form == ZI_NONE)
        return st;
    l->g->nodes[at].in[0] = form;
    l->form[l->g->nodes[at].out[0]] = form;
    return ZURT_OK;
}

/** What still reads the source's output gets it from the form. */
static zurt_status restore_outputs(zc_lowering *l, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_out; i++) {
        zi_id t = n->out[i], form = l->form[t];
        if (form == ZI_NONE || form == t)
            continue;
        zurt_status st;
        if (l->g->tensors[t].dtype == ZURT_F32) {
            zi_node *dq;
            st = zi_graph_add_node(l->ctx, l->g, ZI_OP_Dequantize, n->name, &form, 1, &t, 1, &dq);
            if (!st)
                st = zi_node_infer(l->ctx, l->g, dq);
        } else {
            st = zc_lower_requantise(l, n->name, form, t);
        }
        if (st)
            return st;
    }
    return ZURT_OK;
}

static zurt_status lower_one(zc_lowering *l, size_t at)
{
    const zi_node n = l->g->nodes[at]; // a copy: emitting may move the array
    if (n.op == ZI_OP_Quantize)
        return lower_quantize(l, at);
    if (n.op == ZI_OP_Dequantize)
        return lower_dequantize(l, at);
    if (n.op == ZI_OP_NONE || n.note[0])
        return ZURT_OK;
    bool done = false;
    zi_error_text(l->ctx)[0] = '\0';
    zurt_status st = zc_lower_node(l, &n, &done);
    if (st)
        return st;
    if (!done) { // if it had been int8 but for this, the report says why
        const char *why = zi_arena_strdup(&l->g->arena, zi_error_text(l->ctx));
        if (!why)
            return zi_fail(l->ctx, ZURT_E_NOMEM, "lowering: out of memory");
        l->g->nodes[at].note = why;
        return ZURT_OK;
    }
    l->g->nodes[at].op = ZI_OP_NONE;
    return restore_outputs(l, &n);
}

/* ---- the walk ---- */

static bool params_make_sense(const zi_tensor *t)
{
    int32_t lo = t->dtype == ZURT_U8 ? 0 : t->dtype == ZURT_S8 ? -128 : INT32_MIN;
    int32_t hi = t->dtype == ZURT_U8 ? 255 : t->dtype == ZURT_S8 ? 127 : INT32_MAX;
    for (uint32_t i = 0; i < t->quant.n; i++) {
        if (!(t->quant.scale[i] > 0.0f) || !(t->quant.scale[i] <= 3.4e38f) ||
            t->quant.zero_point[i] < lo || t->quant.zero_point[i] > hi)
            return false;
    }
    return true;
}

/** Fills quantised_to; returns false if the graph has neither Quantize nor Dequantize. */
static bool find_quantised(zc_lowering *l, const uint32_t *n_readers, uint32_t *n_quantize)
{
    bool any = false;
    for (size_t i = 0; i < l->g->n_nodes; i++) {
        const zi_node *n = &l->g->nodes[i];
        any = any || n->op == ZI_OP_Quantize || n->op == ZI_OP_Dequantize;
        if (n->op != ZI_OP_Quantize || l->g->tensors[n->out[0]].quant.n != 1)
            continue;
        zi_id x = n->in[0], first = l->quantised_to[x];
        if (first == ZI_NONE)
            l->quantised_to[x] = first = n->out[0];
        if (zc_qparam_equal(zc_qparam_of(&l->g->tensors[first]),
                            zc_qparam_of(&l->g->tensors[n->out[0]])))
            n_quantize[x]++;
    }
    for (size_t t = 0; t < l->n; t++) {
        if (n_quantize[t] != n_readers[t] || l->g->tensors[t].dtype != ZURT_F32)
            l->quantised_to[t] = ZI_NONE;
    }
    return any;
}

/** A change of scale that has no fixed-point form goes through float: Dequantize and Quantize. */
static zurt_status through_float(zurt_ctx *ctx, zi_graph *g, size_t at)
{
    const zi_node n = g->nodes[at]; // a copy: adding may move the array
    zi_id real;
    zi_node *dq;
    zurt_status st = zi_graph_add_tensor(ctx, g, g->tensors[n.in[0]].name, &real);
    if (!st)
        st = zi_graph_add_node(ctx, g, ZI_OP_Dequantize, n.name, n.in, 1, &real, 1, &dq);
    if (!st)
        st = zi_node_infer(ctx, g, dq);
    if (!st)
        g->nodes[at].in[0] = real;
    return st;
}

/** What is left must run: a node that reads integers as such, or has no form, is named here. */
static zurt_status check_all_run(zurt_ctx *ctx, zi_graph *g)
{
    bool added = false;
    for (size_t i = 0, n_nodes = g->n_nodes; i < n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        zurt_status st = zc_node_runs(ctx, g, n);
        bool requantises = n->op == ZI_OP_Quantize && g->tensors[n->in[0]].dtype == ZURT_S8;
        if (st == ZURT_E_UNSUPPORTED && requantises) {
            st = through_float(ctx, g, i);
            added = true;
        }
        if (st)
            return st;
    }
    return added ? zi_graph_compact(ctx, g) : ZURT_OK;
}

/** Computes what depends on constants alone: weights that a float node still wants. */
static zurt_status fold(zurt_ctx *ctx, zi_graph *g)
{
    zurt_status st = ZURT_OK;
    bool any = false;
    for (size_t i = 0; !st && i < g->n_nodes; i++) {
        zi_node *n = &g->nodes[i];
        bool is_const = true;
        for (uint32_t k = 0; k < n->n_in; k++)
            is_const = is_const && n->in[k] != ZI_NONE && zi_tensor_is_const(&g->tensors[n->in[k]]);
        if (!is_const)
            continue;
        st = zc_fold_node(ctx, g, n);
        any = true;
        if (st == ZURT_E_UNSUPPORTED)
            st = ZURT_OK; // then it is computed in every run
    }
    return st || !any ? st : zi_graph_compact(ctx, g);
}

static zurt_status walk(zc_lowering *l, const uint32_t *n_readers, uint32_t *n_quantize)
{
    if (!find_quantised(l, n_readers, n_quantize))
        return ZURT_OK;
    zurt_status st = ZURT_OK;
    for (size_t t = 0; !st && t < l->n; t++) {
        if (!params_make_sense(&l->g->tensors[t]))
            st = zi_fail(l->ctx, ZURT_E_FORMAT, "tensor '%s': scale or zero point out of range",
                         l->g->tensors[t].name);
    }
    size_t n_nodes = l->g->n_nodes;
    for (size_t i = 0; !st && i < n_nodes; i++)
        st = lower_one(l, i);
    if (!st)
        st = zi_graph_compact(l->ctx, l->g);
    if (!st)
        st = fold(l->ctx, l->g);
    if (!st)
        st = check_all_run(l->ctx, l->g);
    if (!st)
        st = zi_graph_check(l->ctx, l->g);
    return st;
}

zurt_status zc_qdq_to_int8(zurt_ctx *ctx, zi_graph *g)
{
    zc_lowering l = {.ctx = ctx, .g = g, .n = g->n_tensors};
    uint32_t *n_readers = NULL;
    zurt_status st = zi_graph_index(ctx, g, &l.writer, &n_readers);
    if (st)
        return st;
    l.form = zi_calloc(&ctx->allocator, l.n, sizeof(*l.form));
    l.quantised_to = zi_calloc(&ctx->allocator, l.n, sizeof(*l.quantised_to));
    uint32_t *n_quantize = zi_calloc(&ctx->allocator, l.n, sizeof(*n_quantize));
    if (l.form && l.quantised_to && n_quantize) {
        memset(l.form, 0xff, l.n * sizeof(*l.form)); // ZI_NONE
        memset(l.quantised_to, 0xff, l.n * sizeof(*l.quantised_to));
        st = walk(&l, n_readers, n_quantize);
    } else {
        st = zi_fail(ctx, ZURT_E_NOMEM, "lowering %zu tensors: out of memory", l.n);
    }
    zi_free(&ctx->allocator, l.form);
    zi_free(&ctx->allocator, l.quantised_to);
    zi_free(&ctx->allocator, n_quantize);
    zi_free(&ctx->allocator, l.writer);
    zi_free(&ctx->allocator, n_readers);
    return st;
}
