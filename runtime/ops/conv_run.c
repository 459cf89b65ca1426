/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a prepared convolution: its parts go over the threads, each to a kernel. */
#include "ops/conv_members.h"
#include "ops/conv_plan.h"

/** Multiply-accumulates that cost as much as one element of an elementwise op. */
enum { MACS_PER_ELEM = 16 };

typedef zi_conv_plan conv_plan;

typedef struct conv_run {
    const zi_prepared *p;
    const conv_plan *plan;
    const zi_op_args *args;
    const void *w;
    const void *bias;
    const void *packed;
    zi_slots *slots; /**< of scratch */
} conv_run;

/** The parts [*begin, *end) of a task. */
static void parts_of_task(const conv_plan *plan, uint32_t task, uint32_t n_tasks, uint32_t *begin,
                          uint32_t *end)
{
    int64_t first, last;
    zi_task_range(task, n_tasks, zi_conv_n_parts(&plan->parts), &first, &last);
    *begin = (uint32_t)first;
    *end = (uint32_t)last;
}

static void *slot_scratch(const conv_run *run, uint32_t slot)
{
    const size_t bytes = run->plan->task_bytes;
    return bytes ? (char *)run->args->scratch + slot * bytes : NULL;
}

static void task_conv_s8(void *arg, uint32_t task, uint32_t n_tasks)
{
    const conv_run *run = arg;
    const conv_plan *plan = run->plan;
    const uint32_t slot = zi_slots_take(run->slots);
    zk_conv_s8_args args = zi_conv_args_s8(plan);
    args.x = run->args->in[0];
    args.out = run->args->out[0];
    args.scratch = slot_scratch(run, slot);
    uint32_t begin, end;
    for (parts_of_task(plan, task, n_tasks, &begin, &end); begin < end;) {
        const zi_conv_range range = zi_conv_next(&plan->shape, &plan->parts, &begin, end);
        args.pixel_begin = range.pixel_begin;
        args.pixel_end = range.pixel_end;
        args.channel_begin = range.channel_begin;
        args.channel_end = range.channel_end;
        run->p->kernels->conv_s8->run(&args);
    }
    zi_slots_give(run->slots, slot);
}

static void task_conv_f32(void *arg, uint32_t task, uint32_t n_tasks)
{
    const conv_run *run = arg;
    const conv_plan *plan = run->plan;
    const uint32_t slot = zi_slots_take(run->slots);
    zk_conv_f32_args args = zi_conv_args_f32(run->p, plan);
    args.w = run->w;
    args.bias = run->bias;
    args.packed = run->packed;
    args.x = run->args->in[0];
    args.out = run->args->out[0];
    args.scratch = slot_scratch(run, slot);
    uint32_t begin, end;
    for (parts_of_task(plan, task, n_tasks, &begin, &end); begin < end;) {
        const zi_conv_range range = zi_conv_next(&plan->shape, &plan->parts, &begin, end);
        args.pixel_begin = range.pixel_begin;
        args.pixel_end = range.pixel_end;
        args.channel_begin = range.channel_begin;
        args.channel_end = range.channel_end;
        run->p->kernels->conv_f32->run(&args);
    }
    zi_slots_give(run->slots, slot);
}

static void task_depthwise_s8(void *arg, uint32_t task, uint32_t n_tasks)
{
    const conv_run *run = arg;
    const conv_plan *plan = run->plan;
    zk_depthwise_s8_args args = {
        .shape = &plan->shape,
        .x = run->args->in[0],
        .w = run->w,
        .bias = run->bias,
        .multiplier = plan->multiplier,
        .shift = plan->shift,
        .x_zero_point = plan->x_zero_point,
        .out_zero_point = plan->out_zero_point,
        .lo = plan->lo,
        .hi = plan->hi,
        .out = run->args->out[0],
    };
    const int64_t rows = (int64_t)plan->shape.batch * plan->shape.out_h;
    zi_task_range(task, n_tasks, rows, &args.row_begin, &args.row_end);
    run->p->kernels->depthwise_s8(&args);
}

static void task_depthwise_f32(void *arg, uint32_t task, uint32_t n_tasks)
{
    const conv_run *run = arg;
    const conv_plan *plan = run->plan;
    zk_depthwise_f32_args args = {
        .shape = &plan->shape,
        .x = run->args->in[0],
        .w = run->w,
        .bias = run->bias,
        .lo = run->p->node->clamp_lo,
        .hi = run->p->node->clamp_hi,
        .out = run->args->out[0],
    };
    const int64_t rows = (int64_t)plan->shape.batch * plan->shape.out_h;
    zi_task_range(task, n_tasks, rows, &args.row_begin, &args.row_end);
    run->p->kernels->depthwise_f32(&args);
}

/** Packs operands of this run behind the tasks' scratch. */
static void pack_run(conv_run *run)
{
    const zi_prepared *p = run->p;
    void *packed = (char *)run->args->scratch + p->n_threads * run->plan->task_bytes;
    zk_conv_f32_args args = zi_conv_args_f32(p, run->plan);
    args.w = run->w;
    args.bias = run->bias;
    p->kernels->conv_f32->pack(&args, packed);
    run->packed = packed;
}

void zi_conv_run(const zi_prepared *p, const zi_op_args *args)
{
    zi_conv_plan_run(p, p->state, args);
}

void zi_conv_plan_run(const zi_prepared *p, const zi_conv_plan *plan, const zi_op_args *args)
{
    if (plan->macs == 0) // an empty batch
        return;
    const bool s8 = zi_node_in(p->graph, p->node, 1)->dtype == ZURT_S8;
    zi_slots slots = {0};
    conv_run run = {.p = p, .plan = plan, .args = args, .slots = &slots};
    run.w = plan->w ? plan->w : args->in[1];
    run.bias = plan->bias ? plan->bias : args->in[2];
    run.packed = plan->packed;
    if (plan->packed_bytes)
        pack_run(&run);
    zi_task_fn *task = plan->depthwise ? (s8 ? task_depthwise_s8 : task_depthwise_f32)
                                       : (s8 ? task_conv_s8 : task_conv_f32);
    const uint32_t parts = plan->depthwise ? UINT32_MAX : zi_conv_n_parts(&plan->parts);
    zi_op_parallel_parts(args, task, &run, plan->macs / MACS_PER_ELEM, parts);
}
