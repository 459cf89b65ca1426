/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a graph on the host, node after node, in memory planned as a session's is. */
#include "float/evaluator.h"

#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "ops/ops.h"
#include "plan/plan.h"

struct zc_executor {
    zurt_ctx *ctx;
    const zi_graph *g;
    zk_table kernels;
    zi_pool *pool;
    zi_parallel parallel;
    zi_memory_plan *plan;
    zi_prepared **nodes; /* one per node */
    void **address;      /* one per tensor; inputs and outputs change from run to run */
    const void **in;     /* operands of the node at hand */
    void **out;
    void *arena;
    void *scratch;
};

static zurt_status no_memory(zc_executor *e)
{
    return zi_fail(e->ctx, ZURT_E_NOMEM, "evaluator: out of memory");
}

/** Lifetimes to addresses, as a session has them: the CPU runs every node. */
static zurt_status plan_memory(zc_executor *e)
{
    const zi_caps *cpu = zi_caps_cpu();
    zi_partition *partition = NULL;
    zurt_status st = zi_partition_create(e->ctx, e->g, &cpu, 1, &partition);
    if (!st)
        st = zi_memory_plan_create(e->ctx, partition, &e->plan);
    zi_partition_destroy(partition);
    if (st)
        return st;
    const size_t n = e->g->n_tensors;
    e->arena = zi_alloc_aligned(&e->ctx->allocator, e->plan->arena_bytes);
    e->address = zi_calloc(&e->ctx->allocator, n, sizeof(*e->address));
    if (!e->arena || !e->address)
        return no_memory(e);
    for (size_t i = 0; i < n; i++) {
        const zi_storage *at = &e->plan->tensors[i];
        if (at->kind == ZI_STORAGE_ARENA)
            e->address[i] = (char *)e->arena + at->offset;
        else if (at->kind == ZI_STORAGE_CONST)
            e->address[i] = (void *)(uintptr_t)e->g->tensors[at->index].data; // only read
    }
    return ZURT_OK;
}

static zurt_status prepare_nodes(zc_executor *e, uint32_t threads)
{
    const zi_graph *g = e->g;
    const zurt_allocator *allocator = &e->ctx->allocator;
    size_t scratch = 0;
    uint32_t n_in = 0, n_out = 0;
    e->nodes = zi_calloc(allocator, g->n_nodes, sizeof(*e->nodes));
    if (!e->nodes)
        return no_memory(e);
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        zurt_status st = zi_op_prepare(e->ctx, g, n, &e->kernels, threads, &e->nodes[i]);
        if (st)
            return st;
        const size_t bytes = zi_op_scratch_bytes(e->nodes[i]);
        scratch = bytes > scratch ? bytes : scratch;
        n_in = n->n_in > n_in ? n->n_in : n_in;
        n_out = n->n_out > n_out ? n->n_out : n_out;
    }
    e->scratch = zi_alloc_aligned(allocator, scratch);
    e->in = zi_calloc(allocator, n_in, sizeof(*e->in));
    e->out = zi_calloc(allocator, n_out, sizeof(*e->out));
    return e->scratch && e->in && e->out ? ZURT_OK : no_memory(e);
}

zurt_status zc_executor_create(zurt_ctx *ctx, const zi_graph *g, uint32_t threads,
                               zc_executor **out)
{
    *out = NULL;
    zc_executor *e = zi_zalloc(&ctx->allocator, sizeof(*e));
    if (!e)
        return zi_fail(ctx, ZURT_E_NOMEM, "evaluator: out of memory");
    e->ctx = ctx;
    e->g = g;
    e->parallel = zi_parallel_serial();
    zk_table_init(&e->kernels, ctx->cpu);
    zurt_status st = ZURT_OK;
    if (threads > 1)
        st = zi_pool_create(ctx, threads, &e->pool);
    if (!st && e->pool)
        e->parallel = zi_pool_parallel(e->pool);
    if (!st)
        st = plan_memory(e);
    if (!st)
        st = prepare_nodes(e, e->parallel.n_threads);
    if (st) {
        zc_executor_destroy(e);
        return st;
    }
    *out = e;
    return ZURT_OK;
}

void zc_executor_destroy(zc_executor *e)
{
    if (!e)
        return;
    const zurt_allocator allocator = e->ctx->allocator;
    for (size_t i = 0; e->nodes && i < e->g->n_nodes; i++)
        zi_op_destroy(e->nodes[i]);
    zi_pool_destroy(e->pool);
    zi_memory_plan_destroy(e->plan);
    zi_free(&allocator, e->nodes);
    zi_free(&allocator, e->address);
    zi_free(&allocator, e->in);
    zi_free(&allocator, e->out);
    zi_free(&allocator, e->arena);
    zi_free(&allocator, e->scratch);
    zi_free(&allocator, e);
}

/** Puts the caller's buffers where the plan wants them, after checking that they fit. */
static zurt_status bind(zc_executor *e, const zurt_view *in, size_t n_in, const zurt_span *out,
                        size_t n_out)
{
    const zi_graph *g = e->g;
    if (n_in != g->n_inputs || n_out != g->n_outputs)
        return zi_fail(e->ctx, ZURT_E_ARG,
                       "evaluator: %zu inputs and %zu outputs, the graph has %zu and %zu", n_in,
                       n_out, g->n_inputs, g->n_outputs);
    for (size_t i = 0; i < n_in; i++) {
        const zi_tensor *t = &g->tensors[g->inputs[i]];
        const size_t want = zi_tensor_bytes(t);
        if (in[i].bytes != want || (want && !in[i].data))
            return zi_fail(e->ctx, ZURT_E_ARG, "input %zu '%s': %zu bytes, the tensor has %zu", i,
                           t->name, in[i].bytes, want);
    }
    for (size_t i = 0; i < n_out; i++) {
        const zi_tensor *t = &g->tensors[g->outputs[i]];
        const size_t want = zi_tensor_bytes(t);
        if (out[i].bytes != want || (want && !out[i].data))
            return zi_fail(e->ctx, ZURT_E_ARG, "output %zu '%s': %zu bytes, the tensor has %zu", i,
                           t->name, out[i].bytes, want);
    }
    for (size_t i = 0; i < g->n_tensors; i++) {
        const zi_storage *at = &e->plan->tensors[i];
        if (at->kind == ZI_STORAGE_INPUT)
            e->address[i] = (void *)(uintptr_t)in[at->index].data; // only read
        else if (at->kind == ZI_STORAGE_OUTPUT)
            e->address[i] = out[at->index].data;
    }
    return ZURT_OK;
}

static void run_node(zc_executor *e, size_t i)
{
    const zi_node *n = &e->g->nodes[i];
    for (uint32_t k = 0; k < n->n_in; k++)
        e->in[k] = n->in[k] == ZI_NONE ? NULL : e->address[n->in[k]];
    for (uint32_t k = 0; k < n->n_out; k++)
        e->out[k] = e->address[n->out[k]];
    const zi_op_args args = {e->in, e->out, e->scratch, &e->parallel};
    zi_op_run(e->nodes[i], &args);
}

zurt_status zc_executor_run(zc_executor *e, const zurt_view *in, size_t n_in, const zurt_span *out,
                            size_t n_out, zc_tap_fn *tap, void *tap_self)
{
    const zi_graph *g = e->g;
    zurt_status st = bind(e, in, n_in, out, n_out);
    for (size_t i = 0; !st && tap && i < n_in; i++)
        st = tap(tap_self, g->inputs[i], (void *)(uintptr_t)in[i].data);
    for (size_t i = 0; !st && i < g->n_nodes; i++) {
        run_node(e, i);
        const zi_node *n = &g->nodes[i];
        for (uint32_t k = 0; !st && tap && k < n->n_out; k++)
            st = tap(tap_self, n->out[k], e->address[n->out[k]]);
    }
    for (uint32_t i = 0; !st && i < e->plan->n_copies; i++) {
        const zi_output_copy *copy = &e->plan->copies[i];
        memcpy(out[copy->output].data, e->address[copy->tensor], out[copy->output].bytes);
    }
    return st;
}
