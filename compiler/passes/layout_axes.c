/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the layout pass for ops with one data input that name axes: the op works on the stored
 * form, with its axes renamed. */
#include <string.h>

#include "passes/layout_ops.h"

/** An old node seen through its input's stored order. */
typedef struct seen {
    int32_t rank;
    bool whole;                   // no axis is scattered
    int32_t order[ZURT_MAX_RANK]; // axis at each stored place
    int32_t place[ZURT_MAX_RANK]; // of each axis
} seen;

static bool see(const zc_layout *l, const zi_node *n, seen *s)
{
    s->rank = l->g->tensors[n->in[0]].rank;
    if (l->reps[n->in[0]].quant_axis >= 0)
        return false;
    s->whole = zc_rep_axis_order(&l->reps[n->in[0]], s->rank, s->order);
    for (int32_t d = 0; d < s->rank; d++)
        s->place[s->order[d]] = d;
    return true;
}

static void rename_list(const seen *s, const int32_t *from, int32_t *to)
{
    for (int32_t d = 0; d < s->rank; d++)
        to[d] = from[s->order[d]];
}

/** Attributes in terms of the stored axes; false for an op that cannot be renamed. */
static bool rename_attr(const zi_node *n, const seen *s, zi_attr *attr)
{
    switch (n->op) {
    case ZI_OP_ReduceMean:
    case ZI_OP_ReduceSum:
    case ZI_OP_ReduceMax:
    case ZI_OP_ReduceMin:
    case ZI_OP_ReduceProd:
        attr->reduce.axes = 0;
        for (int32_t d = 0; d < s->rank; d++)
            attr->reduce.axes |= (n->attr.reduce.axes >> s->order[d] & 1u) << d;
        return true;
    case ZI_OP_ArgMax:
    case ZI_OP_ArgMin:
    case ZI_OP_Softmax:
    case ZI_OP_LogSoftmax:
    case ZI_OP_Split:
        attr->axis.axis = s->place[n->attr.axis.axis];
        return true;
    case ZI_OP_Slice:
        rename_list(s, n->attr.slice.start, attr->slice.start);
        rename_list(s, n->attr.slice.step, attr->slice.step);
        rename_list(s, n->attr.slice.count, attr->slice.count);
        return true;
    case ZI_OP_Pad:
        rename_list(s, n->attr.pad.before, attr->pad.before);
        rename_list(s, n->attr.pad.after, attr->pad.after);
        return true;
    case ZI_OP_Expand:
    case ZI_OP_Tile:
        if (n->attr.shape.rank != s->rank)
            return false;
        rename_list(s, n->attr.shape.dims, attr->shape.dims);
        return true;
    default:
        return false;
    }
}

/** Axes that the op removes from the shape, as bits of the input's own axes. */
static uint32_t removed_axes(const zi_node *n)
{
    switch (n->op) {
    case ZI_OP_ReduceMean:
    case ZI_OP_ReduceSum:
    case ZI_OP_ReduceMax:
    case ZI_OP_ReduceMin:
    case ZI_OP_ReduceProd:
        return n->attr.reduce.keep_dims ? 0 : n->attr.reduce.axes;
    case ZI_OP_ArgMax:
    case ZI_OP_ArgMin:
        return n->attr.axis.keep_dims ? 0 : 1u << n->attr.axis.axis;
    default:
        return 0;
    }
}

/** Stored order of an output that lacks some of the input's axes. */
static void order_without(const seen *s, uint32_t removed, int32_t *order)
{
    int32_t renumbered[ZURT_MAX_RANK], count = 0;
    for (int32_t a = 0; a < s->rank; a++) {
        renumbered[a] = count;
        count += !(removed >> a & 1);
    }
    count = 0;
    for (int32_t d = 0; d < s->rank; d++) {
        if (!(removed >> s->order[d] & 1))
            order[count++] = renumbered[s->order[d]];
    }
}

zurt_status zc_layout_axes(zc_layout *l, const zi_node *n, bool *done)
{
    seen s;
    zi_attr attr = n->attr;
    if (!see(l, n, &s) || !rename_attr(n, &s, &attr))
        return ZURT_OK;
    *done = true;
    zi_id in;
    zurt_status st = zc_layout_realise(l, &l->reps[n->in[0]], n->in[0], s.rank, s.order, &in);
    zi_id *out = zi_arena_calloc(&l->g->arena, n->n_out, sizeof(*out));
    if (!out)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "layout: out of memory");
    int32_t order[ZURT_MAX_RANK];
    order_without(&s, removed_axes(n), order);
    for (uint32_t i = 0; i < n->n_out && !st; i++) {
        st = zc_layout_output(l, n, i, order, &out[i]);
        if (!st && n->op == ZI_OP_Split) // infer reads the size of each part there
            l->g->tensors[out[i]].dims[attr.axis.axis] =
                l->g->tensors[n->out[i]].dims[n->attr.axis.axis];
    }
    return st ? st : zc_layout_copy(l, n, &in, out, &attr);
}

/**
 * One constant index of an axis that lies next to another in store is a Slice of the two joined:
 * the halves of a channel shuffle become slices of the channels.
 */
static zurt_status pick(zc_layout *l, const zi_node *n, const seen *s, int64_t index)
{
    const zi_tensor x = l->g->tensors[n->in[0]];
    int32_t at = s->place[n->attr.axis.axis];
    int32_t size = x.dims[n->attr.axis.axis];
    int32_t dims[ZURT_MAX_RANK], order[ZURT_MAX_RANK];
    zi_attr attr;
    memset(&attr, 0, sizeof(attr));
    int32_t first = at + 1 < s->rank ? at : at - 1; // the joined axis
    int32_t rank = 0;
    for (int32_t d = 0; d < s->rank; d++) {
        dims[rank] = x.dims[s->order[d]];
        attr.slice.step[rank] = 1;
        if (d == first) {
            int32_t other = x.dims[s->order[at == first ? ++d : d++]];
            dims[rank] = size * other;
            attr.slice.start[rank] = (int32_t)(index < 0 ? index + size : index);
            if (at == first)
                attr.slice.start[rank] *= other;
            else
                attr.slice.step[rank] = size;
            attr.slice.count[rank++] = other;
            continue;
        }
        attr.slice.count[rank] = dims[rank];
        rank++;
    }
    order_without(s, 1u << n->attr.axis.axis, order);
    zi_id held, in, out;
    zurt_status st =
        s->whole ? zc_layout_held(l, n->in[0], &held)
                 : zc_layout_realise(l, &l->reps[n->in[0]], n->in[0], s->rank, s->order, &held);
    if (!st)
        st = zc_layout_view(l, held, rank, dims, &in);
    if (!st)
        st = zc_layout_output(l, n, 0, order, &out);
    if (st)
        return st;
    zi_node as_slice = *n;
    as_slice.op = ZI_OP_Slice;
    as_slice.n_in = 1;
    return zc_layout_copy(l, &as_slice, &in, &out, &attr);
}

/** True if the axis can be joined with its neighbour in store without going beyond the limits. */
static bool can_pick(const zi_tensor *x, const seen *s, int32_t axis)
{
    if (s->rank < 2)
        return false;
    int32_t at = s->place[axis];
    int32_t other = x->dims[s->order[at + 1 < s->rank ? at + 1 : at - 1]];
    return (int64_t)x->dims[axis] * other <= ZI_MAX_DIM;
}

zurt_status zc_layout_gather(zc_layout *l, const zi_node *n, bool *done)
{
    const zi_tensor index = l->g->tensors[n->in[1]];
    seen s;
    if (index.rank > 1 || !see(l, n, &s))
        return ZURT_OK;
    *done = true;
    int32_t axis = n->attr.axis.axis;
    if (index.rank == 0 && index.data && can_pick(&l->g->tensors[n->in[0]], &s, axis)) {
        int64_t value;
        memcpy(&value, index.data, sizeof(value));
        return pick(l, n, &s, value);
    }
    zi_attr attr = n->attr;
    attr.axis.axis = s.place[axis];
    int32_t order[ZURT_MAX_RANK];
    order_without(&s, index.rank == 0 ? 1u << axis : 0, order);
    zi_id in[2], out;
    zurt_status st = zc_layout_realise(l, &l->reps[n->in[0]], n->in[0], s.rank, s.order, &in[0]);
    if (!st)
        st = zc_layout_plain(l, n->in[1], &in[1]);
    if (!st)
        st = zc_layout_output(l, n, 0, order, &out);
    return st ? st : zc_layout_copy(l, n, in, &out, &attr);
}
