/* SPDX-License-Identifier: Apache-2.0 */
/* Gives every node a device, with the reason, and cuts the order into segments. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/caps.h"
#include "plan/order.h"
#include "plan/plan.h"

// What finding the segments' inputs and outputs needs; lives as long as zi_partition_create().
typedef struct work {
    const zi_graph *g;
    uint32_t *writer;      // segment + 1 that computes a tensor; 0: none
    uint32_t *last_reader; // segment + 1 that has the tensor in its inputs already
    bool *read_outside;    // by a graph output or another segment than its writer
    zi_id *inputs;         // of all segments, one after the other
    zi_id *outputs;
} work;

static zurt_status no_memory(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "partition: out of memory");
}

// The first capable device. A node that ends on the last one says why the first refused it.
static zurt_status place(zurt_ctx *ctx, zi_partition *p, const zi_graph *g, const zi_node *n,
                         const zi_caps *const *caps, uint32_t n_caps, zi_placement *out)
{
    zi_placement refusal = {0};
    for (uint32_t d = 0; d < n_caps; d++) {
        bool taken = false;
        zurt_status st = zi_caps_place(ctx, &p->arena, caps[d], g, n, &taken, out);
        if (st)
            return st;
        out->device = d;
        if (taken && d > 0 && caps[d]->kind == ZI_CAPS_CPU) {
            out->reason = refusal.reason;
            out->remedy = refusal.remedy;
        }
        if (taken)
            return ZURT_OK;
        if (d == 0)
            refusal = *out;
    }
    assert(!"the last table is the CPU's");
    return zi_fail(ctx, ZURT_E_INTERNAL, "partition: node '%s' has no device", n->name);
}

static bool together(const zi_placement *a, const zi_placement *b)
{
    return a->device == b->device && a->batch == b->batch;
}

static zurt_status find_segments(zurt_ctx *ctx, zi_partition *p)
{
    const zi_graph *g = p->graph;
    p->n_segments = 0;
    if (!p->segments)
        p->segments = zi_arena_calloc(&p->arena, g->n_nodes, sizeof(*p->segments));
    if (!p->segments)
        return no_memory(ctx);
    for (zi_id i = 0; i < g->n_nodes; i++) {
        zi_segment *last = p->n_segments ? &p->segments[p->n_segments - 1] : NULL;
        if (last && together(&p->nodes[last->first_node], &p->nodes[i])) {
            last->n_nodes++;
            continue;
        }
        p->segments[p->n_segments++] =
            (zi_segment){.device = p->nodes[i].device, .first_node = i, .n_nodes = 1};
    }
    return ZURT_OK;
}

static bool alloc_work(work *w, zi_arena *temporary, zi_arena *lasting)
{
    const zi_graph *g = w->g;
    size_t n_in = 0, n_out = 0;
    for (size_t i = 0; i < g->n_nodes; i++) {
        n_in += g->nodes[i].n_in;
        n_out += g->nodes[i].n_out;
    }
    w->writer = zi_arena_calloc(temporary, g->n_tensors, sizeof(*w->writer));
    w->last_reader = zi_arena_calloc(temporary, g->n_tensors, sizeof(*w->last_reader));
    w->read_outside = zi_arena_calloc(temporary, g->n_tensors, sizeof(*w->read_outside));
    w->inputs = zi_arena_calloc(lasting, n_in, sizeof(*w->inputs));
    w->outputs = zi_arena_calloc(lasting, n_out, sizeof(*w->outputs));
    return w->writer && w->last_reader && w->read_outside && w->inputs && w->outputs;
}

// Of a segment behind one of a device: how many nodes at its beginning read nothing of that one.
// `writer` knows the segments before.
static zi_id count_free(const work *w, const zi_segment *s, uint32_t segment)
{
    for (zi_id i = 0; i < s->n_nodes; i++) {
        const zi_node *n = &w->g->nodes[s->first_node + i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            if (n->in[k] != ZI_NONE && w->writer[n->in[k]] == segment)
                return i;
        }
    }
    return s->n_nodes;
}

static void list_inputs(work *w, zi_segment *s, uint32_t segment)
{
    s->inputs = w->inputs;
    for (zi_id i = s->first_node; i < s->first_node + s->n_nodes; i++) {
        const zi_node *n = &w->g->nodes[i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            zi_id id = n->in[k];
            if (id == ZI_NONE || zi_tensor_is_const(&w->g->tensors[id]) ||
                w->writer[id] == segment + 1)
                continue;
            w->read_outside[id] = true;
            if (w->last_reader[id] != segment + 1) {
                *w->inputs++ = id;
                s->n_inputs++;
            }
            w->last_reader[id] = segment + 1;
        }
        for (uint32_t k = 0; k < n->n_out; k++)
            w->writer[n->out[k]] = segment + 1;
    }
}

static void list_outputs(work *w, zi_segment *s)
{
    s->outputs = w->outputs;
    for (zi_id i = s->first_node; i < s->first_node + s->n_nodes; i++) {
        const zi_node *n = &w->g->nodes[i];
        for (uint32_t k = 0; k < n->n_out; k++) {
            if (w->read_outside[n->out[k]]) {
                *w->outputs++ = n->out[k];
                s->n_outputs++;
            }
        }
    }
}

static zurt_status list_boundaries(zurt_ctx *ctx, zi_partition *p)
{
    const zi_graph *g = p->graph;
    zi_arena temporary;
    zi_arena_init(&temporary, &ctx->allocator);
    work w = {.g = g};
    bool ok = alloc_work(&w, &temporary, &p->arena);
    if (ok) {
        for (uint32_t i = 0; i < p->n_segments; i++) {
            zi_segment *s = &p->segments[i];
            if (i > 0 && zi_segment_is_cpu(p, s))
                s->n_free = count_free(&w, s, i);
            list_inputs(&w, s, i);
        }
        for (size_t i = 0; i < g->n_outputs; i++)
            w.read_outside[g->outputs[i]] = true;
        for (uint32_t i = 0; i < p->n_segments; i++)
            list_outputs(&w, &p->segments[i]);
    }
    zi_arena_clear(&temporary);
    return ok ? ZURT_OK : no_memory(ctx);
}

// ---- order

static uint64_t key_of(const zi_placement *p)
{
    return (uint64_t)p->device << 32 | (uint32_t)p->batch;
}

static bool is_identity(const zi_id *order, size_t n)
{
    for (zi_id i = 0; i < n; i++) {
        if (order[i] != i)
            return false;
    }
    return true;
}

// Nodes and placements as `order` says; the graph given stays as it is.
static zurt_status take_order(zurt_ctx *ctx, zi_partition *p, const zi_id *order)
{
    const zi_graph *g = p->graph;
    zi_node *nodes = zi_arena_calloc(&p->arena, g->n_nodes, sizeof(*nodes));
    zi_placement *placed = zi_arena_calloc(&p->arena, g->n_nodes, sizeof(*placed));
    if (!nodes || !placed)
        return no_memory(ctx);
    for (size_t i = 0; i < g->n_nodes; i++) {
        nodes[i] = g->nodes[order[i]];
        placed[i] = p->nodes[order[i]];
    }
    p->ordered = *g;
    p->ordered.nodes = nodes;
    p->graph = &p->ordered;
    p->nodes = placed;
    return ZURT_OK;
}

// The CPU first: what waits for it then waits for all of it at once.
static zurt_status order_nodes(zurt_ctx *ctx, zi_partition *p)
{
    size_t n = p->graph->n_nodes;
    zi_arena temporary;
    zi_arena_init(&temporary, &ctx->allocator);
    uint64_t *keys = zi_arena_calloc(&temporary, n, sizeof(*keys));
    zi_id *order = zi_arena_calloc(&temporary, n, sizeof(*order));
    zurt_status st = keys && order ? ZURT_OK : no_memory(ctx);
    for (size_t i = 0; !st && i < n; i++)
        keys[i] = key_of(&p->nodes[i]);
    if (!st)
        st = zi_order_nodes(ctx, p->graph, keys, (uint64_t)(p->n_devices - 1) << 32, order);
    if (!st && !is_identity(order, n))
        st = take_order(ctx, p, order);
    zi_arena_clear(&temporary);
    return st;
}

// ---- the step engine's segments

// Takes a node off the engine.
static void leave(zi_partition *p, zi_id node, const char *reason, const char *remedy)
{
    p->nodes[node].device = p->n_devices - 1;
    p->nodes[node].batch = 0;
    p->nodes[node].reason = reason;
    p->nodes[node].remedy = remedy;
}

// Takes a segment off the engine: its nodes go to the CPU.
static void give_up(zi_partition *p, const zi_segment *s, const char *reason, const char *remedy)
{
    for (zi_id i = s->first_node; i < s->first_node + s->n_nodes; i++)
        leave(p, i, reason, remedy);
}

static bool is_move(zi_op op)
{
    return op == ZI_OP_Slice || op == ZI_OP_Split || op == ZI_OP_Gather || op == ZI_OP_Pad ||
           op == ZI_OP_Concat;
}

// Whether a node only moves what enters its segment, few channels of it: a word of the engine holds
// 16, so the way there would be several times what the CPU moves.
static bool moves_thin_inputs(const zi_graph *g, const zi_node *n, const bool *computed)
{
    if (!is_move(n->op))
        return false;
    for (uint32_t k = 0; k < n->n_in; k++) {
        const zi_tensor *x = zi_node_in(g, n, k);
        if (x && !zi_tensor_is_const(x) && (computed[n->in[k]] || x->dims[x->rank - 1] > 8))
            return false;
    }
    return true;
}

// Takes such nodes off a segment. *computed: per tensor, false.
static bool leave_thin_moves(zi_partition *p, const zi_segment *s, bool *computed)
{
    bool any = false;
    for (zi_id i = s->first_node; i < s->first_node + s->n_nodes; i++) {
        const zi_node *n = &p->graph->nodes[i];
        bool moves = moves_thin_inputs(p->graph, n, computed);
        if (moves)
            leave(p, i, "moves an input of few channels: the CPU prepares inputs", "");
        for (uint32_t k = 0; !moves && k < n->n_out; k++)
            computed[n->out[k]] = true;
        any = any || moves;
    }
    return any;
}

uint64_t zi_segment_macs(const zi_partition *p, const zi_segment *s)
{
    uint64_t macs = 0;
    for (zi_id i = s->first_node; i < s->first_node + s->n_nodes; i++)
        macs += zi_node_macs(p->graph, &p->graph->nodes[i]);
    return macs;
}

// What each node costs; those computed with another say so.
static zurt_status take_costs(zurt_ctx *ctx, zi_partition *p, const zi_segment *s)
{
    for (zi_id i = 0; i < s->n_nodes; i++) {
        zi_placement *node = &p->nodes[s->first_node + i];
        const zi_node_cost *cost = &s->lowered->nodes[i];
        node->cycles = cost->cycles;
        node->ddr_bytes = cost->ddr_bytes;
        if (cost->with != ZI_NONE)
            node->reason = zi_arena_printf(&p->arena, "computed with '%.100s'",
                                           p->graph->nodes[cost->with].name);
        else if (node->cycles == 0)
            node->reason = "addresses alone: no data moves";
        if (!node->reason)
            return no_memory(ctx);
    }
    return ZURT_OK;
}

// Lowers a segment. What cannot be arranged leaves.
static zurt_status lower_segment(zurt_ctx *ctx, zi_partition *p, zi_segment *s, const zi_caps *caps,
                                 bool *out_left)
{
    *out_left = true;
    zurt_status st = caps->lowering->lower(ctx, caps, p->graph, s, p->nodes, &s->lowered);
    if (st == ZURT_E_UNSUPPORTED) {
        const char *reason = zi_arena_printf(&p->arena, "%.300s", zurt_ctx_error(ctx));
        if (!reason)
            return no_memory(ctx);
        give_up(p, s, reason,
                "make its tensors smaller: a smaller input, or fewer channels at that resolution");
        return ZURT_OK;
    }
    *out_left = false;
    if (!st)
        st = take_costs(ctx, p, s);
    return st;
}

// Segments without work are not worth the way to the PL and back: they leave, which may join
// others. Each round copies the nodes.
enum { MAX_ROUNDS = 8 };

static zurt_status settle_segments(zurt_ctx *ctx, zi_partition *p, const zi_caps *const *caps)
{
    bool any_left = p->n_devices > 1;
    zi_arena temporary;
    zi_arena_init(&temporary, &ctx->allocator);
    bool *computed = zi_arena_calloc(&temporary, p->graph->n_tensors, sizeof(*computed));
    zurt_status st = !computed ? no_memory(ctx) : any_left ? ZURT_OK : find_segments(ctx, p);
    for (int round = 0; !st && any_left && round < MAX_ROUNDS; round++) {
        any_left = false;
        st = order_nodes(ctx, p);
        if (!st)
            st = find_segments(ctx, p);
        for (uint32_t i = 0; !st && i < p->n_segments; i++) {
            const zi_segment *s = &p->segments[i];
            const zi_lowering *lowering = caps[s->device]->lowering;
            if (!lowering || !lowering->wants_macs)
                continue;
            if (zi_segment_macs(p, s) > 0) {
                any_left = leave_thin_moves(p, s, computed) || any_left;
                continue;
            }
            give_up(p, s, "no multiply-accumulates beside it: the way to the PL would cost more",
                    "");
            any_left = true;
        }
    }
    if (!st && any_left) // those that left in the last round too
        st = find_segments(ctx, p);
    zi_arena_clear(&temporary);
    return st;
}

static void drop_lowered(zi_partition *p)
{
    for (uint32_t i = 0; p->segments && i < p->n_segments; i++) {
        zi_segment *s = &p->segments[i];
        if (s->lowered)
            p->lowerings[s->device]->destroy(s->lowered);
        s->lowered = NULL;
    }
}

static zurt_status lower_segments(zurt_ctx *ctx, zi_partition *p, const zi_caps *const *caps)
{
    const zi_graph *g = p->graph;
    bool any_left = false;
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; !st && i < p->n_segments; i++) {
        zi_segment *s = &p->segments[i];
        bool left = false;
        if (caps[s->device]->lowering)
            st = lower_segment(ctx, p, s, caps[s->device], &left);
        any_left = any_left || left;
    }
    if (st || !any_left)
        return st;
    // Segments on either side of one that left are one now; the lowered ones are as they were.
    zi_arena temporary;
    zi_arena_init(&temporary, &ctx->allocator);
    zi_lowered **lowered = zi_arena_calloc(&temporary, g->n_nodes, sizeof(zi_lowered *));
    for (uint32_t i = 0; lowered && i < p->n_segments; i++) {
        lowered[p->segments[i].first_node] = p->segments[i].lowered;
        p->segments[i].lowered = NULL;
    }
    st = lowered ? find_segments(ctx, p) : no_memory(ctx);
    for (uint32_t i = 0; lowered && i < p->n_segments; i++)
        p->segments[i].lowered = lowered[p->segments[i].first_node];
    zi_arena_clear(&temporary);
    return st ? st : list_boundaries(ctx, p);
}

zurt_status zi_partition_create(zurt_ctx *ctx, const zi_graph *g, const zi_caps *const *caps,
                                uint32_t n_caps, zi_partition **out)
{
    *out = NULL;
    if (n_caps == 0 || caps[n_caps - 1]->kind != ZI_CAPS_CPU)
        return zi_fail(ctx, ZURT_E_ARG, "partition: the last capability table must be the CPU's");
    zi_partition *p = zi_zalloc(&ctx->allocator, sizeof(*p));
    if (!p)
        return no_memory(ctx);
    zi_arena_init(&p->arena, &ctx->allocator);
    p->graph = g;
    p->n_devices = n_caps;
    p->nodes = zi_arena_calloc(&p->arena, g->n_nodes, sizeof(*p->nodes));
    p->lowerings = zi_arena_calloc(&p->arena, n_caps, sizeof(zi_lowering *));
    zurt_status st = p->nodes && p->lowerings ? ZURT_OK : no_memory(ctx);
    for (uint32_t i = 0; !st && i < n_caps; i++)
        p->lowerings[i] = caps[i]->lowering;
    for (size_t i = 0; !st && i < g->n_nodes; i++)
        st = place(ctx, p, g, &g->nodes[i], caps, n_caps, &p->nodes[i]);
    if (!st)
        st = settle_segments(ctx, p, caps);
    if (!st)
        st = list_boundaries(ctx, p);
    if (!st)
        st = lower_segments(ctx, p, caps);
    if (st) {
        zi_partition_destroy(p);
        return st;
    }
    *out = p;
    return ZURT_OK;
}

void zi_partition_destroy(zi_partition *p)
{
    if (!p)
        return;
    drop_lowered(p);
    zurt_allocator allocator = p->arena.allocator;
    zi_arena_clear(&p->arena);
    zi_free(&allocator, p);
}
