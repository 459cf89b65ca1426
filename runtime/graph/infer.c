/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the shape rule of a node's op and checks what it says. */
#include "graph/infer.h"

zurt_status zi_infer_set(zurt_ctx *ctx, zi_graph *g, const zi_node *n, uint32_t i, zurt_dtype dtype,
                         int32_t rank, const int64_t *dims)
{
    if (rank > ZURT_MAX_RANK)
        return zi_node_fail(ctx, g, n, ZURT_E_LIMIT, "output of rank %d, limit %d", (int)rank,
                            ZURT_MAX_RANK);
    uint64_t bytes = zurt_dtype_bytes(dtype);
    for (int32_t d = 0; d < rank; d++) {
        if (dims[d] < 0)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                                "output dim %d would be %lld: the input is too small", (int)d,
                                (long long)dims[d]);
        if (dims[d] > ZI_MAX_DIM)
            return zi_node_fail(ctx, g, n, ZURT_E_LIMIT, "output dim %d would be %lld, limit %d",
                                (int)d, (long long)dims[d], (int)ZI_MAX_DIM);
        bytes *= (uint64_t)dims[d]; // below 2^31 * 2^24
        if (bytes > ZI_MAX_TENSOR_BYTES)
            return zi_node_fail(ctx, g, n, ZURT_E_LIMIT, "output of more than %zu bytes",
                                ZI_MAX_TENSOR_BYTES);
    }
    zi_tensor *t = &g->tensors[n->out[i]];
    t->dtype = dtype;
    t->rank = rank;
    for (int32_t d = 0; d < ZURT_MAX_RANK; d++)
        t->dims[d] = d < rank ? (int32_t)dims[d] : 0;
    return ZURT_OK;
}

zurt_status zi_infer_same(zurt_ctx *ctx, zi_graph *g, const zi_node *n, zurt_dtype dtype)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t dims[ZURT_MAX_RANK];
    for (int32_t d = 0; d < x->rank; d++)
        dims[d] = x->dims[d];
    return zi_infer_set(ctx, g, n, 0, dtype, x->rank, dims);
}

zurt_status zi_infer_check_axis(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int32_t axis,
                                int32_t rank)
{
    if (axis >= 0 && axis < rank)
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "axis %d of a tensor of rank %d", (int)axis,
                        (int)rank);
}

zurt_status zi_infer_broadcast(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                               const zi_tensor *with, int64_t *dims, int32_t *rank)
{
    while (*rank < with->rank) {
        for (int32_t d = *rank; d > 0; d--)
            dims[d] = dims[d - 1];
        dims[0] = 1;
        ++*rank;
    }
    for (int32_t d = 0; d < with->rank; d++) {
        int64_t *out = &dims[*rank - with->rank + d];
        int32_t dim = with->dims[d];
        if (*out != dim && *out != 1 && dim != 1)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                                "shapes do not broadcast: dim %lld and %d", (long long)*out,
                                (int)dim);
        if (*out == 1)
            *out = dim;
    }
    return ZURT_OK;
}

static zurt_status bad_type(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, uint32_t i)
{
    return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input %u of type %s", (unsigned)i,
                        zurt_dtype_name(zi_node_in(g, n, i)->dtype));
}

static zurt_status unary(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zurt_dtype dtype = zi_node_in(g, n, 0)->dtype;
    if ((dtype == ZURT_BOOL) != (n->op == ZI_OP_Not))
        return bad_type(ctx, g, n, 0);
    return zi_infer_same(ctx, g, n, dtype);
}

static zurt_status lut(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *table = zi_node_in(g, n, 1);
    if (zi_node_in(g, n, 0)->dtype != ZURT_S8)
        return bad_type(ctx, g, n, 0);
    if (table->dtype != ZURT_S8 || table->rank != 1 || table->dims[0] != 256)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the table must be [256] s8");
    return zi_infer_same(ctx, g, n, ZURT_S8);
}

/** True if the op compares: its result is a bool. */
static bool is_comparison(zi_op op)
{
    return op == ZI_OP_Equal || op == ZI_OP_Less || op == ZI_OP_Greater;
}

static bool is_logic(zi_op op)
{
    return op == ZI_OP_And || op == ZI_OP_Or || op == ZI_OP_Xor;
}

/** Type rules of an elementwise op of several inputs; `first` is the first data input. */
static zurt_status same_types(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, uint32_t first)
{
    for (uint32_t i = first + 1; i < n->n_in; i++) {
        const zi_tensor *a = zi_node_in(g, n, first);
        const zi_tensor *b = zi_node_in(g, n, i);
        if (a->dtype != b->dtype)
            return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                                "inputs of different types: %s and %s; make them equal by a Cast",
                                zurt_dtype_name(a->dtype), zurt_dtype_name(b->dtype));
    }
    return ZURT_OK;
}

static zurt_status elementwise(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    bool where = n->op == ZI_OP_Where;
    zurt_dtype dtype = zi_node_in(g, n, where ? 1 : 0)->dtype;
    zurt_status st = same_types(ctx, g, n, where ? 1 : 0);
    if (!st && where && zi_node_in(g, n, 0)->dtype != ZURT_BOOL)
        st = bad_type(ctx, g, n, 0);
    bool wants_bool = is_logic(n->op);
    bool takes_bool = wants_bool || where || n->op == ZI_OP_Equal;
    bool takes = dtype == ZURT_BOOL ? takes_bool : !wants_bool;
    if (!st && !takes)
        st = bad_type(ctx, g, n, 0);
    int64_t dims[ZURT_MAX_RANK] = {0};
    int32_t rank = 0;
    for (uint32_t i = 0; i < n->n_in && !st; i++)
        st = zi_infer_broadcast(ctx, g, n, zi_node_in(g, n, i), dims, &rank);
    if (st)
        return st;
    const zi_tensor *x = zi_node_in(g, n, 0);
    bool grows = rank != x->rank;
    for (int32_t d = 0; d < rank && !grows; d++)
        grows = dims[d] != x->dims[d];
    if (n->op == ZI_OP_PRelu && grows)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the slope does not broadcast to the input");
    return zi_infer_set(ctx, g, n, 0, is_comparison(n->op) ? ZURT_BOOL : dtype, rank, dims);
}

static zurt_status cast(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    int32_t to = n->attr.axis.axis;
    if (to < 0 || zurt_dtype_bytes((zurt_dtype)to) == 0)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "to an unknown type %d", (int)to);
    return zi_infer_same(ctx, g, n, (zurt_dtype)to);
}

static zurt_status quantize(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zurt_dtype from = zi_node_in(g, n, 0)->dtype;
    int32_t to = n->attr.axis.axis;
    if (from != ZURT_F32 && from != ZURT_S8 && from != ZURT_U8)
        return bad_type(ctx, g, n, 0);
    if (to != ZURT_S8 && to != ZURT_U8)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "to a type that is neither s8 nor u8");
    return zi_infer_same(ctx, g, n, (zurt_dtype)to);
}

static zurt_status dequantize(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    zurt_dtype from = zi_node_in(g, n, 0)->dtype;
    if (from != ZURT_S8 && from != ZURT_U8 && from != ZURT_S32)
        return bad_type(ctx, g, n, 0);
    return zi_infer_same(ctx, g, n, ZURT_F32);
}

/** The one place where an op finds its rule; elementwise ops find theirs by their flag. */
static zi_infer_fn *rule_of(zi_op op)
{
    static zi_infer_fn *const rules[ZI_OP_LIMIT] = {
        [ZI_OP_Conv] = zi_infer_conv,
        [ZI_OP_ConvTranspose] = zi_infer_conv_transpose,
        [ZI_OP_FullyConnected] = zi_infer_fully_connected,
        [ZI_OP_MatMul] = zi_infer_matmul,
        [ZI_OP_LSTM] = zi_infer_rnn,
        [ZI_OP_GRU] = zi_infer_rnn,
        [ZI_OP_RNN] = zi_infer_rnn,
        [ZI_OP_Where] = elementwise,
        [ZI_OP_Lut] = lut,
        [ZI_OP_MaxPool] = zi_infer_pool,
        [ZI_OP_AveragePool] = zi_infer_pool,
        [ZI_OP_ReduceMean] = zi_infer_reduce,
        [ZI_OP_ReduceSum] = zi_infer_reduce,
        [ZI_OP_ReduceMax] = zi_infer_reduce,
        [ZI_OP_ReduceMin] = zi_infer_reduce,
        [ZI_OP_ReduceProd] = zi_infer_reduce,
        [ZI_OP_ArgMax] = zi_infer_arg,
        [ZI_OP_ArgMin] = zi_infer_arg,
        [ZI_OP_TopK] = zi_infer_top_k,
        [ZI_OP_CumSum] = zi_infer_cum_sum,
        [ZI_OP_MaxPoolIndices] = zi_infer_pool,
        [ZI_OP_NonMaxSuppression] = zi_infer_non_max_suppression,
        [ZI_OP_GridSample] = zi_infer_grid_sample,
        [ZI_OP_Softmax] = zi_infer_softmax,
        [ZI_OP_LogSoftmax] = zi_infer_softmax,
        [ZI_OP_Concat] = zi_infer_concat,
        [ZI_OP_Split] = zi_infer_split,
        [ZI_OP_Slice] = zi_infer_slice,
        [ZI_OP_Pad] = zi_infer_pad,
        [ZI_OP_Resize] = zi_infer_resize,
        [ZI_OP_Transpose] = zi_infer_transpose,
        [ZI_OP_Reshape] = zi_infer_reshape,
        [ZI_OP_Gather] = zi_infer_gather,
        [ZI_OP_GatherElements] = zi_infer_gather_elements,
        [ZI_OP_ScatterElements] = zi_infer_scatter_elements,
        [ZI_OP_GatherND] = zi_infer_gather_nd,
        [ZI_OP_Expand] = zi_infer_expand,
        [ZI_OP_Tile] = zi_infer_tile,
        [ZI_OP_DepthToSpace] = zi_infer_depth_to_space,
        [ZI_OP_SpaceToDepth] = zi_infer_space_to_depth,
        [ZI_OP_Cast] = cast,
        [ZI_OP_Quantize] = quantize,
        [ZI_OP_Dequantize] = dequantize,
    };
    if (rules[op])
        return rules[op];
    if (zi_op_has(op, ZI_OPF_MAP))
        return unary;
    return zi_op_has(op, ZI_OPF_BINARY) ? elementwise : NULL;
}

/** Arity, ids in range and presence of what is not optional. */
static zurt_status check_operands(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                                  const zi_op_info *info)
{
    uint32_t in_max = info->in_max ? info->in_max : UINT32_MAX;
    uint32_t out_max = info->out_max ? info->out_max : UINT32_MAX;
    if (n->n_in < info->in_min || n->n_in > in_max)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%u inputs", (unsigned)n->n_in);
    if (n->n_out < info->out_min || n->n_out > out_max)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%u outputs", (unsigned)n->n_out);
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] == ZI_NONE && i >= info->in_min && info->in_max)
            continue;
        if (n->in[i] >= g->n_tensors)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "input %u is missing or unknown",
                                (unsigned)i);
        if (zurt_dtype_bytes(g->tensors[n->in[i]].dtype) == 0)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "input %u '%s' has no type", (unsigned)i,
                                g->tensors[n->in[i]].name);
    }
    for (uint32_t i = 0; i < n->n_out; i++) {
        if (n->out[i] >= g->n_tensors)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "output %u is unknown", (unsigned)i);
    }
    return ZURT_OK;
}

zurt_status zi_node_infer(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_op_info *info = zi_op_get((uint32_t)n->op);
    if (!info)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "unknown op %u", (unsigned)n->op);
    zurt_status st = check_operands(ctx, g, n, info);
    if (!st)
        st = zi_attr_check(ctx, g, n);
    if (st)
        return st;
    zi_infer_fn *rule = rule_of(n->op);
    return rule ? rule(ctx, g, n)
                : zi_node_fail(ctx, g, n, ZURT_E_INTERNAL, "the op has no shape rule");
}
