/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax (f32, s8) and LogSoftmax (f32) along any axis. */
#include <math.h>

#include "kernels/exp_f32.h"
#include "ops/impl.h"
#include "ops/lut.h"
#include "quant/rescale.h"
#include "quant/softmax.h"

typedef struct state {
    int64_t outer, n, inner;
    bool log;
    zk_softmax_s8 s8;
    const int8_t *table; /**< s8 with another output than 1/256, -128 */
} state;

typedef struct job {
    const zi_prepared *p;
    const zi_op_args *args;
} job;

/* What zi_exp_negative() takes: 26 bits behind the point, and down to -31. */
static const double EXP_ONE = 1 << 26, EXP_LEAST = 31.0;

/* scale * 2^26 = multiplier * 2^(shift - 31), saturated at 2^31 - 1. Ref: TFLite
 * PreprocessSoftmaxScaling. False if the scale is too small. */
static bool fixed_scale(float scale, zi_multiplier *m)
{
    double real = (double)scale * EXP_ONE;
    real = real < 2147483647.0 ? real : 2147483647.0;
    int64_t fixed = (int64_t)round(frexp(real, &m->shift) * 2147483648.0);
    if (fixed == (int64_t)1 << 31) {
        fixed /= 2;
        m->shift++;
    }
    m->multiplier = (int32_t)fixed;
    return m->shift >= -31 && m->shift <= 31;
}

/* Exponentials of all differences. From `radius` on their argument leaves the fixed-point range,
 * where they are 0 to the last bit. Ref: TFLite CalculateInputRadius. */
static void set_exp(zk_softmax_s8 *s8, float scale)
{
    zi_multiplier m;
    fixed_scale(scale, &m);
    int left = m.shift > 0 ? m.shift : 0, right = m.shift > 0 ? 0 : -m.shift;
    double radius = floor(EXP_LEAST * EXP_ONE / ldexp(1.0, left));
    for (int32_t d = 0; d < 256; d++) {
        s8->exp[d] = 0;
        if ((double)d > radius)
            continue;
        int32_t raised = (int32_t)(-d * ((int64_t)1 << left));
        s8->exp[d] = zi_exp_negative(zi_rshift_round(zi_mulh(raised, m.multiplier), right));
    }
}

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (x->dtype == ZURT_F32 && out->dtype == ZURT_F32)
        return ZURT_OK;
    if (n->op == ZI_OP_LogSoftmax || !zi_is_qs8(x) || !zi_is_qs8(out))
        return zi_unsupported(ctx, g, n, "from %s to %s; keep the node in f32",
                              zurt_dtype_name(x->dtype), zurt_dtype_name(out->dtype));
    zi_multiplier ignored;
    if (!fixed_scale(x->quant.scale[0], &ignored))
        return zi_unsupported(ctx, g, n, "input scale %g is too small for fixed point",
                              (double)x->quant.scale[0]);
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    int32_t axis = p->node->attr.axis.axis;
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    p->state = s;
    s->log = p->node->op == ZI_OP_LogSoftmax;
    if (zi_tensor_elems(x)) {
        s->outer = zi_dims_product(x->dims, 0, axis);
        s->n = x->dims[axis];
        s->inner = zi_dims_product(x->dims, axis + 1, x->rank);
    }
    if (x->dtype == ZURT_F32)
        return ZURT_OK;
    set_exp(&s->s8, x->quant.scale[0]);
    if (out->quant.scale[0] == 1.0f / 256.0f && out->quant.zero_point[0] == -128)
        return ZURT_OK;
    int8_t *table = zi_arena_alloc(&p->arena, 256);
    if (!table)
        return zi_op_nomem(ctx, p);
    if (!zi_rescale_table(1.0f / 256.0f, -128, out->quant.scale[0], out->quant.zero_point[0],
                          table))
        return zi_unsupported(ctx, p->graph, p->node,
                              "output scale %g is too small for fixed point",
                              (double)out->quant.scale[0]);
    s->table = table;
    return ZURT_OK;
}

/* x and out step by `step`; inlined with step 1 so that the dense case vectorises. */
static inline void softmax_line(int64_t n, int64_t step, bool log_form, const float *x, float *out)
{
    float max = x[0];
    for (int64_t i = 1; i < n; i++)
        max = x[i * step] > max ? x[i * step] : max;
    for (int64_t i = 0; i < n; i++)
        out[i * step] = zk_exp_f32(x[i * step] - max);
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)out[i * step];
    if (log_form) {
        float shift = (float)log(sum);
        for (int64_t i = 0; i < n; i++)
            out[i * step] = x[i * step] - max - shift;
        return;
    }
    float scale = (float)(1.0 / sum);
    for (int64_t i = 0; i < n; i++)
        out[i * step] *= scale;
}

static void softmax_f32(const state *s, const float *x, float *out)
{
    if (s->inner == 1)
        softmax_line(s->n, 1, s->log, x, out);
    else
        softmax_line(s->n, s->inner, s->log, x, out);
}

static void softmax_s8(const job *j, int64_t first)
{
    const state *s = j->p->state;
    int8_t *out = (int8_t *)j->args->out[0] + first;
    j->p->kernels->softmax_s8(&s->s8, (const int8_t *)j->args->in[0] + first, out, (size_t)s->n,
                              (size_t)s->inner);
    for (int64_t i = 0; s->table && i < s->n; i++)
        out[i * s->inner] = s->table[out[i * s->inner] + 128];
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->p->state;
    bool f32 = zi_node_in(j->p->graph, j->p->node, 0)->dtype == ZURT_F32;
    int64_t begin, end;
    zi_task_range(index, n_tasks, s->outer * s->inner, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        int64_t first = s->inner == 1 ? i * s->n : i / s->inner * s->n * s->inner + i % s->inner;
        if (f32)
            softmax_f32(s, (const float *)j->args->in[0] + first, (float *)j->args->out[0] + first);
        else
            softmax_s8(j, first);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    job j = {p, args};
    zi_op_parallel(args, task, &j, s->outer * s->n * s->inner);
}

const zi_op_impl zi_impl_softmax = {.check = check, .prepare = prepare, .run = run, .int8 = true};
const zi_op_impl zi_impl_log_softmax = {.check = check, .prepare = prepare, .run = run};
