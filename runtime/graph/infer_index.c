/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that give indices or go by them, and running sums. */
#include <string.h>

#include "graph/infer.h"

static int64_t index_at(const zi_tensor *indices, size_t i)
{
    int64_t index;
    memcpy(&index, (const uint8_t *)indices->data + i * sizeof(index), sizeof(index));
    return index;
}

static zurt_status check_index(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int64_t index,
                               int32_t dim)
{
    if (index >= -(int64_t)dim && index < dim)
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "index %lld of an axis of %d", (long long)index,
                        (int)dim);
}

zurt_status zi_infer_check_indices(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, uint32_t i,
                                   int32_t dim)
{
    const zi_tensor *indices = zi_node_in(g, n, i);
    size_t count = indices->data ? zi_tensor_elems(indices) : 0;
    zurt_status st = ZURT_OK;
    for (size_t k = 0; k < count && !st; k++)
        st = check_index(ctx, g, n, index_at(indices, k), dim);
    return st;
}

static zurt_status need_s64(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    zurt_dtype dtype = zi_node_in(g, n, 1)->dtype;
    if (dtype == ZURT_S64)
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "indices of type %s; s64 is taken",
                        zurt_dtype_name(dtype));
}

static void widen(const zi_tensor *t, int64_t *dims)
{
    for (int32_t d = 0; d < t->rank; d++)
        dims[d] = t->dims[d];
}

zurt_status zi_infer_top_k(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_top *a = &n->attr.top;
    const zi_tensor *x = zi_node_in(g, n, 0);
    zurt_status st = zi_infer_check_axis(ctx, g, n, a->axis, x->rank);
    if (!st && x->dtype == ZURT_BOOL)
        st = zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input of type bool");
    if (!st && (a->k < 0 || a->k > x->dims[a->axis]))
        st = zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "k %d of an axis of %d", (int)a->k,
                          (int)x->dims[a->axis]);
    if (st)
        return st;
    int64_t dims[ZURT_MAX_RANK];
    widen(x, dims);
    dims[a->axis] = a->k;
    return zi_infer_set(ctx, g, n, 0, ZURT_S64, x->rank, dims);
}

zurt_status zi_infer_cum_sum(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (x->dtype != ZURT_F32 && x->dtype != ZURT_S32 && x->dtype != ZURT_S64)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input of type %s",
                            zurt_dtype_name(x->dtype));
    zurt_status st = zi_infer_check_axis(ctx, g, n, n->attr.axis.axis, x->rank);
    return st ? st : zi_infer_same(ctx, g, n, x->dtype);
}

/** Indices stand for places of x on all axes but one. */
static zurt_status check_places(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int32_t axis)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *indices = zi_node_in(g, n, 1);
    zurt_status st = zi_infer_check_axis(ctx, g, n, axis, x->rank);
    if (!st)
        st = need_s64(ctx, g, n);
    if (st)
        return st;
    bool fits = indices->rank == x->rank;
    for (int32_t d = 0; d < x->rank && fits; d++)
        fits = d == axis || indices->dims[d] <= x->dims[d];
    if (!fits)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                            "the indices' shape goes beyond the input's on an axis other than %d",
                            (int)axis);
    return zi_infer_check_indices(ctx, g, n, 1, x->dims[axis]);
}

zurt_status zi_infer_gather_elements(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zurt_status st = check_places(ctx, g, n, n->attr.axis.axis);
    if (st)
        return st;
    const zi_tensor *indices = zi_node_in(g, n, 1);
    int64_t dims[ZURT_MAX_RANK];
    widen(indices, dims);
    return zi_infer_set(ctx, g, n, 0, zi_node_in(g, n, 0)->dtype, indices->rank, dims);
}

zurt_status zi_infer_scatter_elements(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_scatter *a = &n->attr.scatter;
    const zi_tensor *x = zi_node_in(g, n, 0), *updates = zi_node_in(g, n, 2);
    if ((uint32_t)a->reduction > ZI_SCATTER_MIN)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "unknown reduction");
    zurt_status st = check_places(ctx, g, n, a->axis);
    if (st)
        return st;
    if (updates->dtype != x->dtype)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "updates of type %s for an input of %s",
                            zurt_dtype_name(updates->dtype), zurt_dtype_name(x->dtype));
    if (!zi_tensor_same_shape(updates, zi_node_in(g, n, 1)))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "as many updates as indices are needed");
    if (x->dtype == ZURT_BOOL && a->reduction)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "a reduction of bools");
    return zi_infer_same(ctx, g, n, x->dtype);
}

/** Each row of the indices must lie within the axes that it names, from `first` on. */
static zurt_status check_rows(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int32_t first)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *indices = zi_node_in(g, n, 1);
    size_t named = (size_t)indices->dims[indices->rank - 1];
    size_t count = indices->data ? zi_tensor_elems(indices) : 0;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < count && !st; i++)
        st = check_index(ctx, g, n, index_at(indices, i), x->dims[first + (int32_t)(i % named)]);
    return st;
}

zurt_status zi_infer_gather_nd(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *indices = zi_node_in(g, n, 1);
    int32_t batch = n->attr.axis.axis;
    zurt_status st = need_s64(ctx, g, n);
    if (st)
        return st;
    bool fits = batch >= 0 && batch < x->rank && batch < indices->rank;
    for (int32_t d = 0; d < batch && fits; d++)
        fits = x->dims[d] == indices->dims[d];
    int32_t named = fits ? indices->dims[indices->rank - 1] : 0;
    if (!fits || named < 1 || named > x->rank - batch)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                            "%d batch axes and rows of %d indices do not fit the input", (int)batch,
                            (int)named);
    int64_t dims[2 * ZURT_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < indices->rank - 1; d++)
        dims[rank++] = indices->dims[d];
    for (int32_t d = batch + named; d < x->rank; d++)
        dims[rank++] = x->dims[d];
    st = check_rows(ctx, g, n, batch);
    return st ? st : zi_infer_set(ctx, g, n, 0, x->dtype, rank, dims);
}

/** As many rows as there can be: how many are needed is known only when the boxes are. */
zurt_status zi_infer_non_max_suppression(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_nms *a = &n->attr.nms;
    const zi_tensor *boxes = zi_node_in(g, n, 0), *scores = zi_node_in(g, n, 1);
    if (boxes->dtype != ZURT_F32 || scores->dtype != ZURT_F32)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "only f32 is taken");
    if (boxes->rank != 3 || scores->rank != 3 || boxes->dims[2] != 4 ||
        boxes->dims[0] != scores->dims[0] || boxes->dims[1] != scores->dims[2])
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                            "boxes must be [B,N,4], scores [B,C,N] of the same B and N");
    int32_t most = a->max_boxes < boxes->dims[1] ? a->max_boxes : boxes->dims[1];
    int64_t rows = (int64_t)scores->dims[0] * scores->dims[1]; // below 2^48
    int64_t dims[2] = {rows > ZI_MAX_DIM && most ? rows : rows * most, 3};
    return zi_infer_set(ctx, g, n, 0, ZURT_S64, 2, dims);
}
