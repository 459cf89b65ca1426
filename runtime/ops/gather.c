/* SPDX-License-Identifier: Apache-2.0 */
/* Gather along an axis; indices are clamped, whatever they are at run time. */
#include <string.h>

#include "ops/impl.h"
#include "ops/ndcopy.h"

typedef struct job {
    const zi_op_args *args;
    int64_t outer, axis, n_indices;
    size_t inner_bytes;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    zurt_status st = zi_check_moved(ctx, g, n);
    if (st)
        return st;
    if (zi_node_in(g, n, 1)->dtype != ZURT_S64)
        return zi_unsupported(ctx, g, n, "indices of type %s; insert a Cast to s64",
                              zurt_dtype_name(zi_node_in(g, n, 1)->dtype));
    if (x->dims[n->attr.axis.axis] == 0 && zi_tensor_elems(out) > 0)
        return zi_unsupported(ctx, g, n, "takes elements from an empty axis");
    return ZURT_OK;
}

/* Negative indices count from the end. Computed ones may be anything: they stop at the ends. */
static int64_t clamp_index(int64_t i, int64_t n)
{
    if (i < 0)
        i = i < -n ? 0 : i + n;
    return i >= n ? n - 1 : i;
}

/* Two steps that make all indices: index k is first + k % period * inner + k / period * outer.
 * False if there are none. A channel shuffle has them, and every choice of neighbours. */
static bool find_steps(const int64_t *indices, int64_t n, int64_t axis, int64_t *period,
                       int64_t *inner, int64_t *outer)
{
    const int64_t first = clamp_index(indices[0], axis);
    *inner = n > 1 ? clamp_index(indices[1], axis) - first : 0;
    *period = 1;
    while (*period < n && clamp_index(indices[*period], axis) == first + *period * *inner)
        ++*period;
    *outer = *period < n ? clamp_index(indices[*period], axis) - first : 0;
    for (int64_t k = 0; k < n; k++) {
        if (clamp_index(indices[k], axis) != first + k % *period * *inner + k / *period * *outer)
            return false;
    }
    return n % *period == 0;
}

/* With constant indices that have steps the node is a strided copy: p->state. */
static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    const zi_tensor *indices = zi_node_in(p->graph, p->node, 1);
    const int32_t axis = p->node->attr.axis.axis;
    const int64_t n = (int64_t)zi_tensor_elems(indices);
    int64_t period, inner, outer;
    if (zi_tensor_elems(out) == 0 || !zi_tensor_is_const(indices) ||
        !find_steps(indices->data, n, x->dims[axis], &period, &inner, &outer))
        return ZURT_OK;
    zi_ndcopy *copy = zi_arena_alloc(&p->arena, sizeof(*copy));
    if (!copy)
        return zi_op_nomem(ctx, p);
    const int64_t size = zi_dims_product(x->dims, axis + 1, x->rank);
    const int64_t dims[] = {zi_dims_product(x->dims, 0, axis), n / period, period, size};
    const int64_t stride[] = {x->dims[axis] * size, outer * size, inner * size, 1};
    const int64_t first = clamp_index(*(const int64_t *)indices->data, x->dims[axis]);
    zi_ndcopy_init(copy, zurt_dtype_bytes(x->dtype), 4, dims, stride, first * size);
    p->state = copy;
    return ZURT_OK;
}

/* n elements of one row of the axis; single bytes without a call. */
static void take(const job *j, const int64_t *indices, int64_t n, const uint8_t *in, uint8_t *out)
{
    if (j->inner_bytes == 1) {
        for (int64_t k = 0; k < n; k++)
            out[k] = in[clamp_index(indices[k], j->axis)];
        return;
    }
    for (int64_t k = 0; k < n; k++)
        memcpy(out + (size_t)k * j->inner_bytes,
               in + (size_t)clamp_index(indices[k], j->axis) * j->inner_bytes, j->inner_bytes);
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const int64_t *indices = j->args->in[1];
    const uint8_t *in = j->args->in[0];
    uint8_t *out = j->args->out[0];
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->outer * j->n_indices, &begin, &end);
    for (int64_t at = begin; at < end;) {
        const int64_t outer = at / j->n_indices, k = at % j->n_indices;
        const int64_t n = j->n_indices - k < end - at ? j->n_indices - k : end - at;
        take(j, indices + k, n, in + (size_t)(outer * j->axis) * j->inner_bytes,
             out + (size_t)at * j->inner_bytes);
        at += n;
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    int32_t axis = p->node->attr.axis.axis;
    if (zi_tensor_elems(out) == 0)
        return;
    if (p->state) {
        zi_ndcopy_run(p->state, p, args, args->in[0], args->out[0]);
        return;
    }
    job j = {args, zi_dims_product(x->dims, 0, axis), x->dims[axis],
             (int64_t)zi_tensor_elems(zi_node_in(p->graph, p->node, 1)),
             (size_t)zi_dims_product(x->dims, axis + 1, x->rank) * zurt_dtype_bytes(x->dtype)};
    zi_op_parallel(args, task, &j, (int64_t)zi_tensor_bytes(out));
}

const zi_op_impl zi_impl_gather = {.check = check, .prepare = prepare, .run = run, .int8 = true};
