/* SPDX-License-Identifier: Apache-2.0 */
/* Where: picks elements of two operands, all three broadcast. */
#include <string.h>

#include "ops/broadcast.h"
#include "ops/impl.h"

typedef struct state {
    zi_broadcast shape;
    size_t elem;
} state;

typedef struct job {
    const state *s;
    const zi_op_args *args;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *a = zi_node_in(g, n, 1), *b = zi_node_in(g, n, 2), *out = zi_node_out(g, n, 0);
    if (zi_node_in(g, n, 0)->dtype != ZURT_BOOL || a->dtype != b->dtype || a->dtype != out->dtype)
        return zi_unsupported(ctx, g, n, "the condition must be bool, both values of one type");
    if (!zi_same_quant(a, out) || !zi_same_quant(b, out))
        return zi_unsupported(ctx, g, n, "both values and the result must be quantised alike");
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *in[3];
    for (uint32_t i = 0; i < 3; i++)
        in[i] = zi_node_in(p->graph, p->node, i);
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    zi_broadcast_init(&s->shape, zi_node_out(p->graph, p->node, 0), in, 3);
    s->elem = zurt_dtype_bytes(in[1]->dtype);
    p->state = s;
    return ZURT_OK;
}

static void select_run(const void *self, const int64_t *in, int64_t first, size_t n)
{
    const job *j = self;
    const size_t *step = j->s->shape.step;
    size_t elem = j->s->elem;
    const uint8_t *c = (const uint8_t *)j->args->in[0] + in[0];
    const uint8_t *a = (const uint8_t *)j->args->in[1] + (size_t)in[1] * elem;
    const uint8_t *b = (const uint8_t *)j->args->in[2] + (size_t)in[2] * elem;
    uint8_t *out = (uint8_t *)j->args->out[0] + (size_t)first * elem;
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * elem, c[i * step[0]] ? a + i * step[1] * elem : b + i * step[2] * elem,
               elem);
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->s->shape.elems, &begin, &end);
    zi_broadcast_walk(&j->s->shape, begin, end, select_run, j);
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    job j = {s, args};
    zi_op_parallel(args, task, &j, s->shape.elems);
}

const zi_op_impl zi_impl_where = {.check = check, .prepare = prepare, .run = run, .int8 = true};
