/* SPDX-License-Identifier: Apache-2.0 */
/* From the outputs back to the convolutions that regress, and through all that these read. */
#include "quantise/heads.h"

#include "base/alloc.h"
#include "quantise/scheme.h"

typedef struct walk {
    const zi_graph *g;
    const zi_id *writer;
    bool *feeds;  /* the tensor is read by a regression head, at whatever distance */
    bool *seen;   /* or leads to an output without a convolution in between */
    zi_id *stack; /* tensors to go on from, each at most once as either */
    size_t n;
} walk;

static bool bounds(zi_op op)
{
    zc_qparam p;
    return zc_qparam_fixed(op, &p) || op == ZI_OP_ArgMax || op == ZI_OP_ArgMin || op == ZI_OP_TopK;
}

/** A convolution with more than one place in its output. */
static bool is_dense(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *t = &g->tensors[n->out[0]];
    return n->op == ZI_OP_Conv && t->rank == 4 && (t->dims[1] > 1 || t->dims[2] > 1);
}

static void visit(walk *w, zi_id t, bool *mark)
{
    if (t == ZI_NONE || mark[t])
        return;
    mark[t] = true;
    w->stack[w->n++] = t;
}

static void step(walk *w, zi_id t)
{
    if (w->writer[t] == ZI_NONE)
        return;
    const zi_node *n = &w->g->nodes[w->writer[t]];
    bool inside = w->feeds[t], heads = zc_op_is_linear(n->op);
    if (!inside && (bounds(n->op) || (heads && !is_dense(w->g, n))))
        return;
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (zc_is_data_input(w->g, n, i))
            visit(w, n->in[i], inside || heads ? w->feeds : w->seen);
    }
}

zurt_status zc_heads_find(zurt_ctx *ctx, const zi_graph *g, const zi_id *writer, bool *feeds)
{
    walk w = {.g = g, .writer = writer, .feeds = feeds};
    w.seen = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*w.seen));
    w.stack = zi_calloc(&ctx->allocator, 2 * g->n_tensors, sizeof(*w.stack));
    zurt_status st = ZURT_OK;
    if (!w.seen || !w.stack)
        st = zi_fail(ctx, ZURT_E_NOMEM, "regression heads: out of memory");
    for (size_t i = 0; !st && i < g->n_outputs; i++)
        visit(&w, g->outputs[i], w.seen);
    while (!st && w.n)
        step(&w, w.stack[--w.n]);
    zi_free(&ctx->allocator, w.seen);
    zi_free(&ctx->allocator, w.stack);
    return st;
}
