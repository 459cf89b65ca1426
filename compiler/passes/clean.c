/* SPDX-License-Identifier: Apache-2.0 */
/* Drops nodes that change nothing, joins chains of moves and merges twins. */
#include <string.h>

#include "base/alloc.h"
#include "passes/passes_all.h"

/** Tensors that turn out to equal others; uses are rewritten at the end, and as met. */
typedef struct cleaner {
    zurt_ctx *ctx;
    zi_graph *g;
    zc_index index;
    zi_id *alias; // the tensor to read instead; itself if none
    uint8_t *is_output;
    zi_id *first_twin; // per tensor: last node met that rearranges it, and may be shared
    zi_id *next_twin;  // per node: the one met before
} cleaner;

static zi_id resolve(cleaner *c, zi_id id)
{
    while (c->alias[id] != id) {
        c->alias[id] = c->alias[c->alias[id]]; // halves the path for the next
        id = c->alias[id];
    }
    return id;
}

static bool same_quant(const zi_tensor *a, const zi_tensor *b)
{
    const zi_quant *p = &a->quant, *q = &b->quant;
    return p->n == q->n && (p->n <= 1 || p->axis == q->axis) &&
           (p->n == 0 ||
            (memcmp(p->scale, q->scale, p->n * sizeof(*p->scale)) == 0 &&
             memcmp(p->zero_point, q->zero_point, p->n * sizeof(*p->zero_point)) == 0));
}

static bool same_form(const zi_tensor *a, const zi_tensor *b)
{
    return a->dtype == b->dtype && zi_tensor_same_shape(a, b) && same_quant(a, b);
}

/** True if only axes of 1 move. */
static bool moves_nothing(const zi_tensor *x, const int32_t *perm)
{
    int32_t last = -1;
    for (int32_t d = 0; d < x->rank; d++) {
        if (x->dims[perm[d]] == 1)
            continue;
        if (perm[d] < last)
            return false;
        last = perm[d];
    }
    return true;
}

static bool takes_all(const zi_attr_slice *a, int32_t rank)
{
    for (int32_t d = 0; d < rank; d++) {
        if (a->step[d] != 1) // with the same shape, step 1 starts at 0
            return false;
    }
    return true;
}

/** True if the node's output equals its input in every respect. */
static bool is_idle(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *y = zi_node_out(g, n, 0);
    if (!x || n->n_out != 1 || !same_form(x, y))
        return false;
    switch (n->op) {
    case ZI_OP_Reshape:
    case ZI_OP_Expand:
    case ZI_OP_Tile:
    case ZI_OP_Cast:
    case ZI_OP_Split:
        return true;
    case ZI_OP_Quantize:
        return zi_tensor_is_quantised(x);
    case ZI_OP_Concat:
        return n->n_in == 1;
    case ZI_OP_Transpose:
        return moves_nothing(x, n->attr.perm.perm);
    case ZI_OP_Slice:
        return takes_all(&n->attr.slice, x->rank);
    case ZI_OP_Pad:
        for (int32_t d = 0; d < x->rank; d++) {
            if (n->attr.pad.before[d] || n->attr.pad.after[d])
                return false;
        }
        return true;
    default:
        return false;
    }
}

static bool is_input(const zi_graph *g, zi_id id)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        if (g->inputs[i] == id)
            return true;
    }
    return false;
}

/** Readers of `gone` will read `keep`; false if `gone` must stay, being an output. */
static bool merge(cleaner *c, zi_node *n, zi_id gone, zi_id keep)
{
    zi_graph *g = c->g;
    if (c->is_output[gone]) { // then the name must stay: the other takes it
        zi_node *w = zc_writer(g, &c->index, keep);
        if (!w || c->is_output[keep] || is_input(g, keep))
            return false;
        for (uint32_t i = 0; i < w->n_out; i++) {
            if (w->out[i] == keep)
                w->out[i] = gone;
        }
        c->index.writer[gone] = c->index.writer[keep];
        zi_id from = keep;
        keep = gone;
        gone = from;
    }
    c->alias[gone] = keep;
    n->op = ZI_OP_NONE;
    return true;
}

/** A Reshape of a Reshape, a Transpose of a Transpose: one of them is enough. */
static void join_chain(cleaner *c, zi_node *n)
{
    zi_graph *g = c->g;
    zi_node *w = zc_writer(g, &c->index, n->in[0]);
    if (!w || w->op != n->op || !same_quant(&g->tensors[w->in[0]], &g->tensors[n->in[0]]))
        return;
    if (n->op == ZI_OP_Transpose) {
        for (int32_t d = 0; d < g->tensors[n->in[0]].rank; d++)
            n->attr.perm.perm[d] = w->attr.perm.perm[n->attr.perm.perm[d]];
    }
    n->in[0] = w->in[0];
}

/** A Transpose that moves only axes of 1 becomes a Reshape, which moves no byte. */
static void make_reshape(zi_graph *g, zi_node *n)
{
    const zi_tensor *y = zi_node_out(g, n, 0);
    if (n->op != ZI_OP_Transpose || !moves_nothing(zi_node_in(g, n, 0), n->attr.perm.perm) ||
        y->quant.n > 1)
        return;
    n->op = ZI_OP_Reshape;
    memset(&n->attr, 0, sizeof(n->attr));
    n->attr.shape.rank = y->rank;
    memcpy(n->attr.shape.dims, y->dims, sizeof(y->dims));
}

static bool is_shared(zi_op op)
{
    return op == ZI_OP_Reshape || op == ZI_OP_Transpose || op == ZI_OP_Dequantize ||
           op == ZI_OP_Gather;
}

/** Equal attributes and constants of two nodes of one op, one input and one output shape. */
static bool same_rule(const zi_graph *g, const zi_node *n, const zi_node *o)
{
    if (n->op == ZI_OP_Transpose)
        return memcmp(n->attr.perm.perm, o->attr.perm.perm,
                      (size_t)zi_node_in(g, n, 0)->rank * sizeof(int32_t)) == 0;
    if (n->op != ZI_OP_Gather)
        return true; // the output's type, shape and scale say it all
    const zi_tensor *i = zi_node_in(g, n, 1), *k = zi_node_in(g, o, 1);
    if (n->attr.axis.axis != o->attr.axis.axis || !zi_tensor_same_shape(i, k))
        return false;
    const bool both_const = i->data && k->data;
    return i == k || (both_const && memcmp(i->data, k->data, zi_tensor_bytes(i)) == 0);
}

/** An equal node met before on the same input: one computation serves both. */
static bool merge_twin(cleaner *c, zi_id i)
{
    zi_graph *g = c->g;
    zi_node *n = &g->nodes[i];
    const zi_tensor *y = zi_node_out(g, n, 0);
    for (zi_id t = c->first_twin[n->in[0]]; t != ZI_NONE; t = c->next_twin[t]) {
        const zi_node *o = &g->nodes[t];
        const zi_tensor *z = zi_node_out(g, o, 0);
        bool equal = o->op == n->op && same_form(y, z) && same_rule(g, n, o);
        if (equal && merge(c, n, n->out[0], o->out[0]))
            return true;
    }
    c->next_twin[i] = c->first_twin[n->in[0]];
    c->first_twin[n->in[0]] = i;
    return false;
}

static void clean_node(cleaner *c, zi_id i)
{
    zi_graph *g = c->g;
    zi_node *n = &g->nodes[i];
    for (uint32_t k = 0; k < n->n_in; k++) {
        if (n->in[k] != ZI_NONE)
            n->in[k] = resolve(c, n->in[k]);
    }
    if (n->op == ZI_OP_Reshape || n->op == ZI_OP_Transpose)
        join_chain(c, n);
    make_reshape(g, n);
    if (n->op == ZI_OP_Reshape)
        join_chain(c, n);
    if (is_idle(g, n) && merge(c, n, n->out[0], n->in[0]))
        return;
    if (is_shared(n->op))
        merge_twin(c, i);
}

static zurt_status prepare(cleaner *c)
{
    zi_graph *g = c->g;
    const zurt_allocator *a = &c->ctx->allocator;
    c->alias = zi_calloc(a, g->n_tensors, sizeof(*c->alias));
    c->is_output = zi_zalloc(a, g->n_tensors);
    c->first_twin = zi_calloc(a, g->n_tensors, sizeof(*c->first_twin));
    c->next_twin = zi_calloc(a, g->n_nodes, sizeof(*c->next_twin));
    if (!c->alias || !c->is_output || !c->first_twin || !c->next_twin)
        return zi_fail(c->ctx, ZURT_E_NOMEM, "clean: out of memory");
    for (zi_id i = 0; i < g->n_tensors; i++) {
        c->alias[i] = i;
        c->first_twin[i] = ZI_NONE;
    }
    for (size_t i = 0; i < g->n_outputs; i++)
        c->is_output[g->outputs[i]] = 1;
    return zc_index_make(c->ctx, g, &c->index);
}

zurt_status zc_clean_pass(zurt_ctx *ctx, zi_graph *g)
{
    cleaner c = {.ctx = ctx, .g = g};
    zurt_status st = prepare(&c);
    for (zi_id i = 0; i < g->n_nodes && !st; i++)
        clean_node(&c, i);
    for (size_t i = 0; i < g->n_nodes && !st; i++) {
        zi_node *n = &g->nodes[i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            if (n->in[k] != ZI_NONE)
                n->in[k] = resolve(&c, n->in[k]);
        }
    }
    zc_index_free(ctx, &c.index);
    zi_free(&ctx->allocator, c.alias);
    zi_free(&ctx->allocator, c.is_output);
    zi_free(&ctx->allocator, c.first_twin);
    zi_free(&ctx->allocator, c.next_twin);
    return st;
}
