/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax, ArgMin. */
#include "ops/impl.h"
#include "ops/ints.h"

typedef struct job {
    const zi_op_args *args;
    zurt_dtype dtype;
    bool max, last;
    int64_t outer, n, inner;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (x->quant.n > 1 || x->dims[n->attr.axis.axis] == 0)
        return zi_unsupported(ctx, g, n, "an empty axis, or a scale per channel");
    return ZURT_OK;
}

/* NaN beats everything, as in numpy: the first one is the answer. */
static int64_t best_f32(const job *j, int64_t first)
{
    const float *x = (const float *)j->args->in[0] + first;
    int64_t best = 0;
    float value = x[0];
    for (int64_t i = 1; i < j->n && value == value; i++) {
        float v = x[i * j->inner];
        bool better = j->max ? v > value : v < value;
        if (better || v != v || (j->last && v == value)) {
            best = i;
            value = v;
        }
    }
    return best;
}

static int64_t best_s8(const job *j, int64_t first)
{
    const int8_t *x = (const int8_t *)j->args->in[0] + first;
    int64_t best = 0;
    int32_t sign = j->max ? 1 : -1, value = sign * x[0];
    for (int64_t i = 1; i < j->n; i++) {
        int32_t v = sign * x[i * j->inner];
        if (v > value || (j->last && v == value)) {
            best = i;
            value = v;
        }
    }
    return best;
}

static int64_t best_int(const job *j, int64_t first)
{
    int64_t best = 0, value = 0;
    for (int64_t i = 0; i < j->n; i++) {
        int64_t v;
        zi_ints_load(j->dtype, j->args->in[0], first + i * j->inner, 1, 1, &v);
        bool better = j->max ? v > value : v < value;
        if (i == 0 || better || (j->last && v == value)) {
            best = i;
            value = v;
        }
    }
    return best;
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t *out = j->args->out[0];
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->outer * j->inner, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        int64_t first = i / j->inner * j->n * j->inner + i % j->inner;
        if (j->dtype == ZURT_F32)
            out[i] = best_f32(j, first);
        else
            out[i] = j->dtype == ZURT_S8 ? best_s8(j, first) : best_int(j, first);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_attr_axis *a = &p->node->attr.axis;
    if (zi_tensor_elems(x) == 0)
        return;
    job j = {args,
             x->dtype,
             p->node->op == ZI_OP_ArgMax,
             a->select_last,
             zi_dims_product(x->dims, 0, a->axis),
             x->dims[a->axis],
             zi_dims_product(x->dims, a->axis + 1, x->rank)};
    zi_op_parallel(args, task, &j, (int64_t)zi_tensor_elems(x));
}

const zi_op_impl zi_impl_arg = {.check = check, .run = run, .int8 = true};
