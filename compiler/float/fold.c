/* SPDX-License-Identifier: Apache-2.0 */
/* Computes a node of constants while the graph is being compiled, or asks whether a node runs. */
#include "base/alloc.h"
#include "float/evaluator.h"
#include "ops/ops.h"

typedef struct folding {
    zk_table kernels;
    zi_prepared *node;
    const void **in;
    void **out;
    void *scratch;
} folding;

/** Memory for the outputs, which stay in the graph's arena, and for the run itself. */
static bool make_room(zurt_ctx *ctx, zi_graph *g, const zi_node *n, folding *f)
{
    f->in = zi_calloc(&ctx->allocator, n->n_in, sizeof(*f->in));
    f->out = zi_calloc(&ctx->allocator, n->n_out, sizeof(*f->out));
    f->scratch = zi_alloc_aligned(&ctx->allocator, zi_op_scratch_bytes(f->node));
    if (!f->in || !f->out || !f->scratch)
        return false;
    for (uint32_t i = 0; i < n->n_in; i++)
        f->in[i] = n->in[i] == ZI_NONE ? NULL : g->tensors[n->in[i]].data;
    for (uint32_t i = 0; i < n->n_out; i++) {
        const size_t bytes = zi_tensor_bytes(&g->tensors[n->out[i]]);
        f->out[i] = zi_arena_alloc(&g->arena, bytes ? bytes : 1); // constants are not NULL
        if (!f->out[i])
            return false;
    }
    return true;
}

static zurt_status fold(zurt_ctx *ctx, zi_graph *g, zi_node *n, folding *f)
{
    zk_table_init(&f->kernels, ctx->cpu);
    zurt_status st = zi_op_prepare(ctx, g, n, &f->kernels, 1, &f->node);
    if (st)
        return st;
    if (!make_room(ctx, g, n, f))
        return zi_node_fail(ctx, g, n, ZURT_E_NOMEM, "out of memory while folding constants");
    const zi_parallel serial = zi_parallel_serial();
    const zi_op_args args = {f->in, f->out, f->scratch, &serial};
    zi_op_run(f->node, &args);
    for (uint32_t i = 0; i < n->n_out; i++)
        g->tensors[n->out[i]].data = f->out[i];
    n->op = ZI_OP_NONE;
    return ZURT_OK;
}

zurt_status zc_fold_node(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE && !zi_tensor_is_const(&g->tensors[n->in[i]]))
            return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input %u '%s' is not constant",
                                (unsigned)i, g->tensors[n->in[i]].name);
    }
    folding f = {0};
    zurt_status st = fold(ctx, g, n, &f);
    zi_op_destroy(f.node);
    zi_free(&ctx->allocator, f.in);
    zi_free(&ctx->allocator, f.out);
    zi_free(&ctx->allocator, f.scratch);
    return st;
}

zurt_status zc_node_runs(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    zk_table kernels;
    zi_prepared *p = NULL;
    zk_table_init(&kernels, ctx->cpu);
    zurt_status st = zi_op_prepare(ctx, g, n, &kernels, 1, &p);
    zi_op_destroy(p);
    return st;
}
