/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul of two computed operands in float, batch axes broadcast. */
#include "base/whole.h"
#include "ops/impl.h"

/** Multiply-accumulates that cost as much as one element of an elementwise op. */
enum { MACS_PER_ELEM = 16 };

/** Rows computed together. Fixed, so that float sums are the same for any number of threads. */
enum { TILE = 64 };

typedef struct matmul_run {
    const zi_prepared *p;
    const zi_op_args *args;
    int64_t n_batches;
    int64_t m, n, k;
} matmul_run;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *a = zi_node_in(g, n, 0);
    const zi_tensor *b = zi_node_in(g, n, 1);
    if (a->dtype != ZURT_F32 || b->dtype != ZURT_F32)
        return zi_unsupported(ctx, g, n,
                              "types %s x %s; only f32 is taken (constant weights become a "
                              "FullyConnected, which int8 has)",
                              zurt_dtype_name(a->dtype), zurt_dtype_name(b->dtype));
    return ZURT_OK;
}

/** Which matrix of an operand belongs to a batch of the output: broadcast axes stay at 0. */
static int64_t matrix_of(const zi_tensor *t, const zi_tensor *out, int64_t batch)
{
    int64_t index = 0, stride = 1;
    for (int32_t i = out->rank - 3, j = t->rank - 3; j >= 0; i--, j--) {
        const int64_t at = batch % out->dims[i];
        batch /= out->dims[i];
        if (t->dims[j] != 1)
            index += at * stride;
        stride *= t->dims[j];
    }
    return index;
}

/** A share of the tiles of all batches. */
static void task_tiles(void *arg, uint32_t task, uint32_t n_tasks)
{
    const matmul_run *run = arg;
    const zi_tensor *a = zi_node_in(run->p->graph, run->p->node, 0);
    const zi_tensor *b = zi_node_in(run->p->graph, run->p->node, 1);
    const zi_tensor *out = zi_node_out(run->p->graph, run->p->node, 0);
    const int64_t per_batch = zi_ceil_div64(run->m, TILE);
    int64_t begin, end;
    zi_task_range(task, n_tasks, run->n_batches * per_batch, &begin, &end);
    for (int64_t tile = begin; tile < end; tile++) {
        const int64_t batch = tile / per_batch, row = tile % per_batch * TILE;
        const int64_t left = run->m - row;
        const zk_matmul_f32_args args = {
            .a = (const float *)run->args->in[0] +
                 (matrix_of(a, out, batch) * run->m + row) * run->k,
            .b = (const float *)run->args->in[1] + matrix_of(b, out, batch) * run->k * run->n,
            .out = (float *)run->args->out[0] + (batch * run->m + row) * run->n,
            .m = left < TILE ? left : TILE,
            .n = run->n,
            .k = run->k,
        };
        run->p->kernels->matmul_f32(&args);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *a = zi_node_in(p->graph, p->node, 0);
    const zi_tensor *out = zi_node_out(p->graph, p->node, 0);
    matmul_run state = {
        .p = p,
        .args = args,
        .n_batches = zi_dims_product(out->dims, 0, out->rank - 2),
        .m = out->dims[out->rank - 2],
        .n = out->dims[out->rank - 1],
        .k = a->dims[a->rank - 1],
    };
    if (zi_tensor_elems(out) == 0)
        return;
    const int64_t cost = state.k / MACS_PER_ELEM + 1;
    zi_op_parallel(args, task_tiles, &state, (int64_t)zi_tensor_elems(out) * cost);
}

const zi_op_impl zi_impl_matmul = {.check = check, .run = run};
