/* SPDX-License-Identifier: Apache-2.0 */
/* The public zurt_evaluator: an executor and the graph behind a handle. */
#include "float/evaluator.h"

#include <zurt/compile.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "graph_handle.h"

/** Documented limit of threads, as zi_pool_create(). */
#define MAX_THREADS 64

struct zurt_evaluator {
    zurt_allocator allocator;
    zc_executor *executor;
};

zurt_status zurt_evaluator_create(zurt_ctx *ctx, const zurt_graph *graph, uint32_t threads,
                                  zurt_evaluator **out)
{
    if (!ctx || !graph || !out)
        return ZURT_E_ARG;
    *out = NULL;
    if (threads > MAX_THREADS)
        return zi_fail(ctx, ZURT_E_ARG, "evaluator: %u threads, 0 to %d are taken",
                       (unsigned)threads, MAX_THREADS);
    if (!threads)
        threads = zi_cpu_count() < MAX_THREADS ? zi_cpu_count() : MAX_THREADS;
    zurt_evaluator *e = zi_zalloc(&ctx->allocator, sizeof(*e));
    if (!e)
        return zi_fail(ctx, ZURT_E_NOMEM, "evaluator: out of memory");
    e->allocator = ctx->allocator;
    zurt_status st = zc_executor_create(ctx, graph->g, threads, &e->executor);
    if (st) {
        zurt_evaluator_destroy(e);
        return st;
    }
    *out = e;
    return ZURT_OK;
}

zurt_status zurt_evaluator_run(zurt_evaluator *e, const zurt_view *in, size_t n_in,
                               const zurt_span *out, size_t n_out)
{
    const bool lacks_tensors = (n_in && !in) || (n_out && !out);
    if (!e || lacks_tensors)
        return ZURT_E_ARG;
    return zc_executor_run(e->executor, in, n_in, out, n_out, NULL, NULL);
}

void zurt_evaluator_destroy(zurt_evaluator *e)
{
    if (!e)
        return;
    const zurt_allocator allocator = e->allocator;
    zc_executor_destroy(e->executor);
    zi_free(&allocator, e);
}
