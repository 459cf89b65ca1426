/* SPDX-License-Identifier: Apache-2.0 */
/* Which tensors must, or had better, share one quantisation: a forest of parents. */
#include "quantise/scheme.h"

/** Ranges that differ by more than this are not tied by a Concat; it requantises instead. */
#define SIMILAR 2.0

zi_id zc_scheme_root(const zc_scheme *s, zi_id t)
{
    while (s->tensor[t].tie != t)
        t = s->tensor[t].tie;
    return t;
}

/** Joins two groups; parameters fixed by an op win. */
static void join(zc_scheme *s, zi_id a, zi_id b)
{
    a = zc_scheme_root(s, a);
    b = zc_scheme_root(s, b);
    if (a == b)
        return;
    zc_tensor_plan *ta = &s->tensor[a], *tb = &s->tensor[b];
    if (tb->fixed) {
        ta->fixed = true;
        ta->p = tb->p;
        ta->method = tb->method;
    }
    ta->range.lo = ta->range.lo < tb->range.lo ? ta->range.lo : tb->range.lo;
    ta->range.hi = ta->range.hi > tb->range.hi ? ta->range.hi : tb->range.hi;
    tb->tie = a;
}

static bool moves_one(zi_op op)
{
    return (zi_op_has(op, ZI_OPF_MOVE) && op != ZI_OP_Concat) || op == ZI_OP_Resize ||
           op == ZI_OP_AveragePool;
}

/** Nothing but the Concat cares how this tensor is quantised. */
static bool is_free(const zc_scheme *s, zi_id t)
{
    zi_id w = s->writer[t];
    if (s->n_readers[t] != 1 || w == ZI_NONE)
        return false;
    const zi_op op = s->g->nodes[w].op;
    return !moves_one(op) && op != ZI_OP_Concat && !s->tensor[zc_scheme_root(s, t)].fixed;
}

static bool similar(const zc_scheme *s, zi_id a, zi_id b)
{
    const zc_tensor_plan *ta = &s->tensor[zc_scheme_root(s, a)];
    const zc_tensor_plan *tb = &s->tensor[zc_scheme_root(s, b)];
    if (ta->fixed || tb->fixed)
        return ta->fixed && tb->fixed && zc_qparam_equal(ta->p, tb->p);
    double wa = ta->range.hi - ta->range.lo, wb = tb->range.hi - tb->range.lo;
    return wa <= SIMILAR * wb && wb <= SIMILAR * wa;
}

static void tie_concat(zc_scheme *s, const zi_node *n)
{
    const zi_graph *g = s->g;
    zi_id first = ZI_NONE;
    bool alike = true;
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (zi_tensor_is_const(&g->tensors[n->in[i]]))
            continue;
        if (first == ZI_NONE)
            first = n->in[i];
        alike = alike && similar(s, first, n->in[i]);
    }
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (zi_tensor_is_const(&g->tensors[n->in[i]]))
            continue;
        if (alike || is_free(s, n->in[i]))
            join(s, n->out[0], n->in[i]);
    }
}

void zc_scheme_tie(zc_scheme *s)
{
    const zi_graph *g = s->g;
    for (size_t t = 0; t < g->n_tensors; t++) {
        zc_tensor_plan *p = &s->tensor[t];
        *p = (zc_tensor_plan){.tie = (zi_id)t, .method = ""};
        if (s->stats->hist[t])
            p->range = zc_hist_seen(s->stats->hist[t]);
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        zc_tensor_plan *out = &s->tensor[n->out[0]];
        if (!s->reason[i] && zc_qparam_fixed(n->op, &out->p)) {
            out->fixed = true;
            out->method = "fixed";
        }
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        for (uint32_t k = 0; !s->reason[i] && moves_one(n->op) && k < n->n_out; k++)
            join(s, n->in[0], n->out[k]);
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (!s->reason[i] && g->nodes[i].op == ZI_OP_Concat)
            tie_concat(s, &g->nodes[i]);
    }
}
