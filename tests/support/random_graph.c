/* SPDX-License-Identifier: Apache-2.0 */
/* Draws valid graphs over every op. */
#include "support/random_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "support/model_fixture.h"

enum {
    MAX_LIVE = 256,
    MAX_BYTES = 16 * 1024,
    MAX_LARGE_BYTES = 512 * 1024,
    MAX_INPUTS = 4,
    MAX_OUTPUTS = 4
};

typedef struct maker {
    zurt_ctx *ctx;
    zi_graph *g;
    zt_source *s;
    const zt_graph_wish *wish;
    zk_table kernels;
    zi_id live[MAX_LIVE]; // computed tensors and graph inputs
    uint32_t n_live;
    uint64_t values; // state of the constants' random values
    bool no_memory;
} maker;

// ---- tensors

static const char *name(maker *m, const char *prefix, char *buf)
{
    snprintf(buf, 32, "%s%zu", prefix, m->g->n_tensors);
    return buf;
}

static void set_quant(maker *m, zi_id id, uint32_t n, int32_t axis, bool symmetric)
{
    float scale[64];
    int32_t zero_point[64];
    int32_t lo = m->g->tensors[id].dtype == ZURT_U8 ? 0 : -128;
    for (uint32_t i = 0; i < n; i++) {
        scale[i] = 0.01f + 0.003f * (float)zt_pick(m->s, 30);
        zero_point[i] = symmetric ? 0 : lo + (int32_t)zt_pick(m->s, 256);
    }
    m->no_memory |= zi_graph_set_quant(m->ctx, m->g, id, n, axis, scale, zero_point) != ZURT_OK;
}

static zi_id add_const(maker *m, zurt_dtype dtype, int32_t rank, const int32_t *dims)
{
    char buf[32];
    zi_id id = ZI_NONE;
    void *data = NULL;
    m->no_memory |= zi_graph_add_const(m->ctx, m->g, name(m, "c", buf), dtype, rank, dims, NULL,
                                       &id, &data) != ZURT_OK;
    if (data)
        zt_fill(dtype, data, zi_tensor_elems(&m->g->tensors[id]), &m->values);
    return id;
}

// A constant like `like` in type and quantisation, with some dims 1 if it is to be broadcast.
static zi_id add_operand(maker *m, zi_id like, bool broadcast)
{
    zi_tensor t = m->g->tensors[like];
    int32_t skip = broadcast && t.rank > 0 ? zt_pick_range(m->s, 0, t.rank) : 0;
    for (int32_t d = 0; d < t.rank; d++) {
        if (broadcast && zt_one_in(m->s, 3))
            t.dims[d] = 1;
    }
    zi_id id = add_const(m, t.dtype, t.rank - skip, t.dims + skip);
    if (id != ZI_NONE && t.quant.n)
        set_quant(m, id, 1, 0, false);
    return id;
}

static zi_id pick_live(maker *m)
{
    if (zt_one_in(m->s, 4)) // rather recent ones, so that the graph gets deep
        return m->live[zt_pick(m->s, m->n_live)];
    uint32_t recent = m->n_live < 4 ? m->n_live : 4;
    return m->live[m->n_live - 1 - zt_pick(m->s, recent)];
}

// A tensor of the same type whose shape equals that of `like` but for `axis`; else `like`.
static zi_id pick_similar(maker *m, zi_id like, int32_t axis)
{
    const zi_tensor *a = &m->g->tensors[like];
    uint32_t start = zt_pick(m->s, m->n_live);
    for (uint32_t i = 0; i < m->n_live; i++) {
        zi_id id = m->live[(start + i) % m->n_live];
        const zi_tensor *b = &m->g->tensors[id];
        bool fits = id != like && a->dtype == b->dtype && a->rank == b->rank;
        for (int32_t d = 0; fits && d < a->rank; d++)
            fits = d == axis || a->dims[d] == b->dims[d];
        if (fits)
            return id;
    }
    return like;
}

static void add_inputs(maker *m)
{
    uint32_t n = 1 + zt_pick(m->s, MAX_INPUTS - 1);
    for (uint32_t i = 0; i < n && !m->no_memory; i++) {
        char buf[32];
        zi_id id;
        m->no_memory |= zi_graph_add_tensor(m->ctx, m->g, name(m, "in", buf), &id) != ZURT_OK;
        if (m->no_memory)
            return;
        zi_tensor *t = &m->g->tensors[id];
        t->dtype = m->wish->input ? m->wish->input : zt_one_in(m->s, 2) ? ZURT_F32 : ZURT_S8;
        t->rank = zt_one_in(m->s, 5) ? zt_pick_range(m->s, 0, 4) : 4;
        for (int32_t d = 0; d < t->rank; d++)
            t->dims[d] = zt_one_in(m->s, 64) ? 0 : zt_pick_range(m->s, 1, d == 0 ? 2 : 7);
        if (m->wish->large) {
            t->rank = 4;
            t->dims[0] = 1;
            t->dims[1] = zt_pick_range(m->s, 24, 48);
            t->dims[2] = zt_pick_range(m->s, 24, 48);
            t->dims[3] = 8 * zt_pick_range(m->s, 1, 4);
        }
        if (t->dtype == ZURT_S8)
            set_quant(m, id, 1, 0, false);
        m->no_memory |= zi_graph_add_input(m->ctx, m->g, id) != ZURT_OK;
        m->live[m->n_live++] = id;
    }
}

// ---- nodes

// Weights and bias for x, of the right type; `groups` is drawn with them.
static uint32_t add_weights(maker *m, zi_op op, zi_id *in, int32_t *groups)
{
    zi_tensor x = m->g->tensors[in[0]];
    int32_t channels = x.rank > 0 ? x.dims[x.rank - 1] : 1;
    *groups = op != ZI_OP_FullyConnected && channels > 0 && zt_one_in(m->s, 2) ? channels : 1;
    int32_t out = zt_pick_range(m->s, 1, 6) * *groups;
    out = out > 64 ? *groups : out;
    int32_t per_group = channels / *groups;
    int32_t conv_dims[4] = {out, zt_pick_range(m->s, 1, 3), zt_pick_range(m->s, 1, 3), per_group};
    int32_t flat_dims[2] = {out, channels};
    bool int8 = x.dtype == ZURT_S8;
    bool flat = op == ZI_OP_FullyConnected;
    in[1] = add_const(m, int8 ? ZURT_S8 : ZURT_F32, flat ? 2 : 4, flat ? flat_dims : conv_dims);
    if (int8 && in[1] != ZI_NONE && out <= 64)
        set_quant(m, in[1], zt_one_in(m->s, 2) ? 1 : (uint32_t)out, 0, !zt_one_in(m->s, 4));
    if (zt_one_in(m->s, 3))
        return 2;
    in[2] = add_const(m, int8 ? ZURT_S32 : ZURT_F32, 1, &out);
    return 3;
}

static zi_id add_indices(maker *m, zi_id of, int32_t axis)
{
    const zi_tensor *x = &m->g->tensors[of];
    int32_t dim = x->rank > 0 ? x->dims[axis] : 0;
    int32_t dims[2] = {zt_pick_range(m->s, 1, 3), zt_pick_range(m->s, 1, 2)};
    zi_id id = add_const(m, ZURT_S64, zt_pick_range(m->s, 0, 2), dims);
    if (id == ZI_NONE)
        return id;
    int64_t *values = (int64_t *)m->g->tensors[id].data; // in the graph's own arena
    for (size_t i = 0; i < zi_tensor_elems(&m->g->tensors[id]); i++)
        values[i] = dim > 0 ? zt_pick_range(m->s, -dim, dim - 1) : 0;
    return id;
}

// Indices of GatherElements and ScatterElements: places of `of`, and a few along the axis.
static zi_id add_places(maker *m, zi_id of, int32_t axis)
{
    zi_tensor x = m->g->tensors[of];
    int32_t dim = x.rank > 0 ? x.dims[axis] : 0;
    for (int32_t d = 0; d < x.rank; d++)
        x.dims[d] = d == axis ? zt_pick_range(m->s, 1, 3) : x.dims[d] - zt_one_in(m->s, 4);
    for (int32_t d = 0; d < x.rank; d++)
        x.dims[d] = x.dims[d] < 0 ? 0 : x.dims[d];
    zi_id id = add_const(m, ZURT_S64, x.rank, x.dims);
    if (id == ZI_NONE)
        return id;
    int64_t *values = (int64_t *)m->g->tensors[id].data;
    for (size_t i = 0; i < zi_tensor_elems(&m->g->tensors[id]); i++)
        values[i] = dim > 0 ? (int64_t)(i * 7 % (size_t)(2 * dim)) - dim : 0;
    return id;
}

// Rows of indices for GatherND: each names the first one or two axes behind the batch axes.
static zi_id add_rows(maker *m, zi_id of, int32_t batch)
{
    const zi_tensor x = m->g->tensors[of];
    int32_t named = x.rank - batch > 1 ? zt_pick_range(m->s, 1, 2) : 1;
    int32_t dims[3] = {x.rank > 0 ? x.dims[0] : 1, zt_pick_range(m->s, 1, 4), named};
    zi_id id = add_const(m, ZURT_S64, batch ? 3 : 2, batch ? dims : dims + 1);
    if (id == ZI_NONE)
        return id;
    int64_t *values = (int64_t *)m->g->tensors[id].data;
    for (size_t i = 0; i < zi_tensor_elems(&m->g->tensors[id]); i++) {
        int32_t axis = batch + (int32_t)(i % (size_t)named);
        int32_t dim = axis < x.rank ? x.dims[axis] : 0;
        values[i] = dim > 0 ? zt_pick_range(m->s, -dim, dim - 1) : 0;
    }
    return id;
}

// Inputs of a recurrent op: a sequence, if there is one among the tensors, weights, and some of
// the others.
static uint32_t add_recurrent(maker *m, zi_op op, zi_id *in, zi_attr_rnn *a)
{
    static const int32_t ranks[7] = {3, 4, 4, 2, 3, 3, 2};
    int32_t x[3] = {zt_pick_range(m->s, 1, 3), 2, 3};
    in[0] = ZI_NONE;
    for (uint32_t i = 0; i < m->n_live; i++) {
        const zi_tensor *t = &m->g->tensors[m->live[i]];
        if (t->dtype == ZURT_F32 && t->rank == 3)
            in[0] = m->live[i];
    }
    if (in[0] == ZI_NONE)
        in[0] = add_const(m, ZURT_F32, 3, x);
    else
        memcpy(x, m->g->tensors[in[0]].dims, sizeof(x));
    a->direction = (zi_rnn_direction)zt_pick(m->s, 3);
    a->clip = zt_one_in(m->s, 3) ? 0.5f : 0.0f;
    a->input_forget = zt_one_in(m->s, 2);
    a->linear_before_reset = zt_one_in(m->s, 2);
    for (int i = 0; i < ZI_RNN_MOST_FUNCTIONS; i++) {
        a->function[i] = (zi_rnn_function)zt_pick(m->s, ZI_RNN_N_FUNCTIONS);
        a->alpha[i] = a->beta[i] = 0.25f * (float)zt_pick_range(m->s, 0, 4);
    }
    const int32_t d = a->direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1, g = zi_rnn_gates(op);
    const int32_t h = zt_pick_range(m->s, 1, 5);
    const int32_t dims[7][4] = {{x[0], x[1], x[2]}, {d, g, x[2], h}, {d, g, h, h}, {d, 2 * g * h},
                                {d, x[1], h},       {d, x[1], h},    {d, 3 * h}};
    const uint32_t n = 3 + zt_pick(m->s, op == ZI_OP_LSTM ? 5 : 3);
    for (uint32_t i = 1; i < n; i++) {
        bool there = i < 3 || zt_one_in(m->s, 2);
        in[i] = there ? add_const(m, ZURT_F32, ranks[i], dims[i]) : ZI_NONE;
    }
    return n;
}

// Inputs for an op, and the part of its attribute that they depend on.
static uint32_t pick_inputs(maker *m, zi_op op, zi_id *in, zi_attr *attr)
{
    static const int32_t table_dims[1] = {256};
    in[0] = pick_live(m);
    int32_t rank = m->g->tensors[in[0]].rank;
    switch (op) {
    case ZI_OP_Conv:
    case ZI_OP_ConvTranspose:
    case ZI_OP_FullyConnected:
        return add_weights(m, op, in, &attr->conv.groups);
    case ZI_OP_Lut:
        in[1] = add_const(m, ZURT_S8, 1, table_dims);
        return 2;
    case ZI_OP_Gather:
        attr->axis.axis = rank ? (int32_t)zt_pick(m->s, (uint32_t)rank) : 0;
        in[1] = add_indices(m, in[0], attr->axis.axis);
        return 2;
    case ZI_OP_GatherElements:
    case ZI_OP_ScatterElements:
        attr->scatter.axis = rank ? (int32_t)zt_pick(m->s, (uint32_t)rank) : 0;
        in[1] = add_places(m, in[0], attr->scatter.axis);
        if (op == ZI_OP_GatherElements) {
            attr->axis = (zi_attr_axis){.axis = attr->scatter.axis};
            return 2;
        }
        attr->scatter.reduction = (zi_scatter_reduction)zt_pick(m->s, 5);
        in[2] = in[1] == ZI_NONE
                    ? ZI_NONE
                    : add_const(m, m->g->tensors[in[0]].dtype, rank, m->g->tensors[in[1]].dims);
        return 3;
    case ZI_OP_LSTM:
    case ZI_OP_GRU:
    case ZI_OP_RNN:
        return add_recurrent(m, op, in, &attr->rnn);
    case ZI_OP_GridSample: {
        int32_t dims[4] = {m->g->tensors[in[0]].dims[0], zt_pick_range(m->s, 1, 5),
                           zt_pick_range(m->s, 1, 5), 2};
        in[1] = add_const(m, ZURT_F32, 4, dims);
        return 2;
    }
    case ZI_OP_NonMaxSuppression: {
        const zi_tensor *x = &m->g->tensors[in[0]];
        int32_t dims[3] = {x->dims[0], x->dims[2], 4};
        in[1] = in[0]; // the scores
        in[0] = add_const(m, ZURT_F32, 3, dims);
        return 2;
    }
    case ZI_OP_GatherND:
        attr->axis.axis = rank > 1 && zt_one_in(m->s, 2);
        in[1] = add_rows(m, in[0], attr->axis.axis);
        return 2;
    case ZI_OP_Concat:
        attr->axis.axis = rank ? (int32_t)zt_pick(m->s, (uint32_t)rank) : 0;
        in[1] = pick_similar(m, in[0], attr->axis.axis);
        in[2] = add_operand(m, in[0], false);
        return 1 + zt_pick(m->s, 3);
    case ZI_OP_Where:
        for (uint32_t i = 0; i < m->n_live; i++) {
            if (m->g->tensors[m->live[i]].dtype == ZURT_BOOL)
                in[0] = m->live[i];
        }
        in[1] = pick_live(m);
        in[2] = zt_one_in(m->s, 2) ? pick_similar(m, in[1], -1) : add_operand(m, in[1], true);
        return 3;
    case ZI_OP_MatMul:
        in[1] = zt_one_in(m->s, 2) ? pick_live(m) : add_operand(m, in[0], false);
        return 2;
    default:
        break;
    }
    if (!zi_op_has(op, ZI_OPF_BINARY))
        return 1;
    in[1] = zt_one_in(m->s, 2) ? pick_similar(m, in[0], -1) : add_operand(m, in[0], true);
    if (zt_one_in(m->s, 4)) {
        zi_id first = in[0];
        in[0] = in[1];
        in[1] = first;
    }
    return 2;
}

static uint32_t add_outputs(maker *m, zi_op op, zi_id first_in, int32_t axis, zi_id *out)
{
    const zi_tensor *x = &m->g->tensors[first_in];
    int32_t rest = x->rank > 0 ? x->dims[axis] : 0;
    uint32_t n = op == ZI_OP_Split ? 1 + zt_pick(m->s, 3) : zi_op_get((uint32_t)op)->out_min;
    for (uint32_t i = 0; i < n && !m->no_memory; i++) {
        char buf[32];
        m->no_memory |= zi_graph_add_tensor(m->ctx, m->g, name(m, "t", buf), &out[i]) != ZURT_OK;
        if (m->no_memory || op != ZI_OP_Split)
            continue;
        int32_t part = i + 1 == n ? rest : (int32_t)zt_pick(m->s, (uint32_t)rest % 256 + 1);
        m->g->tensors[out[i]].dims[axis] = part;
        rest -= part;
    }
    return n;
}

// The data input that an output's quantisation follows.
static const zi_tensor *leader(const maker *m, const zi_node *n)
{
    return &m->g->tensors[n->in[n->op == ZI_OP_Where ? 1 : 0]];
}

static void quantise_outputs(maker *m, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_out; i++) {
        zurt_dtype dtype = m->g->tensors[n->out[i]].dtype;
        const zi_quant q = leader(m, n)->quant;
        if ((dtype != ZURT_S8 && dtype != ZURT_U8) || (n->op != ZI_OP_Quantize && !q.n))
            continue;
        if (n->op == ZI_OP_Cast)
            continue;
        if (zi_op_has(n->op, ZI_OPF_MOVE))
            m->no_memory |= zi_graph_set_quant(m->ctx, m->g, n->out[i], q.n, q.axis, q.scale,
                                               q.zero_point) != ZURT_OK;
        else
            set_quant(m, n->out[i], 1, 0, false);
    }
}

static bool acceptable(maker *m, zi_node *n)
{
    zi_prepared *p = NULL;
    if (n->op == ZI_OP_Dequantize && !leader(m, n)->quant.n)
        return false;
    for (uint32_t i = 0; i < n->n_out; i++) {
        if (zi_tensor_bytes(&m->g->tensors[n->out[i]]) >
            (m->wish->large ? MAX_LARGE_BYTES : MAX_BYTES))
            return false;
    }
    if (!m->wish->runnable)
        return true;
    zurt_status st = zi_op_prepare(m->ctx, m->g, n, &m->kernels, 1, &p);
    zi_op_destroy(p);
    m->no_memory |= st == ZURT_E_NOMEM;
    return !st;
}

// Adds one node; false if it is refused, and then nothing of it stays.
static bool try_node(maker *m, zi_op op)
{
    zi_graph *g = m->g;
    size_t n_tensors = g->n_tensors, n_nodes = g->n_nodes;
    zi_id in[7], out[3];
    zi_attr attr = {0};
    uint32_t n_in = pick_inputs(m, op, in, &attr);
    if (m->no_memory)
        return false;
    int32_t rank = g->tensors[in[0]].rank;
    if (op == ZI_OP_Split)
        attr.axis.axis = rank ? (int32_t)zt_pick(m->s, (uint32_t)rank) : 0;
    uint32_t n_out = m->no_memory ? 0 : add_outputs(m, op, in[0], attr.axis.axis, out);
    zi_node *n = NULL;
    char buf[32];
    m->no_memory |= m->no_memory || zi_graph_add_node(m->ctx, g, op, name(m, "n", buf), in, n_in,
                                                      out, n_out, &n) != ZURT_OK;
    if (m->no_memory)
        return false;
    n->attr = attr;
    const bool parts = op == ZI_OP_Concat || op == ZI_OP_Split;
    const bool gathers = op == ZI_OP_Gather || op == ZI_OP_GatherElements || op == ZI_OP_GatherND;
    if (!parts && !gathers && op != ZI_OP_ScatterElements) // whose attributes are drawn above
        zt_random_attr(m->s, g, n);
    if (zi_op_has(op, ZI_OPF_CLAMP) && zt_one_in(m->s, 3)) {
        n->clamp_lo = 0.0f;
        n->clamp_hi = zt_one_in(m->s, 2) ? 6.0f : n->clamp_hi;
    }
    bool ok = zi_node_infer(m->ctx, g, n) == ZURT_OK;
    if (ok)
        quantise_outputs(m, n);
    ok = ok && !m->no_memory && acceptable(m, n);
    if (ok) {
        for (uint32_t i = 0; i < n_out && m->n_live < MAX_LIVE; i++)
            m->live[m->n_live++] = out[i];
    } else {
        g->n_tensors = n_tensors;
        g->n_nodes = n_nodes;
    }
    return ok;
}

static void add_nodes(maker *m, uint32_t *n_used)
{
    zi_op ops[ZI_OP_LIMIT];
    uint32_t n_ops = 0;
    for (uint32_t op = 1; op < ZI_OP_LIMIT; op++) {
        if (zi_op_get(op))
            ops[n_ops++] = (zi_op)op;
    }
    uint32_t wanted = 1 + zt_pick(m->s, m->wish->max_nodes);
    for (uint32_t tries = 0;
         tries < 8 * wanted && m->g->n_nodes < wanted && !m->no_memory && zt_source_has_more(m->s);
         tries++) {
        zi_op op = ops[zt_pick(m->s, n_ops)];
        if (try_node(m, op) && n_used)
            n_used[op]++;
    }
}

// ---- outputs

static void add_output(maker *m, zi_id id)
{
    for (size_t i = 0; i < m->g->n_outputs; i++) {
        if (m->g->outputs[i] == id)
            return;
    }
    m->no_memory |= zi_graph_add_output(m->ctx, m->g, id) != ZURT_OK;
}

static void pick_outputs(maker *m)
{
    add_output(m, m->live[m->n_live - 1]);
    uint32_t more = zt_pick(m->s, MAX_OUTPUTS);
    for (uint32_t i = 0; i < more; i++)
        add_output(m, m->live[zt_pick(m->s, m->n_live)]);
    for (zi_id id = 0; id < m->g->n_tensors; id++) {
        if (zi_tensor_is_const(&m->g->tensors[id]) && zt_one_in(m->s, 64))
            add_output(m, id);
    }
}

zi_graph *zt_random_graph(zurt_ctx *ctx, zt_source *source, const zt_graph_wish *wish,
                          uint32_t *n_used)
{
    maker m = {.ctx = ctx, .s = source, .wish = wish, .values = 1};
    m.g = zi_graph_create(&ctx->allocator);
    if (!m.g)
        return NULL;
    zk_table_init(&m.kernels, 0);
    add_inputs(&m);
    if (!m.no_memory)
        add_nodes(&m, n_used);
    if (!m.no_memory)
        pick_outputs(&m);
    if (m.no_memory) {
        zi_graph_destroy(m.g);
        return NULL;
    }
    return m.g;
}
