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

// What a run of the CPU's nodes is sorted by. A run: consecutive nodes of one key.
typedef struct mover {
    const zi_graph *g;
    const uint64_t *keys;
    const zi_id *writer;
    uint32_t *run_of; // per node: of the order so far
    bool *waits;      // per node: it reads, itself or by others of its run, the device run before
    bool *needed;     // per node: the device run behind reads it, itself or by others
    zi_id *run;       // the CPU's nodes that are looked at, and those moved to them
    size_t n_run;
    zi_id *order;
    size_t n_order;
} mover;

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

static void sort_by_key(sorter *s, const uint64_t *keys, uint64_t first)
{
    s->n_left = s->g->n_nodes;
    for (zi_id i = 0; i < s->g->n_nodes; i++)
        s->left[i] = i;
    take_run(s, keys, first);
    for (int run = 0; run < MAX_RUNS && s->n_left; run++)
        take_run(s, keys, keys[s->left[0]]); // the first one left is always ready
    for (size_t i = 0; i < s->n_left; i++)
        s->order[s->n_order++] = s->left[i];
}

// Whether a node of the CPU's run waits for the device run `before` it; 0: there is none, and
// nothing would be computed meanwhile.
static bool waits_for(const mover *m, zi_id node, uint32_t before)
{
    const zi_node *n = &m->g->nodes[node];
    for (uint32_t k = 0; k < n->n_in; k++) {
        const zi_id writer = n->in[k] == ZI_NONE ? ZI_NONE : m->writer[n->in[k]];
        if (writer != ZI_NONE && (m->run_of[writer] == before || m->waits[writer]))
            return true;
    }
    return before == 0;
}

static void need_inputs(mover *m, zi_id node)
{
    const zi_node *n = &m->g->nodes[node];
    for (uint32_t k = 0; k < n->n_in; k++) {
        const zi_id writer = n->in[k] == ZI_NONE ? ZI_NONE : m->writer[n->in[k]];
        if (writer != ZI_NONE)
            m->needed[writer] = true;
    }
}

static void put(mover *m, zi_id node, uint32_t run)
{
    m->run_of[node] = run;
    m->order[m->n_order++] = node;
}

/* Writes the CPU's run `number`: what need not wait, then what must. What the device run behind it,
 * nodes [begin, end) of `sorted`, does not need of the latter stays in m->run, for the next one. */
static void put_cpu_run(mover *m, uint32_t number, uint32_t before, const zi_id *sorted,
                        size_t begin, size_t end)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->n_run; i++)
        m->waits[m->run[i]] = waits_for(m, m->run[i], before);
    for (size_t i = begin; i < end; i++)
        need_inputs(m, sorted[i]);
    for (size_t i = m->n_run; i-- > 0;) {
        if (m->needed[m->run[i]])
            need_inputs(m, m->run[i]);
    }
    for (size_t i = 0; i < m->n_run; i++) {
        if (!m->waits[m->run[i]])
            put(m, m->run[i], number);
    }
    for (size_t i = 0; i < m->n_run; i++) {
        const zi_id node = m->run[i];
        if (!m->waits[node])
            continue;
        m->waits[node] = false; // of other runs
        if (begin == end || m->needed[node])
            put(m, node, number);
        else
            m->run[kept++] = node;
    }
    m->n_run = kept;
}

/* Moves the CPU's nodes behind the device runs that do not need them. */
static void move_behind_devices(mover *m, const zi_id *sorted, uint64_t cpu)
{
    const size_t n = m->g->n_nodes;
    uint32_t number = 0, device_run = 0; // numbers begin at 1
    for (size_t i = 0; i < n || m->n_run;) {
        while (i < n && m->keys[sorted[i]] == cpu)
            m->run[m->n_run++] = sorted[i++];
        size_t end = i;
        while (end < n && m->keys[sorted[end]] == m->keys[sorted[i]])
            end++;
        put_cpu_run(m, ++number, device_run, sorted, i, end);
        device_run = ++number;
        for (; i < end; i++)
            put(m, sorted[i], device_run);
    }
}

zurt_status zi_order_nodes(zurt_ctx *ctx, const zi_graph *g, const uint64_t *keys, uint64_t cpu,
                           zi_id *order)
{
    const size_t n = g->n_nodes;
    sorter s = {.g = g};
    mover m = {.g = g, .keys = keys, .order = order};
    uint32_t *n_readers = NULL;
    zi_arena temporary;
    zurt_status st = zi_graph_index(ctx, g, &s.writer, &n_readers);
    if (st)
        return st;
    zi_arena_init(&temporary, &ctx->allocator);
    s.done = zi_arena_calloc(&temporary, n, sizeof(*s.done));
    s.left = zi_arena_calloc(&temporary, n, sizeof(*s.left));
    s.order = zi_arena_calloc(&temporary, n, sizeof(*s.order));
    m.writer = s.writer;
    m.run_of = zi_arena_calloc(&temporary, n, sizeof(*m.run_of));
    m.waits = zi_arena_calloc(&temporary, n, sizeof(*m.waits));
    m.needed = zi_arena_calloc(&temporary, n, sizeof(*m.needed));
    m.run = zi_arena_calloc(&temporary, n, sizeof(*m.run));
    if (s.done && s.left && s.order && m.run_of && m.waits && m.needed && m.run) {
        sort_by_key(&s, keys, cpu);
        move_behind_devices(&m, s.order, cpu);
    } else {
        st = zi_fail(ctx, ZURT_E_NOMEM, "partition: out of memory");
    }
    zi_arena_clear(&temporary);
    zi_free(&ctx->allocator, s.writer);
    zi_free(&ctx->allocator, n_readers);
    return st;
}
