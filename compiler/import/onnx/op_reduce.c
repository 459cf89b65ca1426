/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX ReduceSum-13, ReduceMean-18 and their kin, ArgMax-13, Softmax-13. */
#include <float.h>
#include <string.h>

#include "import/onnx/importer.h"

typedef struct reduction {
    uint32_t axes;
    bool keep_dims;
    bool nothing; /* no axes and noop_with_empty_axes */
} reduction;

static zurt_status read_reduction(zc_onnx *o, reduction *r)
{
    int64_t since = strcmp(o->node->op_type, "ReduceSum") == 0 ? 13 : 18;
    int32_t rank = zc_input(o, 0)->rank;
    int64_t list[ZURT_MAX_RANK];
    size_t n = 0;
    bool given, noop;
    *r = (reduction){0, true, false};
    zurt_status st = zc_attr_bool(o, "keepdims", true, &r->keep_dims);
    if (!st)
        st = zc_attr_bool(o, "noop_with_empty_axes", false, &noop);
    if (!st)
        st = zc_ints(o, 1, since, "axes", ZURT_MAX_RANK, list, &n, &given);
    for (size_t i = 0; i < n && !st; i++) {
        int32_t axis;
        st = zc_axis(o, list[i], rank, &axis);
        r->axes |= 1u << axis;
    }
    if (!st && n == 0) {
        r->nothing = noop || rank == 0;
        r->axes = r->nothing ? 0 : (1u << rank) - 1;
    }
    return st;
}

/* Over no axes the value stays; the result is still a tensor of its own. */
static zurt_status reduce(zc_onnx *o, zi_op op, const reduction *r, zi_id x, zi_id *out)
{
    if (r->axes)
        return zc_emit_reduce(o, op, NULL, x, r->axes, r->keep_dims, out);
    *out = x;
    return ZURT_OK;
}

zurt_status zc_op_reduce(zc_onnx *o)
{
    reduction r;
    zi_id out;
    zurt_status st = read_reduction(o, &r);
    if (!st)
        st = reduce(o, o->row->op, &r, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* log(sum(e^(x - m))) + m, with m the largest, so that nothing overflows; no infinity, whose
 * distance from itself is no number. */
static zurt_status log_sum_exp(zc_onnx *o, const reduction *r, zi_id x, zi_id *out)
{
    zi_id m, sum;
    reduction kept = {r->axes, true, r->nothing};
    zi_attr finite = {.unary = {.alpha = -FLT_MAX, .beta = FLT_MAX}};
    zurt_status st = reduce(o, ZI_OP_ReduceMax, &kept, x, &m);
    if (!st)
        st = zc_emit1(o, ZI_OP_Clip, "finite", &finite, m, &m);
    if (!st)
        st = zc_emit2(o, ZI_OP_Sub, "shifted", x, m, out);
    if (!st)
        st = zc_emit1(o, ZI_OP_Exp, "exp", NULL, *out, out);
    if (!st)
        st = reduce(o, ZI_OP_ReduceSum, &kept, *out, &sum);
    if (!st)
        st = zc_emit1(o, ZI_OP_Log, "log", NULL, sum, &sum);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "sum", sum, m, out);
    if (st || r->keep_dims || !r->axes)
        return st;
    const zi_tensor t = o->g->tensors[*out];
    int32_t dims[ZURT_MAX_RANK], rank = 0;
    for (int32_t i = 0; i < t.rank; i++) {
        if (!(r->axes >> i & 1))
            dims[rank++] = t.dims[i];
    }
    return zc_emit_reshape(o, "squeezed", *out, rank, dims, out);
}

/* ReduceL1, ReduceL2, ReduceSumSquare, ReduceLogSum, ReduceLogSumExp. */
zurt_status zc_op_reduce_composed(zc_onnx *o)
{
    const char *kind = o->node->op_type + strlen("Reduce");
    reduction r;
    zi_id x = o->in[0], out;
    zurt_status st = read_reduction(o, &r);
    if (st)
        return st;
    if (strcmp(kind, "LogSumExp") == 0) {
        st = log_sum_exp(o, &r, x, &out);
        return st ? st : zc_define(o, 0, out);
    }
    if (strcmp(kind, "L1") == 0)
        st = zc_emit1(o, ZI_OP_Abs, "abs", NULL, x, &x);
    else if (strcmp(kind, "LogSum") != 0)
        st = zc_emit2(o, ZI_OP_Mul, "square", x, x, &x);
    if (!st)
        st = reduce(o, ZI_OP_ReduceSum, &r, x, &out);
    if (!st && strcmp(kind, "L2") == 0)
        st = zc_emit1(o, ZI_OP_Sqrt, "root", NULL, out, &out);
    else if (!st && strcmp(kind, "LogSum") == 0)
        st = zc_emit1(o, ZI_OP_Log, "log", NULL, out, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_arg(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id out;
    zurt_status st = zc_attr_axis(o, "axis", 0, zc_input(o, 0)->rank, &attr.axis.axis);
    if (!st)
        st = zc_attr_bool(o, "keepdims", true, &attr.axis.keep_dims);
    if (!st)
        st = zc_attr_bool(o, "select_last_index", false, &attr.axis.select_last);
    if (!st)
        st = zc_emit1(o, o->row->op, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

static zurt_status flat_softmax(zc_onnx *o, zi_op op, int32_t axis, zi_id *out)
{
    const zi_tensor t = *zc_input(o, 0);
    zi_attr attr = {.axis = {.axis = 1}};
    zurt_status st = zc_emit_rows(o, o->in[0], axis, out);
    if (!st)
        st = zc_emit1(o, op, NULL, &attr, *out, out);
    return st ? st : zc_emit_reshape(o, "shaped", *out, t.rank, t.dims, out);
}

zurt_status zc_op_softmax(zc_onnx *o)
{
    zi_op op = o->row->op;
    const zi_tensor t = *zc_input(o, 0);
    zi_attr attr = {0};
    zi_id out;
    zurt_status st = zc_attr_axis(o, "axis", o->opset < 13 ? 1 : -1,
                                  o->opset < 13 && t.rank == 1 ? 2 : t.rank, &attr.axis.axis);
    if (st)
        return st;
    bool one_axis = true; // nothing behind the axis to flatten
    for (int32_t i = attr.axis.axis + 1; i < t.rank; i++)
        one_axis = one_axis && t.dims[i] == 1;
    if (o->opset < 13 && (!one_axis || attr.axis.axis >= t.rank))
        st = flat_softmax(o, op, attr.axis.axis, &out);
    else
        st = zc_emit1(o, op, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}
