/* SPDX-License-Identifier: Apache-2.0 */
/* MAP operators: f32, plain integers where that makes sense, Relu and Clip on s8. */
#include <math.h>

#include "ops/impl.h"
#include "ops/ints.h"
#include "ops/lut.h"
#include "ops/unary_f32.h"
#include "quant/requant.h"
#include "quant/rescale.h"
#include "quant/scale.h"

enum { RUN = 1024 };

typedef struct state {
    zi_unary_f32_fn *f32;
    zk_map_f32_fn *map;  /**< a kernel that computes what f32 does */
    const int8_t *table; /**< s8 */
    zurt_dtype dtype;
    int64_t elems;
    int64_t lo, hi; /**< Relu, Clip on integers */
} state;

typedef struct job {
    const zi_prepared *p;
    const zi_op_args *args;
} job;

static bool takes_ints(zi_op op)
{
    return op == ZI_OP_Relu || op == ZI_OP_Clip || op == ZI_OP_Abs || op == ZI_OP_Neg ||
           op == ZI_OP_Sign;
}

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (x->dtype != out->dtype)
        return zi_unsupported(ctx, g, n, "%s to %s; both must be of one type",
                              zurt_dtype_name(x->dtype), zurt_dtype_name(out->dtype));
    if (x->dtype == ZURT_F32 && zi_unary_f32(n->op))
        return ZURT_OK;
    bool plain = zi_is_plain_int(x) && zi_is_plain_int(out);
    if (plain && (x->dtype == ZURT_BOOL ? n->op == ZI_OP_Not : takes_ints(n->op)))
        return ZURT_OK;
    if ((n->op == ZI_OP_Relu || n->op == ZI_OP_Clip) && zi_is_qs8(x) && zi_is_qs8(out)) {
        if (n->op == ZI_OP_Clip && (isnan(n->attr.unary.alpha) || isnan(n->attr.unary.beta)))
            return zi_unsupported(ctx, g, n, "a bound is not a number");
        return ZURT_OK;
    }
    if (x->quant.n)
        return zi_unsupported(ctx, g, n,
                              "no int8 form but a table; let the compiler make it a Lut node");
    return zi_unsupported(ctx, g, n, "input of type %s; insert a Cast to f32",
                          zurt_dtype_name(x->dtype));
}

/* Real bounds of Relu and Clip. */
static void bounds(const zi_node *n, float *lo, float *hi)
{
    *lo = n->op == ZI_OP_Relu ? 0.0f : n->attr.unary.alpha;
    *hi = n->op == ZI_OP_Relu ? INFINITY : n->attr.unary.beta;
}

static int64_t to_int(float x, bool up)
{
    double v = up ? ceil((double)x) : floor((double)x);
    if (!(v > -9.2233720368547758e18))
        return INT64_MIN;
    return v < 9.2233720368547758e18 ? (int64_t)v : INT64_MAX;
}

static zurt_status make_table(zurt_ctx *ctx, zi_prepared *p, state *s)
{
    const zi_quant *x = &zi_node_in(p->graph, p->node, 0)->quant;
    const zi_quant *y = &zi_node_out(p->graph, p->node, 0)->quant;
    int8_t *table = zi_arena_alloc(&p->arena, 256);
    if (!table)
        return zi_op_nomem(ctx, p);
    if (!zi_rescale_table(x->scale[0], x->zero_point[0], y->scale[0], y->zero_point[0], table))
        return zi_unsupported(ctx, p->graph, p->node,
                              "scales %g and %g are too far apart for fixed point",
                              (double)x->scale[0], (double)y->scale[0]);
    float lo, hi;
    int32_t q_lo, q_hi;
    bounds(p->node, &lo, &hi);
    zi_clamp_bounds(lo < hi ? lo : hi, hi, y->scale[0], y->zero_point[0], &q_lo, &q_hi);
    for (int i = 0; i < 256; i++)
        table[i] = (int8_t)zi_clamp(table[i], q_lo, q_hi);
    s->table = table;
    return ZURT_OK;
}

/* NULL if there is none. */
static zk_map_f32_fn *kernel_of(const zi_prepared *p)
{
    if (p->node->op == ZI_OP_Sigmoid)
        return p->kernels->sigmoid_f32;
    return p->node->op == ZI_OP_Swish ? p->kernels->swish_f32 : NULL;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    p->state = s;
    s->dtype = x->dtype;
    s->elems = (int64_t)zi_tensor_elems(x);
    if (x->dtype == ZURT_F32) {
        s->f32 = zi_unary_f32(p->node->op);
        s->map = kernel_of(p);
        return ZURT_OK;
    }
    if (zi_is_qs8(x))
        return make_table(ctx, p, s);
    if (p->node->op == ZI_OP_Relu || p->node->op == ZI_OP_Clip) {
        float lo, hi;
        bounds(p->node, &lo, &hi);
        s->lo = to_int(lo, true);
        s->hi = to_int(hi, false);
    }
    return ZURT_OK;
}

static int64_t apply(const state *s, zi_op op, int64_t x)
{
    switch (op) {
    case ZI_OP_Neg:
        return zi_wrap_sub(0, x);
    case ZI_OP_Abs:
        return x < 0 ? zi_wrap_sub(0, x) : x;
    case ZI_OP_Sign:
        return (x > 0) - (x < 0);
    case ZI_OP_Not:
        return !x;
    default: // Relu, Clip
        x = x < s->lo ? s->lo : x;
        return x > s->hi ? s->hi : x;
    }
}

static void run_ints(const job *j, const state *s, int64_t begin, int64_t end)
{
    int64_t v[RUN];
    for (int64_t at = begin; at < end; at += RUN) {
        size_t n = end - at < RUN ? (size_t)(end - at) : RUN;
        zi_ints_load(s->dtype, j->args->in[0], at, 1, n, v);
        for (size_t i = 0; i < n; i++)
            v[i] = apply(s, j->p->node->op, v[i]);
        zi_ints_store(s->dtype, v, n, j->args->out[0], at);
    }
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->p->state;
    const zi_attr_unary *a = &j->p->node->attr.unary;
    int64_t begin, end;
    zi_task_range(index, n_tasks, s->elems, &begin, &end);
    size_t n = (size_t)(end - begin);
    if (s->map)
        s->map((const float *)j->args->in[0] + begin, (float *)j->args->out[0] + begin, n);
    else if (s->f32)
        s->f32((const float *)j->args->in[0] + begin, (float *)j->args->out[0] + begin, n, a->alpha,
               a->beta);
    else if (s->table)
        j->p->kernels->lut_s8((const int8_t *)j->args->in[0] + begin, s->table,
                              (int8_t *)j->args->out[0] + begin, n);
    else
        run_ints(j, s, begin, end);
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    job j = {p, args};
    zi_op_parallel(args, task, &j, ((const state *)p->state)->elems);
}

const zi_op_impl zi_impl_unary = {.check = check, .prepare = prepare, .run = run};
const zi_op_impl zi_impl_unary_s8 = {.check = check, .prepare = prepare, .run = run, .int8 = true};
