/* SPDX-License-Identifier: Apache-2.0 */
/* Drops dead nodes and tensors, and puts the rest in an order that can run. */
#include <string.h>

#include "base/alloc.h"
#include "graph/graph.h"

zurt_status zi_graph_index(zurt_ctx *ctx, const zi_graph *g, zi_id **writer, uint32_t **n_readers)
{
    zi_id *w = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*w));
    uint32_t *r = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*r));
    *writer = NULL;
    *n_readers = NULL;
    if (!w || !r) {
        zi_free(&ctx->allocator, w);
        zi_free(&ctx->allocator, r);
        return zi_fail(ctx, ZURT_E_NOMEM, "graph: out of memory for an index");
    }
    for (size_t i = 0; i < g->n_tensors; i++)
        w[i] = ZI_NONE;
    for (zi_id i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        if (n->op == ZI_OP_NONE)
            continue;
        for (uint32_t k = 0; k < n->n_out; k++)
            w[n->out[k]] = i;
        for (uint32_t k = 0; k < n->n_in; k++) {
            if (n->in[k] != ZI_NONE)
                r[n->in[k]]++;
        }
    }
    for (size_t i = 0; i < g->n_outputs; i++)
        r[g->outputs[i]]++;
    *writer = w;
    *n_readers = r;
    return ZURT_OK;
}

/** A depth-first walk from readers to writers, with its own stack: graphs may be deep. */
typedef struct walk {
    const zi_graph *g;
    const zi_id *writer;
    uint8_t *state; // of each node
    zi_id *stack;
    uint32_t *next; // next input to look at, per stack entry
    zi_id *order;   // live nodes, each after those it reads
    size_t n_order;
} walk;

enum { UNSEEN = 0, OPEN = 1, DONE = 2 };

/** Puts `root` and all it depends on into the order; false on a cycle. */
static bool visit(walk *w, zi_id root)
{
    size_t depth = 0;
    if (w->state[root] == UNSEEN) {
        w->state[root] = OPEN;
        w->stack[0] = root;
        w->next[0] = 0;
        depth = 1;
    }
    while (depth) {
        zi_id id = w->stack[depth - 1];
        const zi_node *n = &w->g->nodes[id];
        if (w->next[depth - 1] == n->n_in) {
            w->state[id] = DONE;
            w->order[w->n_order++] = id;
            depth--;
            continue;
        }
        zi_id in = n->in[w->next[depth - 1]++];
        zi_id from = in == ZI_NONE ? ZI_NONE : w->writer[in];
        if (from == ZI_NONE || w->state[from] == DONE)
            continue;
        if (w->state[from] == OPEN)
            return false;
        w->state[from] = OPEN;
        w->stack[depth] = from;
        w->next[depth++] = 0;
    }
    return true;
}

static bool visit_outputs(walk *w)
{
    for (size_t i = 0; i < w->g->n_outputs; i++) {
        zi_id from = w->writer[w->g->outputs[i]];
        if (from != ZI_NONE && !visit(w, from))
            return false;
    }
    return true;
}

/** The first walk finds the live nodes; the second, in the old order, keeps what it can of it. */
static bool find_order(walk *w, uint8_t *live)
{
    if (!visit_outputs(w))
        return false;
    for (size_t i = 0; i < w->n_order; i++)
        live[w->order[i]] = 1;
    memset(w->state, 0, w->g->n_nodes);
    w->n_order = 0;
    for (zi_id i = 0; i < w->g->n_nodes; i++) {
        if (live[i] && !visit(w, i))
            return false;
    }
    return true;
}

zurt_status zi_graph_compact(zurt_ctx *ctx, zi_graph *g)
{
    const zurt_allocator *a = &ctx->allocator;
    zi_id *writer;
    uint32_t *n_readers;
    zurt_status st = zi_graph_index(ctx, g, &writer, &n_readers);
    if (st)
        return st;
    walk w = {.g = g, .writer = writer};
    w.state = zi_zalloc(a, g->n_nodes);
    w.stack = zi_calloc(a, g->n_nodes, sizeof(*w.stack));
    w.next = zi_calloc(a, g->n_nodes, sizeof(*w.next));
    w.order = zi_calloc(a, g->n_nodes, sizeof(*w.order));
    uint8_t *live = zi_zalloc(a, g->n_nodes);
    zi_node *nodes = zi_calloc(a, g->n_nodes, sizeof(*nodes));
    if (!w.state || !w.stack || !w.next || !w.order || !live || !nodes)
        st = zi_fail(ctx, ZURT_E_NOMEM, "graph: out of memory for sorting");
    else if (!find_order(&w, live))
        st = zi_fail(ctx, ZURT_E_FORMAT, "graph: nodes depend on each other in a circle");
    if (!st) {
        for (size_t i = 0; i < w.n_order; i++)
            nodes[i] = g->nodes[w.order[i]];
        if (w.n_order)
            memcpy(g->nodes, nodes, w.n_order * sizeof(*nodes));
        g->n_nodes = w.n_order;
    }
    zi_free(a, writer);
    zi_free(a, n_readers);
    zi_free(a, w.state);
    zi_free(a, w.stack);
    zi_free(a, w.next);
    zi_free(a, w.order);
    zi_free(a, live);
    zi_free(a, nodes);
    return st;
}
