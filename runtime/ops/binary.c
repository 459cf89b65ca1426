/* SPDX-License-Identifier: Apache-2.0 */
/* Add to Xor and Where: broadcasting, and what one run of elements does in each type. */
#include "ops/binary_runs.h"
#include "ops/binary_s8.h"
#include "ops/broadcast.h"
#include "ops/impl.h"
#include "ops/ints.h"

typedef struct state {
    zi_broadcast shape;
    zi_binary_f32_fn *f32;
    zi_binary_s8 s8;
    bool quantised;
    zi_op op;
    zurt_dtype in_type, out_type;
    bool clamp;
    float lo, hi;
} state;

typedef struct job {
    const state *s;
    const zi_op_args *args;
    zi_broadcast_run_fn *fn;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *a = zi_node_in(g, n, 0), *b = zi_node_in(g, n, 1), *out = zi_node_out(g, n, 0);
    bool compares = n->op == ZI_OP_Equal || n->op == ZI_OP_Less || n->op == ZI_OP_Greater;
    bool logic = n->op == ZI_OP_And || n->op == ZI_OP_Or || n->op == ZI_OP_Xor;
    if (!(n->clamp_lo <= n->clamp_hi)) // NaN too
        return zi_unsupported(ctx, g, n, "the fused activation's bounds are not in order");
    if (zi_is_qs8(a) && zi_is_qs8(b) && zi_is_qs8(out))
        return zi_binary_s8_params(ctx, g, n, &(zi_binary_s8){0});
    if (a->dtype == ZURT_F32 && b->dtype == ZURT_F32 && zi_binary_f32(n->op))
        return ZURT_OK;
    bool operands = zi_is_plain_int(a) && zi_is_plain_int(b) && a->dtype == b->dtype;
    bool ints = operands && (compares || zi_is_plain_int(out));
    if (!ints || (logic && a->dtype != ZURT_BOOL))
        return zi_unsupported(ctx, g, n, "types %s%s and %s%s; keep the node in f32",
                              zurt_dtype_name(a->dtype), a->quant.n ? " quantised" : "",
                              zurt_dtype_name(b->dtype), b->quant.n ? " quantised" : "");
    if (zi_node_has_clamp(n))
        return zi_unsupported(ctx, g, n, "a fused activation on plain integers; use Clip");
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_graph *g = p->graph;
    const zi_node *n = p->node;
    const zi_tensor *in[2] = {zi_node_in(g, n, 0), zi_node_in(g, n, 1)};
    const zi_tensor *out = zi_node_out(g, n, 0);
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    zi_broadcast_init(&s->shape, out, in, 2);
    s->op = n->op;
    s->in_type = in[0]->dtype;
    s->out_type = out->dtype;
    s->clamp = zi_node_has_clamp(n);
    s->lo = n->clamp_lo;
    s->hi = n->clamp_hi;
    p->state = s;
    s->quantised = zi_is_qs8(in[0]);
    if (s->quantised)
        return zi_binary_s8_init(ctx, p, &s->s8);
    if (s->in_type == ZURT_F32)
        s->f32 = zi_binary_f32(n->op);
    return ZURT_OK;
}

static void run_f32(const void *self, const int64_t *in, int64_t first, size_t n)
{
    const job *j = self;
    const state *s = j->s;
    const float *a = (const float *)j->args->in[0] + in[0];
    const float *b = (const float *)j->args->in[1] + in[1];
    if (s->out_type == ZURT_BOOL) {
        s->f32(a, s->shape.step[0], b, s->shape.step[1], (uint8_t *)j->args->out[0] + first, n);
        return;
    }
    float *out = (float *)j->args->out[0] + first;
    s->f32(a, s->shape.step[0], b, s->shape.step[1], out, n);
    if (!s->clamp)
        return;
    float lo = s->lo, hi = s->hi;
    for (size_t i = 0; i < n; i++) {
        float v = out[i] < lo ? lo : out[i];
        out[i] = v > hi ? hi : v;
    }
}

static void run_s8(const void *self, const int64_t *in, int64_t first, size_t n)
{
    const job *j = self;
    const state *s = j->s;
    zi_binary_s8_run(&s->s8, (const int8_t *)j->args->in[0] + in[0], s->shape.step[0],
                     (const int8_t *)j->args->in[1] + in[1], s->shape.step[1],
                     (int8_t *)j->args->out[0] + first, n);
}

static void run_ints(const void *self, const int64_t *in, int64_t first, size_t n)
{
    const job *j = self;
    const state *s = j->s;
    int64_t x[ZI_BROADCAST_RUN], y[ZI_BROADCAST_RUN];
    zi_ints_load(s->in_type, j->args->in[0], in[0], s->shape.step[0], n, x);
    zi_ints_load(s->in_type, j->args->in[1], in[1], s->shape.step[1], n, y);
    zi_binary_ints(s->op, x, y, x, n);
    zi_ints_store(s->out_type, x, n, j->args->out[0], first);
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->s->shape.elems, &begin, &end);
    zi_broadcast_walk(&j->s->shape, begin, end, j->fn, j);
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    job j = {s, args, run_ints};
    if (s->f32)
        j.fn = run_f32;
    else if (s->quantised)
        j.fn = run_s8;
    zi_op_parallel(args, task, &j, s->shape.elems);
}

const zi_op_impl zi_impl_binary = {.check = check, .prepare = prepare, .run = run};
const zi_op_impl zi_impl_binary_s8 = {.check = check, .prepare = prepare, .run = run, .int8 = true};
