/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Runs one node through ops/, for tests of operators: on one thread, then as several tasks in
 * reverse order, which must give the same bytes; and with every allocation refused in turn.
 */
#ifndef SUPPORT_OP_RUNNER_H
#define SUPPORT_OP_RUNNER_H

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "ops/ops.h"
#include "support/graph_builder.h"
#include "support/test_allocator.h"

enum { OP_RUNNER_MAX = 16 };

static inline void run_backwards(void *self, zi_task_fn *fn, void *arg, uint32_t n_tasks)
{
    (void)self;
    for (uint32_t i = n_tasks; i-- > 0;)
        fn(arg, i, n_tasks);
}

static inline void runner_refuse_all(const zi_graph *g, const zi_node *n, const zk_table *kernels)
{
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    assert_non_null(ctx);
    zi_prepared *p = NULL;
    zurt_status st = ZURT_E_NOMEM;
    for (size_t k = 1; st == ZURT_E_NOMEM; k++) {
        zt_allocator_arm(&counter, k);
        size_t live = counter.n_live;
        st = zi_op_prepare(ctx, g, n, kernels, 1, &p);
        if (st)
            assert_true(p == NULL && counter.n_live == live);
    }
    assert_int_equal(st, ZURT_OK);
    zi_op_destroy(p);
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
}

/** Runs `n` on `in` (NULL entries: constants) into `out`; buffers are those of the tensors. */
static inline void runner_once(builder *b, const zi_node *n, const void *const *in,
                               void *const *out, uint32_t n_threads)
{
    zk_table kernels;
    zk_table_init(&kernels, zi_cpu_detect());
    zi_prepared *p;
    if (zi_op_prepare(b->ctx, b->g, n, &kernels, n_threads, &p))
        fail_msg("%s", zurt_ctx_error(b->ctx));
    const void *inputs[OP_RUNNER_MAX];
    for (uint32_t i = 0; i < n->n_in; i++)
        inputs[i] = in && in[i] ? in[i] : b->g->tensors[n->in[i]].data;
    void *scratch = zi_alloc_aligned(&b->ctx->allocator, zi_op_scratch_bytes(p));
    zi_parallel parallel = {run_backwards, NULL, n_threads};
    zi_op_args args = {inputs, out, scratch, &parallel};
    zi_op_run(p, &args);
    zi_free(&b->ctx->allocator, scratch);
    zi_op_destroy(p);
    if (n_threads == 1)
        runner_refuse_all(b->g, n, &kernels);
}

/**
 * Runs the graph's last node, all ways.
 *
 * @param in  one buffer per input; NULL or a NULL entry: the constant's data.
 * @return the first output, from malloc and exactly sized,
 *         so that the address sanitizer sees a byte too far; further outputs are compared only.
 */
static inline void *run_last(builder *b, const void *const *in)
{
    const zi_node *n = &b->g->nodes[b->g->n_nodes - 1];
    void *one[OP_RUNNER_MAX], *many[OP_RUNNER_MAX];
    for (uint32_t i = 0; i < n->n_out; i++) {
        size_t bytes = zi_tensor_bytes(&b->g->tensors[n->out[i]]);
        one[i] = malloc(bytes ? bytes : 1);
        many[i] = malloc(bytes ? bytes : 1);
        memset(one[i], 0x5a, bytes);
        memset(many[i], 0xa5, bytes);
    }
    runner_once(b, n, in, one, 1);
    for (uint32_t threads = 2; threads <= 5; threads += 3) {
        runner_once(b, n, in, many, threads);
        for (uint32_t i = 0; i < n->n_out; i++)
            assert_memory_equal(one[i], many[i], zi_tensor_bytes(&b->g->tensors[n->out[i]]));
    }
    for (uint32_t i = 0; i < n->n_out; i++) {
        free(many[i]);
        if (i > 0)
            free(one[i]);
    }
    return one[0];
}

/** Uniform integer in [lo, hi]. */
static inline int32_t builder_int(builder *b, int32_t lo, int32_t hi)
{
    b->seed = b->seed * 1664525u + 1013904223u;
    return lo + (int32_t)((b->seed >> 8) % (uint32_t)(hi - lo + 1));
}

static inline int8_t *random_s8(builder *b, size_t n)
{
    int8_t *x = malloc(n ? n : 1);
    for (size_t i = 0; i < n; i++)
        x[i] = (int8_t)builder_int(b, -128, 127);
    return x;
}

static inline float *random_f32(builder *b, size_t n, float size)
{
    float *x = malloc((n ? n : 1) * sizeof(*x));
    for (size_t i = 0; i < n; i++)
        x[i] = size * builder_random(b);
    return x;
}

#endif
