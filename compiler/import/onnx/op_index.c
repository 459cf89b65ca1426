/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX TopK-11, CumSum-14, GatherElements-13, GatherND-13, ScatterElements-18, MaxUnpool-11.
 */
#include <string.h>

#include "import/onnx/importer.h"

/* Input i as s64. */
static zurt_status wide_indices(zc_onnx *o, uint32_t i, zi_id *out)
{
    zurt_dtype dtype = zc_input(o, i)->dtype;
    if (dtype != ZURT_S64 && dtype != ZURT_S32)
        return zc_fail(o, ZURT_E_FORMAT, "indices of type %s", zurt_dtype_name(dtype));
    return zc_emit_cast(o, "indices", o->in[i], ZURT_S64, out);
}

/* k: an attribute before opset 10. */
static zurt_status read_k(zc_onnx *o, int32_t dim, int32_t *k)
{
    int64_t value = -1;
    size_t n = 1;
    zurt_status st = o->opset < 10 ? zc_attr_int(o, "k", -1, &value)
                     : zc_has(o, 1)
                         ? zc_const_ints(o, 1, 1, &value, &n)
                         : zc_fail(o, ZURT_E_FORMAT, "input 1, the number of values, is missing");
    if (!st && (n != 1 || value < 0 || value > dim))
        st = zc_fail(o, ZURT_E_FORMAT, "k is %lld, the axis has %d", (long long)value, (int)dim);
    *k = (int32_t)value;
    return st;
}

/* Indices first; they then take the values. */
zurt_status zc_op_top_k(zc_onnx *o)
{
    bool largest;
    const zi_tensor x = *zc_input(o, 0);
    zi_attr attr = {0};
    zi_id in[2] = {o->in[0], ZI_NONE}, out;
    zurt_status st = zc_attr_axis(o, "axis", -1, x.rank, &attr.top.axis);
    if (!st)
        st = zc_attr_bool(o, "largest", true, &largest);
    zc_attr_harmless(o, "sorted"); // they always are
    if (!st)
        st = read_k(o, x.dims[attr.top.axis], &attr.top.k);
    if (st)
        return st;
    attr.top.smallest = !largest;
    st = zc_emit1(o, ZI_OP_TopK, "indices", &attr, in[0], &in[1]);
    if (!st && zc_is_used(o, 1))
        st = zc_define(o, 1, in[1]);
    if (st || !zc_is_used(o, 0))
        return st;
    zi_attr along = {.axis = {.axis = attr.top.axis}};
    st = zc_emit(o, ZI_OP_GatherElements, NULL, &along, in, 2, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_cum_sum(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id out;
    int64_t axis = 0;
    size_t n;
    zurt_status st = zc_const_ints(o, 1, 1, &axis, &n);
    if (!st && n != 1)
        st = zc_fail(o, ZURT_E_FORMAT, "input 1 must be one axis");
    if (!st)
        st = zc_axis(o, axis, zc_input(o, 0)->rank, &attr.axis.axis);
    if (!st)
        st = zc_attr_bool(o, "exclusive", false, &attr.axis.keep_dims);
    if (!st)
        st = zc_attr_bool(o, "reverse", false, &attr.axis.select_last);
    if (!st)
        st = zc_emit1(o, ZI_OP_CumSum, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_gather_elements(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id in[2] = {o->in[0], ZI_NONE}, out;
    zurt_status st = zc_attr_axis(o, "axis", 0, zc_input(o, 0)->rank, &attr.axis.axis);
    if (!st)
        st = wide_indices(o, 1, &in[1]);
    if (!st)
        st = zc_emit(o, ZI_OP_GatherElements, NULL, &attr, in, 2, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_gather_nd(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id in[2] = {o->in[0], ZI_NONE}, out;
    if (zc_input(o, 1)->rank < 1)
        return zc_fail(o, ZURT_E_FORMAT, "the indices are no rows");
    zurt_status st = zc_attr_int32(o, "batch_dims", 0, 0, ZURT_MAX_RANK, &attr.axis.axis);
    if (!st)
        st = wide_indices(o, 1, &in[1]);
    if (!st)
        st = zc_emit(o, ZI_OP_GatherND, NULL, &attr, in, 2, &out);
    return st ? st : zc_define(o, 0, out);
}

static zurt_status read_reduction(zc_onnx *o, zi_scatter_reduction *out)
{
    int reduction = ZI_SCATTER_NONE;
    zurt_status st = zc_attr_choice(o, "reduction", "none", zi_scatter_reduction_words, &reduction);
    *out = (zi_scatter_reduction)reduction;
    return st;
}

/* Scatter too, its name before opset 11. */
zurt_status zc_op_scatter_elements(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id in[3] = {o->in[0], ZI_NONE, o->in[2]}, out;
    zurt_status st = zc_attr_axis(o, "axis", 0, zc_input(o, 0)->rank, &attr.scatter.axis);
    if (!st)
        st = read_reduction(o, &attr.scatter.reduction);
    if (!st)
        st = wide_indices(o, 1, &in[1]);
    if (!st)
        st = zc_emit(o, ZI_OP_ScatterElements, NULL, &attr, in, 3, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- MaxUnpool ------------------------------------------------------------------------------ */

/* The shape that the attributes give; an output_shape must be the same, as what the indices of
 * another one mean is not settled. */
static zurt_status unpooled_shape(zc_onnx *o, const zi_tensor *x, int32_t *dims)
{
    zc_window w;
    int64_t asked[ZURT_MAX_RANK];
    size_t n = 0;
    zurt_status st = zc_window_read(o, o->in[0], NULL, &w);
    if (!st && zc_has(o, 2))
        st = zc_const_ints(o, 2, ZURT_MAX_RANK, asked, &n);
    if (st)
        return st;
    for (int32_t i = 0; i < x->rank; i++) {
        int64_t dim = x->dims[i];
        int32_t s = i - (x->rank - w.n) + (2 - w.n); // spatial axes stand last
        if (i >= 2)
            dim = (dim - 1) * w.stride[s] + w.kernel[s] - w.pad[s] - w.pad[2 + s];
        if (dim < 0 || dim > ZI_MAX_DIM)
            return zc_fail(o, ZURT_E_FORMAT, "output dim %d would be %lld", (int)i, (long long)dim);
        dims[i] = (int32_t)dim;
        if (n && (n != (size_t)x->rank || asked[i] != dim))
            return zc_fail(o, ZURT_E_UNSUPPORTED,
                           "output_shape is not the shape that kernel, strides and pads give; "
                           "choose them so that it is, and leave it out");
    }
    return ZURT_OK;
}

/* The values go to their places in a flat tensor of zeros. */
zurt_status zc_op_max_unpool(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int32_t dims[ZURT_MAX_RANK];
    zi_id in[3], out;
    if (x.dtype != ZURT_F32 || !zi_tensor_same_shape(&x, zc_input(o, 1)))
        return zc_fail(o, ZURT_E_FORMAT, "float values and as many indices are needed");
    zurt_status st = unpooled_shape(o, &x, dims);
    if (st)
        return st;
    int64_t places = 1;
    for (int32_t i = 0; i < x.rank; i++)
        places = places > ZI_MAX_DIM ? places : places * dims[i];
    if (places > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "an output of more than %d elements", (int)ZI_MAX_DIM);
    const int32_t flat = (int32_t)places, count = (int32_t)zi_tensor_elems(&x);
    zi_attr attr = {.shape = {.rank = 1, .dims = {flat}}};
    st = zc_const_like(o, o->in[0], 0, &in[0]);
    if (!st)
        st = zc_emit1(o, ZI_OP_Expand, "zeros", &attr, in[0], &in[0]);
    if (!st)
        st = wide_indices(o, 1, &in[1]);
    if (!st)
        st = zc_emit_reshape(o, "places", in[1], 1, &count, &in[1]);
    if (!st)
        st = zc_emit_reshape(o, "values", o->in[0], 1, &count, &in[2]);
    attr = (zi_attr){.scatter = {.axis = 0}};
    if (!st)
        st = zc_emit(o, ZI_OP_ScatterElements, "flat", &attr, in, 3, &out);
    if (!st)
        st = zc_emit_reshape(o, NULL, out, x.rank, dims, &out);
    return st ? st : zc_define(o, 0, out);
}
