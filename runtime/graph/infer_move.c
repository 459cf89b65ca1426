/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that move or select values. */
#include "graph/infer.h"

static void widen(const zi_tensor *t, int64_t *dims)
{
    for (int32_t d = 0; d < t->rank; d++)
        dims[d] = t->dims[d];
}

zurt_status zi_infer_concat(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *first = zi_node_in(g, n, 0);
    int32_t axis = n->attr.axis.axis;
    zurt_status st = zi_infer_check_axis(ctx, g, n, axis, first->rank);
    if (st)
        return st;
    int64_t dims[ZURT_MAX_RANK];
    widen(first, dims);
    for (uint32_t i = 1; i < n->n_in; i++) {
        const zi_tensor *t = zi_node_in(g, n, i);
        bool fits = t->rank == first->rank && t->dtype == first->dtype;
        for (int32_t d = 0; d < first->rank && fits; d++)
            fits = d == axis || t->dims[d] == first->dims[d];
        if (!fits)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                                "type or shape of input %u differs from input 0", (unsigned)i);
        dims[axis] += t->dims[axis]; // at most 2^32 times 2^24
    }
    return zi_infer_set(ctx, g, n, 0, first->dtype, first->rank, dims);
}

zurt_status zi_infer_split(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    int32_t axis = n->attr.axis.axis;
    zurt_status st = zi_infer_check_axis(ctx, g, n, axis, x->rank);
    int64_t total = 0;
    for (uint32_t i = 0; i < n->n_out && !st; i++) {
        int64_t dims[ZURT_MAX_RANK];
        widen(x, dims);
        dims[axis] = zi_node_out(g, n, i)->dims[axis];
        total += dims[axis];
        st = zi_infer_set(ctx, g, n, i, x->dtype, x->rank, dims);
    }
    if (!st && total != x->dims[axis])
        st = zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "parts add up to %lld of %d", (long long)total,
                          (int)x->dims[axis]);
    return st;
}

zurt_status zi_infer_slice(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_slice *a = &n->attr.slice;
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK];
    for (int32_t d = 0; d < x->rank; d++) {
        int64_t last = (int64_t)a->start[d] + ((int64_t)a->count[d] - 1) * a->step[d];
        bool inside = a->count[d] == 0 || (a->start[d] >= 0 && a->start[d] < x->dims[d] &&
                                           last >= 0 && last < x->dims[d]);
        if (a->step[d] == 0 || a->count[d] < 0 || a->count[d] > ZI_MAX_DIM || !inside)
            return zi_node_fail(
                ctx, g, n, ZURT_E_FORMAT, "axis %d of %d: start %d, step %d, count %d go outside",
                (int)d, (int)x->dims[d], (int)a->start[d], (int)a->step[d], (int)a->count[d]);
        dims[d] = a->count[d];
    }
    return zi_infer_set(ctx, g, n, 0, x->dtype, x->rank, dims);
}

zurt_status zi_infer_pad(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_pad *a = &n->attr.pad;
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK];
    for (int32_t d = 0; d < x->rank; d++) {
        int64_t dim = x->dims[d];
        int64_t limit = ZI_MAX_DIM;
        if (a->mode == ZI_PAD_REFLECT)
            limit = dim - 1 > 0 ? dim - 1 : 0;
        else if (a->mode == ZI_PAD_EDGE && dim == 0)
            limit = 0;
        if (a->before[d] < -dim || a->before[d] > limit || a->after[d] < -dim ||
            a->after[d] > limit)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                                "axis %d of %d: cannot be padded by %d and %d in this mode", (int)d,
                                (int)dim, (int)a->before[d], (int)a->after[d]);
        dims[d] = dim + a->before[d] + a->after[d];
    }
    return zi_infer_set(ctx, g, n, 0, x->dtype, x->rank, dims);
}

zurt_status zi_infer_transpose(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_perm *a = &n->attr.perm;
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK];
    uint32_t seen = 0;
    for (int32_t d = 0; d < x->rank; d++) {
        int32_t p = a->perm[d];
        if (p < 0 || p >= x->rank || (seen >> p & 1))
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "no permutation of %d axes",
                                (int)x->rank);
        seen |= 1u << p;
        dims[d] = x->dims[p];
    }
    return zi_infer_set(ctx, g, n, 0, x->dtype, x->rank, dims);
}

/** The shape attribute's rank, checked, and dims. */
static zurt_status shape_attr(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int64_t *dims)
{
    const zi_attr_shape *a = &n->attr.shape;
    if (a->rank < 0 || a->rank > ZURT_MAX_RANK)
        return zi_node_fail(ctx, g, n, ZURT_E_LIMIT, "rank %d, limit %d", (int)a->rank,
                            ZURT_MAX_RANK);
    for (int32_t d = 0; d < a->rank; d++)
        dims[d] = a->dims[d];
    return ZURT_OK;
}

zurt_status zi_infer_reshape(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK] = {0};
    zurt_status st = shape_attr(ctx, g, n, dims);
    if (!st) // first, as it bounds the product
        st = zi_infer_set(ctx, g, n, 0, x->dtype, n->attr.shape.rank, dims);
    if (!st && zi_tensor_elems(zi_node_out(g, n, 0)) != zi_tensor_elems(x)) {
        char from[96], to[96];
        st = zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%s cannot become %s",
                          zi_tensor_describe(x, from, sizeof(from)),
                          zi_tensor_describe(zi_node_out(g, n, 0), to, sizeof(to)));
    }
    return st;
}

zurt_status zi_infer_expand(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK] = {0};
    zurt_status st = shape_attr(ctx, g, n, dims);
    if (st)
        return st;
    int32_t lead = n->attr.shape.rank - x->rank;
    bool fits = lead >= 0;
    for (int32_t d = 0; d < x->rank && fits; d++)
        fits = x->dims[d] == 1 || x->dims[d] == dims[lead + d];
    if (!fits)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the input does not broadcast to the dims");
    return zi_infer_set(ctx, g, n, 0, x->dtype, n->attr.shape.rank, dims);
}

zurt_status zi_infer_tile(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK] = {0};
    zurt_status st = shape_attr(ctx, g, n, dims);
    if (st)
        return st;
    bool fits = n->attr.shape.rank == x->rank;
    for (int32_t d = 0; d < x->rank && fits; d++)
        fits = x->dims[d] ? dims[d] % x->dims[d] == 0 : dims[d] == 0;
    if (!fits)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "dims are no multiples of the input's");
    return zi_infer_set(ctx, g, n, 0, x->dtype, x->rank, dims);
}

zurt_status zi_infer_gather(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *indices = zi_node_in(g, n, 1);
    int32_t axis = n->attr.axis.axis;
    zurt_status st = zi_infer_check_axis(ctx, g, n, axis, x->rank);
    if (!st && indices->dtype != ZURT_S64)
        st = zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "indices of type %s; s64 is taken",
                          zurt_dtype_name(indices->dtype));
    if (!st)
        st = zi_infer_check_indices(ctx, g, n, 1, x->dims[axis]);
    int64_t dims[2 * ZURT_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < x->rank && !st; d++) {
        if (d != axis) {
            dims[rank++] = x->dims[d];
            continue;
        }
        for (int32_t i = 0; i < indices->rank; i++)
            dims[rank++] = indices->dims[i];
    }
    return st ? st : zi_infer_set(ctx, g, n, 0, x->dtype, rank, dims);
}
