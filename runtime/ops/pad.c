/* SPDX-License-Identifier: Apache-2.0 */
/* Pad: for every axis a map from output index to input index, made once. */
#include <math.h>
#include <string.h>

#include "ops/impl.h"
#include "quant/scale.h"

/* Trailing axes without padding form runs that are copied whole. */
typedef struct state {
    int32_t rank; /**< axes with a map */
    int64_t dims[ZURT_MAX_RANK];
    int64_t stride[ZURT_MAX_RANK];     /**< of the input, in runs */
    const int32_t *map[ZURT_MAX_RANK]; /**< -1: outside */
    int64_t runs;
    size_t run_bytes;
    size_t elem;
    uint8_t value[8]; /**< the padding element's bytes */
} state;

typedef struct job {
    const state *s;
    const zi_op_args *args;
} job;

static int64_t source(zi_pad_mode mode, int64_t i, int64_t n)
{
    if (i >= 0 && i < n)
        return i;
    if (mode == ZI_PAD_EDGE)
        return i < 0 ? 0 : n - 1;
    if (mode == ZI_PAD_REFLECT)
        return i < 0 ? -i : 2 * (n - 1) - i;
    return -1;
}

static int32_t *make_map(zi_prepared *p, int32_t axis, int64_t n, int64_t out)
{
    const zi_attr_pad *a = &p->node->attr.pad;
    int32_t *map = zi_arena_calloc(&p->arena, (size_t)out, sizeof(*map));
    for (int64_t i = 0; map && i < out; i++)
        map[i] = (int32_t)source(a->mode, i - a->before[axis], n);
    return map;
}

static int64_t to_int(float v)
{
    return !(v > -9.0e18f) ? (isnan(v) ? 0 : INT64_MIN) : v < 9.0e18f ? (int64_t)v : INT64_MAX;
}

static void set_value(state *s, const zi_tensor *t, float value)
{
    s->elem = zurt_dtype_bytes(t->dtype);
    int64_t v = to_int(value);
    if (t->quant.n == 1 && s->elem == 1) {
        int32_t lo = t->dtype == ZURT_S8 ? -128 : 0;
        v = zi_quantize(value, t->quant.scale[0], t->quant.zero_point[0], lo, lo + 255);
    }
    if (t->dtype == ZURT_F32) {
        memcpy(s->value, &value, sizeof(value));
    } else if (s->elem == 8) {
        memcpy(s->value, &v, sizeof(v));
    } else if (s->elem == 4) {
        int32_t v32 = (int32_t)v;
        memcpy(s->value, &v32, sizeof(v32));
    } else {
        s->value[0] = t->dtype == ZURT_BOOL ? v != 0 : (uint8_t)v;
    }
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    const zi_attr_pad *a = &p->node->attr.pad;
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    p->state = s;
    set_value(s, x, a->value);
    if (zi_tensor_elems(out) == 0)
        return ZURT_OK;
    s->rank = x->rank;
    while (s->rank > 0 && !a->before[s->rank - 1] && !a->after[s->rank - 1])
        s->rank--;
    s->run_bytes = (size_t)zi_dims_product(out->dims, s->rank, x->rank) * s->elem;
    s->runs = 1;
    for (int32_t d = 0; d < s->rank; d++) {
        s->dims[d] = out->dims[d];
        s->stride[d] = zi_dims_product(x->dims, d + 1, s->rank);
        s->runs *= out->dims[d];
        s->map[d] = make_map(p, d, x->dims[d], out->dims[d]);
        if (!s->map[d])
            return zi_op_nomem(ctx, p);
    }
    return ZURT_OK;
}

static void fill(const state *s, uint8_t *out)
{
    if (s->elem == 1) {
        memset(out, s->value[0], s->run_bytes);
        return;
    }
    for (size_t at = 0; at < s->run_bytes; at += s->elem)
        memcpy(out + at, s->value, s->elem);
}

/* Input run of the axes above the last one, for output run `row`; -1: all of it is padding. */
static int64_t base_of(const state *s, int64_t row)
{
    int64_t base = 0;
    for (int32_t d = s->rank - 2; d >= 0; d--) {
        int32_t from = s->map[d][row % s->dims[d]];
        row /= s->dims[d];
        if (from < 0)
            return -1;
        base += from * s->stride[d];
    }
    return base;
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->s;
    const uint8_t *x = j->args->in[0];
    uint8_t *out = j->args->out[0];
    int64_t last = s->rank ? s->dims[s->rank - 1] : 1;
    int64_t begin, end;
    zi_task_range(index, n_tasks, s->runs, &begin, &end);
    int64_t base = 0;
    for (int64_t i = begin; i < end; i++) {
        int64_t col = i % last;
        if (i == begin || col == 0)
            base = base_of(s, i / last);
        int64_t from = s->rank ? s->map[s->rank - 1][col] : 0;
        uint8_t *y = out + (size_t)i * s->run_bytes;
        if (base < 0 || from < 0)
            fill(s, y);
        else
            memcpy(y, x + (size_t)(base + from) * s->run_bytes, s->run_bytes);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    job j = {s, args};
    zi_op_parallel(args, task, &j, s->runs * (int64_t)(s->run_bytes / s->elem));
}

const zi_op_impl zi_impl_pad = {
    .check = zi_check_moved, .prepare = prepare, .run = run, .int8 = true};
