/* SPDX-License-Identifier: Apache-2.0 */
/* Masks and selections, composed from comparisons and Where.
 * Ref: ONNX IsNaN-13, IsInf-10, Hardmax-13, OneHot-11, Trilu-14, Shrink-9, EyeLike-9. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

/* A constant of this operator's own making, counted as one that is folded. */
static zurt_status made_const(zc_onnx *o, zurt_dtype dtype, int32_t rank, const int32_t *dims,
                              zi_id *out, void **data)
{
    uint64_t bytes = zurt_dtype_bytes(dtype);
    for (int32_t i = 0; i < rank; i++) {
        uint64_t n = (uint64_t)dims[i];
        bytes = n && bytes > UINT64_MAX / n ? UINT64_MAX : bytes * n;
    }
    zurt_status st = zc_fold_spend(o, bytes);
    return st ? st : zi_graph_add_const(o->ctx, o->g, o->name, dtype, rank, dims, NULL, out, data);
}

/* Only a NaN differs from itself. */
zurt_status zc_op_is_nan(zc_onnx *o)
{
    zi_id out;
    zurt_status st = zc_emit2(o, ZI_OP_Equal, "equal", o->in[0], o->in[0], &out);
    if (!st)
        st = zc_emit1(o, ZI_OP_Not, NULL, NULL, out, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_is_inf(zc_onnx *o)
{
    bool negative, positive;
    zi_id x = o->in[0], bound, out;
    if (zc_input(o, 0)->dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zurt_status st = zc_attr_bool(o, "detect_negative", true, &negative);
    if (!st)
        st = zc_attr_bool(o, "detect_positive", true, &positive);
    if (!st && negative && positive)
        st = zc_emit1(o, ZI_OP_Abs, "abs", NULL, x, &x);
    if (!st) // nothing equals a NaN
        st = zc_const_scalar(o, positive ? INFINITY : negative ? -INFINITY : NAN, &bound);
    if (!st)
        st = zc_emit2(o, ZI_OP_Equal, NULL, x, bound, &out);
    return st ? st : zc_define(o, 0, out);
}

/* 0, 1, ... n - 1 along `axis` of a tensor of `rank` axes. */
static zurt_status count_along(zc_onnx *o, int32_t n, int32_t axis, int32_t rank, zi_id *out)
{
    int32_t dims[ZURT_MAX_RANK] = {n, 1, 1, 1, 1, 1, 1, 1};
    void *data;
    zurt_status st = made_const(o, ZURT_S64, rank - axis, dims, out, &data);
    for (int32_t i = 0; i < n && !st; i++)
        ((int64_t *)data)[i] = i;
    return st;
}

/* 1 at the first largest, else 0. Before opset 13 the axes from `axis` on are one. */
zurt_status zc_op_hardmax(zc_onnx *o)
{
    const zi_tensor t = *zc_input(o, 0);
    zi_id x = o->in[0], places, out;
    int32_t axis, rank = t.rank;
    if (t.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zurt_status st = zc_attr_axis(o, "axis", o->opset < 13 ? 1 : -1, t.rank, &axis);
    if (st)
        return st;
    if (zi_tensor_elems(&t) == 0)
        return zc_define(o, 0, x);
    if (o->opset < 13) {
        st = zc_emit_rows(o, x, axis, &x);
        axis = 1;
        rank = 2;
    }
    zi_attr attr = {.axis = {.axis = axis, .keep_dims = true}};
    if (!st)
        st = count_along(o, o->g->tensors[x].dims[axis], axis, rank, &places);
    if (!st)
        st = zc_emit1(o, ZI_OP_ArgMax, "largest", &attr, x, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Equal, "equal", out, places, &out);
    if (!st)
        st = zc_emit_cast(o, NULL, out, ZURT_F32, &out);
    if (!st && o->opset < 13)
        st = zc_emit_reshape(o, "shaped", out, t.rank, t.dims, &out);
    return st ? st : zc_define(o, 0, out);
}

/* Indices as s64, those from the end counted from the start. */
static zurt_status plain_indices(zc_onnx *o, int32_t depth, zi_id *out)
{
    zi_id zero, size, negative, moved;
    zurt_status st = zc_emit_cast(o, "indices", o->in[0], ZURT_S64, out);
    if (!st)
        st = zc_const_like(o, *out, 0, &zero);
    if (!st)
        st = zc_const_like(o, *out, depth, &size);
    if (!st)
        st = zc_emit2(o, ZI_OP_Less, "negative", *out, zero, &negative);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "from_end", *out, size, &moved);
    const zi_id in[3] = {negative, moved, *out};
    return st ? st : zc_emit(o, ZI_OP_Where, "wrapped", NULL, in, 3, out);
}

/* Element i of the list in input 2, as a scalar. */
static zurt_status value_at(zc_onnx *o, int32_t i, const char *tag, zi_id *out)
{
    zi_attr attr = {.slice = {.start = {i}, .step = {1}, .count = {1}}};
    zurt_status st = zc_emit1(o, ZI_OP_Slice, tag, &attr, o->in[2], out);
    return st ? st : zc_emit_reshape(o, tag, *out, 0, NULL, out);
}

zurt_status zc_op_one_hot(zc_onnx *o)
{
    const zi_tensor t = *zc_input(o, 0);
    float depth;
    int32_t axis, dims[ZURT_MAX_RANK];
    zi_id indices, places, hit, on, off, out;
    zurt_status st = zc_const_float(o, 1, &depth);
    if (!st && (!(depth >= 1.0f) || depth > (float)ZI_MAX_DIM || floorf(depth) != depth))
        st = zc_fail(o, ZURT_E_FORMAT, "a depth of %g", (double)depth);
    if (!st && (zc_input(o, 2)->rank != 1 || zc_input(o, 2)->dims[0] != 2))
        st = zc_fail(o, ZURT_E_FORMAT, "the values must be [off, on]");
    if (!st && t.rank == ZURT_MAX_RANK)
        st = zc_fail(o, ZURT_E_LIMIT, "a result of more than %d axes", ZURT_MAX_RANK);
    if (!st)
        st = zc_attr_axis(o, "axis", -1, t.rank + 1, &axis);
    if (!st)
        st = plain_indices(o, (int32_t)depth, &indices);
    if (st)
        return st;
    for (int32_t i = 0; i <= t.rank; i++)
        dims[i] = i == axis ? 1 : t.dims[i - (i > axis)];
    st = zc_emit_reshape(o, "apart", indices, t.rank + 1, dims, &indices);
    if (!st)
        st = count_along(o, (int32_t)depth, axis, t.rank + 1, &places);
    if (!st)
        st = zc_emit2(o, ZI_OP_Equal, "hit", indices, places, &hit);
    if (!st)
        st = value_at(o, 1, "on", &on);
    if (!st)
        st = value_at(o, 0, "off", &off);
    const zi_id in[3] = {hit, on, off};
    if (!st)
        st = zc_emit(o, ZI_OP_Where, NULL, NULL, in, 3, &out);
    return st ? st : zc_define(o, 0, out);
}

/* A constant mask on the last two axes, and zeros elsewhere: an infinite value stays out. */
zurt_status zc_op_trilu(zc_onnx *o)
{
    const zi_tensor t = *zc_input(o, 0);
    int64_t k = 0;
    size_t n = 1;
    bool upper;
    zi_id in[3] = {ZI_NONE, o->in[0], ZI_NONE}, out;
    void *data;
    if (t.rank < 2)
        return zc_fail(o, ZURT_E_FORMAT, "an input of rank %d is no matrix", (int)t.rank);
    zurt_status st = zc_attr_bool(o, "upper", true, &upper);
    if (!st && zc_has(o, 1))
        st = zc_const_ints(o, 1, 1, &k, &n);
    if (!st && n != 1)
        st = zc_fail(o, ZURT_E_FORMAT, "input 1 must be one integer");
    if (!st)
        st = made_const(o, ZURT_BOOL, 2, &t.dims[t.rank - 2], &in[0], &data);
    if (st)
        return st;
    const int64_t rows = t.dims[t.rank - 2], columns = t.dims[t.rank - 1];
    k = k > 2 * (int64_t)ZI_MAX_DIM ? 2 * (int64_t)ZI_MAX_DIM : k;
    k = k < -2 * (int64_t)ZI_MAX_DIM ? -2 * (int64_t)ZI_MAX_DIM : k;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++)
            ((uint8_t *)data)[i * columns + j] = upper ? j >= i + k : j <= i + k;
    }
    st = zc_const_like(o, in[1], 0, &in[2]);
    if (!st)
        st = zc_emit(o, ZI_OP_Where, NULL, NULL, in, 3, &out);
    return st ? st : zc_define(o, 0, out);
}

/* x < -lambd ? x + bias : x > lambd ? x - bias : 0 */
zurt_status zc_op_shrink(zc_onnx *o)
{
    float lambd, bias;
    zi_id x = o->in[0], low, high, by, zero, below, above, less, more, out;
    if (zc_input(o, 0)->dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_UNSUPPORTED, "an input of type %s; float is taken",
                       zurt_dtype_name(zc_input(o, 0)->dtype));
    zurt_status st = zc_attr_float(o, "lambd", 0.5f, &lambd);
    if (!st)
        st = zc_attr_float(o, "bias", 0.0f, &bias);
    if (!st)
        st = zc_const_scalar(o, -lambd, &low);
    if (!st)
        st = zc_const_scalar(o, lambd, &high);
    if (!st)
        st = zc_const_scalar(o, bias, &by);
    if (!st)
        st = zc_const_scalar(o, 0.0f, &zero);
    if (!st)
        st = zc_emit2(o, ZI_OP_Less, "below", x, low, &below);
    if (!st)
        st = zc_emit2(o, ZI_OP_Greater, "above", x, high, &above);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "raised", x, by, &less);
    if (!st)
        st = zc_emit2(o, ZI_OP_Sub, "lowered", x, by, &more);
    const zi_id upper[3] = {above, more, zero};
    if (!st)
        st = zc_emit(o, ZI_OP_Where, "upper", NULL, upper, 3, &out);
    const zi_id all[3] = {below, less, out};
    if (!st)
        st = zc_emit(o, ZI_OP_Where, NULL, NULL, all, 3, &out);
    return st ? st : zc_define(o, 0, out);
}

/* Ones on a diagonal: a constant of the input's shape. */
zurt_status zc_op_eye_like(zc_onnx *o)
{
    const zi_tensor t = *zc_input(o, 0);
    int32_t k, type;
    void *data;
    zi_id out;
    if (t.rank != 2)
        return zc_fail(o, ZURT_E_FORMAT, "an input of rank %d is no matrix", (int)t.rank);
    zurt_status st = zc_attr_int32(o, "k", 0, -ZI_MAX_DIM, ZI_MAX_DIM, &k);
    if (!st)
        st = zc_attr_int32(o, "dtype", 0, 0, INT32_MAX, &type);
    const zurt_dtype dtype = st || !type ? t.dtype : zc_dtype(type);
    if (!st && zurt_dtype_bytes(dtype) == 0)
        st = zc_fail(o, ZURT_E_UNSUPPORTED, "a result of type %s", zc_onnx_type_name(type));
    if (!st)
        st = made_const(o, ZURT_F32, 2, t.dims, &out, &data);
    for (int64_t i = 0; i < t.dims[0] && !st; i++) {
        if (i + k >= 0 && i + k < t.dims[1])
            ((float *)data)[i * t.dims[1] + i + k] = 1.0f;
    }
    if (!st)
        st = zc_emit_cast(o, NULL, out, dtype, &out);
    return st ? st : zc_define(o, 0, out);
}
