/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ops/impl.h"

typedef struct job {
    const zi_op_args *args;
    int64_t outer, axis, n_indices;
    size_t inner_bytes;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_in(g, n, 0), *out = zi_out(g, n, 0);
    if (x->dtype != out->dtype || x->quant.n > 1 || !zi_same_quant(x, out))
        return zi_unsupported(ctx, g, n,
                              "input and output must have one type, one scale and zero point");
    if (zi_in(g, n, 1)->dtype != ZURT_S64)
        return zi_unsupported(ctx, g, n, "indices of type %s; insert a Cast to s64",
                              zurt_dtype_name(zi_in(g, n, 1)->dtype));
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

/* One element of the two common sizes without a call: a channel shuffle moves single elements. */
static void copy_element(uint8_t *to, const uint8_t *from, size_t bytes)
{
    if (bytes == 1)
        *to = *from;
    else if (bytes == 4)
        memcpy(to, from, 4);
    else
        memcpy(to, from, bytes);
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const int64_t *indices = j->args->in[1];
    const uint8_t *in = j->args->in[0];
    uint8_t *out = j->args->out[0];
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->outer * j->n_indices, &begin, &end);
    int64_t first = begin / j->n_indices * j->axis; // row of the axis's element 0
    int64_t k = begin % j->n_indices;
    for (int64_t row = begin; row < end; row++) {
        int64_t from = first + clamp_index(indices[k], j->axis);
        copy_element(out + (size_t)row * j->inner_bytes, in + (size_t)from * j->inner_bytes,
                     j->inner_bytes);
        if (++k == j->n_indices) {
            k = 0;
            first += j->axis;
        }
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_in(p->graph, p->node, 0), *out = zi_out(p->graph, p->node, 0);
    int32_t axis = p->node->attr.axis.axis;
    if (zi_tensor_elems(out) == 0)
        return;
    job j = {args, zi_dims_product(x->dims, 0, axis), x->dims[axis],
             (int64_t)zi_tensor_elems(zi_in(p->graph, p->node, 1)),
             (size_t)zi_dims_product(x->dims, axis + 1, x->rank) * zurt_dtype_bytes(x->dtype)};
    zi_op_parallel(args, task, &j, (int64_t)zi_tensor_bytes(out));
}

const zi_op_impl zi_impl_gather = {check, NULL, run, true};
