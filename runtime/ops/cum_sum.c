/* SPDX-License-Identifier: Apache-2.0 */
/* CumSum: running sums along one axis, in the order of the axis, so that floats add up as stated.
 */
#include "ops/impl.h"
#include "ops/ints.h"

typedef struct job {
    const zi_op_args *args;
    zurt_dtype dtype;
    bool exclusive;
    int64_t n, inner,
        step; /**< step: elements from one of a row to the next, negative from the end */
    int64_t rows;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (x->quant.n || zi_node_out(g, n, 0)->quant.n)
        return zi_unsupported(ctx, g, n, "no int8 form; keep it in float");
    return ZURT_OK;
}

static void sum_f32(const job *j, int64_t at)
{
    const float *x = j->args->in[0];
    float *out = j->args->out[0];
    float sum = 0.0f;
    for (int64_t i = 0; i < j->n; i++, at += j->step) {
        float with = sum + x[at];
        out[at] = j->exclusive ? sum : with;
        sum = with;
    }
}

static void sum_ints(const job *j, int64_t at)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < j->n; i++, at += j->step) {
        int64_t x;
        zi_ints_load(j->dtype, j->args->in[0], at, 1, 1, &x);
        int64_t with = zi_wrap_add(sum, x);
        zi_ints_store(j->dtype, j->exclusive ? &sum : &with, 1, j->args->out[0], at);
        sum = with;
    }
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->rows, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        int64_t at = i / j->inner * j->n * j->inner + i % j->inner;
        if (j->step < 0)
            at += (j->n - 1) * j->inner;
        if (j->dtype == ZURT_F32)
            sum_f32(j, at);
        else
            sum_ints(j, at);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_attr_axis *a = &p->node->attr.axis;
    if (zi_tensor_elems(x) == 0)
        return;
    int64_t inner = zi_dims_product(x->dims, a->axis + 1, x->rank);
    job j = {.args = args,
             .dtype = x->dtype,
             .exclusive = a->keep_dims,
             .n = x->dims[a->axis],
             .inner = inner,
             .step = a->select_last ? -inner : inner,
             .rows = zi_dims_product(x->dims, 0, a->axis) * inner};
    zi_op_parallel(args, task, &j, (int64_t)zi_tensor_elems(x));
}

const zi_op_impl zi_impl_cum_sum = {.check = check, .run = run};
