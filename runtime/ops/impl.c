/* SPDX-License-Identifier: Apache-2.0 */
/* How ops spread work over threads, and the checks that several of them share. */
#include "ops/impl.h"

enum { TASKS_PER_THREAD = 4 };

zurt_status zi_op_nomem(zurt_ctx *ctx, const zi_prepared *p)
{
    return zi_node_fail(ctx, p->graph, p->node, ZURT_E_NOMEM, "out of memory");
}

void zi_op_parallel(const zi_op_args *args, zi_task_fn *fn, void *arg, int64_t work)
{
    zi_op_parallel_parts(args, fn, arg, work, UINT32_MAX);
}

void zi_op_parallel_parts(const zi_op_args *args, zi_task_fn *fn, void *arg, int64_t work,
                          uint32_t parts)
{
    uint32_t n_threads = args->parallel ? args->parallel->n_threads : 1;
    int64_t most = n_threads > 1 ? (int64_t)n_threads * TASKS_PER_THREAD : 1;
    int64_t wanted = work / ZI_OP_GRAIN;
    most = most < parts ? most : parts;
    uint32_t n_tasks = (uint32_t)(wanted < most ? wanted : most);
    if (n_tasks <= 1)
        fn(arg, 0, 1);
    else
        args->parallel->run(args->parallel->self, fn, arg, n_tasks);
}

uint32_t zi_slots_take(zi_slots *slots)
{
    uint_least64_t taken = atomic_load(&slots->taken);
    for (;;) {
        uint32_t slot = 0;
        while (slot < 63 && taken >> slot & 1)
            slot++;
        if (atomic_compare_exchange_weak(&slots->taken, &taken, taken | (uint64_t)1 << slot))
            return slot;
    }
}

void zi_slots_give(zi_slots *slots, uint32_t slot)
{
    atomic_fetch_and(&slots->taken, ~((uint64_t)1 << slot));
}

int64_t zi_dims_product(const int32_t *dims, int32_t from, int32_t to)
{
    int64_t n = 1;
    for (int32_t i = from; i < to; i++) {
        if (dims[i] == 0)
            return 0;
        n = n > INT64_MAX / dims[i] ? INT64_MAX : n * dims[i];
    }
    return n;
}

zurt_status zi_check_moved(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (x->dtype != out->dtype || x->quant.n > 1 || !zi_same_quant(x, out))
        return zi_unsupported(ctx, g, n,
                              "input and output must have one type, one scale and zero point");
    return ZURT_OK;
}

bool zi_is_qs8(const zi_tensor *t)
{
    return t->dtype == ZURT_S8 && t->quant.n == 1;
}

bool zi_is_plain_int(const zi_tensor *t)
{
    return t->quant.n == 0 && t->dtype != ZURT_F32 && zurt_dtype_bytes(t->dtype) > 0;
}
