/* SPDX-License-Identifier: Apache-2.0 */
/* Slice, Transpose, Expand, Tile, DepthToSpace, SpaceToDepth: one strided copy each. */
#include "ops/impl.h"
#include "ops/ndcopy.h"

/* The view of the input that, read in order, is the output. */
typedef struct view {
    int32_t rank;
    int64_t dims[ZI_NDCOPY_MAX];
    int64_t stride[ZI_NDCOPY_MAX];
    int64_t offset;
} view;

static void dense_strides(const zi_tensor *x, int64_t *stride)
{
    for (int32_t d = 0; d < x->rank; d++)
        stride[d] = zi_dims_product(x->dims, d + 1, x->rank);
}

static void add_axis(view *v, int64_t dim, int64_t stride)
{
    v->dims[v->rank] = dim;
    v->stride[v->rank++] = stride;
}

static void slice_view(const zi_tensor *x, const zi_attr_slice *a, const int64_t *stride, view *v)
{
    for (int32_t d = 0; d < x->rank; d++) {
        add_axis(v, a->count[d], stride[d] * a->step[d]);
        v->offset += stride[d] * a->start[d];
    }
}

static void expand_view(const zi_tensor *x, const zi_tensor *out, const int64_t *stride, view *v)
{
    int32_t lead = out->rank - x->rank;
    for (int32_t d = 0; d < out->rank; d++) {
        bool repeats = d < lead || x->dims[d - lead] == 1;
        add_axis(v, out->dims[d], repeats ? 0 : stride[d - lead]);
    }
}

static void tile_view(const zi_tensor *x, const zi_tensor *out, const int64_t *stride, view *v)
{
    for (int32_t d = 0; d < x->rank; d++) {
        add_axis(v, out->dims[d] / x->dims[d], 0);
        add_axis(v, x->dims[d], stride[d]);
    }
}

/* Output [N, H*b, W*b, C']: axes N, H, bh, W, bw, C'. Ref: ONNX DepthToSpace, modes DCR and CRD. */
static void depth_to_space_view(const zi_tensor *x, const zi_attr_axis *a, view *v)
{
    int64_t b = a->axis, channels = x->dims[3], part = channels / (b * b);
    int64_t row = x->dims[2] * channels;
    bool crd = a->keep_dims;
    add_axis(v, x->dims[0], x->dims[1] * row);
    add_axis(v, x->dims[1], row);
    add_axis(v, b, crd ? b : b * part);
    add_axis(v, x->dims[2], channels);
    add_axis(v, b, crd ? 1 : part);
    add_axis(v, part, crd ? b * b : 1);
}

/* Output [N, H/b, W/b, b*b*C]: axes N, H/b, W/b, bh, bw, C. */
static void space_to_depth_view(const zi_tensor *x, const zi_attr_axis *a, view *v)
{
    int64_t b = a->axis, channels = x->dims[3], row = x->dims[2] * channels;
    add_axis(v, x->dims[0], x->dims[1] * row);
    add_axis(v, x->dims[1] / b, b * row);
    add_axis(v, x->dims[2] / b, b * channels);
    add_axis(v, b, row);
    add_axis(v, b, channels);
    add_axis(v, channels, 1);
}

static view make_view(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    int64_t stride[ZURT_MAX_RANK];
    view v = {0};
    if (zi_tensor_elems(out) == 0) {
        add_axis(&v, 0, 0);
        return v;
    }
    dense_strides(x, stride);
    switch (n->op) {
    case ZI_OP_Slice:
        slice_view(x, &n->attr.slice, stride, &v);
        break;
    case ZI_OP_Transpose:
        for (int32_t d = 0; d < x->rank; d++)
            add_axis(&v, out->dims[d], stride[n->attr.perm.perm[d]]);
        break;
    case ZI_OP_Expand:
        expand_view(x, out, stride, &v);
        break;
    case ZI_OP_Tile:
        tile_view(x, out, stride, &v);
        break;
    case ZI_OP_DepthToSpace:
        depth_to_space_view(x, &n->attr.axis, &v);
        break;
    default:
        space_to_depth_view(x, &n->attr.axis, &v);
        break;
    }
    return v;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    view v = make_view(p->graph, p->node);
    zi_ndcopy *c = zi_arena_alloc(&p->arena, sizeof(*c));
    if (!c)
        return zi_op_nomem(ctx, p);
    zi_ndcopy_init(c, zurt_dtype_bytes(zi_node_in(p->graph, p->node, 0)->dtype), v.rank, v.dims,
                   v.stride, v.offset);
    p->state = c;
    return ZURT_OK;
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    zi_ndcopy_run(p->state, p, args, args->in[0], args->out[0]);
}

const zi_op_impl zi_impl_strided = {
    .check = zi_check_moved, .prepare = prepare, .run = run, .int8 = true};
