/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU as a back end: every node is one step through ops/. */
#include "backend/cpu/backend_cpu.h"

#include "base/alloc.h"
#include "base/size.h"
#include "base/thread.h"
#include "kernels/kernels.h"
#include "ops/ops.h"

struct zi_backend {
    zurt_allocator allocator;
    zk_table kernels;
    uint32_t threads;
};

struct zi_program {
    zurt_allocator allocator;
    const zi_graph *graph;
    zi_id first_node;
    uint32_t n_nodes;
    zi_prepared **prepared; // one per node
    size_t pointers_bytes;  // scratch starts with the addresses of a node's inputs and outputs
    size_t scratch_bytes;
};

static zurt_status cpu_open(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    *out = NULL;
    zi_backend *b = zi_zalloc(&ctx->allocator, sizeof(*b));
    if (!b)
        return zi_fail(ctx, ZURT_E_NOMEM, "cpu: need %zu bytes", sizeof(*b));
    b->allocator = ctx->allocator;
    b->threads = config->threads;
    zk_table_init(&b->kernels, ctx->cpu);
    *out = b;
    return ZURT_OK;
}

static void cpu_close(zi_backend *b)
{
    if (!b)
        return;
    zurt_allocator allocator = b->allocator;
    zi_free(&allocator, b);
}

static const zi_caps *cpu_caps(const zi_backend *b)
{
    (void)b;
    return zi_caps_cpu();
}

static void cpu_program_destroy(zi_program *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; p->prepared && i < p->n_nodes; i++)
        zi_op_destroy(p->prepared[i]);
    zurt_allocator allocator = p->allocator;
    zi_free(&allocator, p->prepared);
    zi_free(&allocator, p);
}

// Prepares every node and sizes the scratch memory that they take turns to use.
static zurt_status prepare(zurt_ctx *ctx, const zi_backend *b, zi_program *p)
{
    size_t most_pointers = 0, most_scratch = 0;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        const zi_node *n = &p->graph->nodes[p->first_node + i];
        zurt_status st = zi_op_prepare(ctx, p->graph, n, &b->kernels, b->threads, &p->prepared[i]);
        if (st == ZURT_E_NOMEM)
            zi_fail_prefix(ctx, st, "node %u '%.64s' (%s): ", (unsigned)(p->first_node + i),
                           n->name, zi_op_name(n->op));
        if (st)
            return st;
        size_t pointers = (size_t)n->n_in + n->n_out;
        size_t scratch = zi_op_scratch_bytes(p->prepared[i]);
        most_pointers = pointers > most_pointers ? pointers : most_pointers;
        most_scratch = scratch > most_scratch ? scratch : most_scratch;
    }
    bool ok = zi_size_mul(most_pointers, sizeof(void *), &p->pointers_bytes) &&
              zi_size_align(p->pointers_bytes, ZI_ALIGN, &p->pointers_bytes) &&
              zi_size_add(p->pointers_bytes, most_scratch, &p->scratch_bytes);
    return ok ? ZURT_OK : zi_fail(ctx, ZURT_E_LIMIT, "cpu: scratch memory exceeds size_t");
}

static zurt_status cpu_program_create(zurt_ctx *ctx, zi_backend *b, const zi_graph *graph,
                                      const zi_segment *segment, zi_program **out)
{
    *out = NULL;
    zi_program *p = zi_zalloc(&ctx->allocator, sizeof(*p));
    if (!p)
        return zi_fail(ctx, ZURT_E_NOMEM, "cpu: need %zu bytes", sizeof(*p));
    p->allocator = ctx->allocator;
    p->graph = graph;
    p->first_node = segment->first_node;
    p->n_nodes = segment->n_nodes;
    p->prepared = zi_calloc(&ctx->allocator, p->n_nodes, sizeof(*p->prepared));
    zurt_status st = p->prepared ? prepare(ctx, b, p)
                                 : zi_fail(ctx, ZURT_E_NOMEM, "cpu: no memory for %u steps",
                                           (unsigned)p->n_nodes);
    if (st) {
        cpu_program_destroy(p);
        return st;
    }
    *out = p;
    return ZURT_OK;
}

static zi_program_needs cpu_program_needs(const zi_program *p)
{
    return (zi_program_needs){.scratch_bytes = p->scratch_bytes, .n_steps = p->n_nodes};
}

static zi_id cpu_program_step(const zi_program *p, uint32_t i)
{
    return p->first_node + i;
}

static void run_node(const zi_program *p, uint32_t i, const zi_run *run)
{
    const zi_node *n = &p->graph->nodes[p->first_node + i];
    const void **in = run->scratch;
    for (uint32_t k = 0; k < n->n_in; k++) {
        const zi_tensor *t = n->in[k] != ZI_NONE ? &p->graph->tensors[n->in[k]] : NULL;
        in[k] = !t ? NULL : zi_tensor_is_const(t) ? t->data : run->tensors[n->in[k]];
    }
    void **out = (void **)run->scratch + n->n_in;
    for (uint32_t k = 0; k < n->n_out; k++)
        out[k] = run->tensors[n->out[k]];
    if (n->n_in && in[0] == out[0] && zi_op_has(n->op, ZI_OPF_VIEW))
        return;
    zi_op_args args = {in, out, (uint8_t *)run->scratch + p->pointers_bytes, run->parallel};
    zi_op_run(p->prepared[i], &args);
}

// Everything is done here: there is nothing to wait for.
static zurt_status cpu_submit(zi_program *p, const zi_run *run)
{
    uint64_t start = run->step_ns ? zi_now_ns() : 0;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        if (zi_is_cancelled(run->cancelled))
            return zi_cancelled(run->error);
        run_node(p, i, run);
        if (run->step_ns) {
            uint64_t now = zi_now_ns();
            run->step_ns[i] += now - start;
            start = now;
        }
    }
    return ZURT_OK;
}

static zurt_status cpu_wait(zi_program *p, const zi_run *run)
{
    (void)p;
    (void)run;
    return ZURT_OK;
}

const zi_backend_vtable zi_backend_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .caps = cpu_caps,
    .program_create = cpu_program_create,
    .program_destroy = cpu_program_destroy,
    .program_needs = cpu_program_needs,
    .program_step = cpu_program_step,
    .submit = cpu_submit,
    .wait = cpu_wait,
};
