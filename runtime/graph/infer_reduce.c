/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products, reductions and what works along one axis. */
#include "graph/infer.h"

zurt_status zi_infer_fully_connected(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    const zi_tensor *b = zi_node_in(g, n, 2);
    zurt_dtype bias = x->dtype == ZURT_S8 ? ZURT_S32 : ZURT_F32;
    if ((x->dtype != ZURT_F32 && x->dtype != ZURT_S8) || w->dtype != x->dtype ||
        (b && b->dtype != bias))
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                            "types %s x %s + %s; f32 x f32 + f32 and s8 x s8 + s32 are taken",
                            zurt_dtype_name(x->dtype), zurt_dtype_name(w->dtype),
                            b ? zurt_dtype_name(b->dtype) : "none");
    if (x->rank < 1 || w->rank != 2 || w->dims[1] != x->dims[x->rank - 1])
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "weights do not fit the input's last axis");
    if (b && (b->rank != 1 || b->dims[0] != w->dims[0]))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the bias must be [%d]", (int)w->dims[0]);
    int64_t dims[ZURT_MAX_RANK];
    for (int32_t d = 0; d < x->rank; d++)
        dims[d] = x->dims[d];
    dims[x->rank - 1] = w->dims[0];
    return zi_infer_set(ctx, g, n, 0, x->dtype, x->rank, dims);
}

zurt_status zi_infer_matmul(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zi_tensor a = *zi_node_in(g, n, 0);
    zi_tensor b = *zi_node_in(g, n, 1);
    if (a.dtype != ZURT_F32 || b.dtype != ZURT_F32)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "only f32 is taken");
    if (a.rank < 2 || b.rank < 2 || a.dims[a.rank - 1] != b.dims[b.rank - 2])
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the matrices do not fit");
    int32_t m = a.dims[a.rank - 2];
    int32_t cols = b.dims[b.rank - 1];
    a.rank -= 2; // the batch axes alone
    b.rank -= 2;
    int64_t dims[ZURT_MAX_RANK] = {0};
    int32_t rank = 0;
    zurt_status st = zi_infer_broadcast(ctx, g, n, &a, dims, &rank);
    if (!st)
        st = zi_infer_broadcast(ctx, g, n, &b, dims, &rank);
    if (st)
        return st;
    dims[rank] = m;
    dims[rank + 1] = cols;
    return zi_infer_set(ctx, g, n, 0, ZURT_F32, rank + 2, dims);
}

zurt_status zi_infer_reduce(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_reduce *a = &n->attr.reduce;
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (a->axes >> x->rank)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "an axis beyond rank %d", (int)x->rank);
    if (x->dtype == ZURT_BOOL)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input of type bool");
    bool has_neutral = n->op == ZI_OP_ReduceSum || n->op == ZI_OP_ReduceProd;
    int64_t dims[ZURT_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < x->rank; d++) {
        bool reduced = a->axes >> d & 1;
        if (reduced && x->dims[d] == 0 && !has_neutral)
            return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                                "axis %d is empty, and of nothing only the sum and the product are "
                                "computed; give the input elements",
                                (int)d);
        if (!reduced || a->keep_dims)
            dims[rank++] = reduced ? 1 : x->dims[d];
    }
    return zi_infer_set(ctx, g, n, 0, x->dtype, rank, dims);
}

zurt_status zi_infer_arg(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_axis *a = &n->attr.axis;
    const zi_tensor *x = zi_node_in(g, n, 0);
    zurt_status st = zi_infer_check_axis(ctx, g, n, a->axis, x->rank);
    if (!st && x->dims[a->axis] == 0)
        st = zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "axis %d is empty: no element is the largest",
                          (int)a->axis);
    if (st)
        return st;
    int64_t dims[ZURT_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < x->rank; d++) {
        if (d != a->axis || a->keep_dims)
            dims[rank++] = d == a->axis ? 1 : x->dims[d];
    }
    return zi_infer_set(ctx, g, n, 0, ZURT_S64, rank, dims);
}

zurt_status zi_infer_softmax(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (x->dtype != ZURT_F32 && x->dtype != ZURT_S8 && x->dtype != ZURT_U8)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input of type %s",
                            zurt_dtype_name(x->dtype));
    zurt_status st = zi_infer_check_axis(ctx, g, n, n->attr.axis.axis, x->rank);
    return st ? st : zi_infer_same(ctx, g, n, x->dtype);
}
