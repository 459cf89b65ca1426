/* SPDX-License-Identifier: Apache-2.0 */
/* Ops on NHWC images. Attributes may be hostile: all arithmetic is in 64 bits, of limited terms. */
#include "base/whole.h"
#include "graph/infer.h"

/** Taps of one window; keeps the sum of an int8 window within 32 bits. */
enum { MAX_WINDOW = 1 << 23 };

static zurt_status check_nhwc(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (x->rank == 4)
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                        "input of rank %d; only images [N,H,W,C] are taken", (int)x->rank);
}

/** Types: all f32, or s8 with s8 weights and s32 bias. */
static zurt_status check_weight_types(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    const zi_tensor *b = zi_node_in(g, n, 2);
    zurt_dtype bias = x->dtype == ZURT_S8 ? ZURT_S32 : ZURT_F32;
    if ((x->dtype == ZURT_F32 || x->dtype == ZURT_S8) && w->dtype == x->dtype &&
        (!b || b->dtype == bias))
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                        "types %s x %s + %s; f32 x f32 + f32 and s8 x s8 + s32 are taken",
                        zurt_dtype_name(x->dtype), zurt_dtype_name(w->dtype),
                        b ? zurt_dtype_name(b->dtype) : "none");
}

static zurt_status check_bias(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int32_t channels)
{
    const zi_tensor *b = zi_node_in(g, n, 2);
    if (!b || (b->rank == 1 && b->dims[0] == channels))
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the bias must be [%d]", (int)channels);
}

/** What both convolutions ask of x, w, b and the attributes. */
static zurt_status check_conv(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_attr_conv *a = &n->attr.conv;
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    zurt_status st = check_nhwc(ctx, g, n);
    if (!st)
        st = check_weight_types(ctx, g, n);
    if (st)
        return st;
    bool empty = w->rank != 4;
    for (int32_t d = 0; d < w->rank; d++)
        empty = empty || w->dims[d] < 1 || w->dims[d] > ZI_MAX_DIM;
    if (empty)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "weights must be [O,kh,kw,C], none zero");
    if ((int64_t)w->dims[1] * w->dims[2] > MAX_WINDOW)
        return zi_node_fail(ctx, g, n, ZURT_E_LIMIT, "window %dx%d is beyond %d elements",
                            (int)w->dims[1], (int)w->dims[2], MAX_WINDOW);
    int32_t groups = a->groups;
    if (groups < 1 || x->dims[3] % groups || w->dims[0] % groups)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%d groups do not divide %d and %d channels",
                            (int)groups, (int)x->dims[3], (int)w->dims[0]);
    if (w->dims[3] != x->dims[3] / groups)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "weights for %d channels a group, not %d",
                            (int)w->dims[3], (int)(x->dims[3] / groups));
    return check_bias(ctx, g, n, w->dims[0]);
}

zurt_status zi_infer_conv(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_conv *a = &n->attr.conv;
    zurt_status st = check_conv(ctx, g, n);
    if (st)
        return st;
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    int64_t dims[4] = {x->dims[0], 0, 0, w->dims[0]};
    for (int i = 0; i < 2; i++) {
        int64_t window = (int64_t)a->dilation[i] * (w->dims[1 + i] - 1) + 1;
        int64_t room = (int64_t)x->dims[1 + i] + a->pad[i] + a->pad[2 + i] - window;
        if (room < 0)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the window is larger than the input");
        dims[1 + i] = room / a->stride[i] + 1;
    }
    return zi_infer_set(ctx, g, n, 0, x->dtype, 4, dims);
}

zurt_status zi_infer_conv_transpose(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_conv *a = &n->attr.conv;
    zurt_status st = check_conv(ctx, g, n);
    if (st)
        return st;
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    int64_t dims[4] = {x->dims[0], 0, 0, w->dims[0]};
    for (int i = 0; i < 2; i++) {
        int64_t window = (int64_t)a->dilation[i] * (w->dims[1 + i] - 1) + 1;
        dims[1 + i] = (int64_t)a->stride[i] * ((int64_t)x->dims[1 + i] - 1) + a->out_pad[i] +
                      window - a->pad[i] - a->pad[2 + i];
        if (dims[1 + i] < 1)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the padding leaves no output");
    }
    return zi_infer_set(ctx, g, n, 0, x->dtype, 4, dims);
}

/** Windows of a pool along one axis; -1 if there is none. Ref: ONNX MaxPool, AveragePool. */
static int64_t pool_windows(const zi_attr_pool *a, int i, int32_t size, int32_t dilation)
{
    int64_t window = (int64_t)dilation * (a->kernel[i] - 1) + 1;
    int64_t room = (int64_t)size + a->pad[i] + a->pad[2 + i] - window;
    if (room < 0 && !a->ceil_mode)
        return -1;
    int64_t stride = a->stride[i];
    if (!a->ceil_mode)
        return room / stride + 1;
    int64_t count = room < 0 ? (-room < stride ? 1 : 0) : zi_ceil_div64(room, stride) + 1;
    if ((count - 1) * stride >= (int64_t)size + a->pad[i]) // starts in the right padding
        count--;
    return count > 0 ? count : -1;
}

zurt_status zi_infer_pool(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_pool *a = &n->attr.pool;
    const zi_tensor *x = zi_node_in(g, n, 0);
    bool max = n->op != ZI_OP_AveragePool;
    zurt_status st = check_nhwc(ctx, g, n);
    if (st)
        return st;
    if (x->dtype != ZURT_F32 && x->dtype != ZURT_S8 && x->dtype != ZURT_U8)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input of type %s",
                            zurt_dtype_name(x->dtype));
    if ((int64_t)a->kernel[0] * a->kernel[1] > MAX_WINDOW)
        return zi_node_fail(ctx, g, n, ZURT_E_LIMIT, "window %dx%d is beyond %d elements",
                            (int)a->kernel[0], (int)a->kernel[1], MAX_WINDOW);
    int64_t dims[4] = {x->dims[0], 0, 0, x->dims[3]};
    for (int i = 0; i < 2; i++) {
        int32_t dilation = max ? a->dilation[i] : 1;
        int64_t window = (int64_t)dilation * (a->kernel[i] - 1) + 1;
        if (a->pad[i] >= window || a->pad[2 + i] >= window)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                                "padding must be smaller than the window");
        dims[1 + i] = pool_windows(a, i, x->dims[1 + i], dilation);
        if (dims[1 + i] < 0)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the window is larger than the input");
    }
    bool indices = n->op == ZI_OP_MaxPoolIndices;
    if (a->column_major && !indices)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "counts columns, but gives no indices");
    if (indices && (x->dims[1] == 0 || x->dims[2] == 0)) // windows of padding alone
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "finds no places in an empty image");
    return zi_infer_set(ctx, g, n, 0, indices ? ZURT_S64 : x->dtype, 4, dims);
}

zurt_status zi_infer_resize(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_attr_resize *a = &n->attr.resize;
    const zi_tensor *x = zi_node_in(g, n, 0);
    zurt_status st = check_nhwc(ctx, g, n);
    if (st)
        return st;
    if (x->dtype == ZURT_BOOL)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input of type bool");
    for (int i = 0; i < 2; i++) {
        if (a->out[i] < 1 || x->dims[1 + i] < 1)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "from or to an empty image");
        if (!(a->scale[i] > 0.0f))
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "scale must be positive");
    }
    int64_t dims[4] = {x->dims[0], a->out[0], a->out[1], x->dims[3]};
    return zi_infer_set(ctx, g, n, 0, x->dtype, 4, dims);
}

/** Block size of DepthToSpace and SpaceToDepth, within limits that keep its square small. */
static zurt_status check_block(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    zurt_status st = check_nhwc(ctx, g, n);
    if (!st && (n->attr.axis.axis < 1 || n->attr.axis.axis > 4096))
        st = zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "block size %d, must be 1 to 4096",
                          (int)n->attr.axis.axis);
    return st;
}

zurt_status zi_infer_depth_to_space(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zurt_status st = check_block(ctx, g, n);
    if (st)
        return st;
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t block = n->attr.axis.axis;
    if (x->dims[3] % (block * block))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%d channels are no multiple of %d x %d",
                            (int)x->dims[3], (int)block, (int)block);
    int64_t dims[4] = {x->dims[0], x->dims[1] * block, x->dims[2] * block,
                       x->dims[3] / (block * block)};
    return zi_infer_set(ctx, g, n, 0, x->dtype, 4, dims);
}

zurt_status zi_infer_space_to_depth(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zurt_status st = check_block(ctx, g, n);
    if (st)
        return st;
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t block = n->attr.axis.axis;
    if (x->dims[1] % block || x->dims[2] % block)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%dx%d is no multiple of %d", (int)x->dims[1],
                            (int)x->dims[2], (int)block);
    int64_t dims[4] = {x->dims[0], x->dims[1] / block, x->dims[2] / block,
                       x->dims[3] * block * block};
    return zi_infer_set(ctx, g, n, 0, x->dtype, 4, dims);
}

zurt_status zi_infer_grid_sample(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *grid = zi_node_in(g, n, 1);
    zurt_status st = check_nhwc(ctx, g, n);
    if (st)
        return st;
    if (x->dtype != ZURT_F32 || grid->dtype != ZURT_F32)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "only f32 is taken");
    if (grid->rank != 4 || grid->dims[0] != x->dims[0] || grid->dims[3] != 2)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the grid must be [%d,h,w,2]",
                            (int)x->dims[0]);
    int64_t dims[4] = {x->dims[0], grid->dims[1], grid->dims[2], x->dims[3]};
    return zi_infer_set(ctx, g, n, 0, ZURT_F32, 4, dims);
}
