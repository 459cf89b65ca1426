/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions that exporters write as several nodes: gates, hard Swish, Softmax. */
#include <math.h>
#include <string.h>

#include "passes/passes_all.h"

static bool near(float a, float b)
{
    return fabsf(a - b) <= 1e-6f * fabsf(b);
}

/** The writer of input `i` if it is `op`, in float, and read by nobody else. */
static zi_node *sole(const zi_graph *g, const zc_index *index, const zi_node *n, uint32_t i,
                     zi_op op)
{
    zi_node *w = zc_writer(g, index, n->in[i]);
    if (!w || w->op != op || zi_node_has_clamp(w))
        return NULL;
    return index->n_readers[n->in[i]] == 1 && g->tensors[n->in[i]].dtype == ZURT_F32 ? w : NULL;
}

/** Makes `n` a unary op of `x`; what it read dies with its last reader. */
static void become(zi_graph *g, zc_index *index, zi_node *n, zi_op op, zi_id x)
{
    (void)g;
    for (uint32_t i = 0; i < n->n_in; i++)
        index->n_readers[n->in[i]]--;
    index->n_readers[x]++;
    n->op = op;
    n->n_in = 1;
    n->in[0] = x;
    memset(&n->attr, 0, sizeof(n->attr));
}

/** x + 3 clamped to [0, 6], written out: gives x. */
static bool is_relu6_of_3(const zi_graph *g, const zc_index *index, const zi_node *n, uint32_t i,
                          zi_id *x)
{
    const zi_node *clip = sole(g, index, n, i, ZI_OP_Clip);
    const zi_node *add = clip ? sole(g, index, clip, 0, ZI_OP_Add) : NULL;
    float three;
    if (!add || clip->attr.unary.alpha != 0.0f || clip->attr.unary.beta != 6.0f)
        return false;
    for (uint32_t k = 0; k < 2; k++) {
        if (zc_scalar(g, add->in[1 - k], &three) && three == 3.0f &&
            zi_tensor_same_shape(&g->tensors[add->in[k]], &g->tensors[add->out[0]])) {
            *x = add->in[k];
            return true;
        }
    }
    return false;
}

/** Input of a division by 6, or a multiplication by its inverse; else -1. */
static int sixth_of(const zi_graph *g, const zi_node *n)
{
    float value;
    bool same = zi_tensor_same_shape(&g->tensors[n->out[0]], &g->tensors[n->in[0]]);
    if (n->op == ZI_OP_Div && zc_scalar(g, n->in[1], &value) && value == 6.0f && same)
        return 0;
    if (n->op != ZI_OP_Mul)
        return -1;
    for (uint32_t k = 0; k < 2; k++) {
        same = zi_tensor_same_shape(&g->tensors[n->out[0]], &g->tensors[n->in[k]]);
        if (zc_scalar(g, n->in[1 - k], &value) && near(value, 1.0f / 6.0f) && same)
            return (int)k;
    }
    return -1;
}

/** (x * relu6(x + 3)) / 6, or relu6(x + 3) / 6. */
static void match_sixth(zi_graph *g, zc_index *index, zi_node *n)
{
    int k = sixth_of(g, n);
    zi_id x;
    if (k < 0 || zi_node_has_clamp(n))
        return;
    if (is_relu6_of_3(g, index, n, (uint32_t)k, &x)) {
        become(g, index, n, ZI_OP_HardSigmoid, x);
        n->attr.unary.alpha = 1.0f / 6.0f;
        n->attr.unary.beta = 0.5f;
        return;
    }
    const zi_node *mul = sole(g, index, n, (uint32_t)k, ZI_OP_Mul);
    for (uint32_t i = 0; mul && i < 2; i++) {
        if (is_relu6_of_3(g, index, mul, i, &x) && mul->in[1 - i] == x) {
            become(g, index, n, ZI_OP_HardSwish, x);
            return;
        }
    }
}

/** x * sigmoid(x), x * hard_sigmoid(x). */
static void match_gate(zi_graph *g, zc_index *index, zi_node *n)
{
    for (uint32_t i = 0; i < 2 && n->op == ZI_OP_Mul && !zi_node_has_clamp(n); i++) {
        zi_id x = n->in[1 - i];
        const zi_node *hard = sole(g, index, n, i, ZI_OP_HardSigmoid);
        const zi_node *soft = sole(g, index, n, i, ZI_OP_Sigmoid);
        if (soft && soft->in[0] == x)
            become(g, index, n, ZI_OP_Swish, x);
        else if (hard && hard->in[0] == x && near(hard->attr.unary.alpha, 1.0f / 6.0f) &&
                 hard->attr.unary.beta == 0.5f)
            become(g, index, n, ZI_OP_HardSwish, x);
    }
}

/** The one axis that a Reduce of `op` keeps as 1; -1 if it is another op or has more. */
static int32_t kept_axis(const zi_node *n, zi_op op)
{
    uint32_t axes = n ? n->attr.reduce.axes : 0;
    const bool is_one = axes != 0 && (axes & (axes - 1)) == 0;
    if (!n || n->op != op || !n->attr.reduce.keep_dims || !is_one)
        return -1;
    int32_t axis = 0;
    while (!(axes >> axis & 1))
        axis++;
    return axis;
}

/** exp(x) / sum(exp(x)), with or without the maximum taken off before. */
static void match_softmax(zi_graph *g, zc_index *index, zi_node *n)
{
    const zi_node *sum = zc_writer(g, index, n->in[1]);
    int32_t axis = kept_axis(sum, ZI_OP_ReduceSum);
    const zi_node *e = zc_writer(g, index, n->in[0]);
    const bool has_pattern = axis >= 0 && e && e->op == ZI_OP_Exp && sum->in[0] == n->in[0];
    const bool is_own = index->n_readers[n->in[0]] == 2 && index->n_readers[n->in[1]] == 1;
    if (!has_pattern || !is_own || g->tensors[n->in[0]].dtype != ZURT_F32 || zi_node_has_clamp(n))
        return;
    zi_id x = e->in[0];
    const zi_node *sub = zc_writer(g, index, x);
    const zi_node *max = sub && sub->op == ZI_OP_Sub ? zc_writer(g, index, sub->in[1]) : NULL;
    if (max && kept_axis(max, ZI_OP_ReduceMax) == axis && max->in[0] == sub->in[0] &&
        !zi_node_has_clamp(sub))
        x = sub->in[0];
    become(g, index, n, ZI_OP_Softmax, x);
    n->attr.axis.axis = axis;
}

zurt_status zc_fuse_patterns_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_index index;
    zurt_status st = zc_index_make(ctx, g, &index);
    if (st)
        return st;
    for (size_t i = 0; i < g->n_nodes; i++) {
        zi_node *n = &g->nodes[i];
        if (n->op != ZI_OP_Mul && n->op != ZI_OP_Div)
            continue;
        match_sixth(g, &index, n);
        if (n->op == ZI_OP_Mul)
            match_gate(g, &index, n);
        else if (n->op == ZI_OP_Div)
            match_softmax(g, &index, n);
    }
    zc_index_free(ctx, &index);
    return ZURT_OK;
}
