/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool, f32 and s8. */
#include "ops/impl.h"
#include "quant/rescale.h"
#include "quant/scale.h"

typedef struct pool_plan {
    zk_pool_shape shape;
    const int32_t *multiplier; /**< AveragePool s8 with a change of scale; else NULL */
    const int32_t *shift;
    bool ties_up;
} pool_plan;

typedef struct pool_run {
    const zi_prepared *p;
    const zi_op_args *args;
} pool_run;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *y = zi_node_out(g, n, 0);
    if (x->dtype == ZURT_F32 && y->dtype == ZURT_F32)
        return ZURT_OK;
    if (x->dtype != ZURT_S8 || y->dtype != ZURT_S8)
        return zi_unsupported(ctx, g, n, "types %s -> %s; all f32 or all s8 are taken",
                              zurt_dtype_name(x->dtype), zurt_dtype_name(y->dtype));
    if (n->op == ZI_OP_MaxPool)
        return zi_same_quant(x, y)
                   ? ZURT_OK
                   : zi_unsupported(ctx, g, n, "input and output must share scale and zero point");
    if (!zi_is_qs8(x) || !zi_is_qs8(y))
        return zi_unsupported(ctx, g, n, "int8 input and output need one scale and zero point");
    const zi_attr_pool *a = &n->attr.pool;
    if ((int64_t)a->kernel[0] * a->kernel[1] > INT32_MAX / 255)
        return zi_unsupported(ctx, g, n, "sums of a %dx%d window may exceed 32 bits",
                              (int)a->kernel[0], (int)a->kernel[1]);
    return ZURT_OK;
}

/** One multiplier for every number of elements that a window may count. */
static zurt_status multipliers(zurt_ctx *ctx, zi_prepared *p, pool_plan *plan)
{
    const double s_x = zi_node_in(p->graph, p->node, 0)->quant.scale[0];
    const double s_out = zi_node_out(p->graph, p->node, 0)->quant.scale[0];
    const size_t n = (size_t)plan->shape.kernel_h * (size_t)plan->shape.kernel_w + 1;
    int32_t *multiplier = zi_arena_calloc(&p->arena, n, sizeof(*multiplier));
    int32_t *shift = zi_arena_calloc(&p->arena, n, sizeof(*shift));
    if (!multiplier || !shift)
        return zi_op_nomem(ctx, p);
    for (size_t count = 1; count < n; count++) {
        zi_multiplier m;
        if (!zi_rescale_mean(s_x, s_out, (int32_t)count, &m))
            return zi_unsupported(ctx, p->graph, p->node,
                                  "output scale %g is too small for input scale %g", s_out, s_x);
        multiplier[count] = m.multiplier;
        shift[count] = m.shift;
    }
    plan->multiplier = multiplier;
    plan->shift = shift;
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_attr_pool *a = &p->node->attr.pool;
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_tensor *y = zi_node_out(p->graph, p->node, 0);
    const bool max = p->node->op == ZI_OP_MaxPool;
    pool_plan *plan = zi_arena_calloc(&p->arena, 1, sizeof(*plan));
    if (!plan)
        return zi_op_nomem(ctx, p);
    plan->shape = (zk_pool_shape){
        .batch = x->dims[0],
        .in_h = x->dims[1],
        .in_w = x->dims[2],
        .channels = x->dims[3],
        .out_h = y->dims[1],
        .out_w = y->dims[2],
        .kernel_h = a->kernel[0],
        .kernel_w = a->kernel[1],
        .stride_h = a->stride[0],
        .stride_w = a->stride[1],
        .dilation_h = max ? a->dilation[0] : 1,
        .dilation_w = max ? a->dilation[1] : 1,
        .pad_top = a->pad[0],
        .pad_left = a->pad[1],
        .pad_bottom = a->pad[2],
        .pad_right = a->pad[3],
        .count_include_pad = a->count_include_pad,
    };
    plan->ties_up = a->ties_up;
    p->state = plan;
    if (max || x->dtype != ZURT_S8 || zi_same_quant(x, y))
        return ZURT_OK;
    return multipliers(ctx, p, plan);
}

static void task_max(void *arg, uint32_t task, uint32_t n_tasks)
{
    const pool_run *run = arg;
    const pool_plan *plan = run->p->state;
    const zk_pool_shape *s = &plan->shape;
    int64_t begin, end;
    zi_task_range(task, n_tasks, (int64_t)s->batch * s->out_h, &begin, &end);
    if (zi_node_in(run->p->graph, run->p->node, 0)->dtype == ZURT_S8) {
        const zk_maxpool_s8_args args = {s, run->args->in[0], run->args->out[0], begin, end};
        run->p->kernels->maxpool_s8(&args);
    } else {
        const zk_maxpool_f32_args args = {s, run->args->in[0], run->args->out[0], begin, end};
        run->p->kernels->maxpool_f32(&args);
    }
}

static void task_average(void *arg, uint32_t task, uint32_t n_tasks)
{
    const pool_run *run = arg;
    const pool_plan *plan = run->p->state;
    const zk_pool_shape *s = &plan->shape;
    const zi_tensor *x = zi_node_in(run->p->graph, run->p->node, 0);
    const zi_tensor *y = zi_node_out(run->p->graph, run->p->node, 0);
    int64_t begin, end;
    zi_task_range(task, n_tasks, (int64_t)s->batch * s->out_h, &begin, &end);
    if (x->dtype == ZURT_S8) {
        const zk_avgpool_s8_args args = {
            .shape = s,
            .x = run->args->in[0],
            .x_zero_point = x->quant.zero_point[0],
            .out_zero_point = y->quant.zero_point[0],
            .multiplier = plan->multiplier,
            .shift = plan->shift,
            .ties_up = plan->ties_up,
            .out = run->args->out[0],
            .row_begin = begin,
            .row_end = end,
        };
        run->p->kernels->avgpool_s8(&args);
    } else {
        const zk_avgpool_f32_args args = {s, run->args->in[0], run->args->out[0], begin, end};
        run->p->kernels->avgpool_f32(&args);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const pool_plan *plan = p->state;
    const zk_pool_shape *s = &plan->shape;
    pool_run state = {p, args};
    const zi_tensor *out = zi_node_out(p->graph, p->node, 0);
    const int64_t work = (int64_t)zi_tensor_elems(out) * s->kernel_h * s->kernel_w;
    if (work)
        zi_op_parallel(args, p->node->op == ZI_OP_MaxPool ? task_max : task_average, &state, work);
}

const zi_op_impl zi_impl_pool = {.check = check, .prepare = prepare, .run = run, .int8 = true};
