/* SPDX-License-Identifier: Apache-2.0 */
/* Cast between all element types. */
#include <math.h>
#include <string.h>

#include "ops/impl.h"
#include "ops/ints.h"

enum { RUN = 1024 };

typedef struct job {
    const zi_op_args *args;
    zurt_dtype from, to;
    int64_t elems;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    if (zi_node_in(g, n, 0)->quant.n || zi_node_out(g, n, 0)->quant.n)
        return zi_unsupported(ctx, g, n, "a quantised tensor; use Quantize or Dequantize");
    return ZURT_OK;
}

/* Truncates toward zero; saturates at the type's ends; NaN is 0. */
static int64_t from_f32(float x, zurt_dtype to)
{
    if (to == ZURT_BOOL)
        return x != 0.0f;
    if (isnan(x))
        return 0;
    int64_t lo = INT64_MIN, hi = INT64_MAX;
    if (to == ZURT_S8)
        lo = INT8_MIN, hi = INT8_MAX;
    else if (to == ZURT_U8)
        lo = 0, hi = UINT8_MAX;
    else if (to == ZURT_S32)
        lo = INT32_MIN, hi = INT32_MAX;
    double v = (double)x;
    return v <= (double)lo ? lo : v >= (double)hi ? hi : (int64_t)v;
}

static void load(const job *j, int64_t at, size_t n, int64_t *v)
{
    if (j->from != ZURT_F32) {
        zi_ints_load(j->from, j->args->in[0], at, 1, n, v);
        return;
    }
    const float *x = (const float *)j->args->in[0] + at;
    for (size_t i = 0; i < n; i++)
        v[i] = from_f32(x[i], j->to);
}

static void store(const job *j, int64_t at, size_t n, const int64_t *v)
{
    if (j->to != ZURT_F32) {
        zi_ints_store(j->to, v, n, j->args->out[0], at);
        return;
    }
    float *out = (float *)j->args->out[0] + at;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)v[i];
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t begin, end, v[RUN];
    zi_task_range(index, n_tasks, j->elems, &begin, &end);
    if (j->from == j->to) {
        size_t elem = zurt_dtype_bytes(j->to), first = (size_t)begin * elem;
        if (begin < end)
            memcpy((uint8_t *)j->args->out[0] + first, (const uint8_t *)j->args->in[0] + first,
                   (size_t)(end - begin) * elem);
        return;
    }
    for (int64_t at = begin; at < end; at += RUN) {
        size_t n = end - at < RUN ? (size_t)(end - at) : RUN;
        load(j, at, n, v);
        store(j, at, n, v);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    job j = {args, x->dtype, out->dtype, (int64_t)zi_tensor_elems(x)};
    zi_op_parallel(args, task, &j, j.elems);
}

const zi_op_impl zi_impl_cast = {.check = check, .run = run};
