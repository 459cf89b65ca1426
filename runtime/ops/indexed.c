/* SPDX-License-Identifier: Apache-2.0 */
/* GatherElements, ScatterElements, GatherND. Negative indices count from the end; computed ones may
 * be anything: they stop at the ends. */
#include <string.h>

#include "ops/impl.h"
#include "ops/ints.h"

static int64_t clamp_index(int64_t i, int64_t n)
{
    if (i < 0)
        i = i < -n ? 0 : i + n;
    return i >= n ? n - 1 : i;
}

static void strides_of(const zi_tensor *t, int64_t *strides)
{
    int64_t stride = 1;
    for (int32_t d = t->rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= t->dims[d];
    }
}

/* ---- GatherElements and ScatterElements ---- */

/** Goes through the indices' places; `offset` is the same place in x, 0 along the axis. */
typedef struct walk {
    const zi_tensor *indices;
    int32_t axis;
    int64_t axis_size, axis_stride;
    int64_t strides[ZURT_MAX_RANK]; /**< of x; 0 for the axis */
    int32_t at[ZURT_MAX_RANK];
    int64_t offset;
} walk;

static void walk_init(walk *w, const zi_tensor *x, const zi_tensor *indices, int32_t axis)
{
    *w = (walk){.indices = indices, .axis = axis, .axis_size = x->dims[axis]};
    strides_of(x, w->strides);
    w->axis_stride = w->strides[axis];
    w->strides[axis] = 0;
}

static void walk_to(walk *w, int64_t place)
{
    w->offset = 0;
    for (int32_t d = w->indices->rank - 1; d >= 0; d--) {
        w->at[d] = (int32_t)(place % w->indices->dims[d]);
        place /= w->indices->dims[d];
        w->offset += w->at[d] * w->strides[d];
    }
}

static void walk_next(walk *w)
{
    for (int32_t d = w->indices->rank - 1; d >= 0; d--) {
        w->offset += w->strides[d];
        if (++w->at[d] < w->indices->dims[d])
            return;
        w->offset -= w->at[d] * w->strides[d];
        w->at[d] = 0;
    }
}

static int64_t walk_target(const walk *w, int64_t index)
{
    return w->offset + clamp_index(index, w->axis_size) * w->axis_stride;
}

typedef struct job {
    const zi_prepared *p;
    const zi_op_args *args;
} job;

static zurt_status check_move(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    zurt_status st = zi_check_moved(ctx, g, n);
    if (!st && zi_tensor_elems(x) == 0 && zi_tensor_elems(out) > 0)
        st = zi_unsupported(ctx, g, n, "takes elements from an empty input");
    return st;
}

static void task_gather_elements(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const zi_tensor *x = zi_node_in(j->p->graph, j->p->node, 0);
    const int64_t *indices = j->args->in[1];
    const uint8_t *in = j->args->in[0];
    uint8_t *out = j->args->out[0];
    const size_t size = zurt_dtype_bytes(x->dtype);
    int64_t begin, end;
    walk w;
    walk_init(&w, x, zi_node_in(j->p->graph, j->p->node, 1), j->p->node->attr.axis.axis);
    zi_task_range(index, n_tasks, (int64_t)zi_tensor_elems(w.indices), &begin, &end);
    if (begin < end)
        walk_to(&w, begin);
    for (int64_t i = begin; i < end; i++, walk_next(&w))
        memcpy(out + (size_t)i * size, in + (size_t)walk_target(&w, indices[i]) * size, size);
}

static void run_gather_elements(const zi_prepared *p, const zi_op_args *args)
{
    job j = {p, args};
    const int64_t n = (int64_t)zi_tensor_elems(zi_node_in(p->graph, p->node, 1));
    if (n)
        zi_op_parallel(args, task_gather_elements, &j, n);
}

static zurt_status check_scatter(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (x->quant.n || zi_node_in(g, n, 2)->quant.n || zi_node_out(g, n, 0)->quant.n)
        return zi_unsupported(ctx, g, n, "no int8 form; keep it in float");
    if (zi_tensor_elems(x) == 0 && zi_tensor_elems(zi_node_in(g, n, 1)) > 0)
        return zi_unsupported(ctx, g, n, "puts elements into an empty input");
    return ZURT_OK;
}

static float reduce_f32(zi_scatter_reduction how, float a, float b)
{
    switch (how) {
    case ZI_SCATTER_ADD:
        return a + b;
    case ZI_SCATTER_MUL:
        return a * b;
    case ZI_SCATTER_MAX:
        return b > a ? b : a;
    default:
        return b < a ? b : a;
    }
}

static int64_t reduce_int(zi_scatter_reduction how, int64_t a, int64_t b)
{
    switch (how) {
    case ZI_SCATTER_ADD:
        return zi_wrap_add(a, b);
    case ZI_SCATTER_MUL:
        return zi_wrap_mul(a, b);
    case ZI_SCATTER_MAX:
        return b > a ? b : a;
    default:
        return b < a ? b : a;
    }
}

static void put(const zi_op_args *args, zurt_dtype dtype, zi_scatter_reduction how, int64_t to,
                int64_t from)
{
    const size_t size = zurt_dtype_bytes(dtype);
    if (how == ZI_SCATTER_NONE) {
        memcpy((uint8_t *)args->out[0] + (size_t)to * size,
               (const uint8_t *)args->in[2] + (size_t)from * size, size);
    } else if (dtype == ZURT_F32) {
        float *out = (float *)args->out[0] + to;
        *out = reduce_f32(how, *out, ((const float *)args->in[2])[from]);
    } else {
        int64_t a, b;
        zi_ints_load(dtype, args->out[0], to, 1, 1, &a);
        zi_ints_load(dtype, args->in[2], from, 1, 1, &b);
        a = reduce_int(how, a, b);
        zi_ints_store(dtype, &a, 1, args->out[0], to);
    }
}

/* On one thread: equal indices count in their order. */
static void run_scatter_elements(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_attr_scatter *a = &p->node->attr.scatter;
    const int64_t *indices = args->in[1];
    const size_t bytes = zi_tensor_bytes(x);
    const int64_t n = (int64_t)zi_tensor_elems(zi_node_in(p->graph, p->node, 1));
    walk w;
    if (bytes)
        memcpy(args->out[0], args->in[0], bytes);
    if (n == 0)
        return;
    walk_init(&w, x, zi_node_in(p->graph, p->node, 1), a->axis);
    for (int64_t i = 0; i < n; i++, walk_next(&w))
        put(args, x->dtype, a->reduction, walk_target(&w, indices[i]), i);
}

/* ---- GatherND ---- */

static void task_gather_nd(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const zi_tensor *x = zi_node_in(j->p->graph, j->p->node, 0);
    const zi_tensor *indices = zi_node_in(j->p->graph, j->p->node, 1);
    const int32_t batch = j->p->node->attr.axis.axis, named = indices->dims[indices->rank - 1];
    const int64_t per_batch = zi_dims_product(indices->dims, batch, indices->rank - 1);
    const int64_t image = zi_dims_product(x->dims, batch, x->rank);
    const size_t size =
        zurt_dtype_bytes(x->dtype) * (size_t)zi_dims_product(x->dims, batch + named, x->rank);
    int64_t strides[ZURT_MAX_RANK], begin, end;
    strides_of(x, strides);
    zi_task_range(index, n_tasks, zi_dims_product(indices->dims, 0, indices->rank - 1), &begin,
                  &end);
    for (int64_t i = begin; i < end; i++) {
        const int64_t *row = (const int64_t *)j->args->in[1] + i * named;
        int64_t at = i / per_batch * image;
        for (int32_t k = 0; k < named; k++)
            at += clamp_index(row[k], x->dims[batch + k]) * strides[batch + k];
        memcpy((uint8_t *)j->args->out[0] + (size_t)i * size,
               (const uint8_t *)j->args->in[0] + (size_t)at * zurt_dtype_bytes(x->dtype), size);
    }
}

static void run_gather_nd(const zi_prepared *p, const zi_op_args *args)
{
    job j = {p, args};
    const zi_tensor *out = zi_node_out(p->graph, p->node, 0);
    if (zi_tensor_elems(out))
        zi_op_parallel(args, task_gather_nd, &j, (int64_t)zi_tensor_bytes(out));
}

const zi_op_impl zi_impl_gather_elements = {
    .check = check_move, .run = run_gather_elements, .int8 = true};
const zi_op_impl zi_impl_scatter_elements = {.check = check_scatter, .run = run_scatter_elements};
const zi_op_impl zi_impl_gather_nd = {.check = check_move, .run = run_gather_nd, .int8 = true};
