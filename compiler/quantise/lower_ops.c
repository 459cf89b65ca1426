/* SPDX-License-Identifier: Apache-2.0 */
/* The int8 form of each op between its Dequantize and Quantize nodes. */
#include <stdlib.h>

#include "base/alloc.h"
#include "ops/lut.h"
#include "quantise/lower.h"

/** The s8 tensor that stands for the output of a Quantize node. */
static zurt_status s8_of_quantised(zc_lowering *l, zi_id q, zi_id *out)
{
    *out = q;
    if (l->g->tensors[q].dtype == ZURT_S8)
        return ZURT_OK;
    zurt_status st = zc_lower_tensor(l, q, zc_qparam_of(&l->g->tensors[q]), out);
    if (!st)
        l->form[q] = *out;
    return st;
}

/** Parameters that the readers of `tensor` agree on; false if they do not. */
static bool wanted(const zc_lowering *l, zi_id tensor, zc_qparam *out)
{
    zi_id q = l->quantised_to[tensor];
    if (q != ZI_NONE)
        *out = zc_qparam_of(&l->g->tensors[q]);
    return q != ZI_NONE;
}

/** An s8 tensor with parameters p to hold `tensor`: the one its readers want, if they match. */
static zurt_status out_tensor(zc_lowering *l, zi_id tensor, zc_qparam p, zi_id *out)
{
    zc_qparam w;
    if (wanted(l, tensor, &w) && zc_qparam_equal(w, p))
        return s8_of_quantised(l, l->quantised_to[tensor], out);
    return zc_lower_tensor(l, tensor, p, out);
}

/** Emits a node of one output with parameters p; notes the form. */
static zurt_status emit_to(zc_lowering *l, const zi_node *n, zi_op op, const zi_id *in,
                           uint32_t n_in, zc_qparam p, bool *done)
{
    zi_id out;
    zurt_status st = out_tensor(l, n->out[0], p, &out);
    if (!st)
        st = zc_lower_emit(l, n, op, in, n_in, &out, 1, done);
    if (!st && *done)
        l->form[n->out[0]] = out;
    return st;
}

/** Form of a data operand: s8, one scale. Constants that are still f32 are quantised to fit. */
static zurt_status operand(zc_lowering *l, zi_id tensor, zi_id *out)
{
    *out = ZI_NONE;
    if (tensor == ZI_NONE)
        return ZURT_OK;
    const zi_tensor *t = &l->g->tensors[tensor];
    if (t->dtype == ZURT_F32 && zi_tensor_is_const(t))
        return zc_lower_const_fit(l, tensor, out);
    zurt_status st = zc_lower_form(l, tensor, out);
    if (!st && *out != ZI_NONE &&
        (l->g->tensors[*out].dtype != ZURT_S8 || l->g->tensors[*out].quant.n != 1))
        *out = ZI_NONE;
    return st;
}

/* ---- movement ---- */

/** A weight seen through Transpose or Reshape. */
static zurt_status lower_const_move(zc_lowering *l, const zi_node *n, zi_id in)
{
    zi_id out = ZI_NONE;
    bool done = true;
    zurt_status st = ZURT_OK;
    if (n->op == ZI_OP_Transpose)
        st = zc_lower_const_transpose(l, in, n->attr.perm.perm, &out);
    else if (n->op == ZI_OP_Reshape)
        st = zc_lower_const_reshape(l, in, n->attr.shape.rank, n->attr.shape.dims, &out, &done);
    if (!st && done)
        l->form[n->out[0]] = out; // the node itself is left to float readers, if there are any
    return st;
}

static zurt_status lower_move(zc_lowering *l, const zi_node *n, bool *done)
{
    zi_id in[2], out[16], *outs = out;
    zurt_status st = zc_lower_form(l, n->in[0], &in[0]);
    if (st || in[0] == ZI_NONE || n->n_in > 2)
        return st;
    const zi_tensor *t = &l->g->tensors[in[0]];
    if (zi_tensor_is_const(t))
        return lower_const_move(l, n, in[0]);
    if (l->g->tensors[n->out[0]].dtype == ZURT_S8 || t->quant.n != 1)
        return ZURT_OK; // moves s8 already
    in[1] = n->n_in > 1 ? n->in[1] : ZI_NONE;
    zc_qparam p = zc_qparam_of(t);
    if (n->n_out > 16)
        outs = zi_calloc(&l->ctx->allocator, n->n_out, sizeof(*outs));
    if (!outs)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "lowering '%s': out of memory", n->name);
    for (uint32_t i = 0; !st && i < n->n_out; i++)
        st = out_tensor(l, n->out[i], p, &outs[i]);
    if (!st)
        st = zc_lower_emit(l, n, n->op, in, n->n_in, outs, n->n_out, done);
    for (uint32_t i = 0; !st && *done && i < n->n_out; i++)
        l->form[n->out[i]] = outs[i];
    if (outs != out)
        zi_free(&l->ctx->allocator, outs);
    return st;
}

static zurt_status lower_concat(zc_lowering *l, const zi_node *n, bool *done)
{
    zi_id *in = zi_calloc(&l->ctx->allocator, n->n_in, sizeof(*in));
    if (!in)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "lowering '%s': out of memory", n->name);
    bool all = true, equal = true;
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; !st && all && i < n->n_in; i++) {
        st = operand(l, n->in[i], &in[i]);
        all = in[i] != ZI_NONE;
        equal = equal && all &&
                zc_qparam_equal(zc_qparam_of(&l->g->tensors[in[i]]),
                                zc_qparam_of(&l->g->tensors[in[0]]));
    }
    zc_qparam p;
    if (!st && all) {
        if (!wanted(l, n->out[0], &p) && equal) {
            p = zc_qparam_of(&l->g->tensors[in[0]]);
            st = emit_to(l, n, n->op, in, n->n_in, p, done);
        } else if (wanted(l, n->out[0], &p)) {
            st = emit_to(l, n, n->op, in, n->n_in, p, done);
        }
    }
    zi_free(&l->ctx->allocator, in);
    return st;
}

/* ---- arithmetic ---- */

/** s8 [O,I] weights of a MatMul by a constant [I,O]. */
static zurt_status matmul_weights(zc_lowering *l, zi_id *w)
{
    static const int32_t swap[ZURT_MAX_RANK] = {1, 0};
    return zc_lower_const_transpose(l, *w, swap, w);
}

static bool weights_fit(zc_lowering *l, const zi_node *n, zi_id w, bool is_matmul)
{
    const zi_tensor *t = &l->g->tensors[w];
    int32_t axis = is_matmul ? 1 : 0;
    if (t->dtype == ZURT_S8 && zi_tensor_is_const(t) && (!is_matmul || t->rank == 2) &&
        (t->quant.n == 1 || t->quant.axis == axis))
        return true;
    zi_fail(l->ctx, ZURT_E_UNSUPPORTED, "weights of '%s' are not quantised per output channel",
            n->name);
    return false;
}

/** No accumulator can overflow, as zi_graph_check() demands; a bias made for weights that are all
 *  but zero may be too large for it. */
static bool sums_fit(zc_lowering *l, const zi_node *n, zi_id weights, zi_id bias)
{
    const zi_tensor *w = &l->g->tensors[weights];
    const int8_t *q = w->data;
    const int32_t *b = bias != ZI_NONE ? l->g->tensors[bias].data : NULL;
    size_t channels = (size_t)w->dims[0], row = channels ? zi_tensor_elems(w) / channels : 0;
    for (size_t c = 0; c < channels; c++) {
        int32_t zero = w->quant.zero_point[w->quant.n > 1 ? c : 0];
        int64_t sum = 0;
        for (size_t i = 0; i < row; i++)
            sum += abs(q[c * row + i] - zero);
        if (sum * 255 + (b ? llabs((long long)b[c]) : 0) <= INT32_MAX)
            continue;
        zi_fail(l->ctx, ZURT_E_UNSUPPORTED, "sums of output channel %zu of '%s' exceed 32 bits", c,
                n->name);
        return false;
    }
    return true;
}

static zurt_status lower_linear(zc_lowering *l, const zi_node *n, bool *done)
{
    zi_id in[3] = {ZI_NONE, ZI_NONE, ZI_NONE};
    zc_qparam p;
    bool is_matmul = n->op == ZI_OP_MatMul, fits = true;
    zurt_status st = operand(l, n->in[0], &in[0]);
    if (!st && in[0] != ZI_NONE)
        st = zc_lower_form(l, n->in[1], &in[1]);
    if (st || in[0] == ZI_NONE || in[1] == ZI_NONE || !wanted(l, n->out[0], &p) ||
        !weights_fit(l, n, in[1], is_matmul))
        return st;
    if (is_matmul)
        st = matmul_weights(l, &in[1]);
    uint32_t n_in = 2;
    if (!st && n->n_in > 2 && n->in[2] != ZI_NONE) {
        zi_id bias = n->in[2];
        n_in = 3;
        if (l->g->tensors[bias].dtype != ZURT_F32 || !zi_tensor_is_const(&l->g->tensors[bias]))
            st = zc_lower_form(l, bias, &bias);
        if (st || bias == ZI_NONE || !zi_tensor_is_const(&l->g->tensors[bias]))
            return st;
        st = zc_lower_const_coarsen(l, in[0], bias, &in[1]);
        if (st)
            return st;
        st = zc_lower_const_bias(l, bias, in[0], in[1], &in[2], &fits);
    }
    if (st || !fits || !sums_fit(l, n, in[1], in[2]))
        return st;
    return emit_to(l, n, is_matmul ? ZI_OP_FullyConnected : n->op, in, n_in, p, done);
}

static zurt_status lower_unary(zc_lowering *l, const zi_node *n, bool *done)
{
    zi_id in[2];
    zc_qparam p;
    zurt_status st = operand(l, n->in[0], &in[0]);
    if (st || in[0] == ZI_NONE || !wanted(l, n->out[0], &p))
        return st;
    int32_t size = 256;
    void *table;
    st = zi_graph_add_const(l->ctx, l->g, n->name, ZURT_S8, 1, &size, NULL, &in[1], &table);
    if (st)
        return st;
    zc_qparam x = zc_qparam_of(&l->g->tensors[in[0]]);
    zi_node lut = *n;
    lut.attr.lut = (zi_attr_lut){.op = n->op, .unary = n->attr.unary};
    if (!zi_lut_fill(n->op, &n->attr.unary, x.scale, x.zero_point, p.scale, p.zero_point, table))
        return ZURT_OK;
    return emit_to(l, &lut, ZI_OP_Lut, in, 2, p, done);
}

static zurt_status lower_binary(zc_lowering *l, const zi_node *n, bool *done)
{
    zi_id in[2] = {ZI_NONE, ZI_NONE};
    zc_qparam p;
    if (!wanted(l, n->out[0], &p))
        return ZURT_OK;
    zurt_status st = operand(l, n->in[0], &in[0]);
    if (!st && in[0] != ZI_NONE)
        st = operand(l, n->in[1], &in[1]);
    if (st || in[1] == ZI_NONE)
        return st;
    return emit_to(l, n, n->op, in, 2, p, done);
}

/** True if `tensor` was a uint8 tensor of the model. */
static bool was_u8(const zc_lowering *l, zi_id tensor)
{
    zi_id q = l->quantised_to[tensor];
    return q != ZI_NONE && l->g->tensors[q].dtype == ZURT_U8;
}

/** Ops of one data input; ArgMax and its like need no parameters: they give plain integers. */
static zurt_status lower_simple(zc_lowering *l, const zi_node *n, bool *done)
{
    zi_id in;
    zc_qparam p;
    zurt_status st = operand(l, n->in[0], &in);
    if (st || in == ZI_NONE || n->n_in != 1)
        return st;
    if (l->g->tensors[n->out[0]].dtype != ZURT_F32)
        return zc_lower_emit(l, n, n->op, &in, 1, n->out, 1, done);
    if (!wanted(l, n->out[0], &p))
        return ZURT_OK;
    zi_node pool = *n;
    if (n->op == ZI_OP_AveragePool)
        pool.attr.pool.ties_up =
            was_u8(l, n->out[0]) && zc_qparam_equal(p, zc_qparam_of(&l->g->tensors[in]));
    return emit_to(l, &pool, n->op, &in, 1, p, done);
}

zurt_status zc_lower_node(zc_lowering *l, const zi_node *n, bool *done)
{
    *done = false;
    const zi_op_info *info = zi_op_get((uint32_t)n->op);
    if (n->op == ZI_OP_Conv || n->op == ZI_OP_ConvTranspose || n->op == ZI_OP_FullyConnected ||
        n->op == ZI_OP_MatMul)
        return lower_linear(l, n, done);
    if (n->op == ZI_OP_Concat)
        return lower_concat(l, n, done);
    if (info->flags & ZI_OPF_BINARY)
        return lower_binary(l, n, done);
    if ((info->flags & ZI_OPF_MOVE) ||
        (n->op == ZI_OP_Resize && n->attr.resize.mode == ZI_RESIZE_NEAREST))
        return lower_move(l, n, done);
    if ((info->flags & ZI_OPF_MAP) && n->op != ZI_OP_Lut && n->op != ZI_OP_Not)
        return lower_unary(l, n, done);
    if (info->in_max == 1 && info->out_max == 1 && n->op != ZI_OP_Cast)
        return lower_simple(l, n, done);
    return ZURT_OK;
}
