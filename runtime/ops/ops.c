/* SPDX-License-Identifier: Apache-2.0 */
/* The table of implementations: checks, prepares and runs a node. */
#include "ops/ops.h"

#include "base/alloc.h"
#include "ops/impl.h"

#define ROW(op, impl) [ZI_OP_##op] = &zi_impl_##impl

// clang-format off: one row a line
static const zi_op_impl *const impls[ZI_OP_LIMIT] = {
    ROW(Conv, conv),
    ROW(ConvTranspose, conv_transpose),
    ROW(FullyConnected, fully_connected),
    ROW(MatMul, matmul),
    ROW(LSTM, recurrent),
    ROW(GRU, recurrent),
    ROW(RNN, recurrent),
    ROW(MaxPool, pool),
    ROW(AveragePool, pool),

    ROW(Add, binary_s8),
    ROW(Sub, binary_s8),
    ROW(Mul, binary_s8),
    ROW(Div, binary_s8),
    ROW(Min, binary_s8),
    ROW(Max, binary_s8),
    ROW(Pow, binary),
    ROW(PRelu, binary_s8),
    ROW(Equal, binary),
    ROW(Less, binary),
    ROW(Greater, binary),
    ROW(And, binary),
    ROW(Or, binary),
    ROW(Xor, binary),
    ROW(Where, where),

    ROW(Relu, unary_s8),
    ROW(Clip, unary_s8),
    ROW(LeakyRelu, unary),
    ROW(Sigmoid, unary),
    ROW(HardSigmoid, unary),
    ROW(HardSwish, unary),
    ROW(Swish, unary),
    ROW(Tanh, unary),
    ROW(Exp, unary),
    ROW(Log, unary),
    ROW(Sqrt, unary),
    ROW(Abs, unary),
    ROW(Neg, unary),
    ROW(Floor, unary),
    ROW(Ceil, unary),
    ROW(Round, unary),
    ROW(Reciprocal, unary),
    ROW(Erf, unary),
    ROW(Elu, unary),
    ROW(Selu, unary),
    ROW(Softplus, unary),
    ROW(Softsign, unary),
    ROW(Celu, unary),
    ROW(ThresholdedRelu, unary),
    ROW(Sign, unary),
    ROW(Not, unary),
    ROW(Lut, lut),
    ROW(Sin, unary),
    ROW(Cos, unary),
    ROW(Tan, unary),
    ROW(Asin, unary),
    ROW(Acos, unary),
    ROW(Atan, unary),
    ROW(Sinh, unary),
    ROW(Cosh, unary),
    ROW(Asinh, unary),
    ROW(Acosh, unary),
    ROW(Atanh, unary),

    ROW(ReduceMean, reduce_s8),
    ROW(ReduceSum, reduce_s8),
    ROW(ReduceMax, reduce_s8),
    ROW(ReduceMin, reduce_s8),
    ROW(ReduceProd, reduce),
    ROW(ArgMax, arg),
    ROW(ArgMin, arg),
    ROW(TopK, top_k),
    ROW(CumSum, cum_sum),
    ROW(MaxPoolIndices, pool_indices),
    ROW(NonMaxSuppression, non_max_suppression),
    ROW(GridSample, grid_sample),
    ROW(Softmax, softmax),
    ROW(LogSoftmax, log_softmax),

    ROW(Concat, concat),
    ROW(Split, split),
    ROW(Slice, strided),
    ROW(Pad, pad),
    ROW(Resize, resize),
    ROW(Transpose, strided),
    ROW(Reshape, reshape),
    ROW(Gather, gather),
    ROW(GatherElements, gather_elements),
    ROW(ScatterElements, scatter_elements),
    ROW(GatherND, gather_nd),
    ROW(Expand, strided),
    ROW(Tile, strided),
    ROW(DepthToSpace, strided),
    ROW(SpaceToDepth, strided),

    ROW(Cast, cast),
    ROW(Quantize, quantize),
    ROW(Dequantize, dequantize),
};
// clang-format on

static const zi_op_impl *impl_of(zi_op op)
{
    return (uint32_t)op < ZI_OP_LIMIT ? impls[op] : NULL;
}

bool zi_op_has_int8(zi_op op)
{
    const zi_op_impl *impl = impl_of(op);
    return impl && impl->int8;
}

/* Enough for every impl to index inputs and outputs without looking: required ones are there. */
static zurt_status check_arity(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_op_info *info = zi_op_get((uint32_t)n->op);
    if (n->n_in < info->in_min || (info->in_max && n->n_in > info->in_max))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%u inputs, the operator takes %u to %u",
                            n->n_in, info->in_min, info->in_max);
    if (n->n_out < info->out_min || (info->out_max && n->n_out > info->out_max))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "%u outputs, the operator has %u to %u",
                            n->n_out, info->out_min, info->out_max);
    for (uint32_t i = 0; i < n->n_in; i++) {
        bool optional = i >= info->in_min && info->in_max;
        if (n->in[i] == ZI_NONE ? !optional : n->in[i] >= g->n_tensors)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "input %u is missing", i);
    }
    for (uint32_t i = 0; i < n->n_out; i++) {
        if (n->out[i] >= g->n_tensors)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "output %u is missing", i);
    }
    return ZURT_OK;
}

zurt_status zi_op_check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_op_impl *impl = impl_of(n->op);
    if (!impl)
        return zi_unsupported(ctx, g, n, "this build cannot compute the operator");
    zurt_status st = check_arity(ctx, g, n);
    return st ? st : impl->check(ctx, g, n);
}

zurt_status zi_op_prepare(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                          const zk_table *kernels, uint32_t n_threads, zi_prepared **out)
{
    *out = NULL;
    zurt_status st = zi_op_check(ctx, g, n);
    if (st)
        return st;
    zi_prepared *p = zi_zalloc(&ctx->allocator, sizeof(*p));
    if (!p)
        return zi_node_fail(ctx, g, n, ZURT_E_NOMEM, "out of memory");
    p->impl = impl_of(n->op);
    p->allocator = ctx->allocator;
    zi_arena_init(&p->arena, &ctx->allocator);
    p->graph = g;
    p->node = n;
    p->kernels = kernels;
    p->n_threads = n_threads ? n_threads : 1;
    st = p->impl->prepare ? p->impl->prepare(ctx, p) : ZURT_OK;
    if (st) {
        zi_op_destroy(p);
        return st;
    }
    *out = p;
    return ZURT_OK;
}

size_t zi_op_scratch_bytes(const zi_prepared *p)
{
    return p->scratch_bytes;
}

void zi_op_run(const zi_prepared *p, const zi_op_args *args)
{
    p->impl->run(p, args);
}

void zi_op_destroy(zi_prepared *p)
{
    if (!p)
        return;
    zurt_allocator allocator = p->allocator;
    zi_arena_clear(&p->arena);
    zi_free(&allocator, p);
}
