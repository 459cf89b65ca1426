/* SPDX-License-Identifier: Apache-2.0 */
/* Reorders nodes, as far as their data allow, so that segments become long. */
#include "plan/order.h"

#include "base/alloc.h"

/** Runs that are looked for; what is left then stays as it is. A hostile graph could need one run
 *  per node, and each looks at all nodes left. */
enum { MAX_RUNS = 256 };

typedef struct sorter {
    const zi_graph *g;
    zi_id *writer;
    bool *done;
    zi_id *left; // nodes to come, in the graph's order
    size_t n_left;
    zi_id *order;
    size_t n_order;
} sorter;

static bool is_ready(const sorter *s, zi_id node)
{
    const zi_node *n = &s->g->nodes[node];
    for (uint32_t k = 0; k < n->n_in; k++) {
        zi_id writer = n->in[k] == ZI_NONE ? ZI_NONE : s->writer[n->in[k]];
        if (writer != ZI_NONE && !s->done[writer])
            return false;
    }
    return true;
}

/** Takes every node of `key` that needs no other: one pass finds all, since writers come first. */
static void take_run(sorter *s, const uint64_t *keys, uint64_t key)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_left; i++) {
        zi_id node = s->left[i];
        if (keys[node] == key && is_ready(s, node)) {
            s->done[node] = true;
            s->order[s->n_order++] = node;
        } else {
            s->left[kept++] = node;
        }
    }
    s->n_left = kept;
}

zurt_status zi_order_nodes(zurt_ctx *ctx, const zi_graph *g, const uint64_t *keys, uint64_t first,
                           zi_id *order)
{
    sorter s = {.g = g, .order = order};
    uint32_t *n_readers = NULL;
    zi_arena temporary;
    zurt_status st = zi_graph_index(ctx, g, &s.writer, &n_readers);
    if (st)
        return st;
    zi_arena_init(&temporary, &ctx->allocator);
    s.done = zi_arena_calloc(&temporary, g->n_nodes, sizeof(*s.done));
    s.left = zi_arena_calloc(&temporary, g->n_nodes, sizeof(*s.left));
    if (s.done && s.left) {
        s.n_left = g->n_nodes;
        for (zi_id i = 0; i < g->n_nodes; i++)
            s.left[i] = i;
        take_run(&s, keys, first);
        for (int run = 0; run < MAX_RUNS && s.n_left; run++)
            take_run(&s, keys, keys[s.left[0]]); // the first one left is always ready
        for (size_t i = 0; i < s.n_left; i++)
            order[s.n_order++] = s.left[i];
    } else {
        st = zi_fail(ctx, ZURT_E_NOMEM, "partition: out of memory");
    }
    zi_arena_clear(&temporary);
    zi_free(&ctx->allocator, s.writer);
    zi_free(&ctx->allocator, n_readers);
    return st;
}
