/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, constants and types. Ref: ONNX Reshape-14, Squeeze-13, Expand-13, Shape-15, Constant-13,
 * Range-11, Cast-13, Dropout-13. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

/* ---- views --------------------------------------------------------------------------------- */

/* With another batch than the model was made for, a view that gives up the batch axis could mix
 * the images of a batch without a shape that says so. */
static bool loses_batch(const zc_onnx *o, const zi_tensor *x, int32_t rank, const int32_t *dims)
{
    if (!zc_is_rebatched(o) || zi_tensor_is_const(x) || x->rank == 0 || x->dims[0] != o->batch_to)
        return false;
    return rank == 0 || dims[0] != o->batch_to;
}

static zurt_status define_view(zc_onnx *o, int32_t rank, const int32_t *dims)
{
    zi_id out;
    if (loses_batch(o, zc_input(o, 0), rank, dims))
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "a batch of %d is fixed inside the model; export it with batch %d",
                       (int)o->batch_from, (int)o->batch_to);
    zurt_status st = zc_emit_reshape(o, NULL, o->in[0], rank, dims, &out);
    return st ? st : zc_define(o, 0, out);
}

/* Final dims of a Reshape: 0 copies, -1 takes what is left. */
static zurt_status resolve_shape(zc_onnx *o, const zi_tensor *x, int64_t *shape, size_t n,
                                 bool allow_zero, int32_t *dims)
{
    int64_t known = 1, elems = (int64_t)zi_tensor_elems(x);
    size_t open = n;
    for (size_t i = 0; i < n; i++) {
        if (shape[i] == 0 && !allow_zero) {
            if (i >= (size_t)x->rank)
                return zc_fail(o, ZURT_E_FORMAT, "dim %zu is 0 but the input has rank %d", i,
                               (int)x->rank);
            shape[i] = x->dims[i];
        }
        if (shape[i] == -1 && open == n) {
            open = i;
        } else if (shape[i] < 0) {
            return zc_fail(o, ZURT_E_FORMAT, "dim %zu is %lld", i, (long long)shape[i]);
        } else {
            if (shape[i] > ZI_MAX_DIM || known > (int64_t)ZI_MAX_TENSOR_BYTES)
                return zc_fail(o, ZURT_E_LIMIT, "dim %zu is %lld", i, (long long)shape[i]);
            known *= shape[i];
        }
    }
    if (open < n) {
        shape[open] = known ? elems / known : 0;
        known *= shape[open];
    }
    if (open < n && known == elems && shape[open] > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "dim %zu becomes %lld, at most %d", open,
                       (long long)shape[open], (int)ZI_MAX_DIM);
    if (known != elems)
        return zc_fail(o, ZURT_E_FORMAT, "%lld elements do not fit the new shape%s",
                       (long long)elems,
                       zc_is_rebatched(o) ? "; the batch size is fixed inside the model" : "");
    for (size_t i = 0; i < n; i++)
        dims[i] = (int32_t)shape[i];
    return ZURT_OK;
}

zurt_status zc_op_reshape(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int64_t shape[ZURT_MAX_RANK];
    int32_t dims[ZURT_MAX_RANK];
    size_t n;
    bool allow_zero;
    zurt_status st = zc_attr_bool(o, "allowzero", false, &allow_zero);
    if (!st)
        st = zc_const_ints(o, 1, ZURT_MAX_RANK, shape, &n);
    if (st)
        return st;
    // A batch that the exporter wrote into the shape follows options.batch.
    const bool names_batch = o->batch_from && n && shape[0] == o->batch_from;
    if (names_batch && x.rank && x.dims[0] == o->batch_to)
        shape[0] = o->batch_to;
    st = resolve_shape(o, &x, shape, n, allow_zero, dims);
    return st ? st : define_view(o, (int32_t)n, dims);
}

zurt_status zc_op_flatten(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int32_t axis;
    int64_t flat[2] = {1, 1};
    zurt_status st = ZURT_OK;
    int64_t raw = 1;
    st = zc_attr_int(o, "axis", 1, &raw);
    if (st)
        return st;
    if (raw < -(int64_t)x.rank || raw > x.rank)
        return zc_fail(o, ZURT_E_FORMAT, "axis %lld of %d axes", (long long)raw, (int)x.rank);
    axis = (int32_t)(raw < 0 ? raw + x.rank : raw);
    for (int32_t i = 0; i < x.rank; i++)
        flat[i >= axis] *= x.dims[i];
    if (flat[0] > ZI_MAX_DIM || flat[1] > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "a dim of more than %d", (int)ZI_MAX_DIM);
    const int32_t dims[2] = {(int32_t)flat[0], (int32_t)flat[1]};
    return define_view(o, 2, dims);
}

/* Axes of Squeeze and Unsqueeze as bits. */
static zurt_status read_axes(zc_onnx *o, int32_t extra, uint32_t *bits, int32_t *range, bool *given)
{
    int64_t list[ZURT_MAX_RANK];
    size_t n;
    zurt_status st = zc_ints(o, 1, 13, "axes", ZURT_MAX_RANK, list, &n, given);
    *bits = 0;
    *range = zc_input(o, 0)->rank + (extra ? (int32_t)n : 0);
    if (!st && *range > ZURT_MAX_RANK)
        return zc_fail(o, ZURT_E_LIMIT, "result of rank %d, limit %d", (int)*range, ZURT_MAX_RANK);
    for (size_t i = 0; i < n && !st; i++) {
        int32_t axis;
        st = zc_axis(o, list[i], *range, &axis);
        if (!st && (*bits >> axis & 1))
            st = zc_fail(o, ZURT_E_FORMAT, "axis %d given twice", (int)axis);
        *bits |= st ? 0 : 1u << axis;
    }
    return st;
}

zurt_status zc_op_squeeze(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    uint32_t bits;
    int32_t range, dims[ZURT_MAX_RANK], rank = 0;
    bool given;
    zurt_status st = read_axes(o, 0, &bits, &range, &given);
    if (st)
        return st;
    for (int32_t i = 0; i < x.rank; i++) {
        bool out = given ? bits >> i & 1 : x.dims[i] == 1;
        if (out && x.dims[i] != 1)
            return zc_fail(o, ZURT_E_FORMAT, "axis %d has %d elements, not 1", (int)i,
                           (int)x.dims[i]);
        if (!out)
            dims[rank++] = x.dims[i];
    }
    return define_view(o, rank, dims);
}

zurt_status zc_op_unsqueeze(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    uint32_t bits;
    int32_t range, dims[ZURT_MAX_RANK], next = 0;
    bool given;
    zurt_status st = read_axes(o, 1, &bits, &range, &given);
    if (!st && !given)
        st = zc_fail(o, ZURT_E_FORMAT, "no axes");
    for (int32_t i = 0; i < range && !st; i++)
        dims[i] = bits >> i & 1 ? 1 : x.dims[next++];
    return st ? st : define_view(o, range, dims);
}

zurt_status zc_op_expand(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int64_t shape[ZURT_MAX_RANK];
    size_t n;
    zurt_status st = zc_const_ints(o, 1, ZURT_MAX_RANK, shape, &n);
    if (st)
        return st;
    zi_attr attr = {.shape.rank = (int32_t)n > x.rank ? (int32_t)n : x.rank};
    for (int32_t i = 0; i < attr.shape.rank; i++) {
        int32_t from_x = i - (attr.shape.rank - x.rank);
        int32_t from_shape = i - (attr.shape.rank - (int32_t)n);
        int64_t a = from_x >= 0 ? x.dims[from_x] : 1;
        int64_t b = from_shape >= 0 ? shape[from_shape] : 1;
        if (b < 0 || b > ZI_MAX_DIM || (a != b && a != 1 && b != 1))
            return zc_fail(o, ZURT_E_FORMAT, "dim %lld does not expand to %lld", (long long)a,
                           (long long)b);
        attr.shape.dims[i] = (int32_t)(a == 1 ? b : a);
    }
    zi_id out;
    st = zc_emit1(o, ZI_OP_Expand, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- constants ----------------------------------------------------------------------------- */

static zurt_status define_ints(zc_onnx *o, int32_t rank, int32_t n, const int64_t *values)
{
    zi_id out;
    void *data;
    zurt_status st = zc_fold_spend(o, (uint64_t)n * sizeof(*values));
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, o->name, ZURT_S64, rank, &n, NULL, &out, &data);
    for (int32_t i = 0; i < n && !st; i++)
        ((int64_t *)data)[i] = values[i];
    return st ? st : zc_define(o, 0, out);
}

static int64_t clamp_axis(int64_t axis, int32_t rank)
{
    axis = axis < 0 ? axis + rank : axis;
    return axis < 0 ? 0 : axis > rank ? rank : axis;
}

zurt_status zc_op_shape(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int64_t start, end, dims[ZURT_MAX_RANK];
    zurt_status st = zc_attr_int(o, "start", 0, &start);
    if (!st)
        st = zc_attr_int(o, "end", x.rank, &end);
    if (st)
        return st;
    start = clamp_axis(start, x.rank);
    end = clamp_axis(end, x.rank);
    int32_t n = 0;
    for (int64_t i = start; i < end; i++)
        dims[n++] = x.dims[i];
    return define_ints(o, 1, n, dims);
}

zurt_status zc_op_size(zc_onnx *o)
{
    int64_t elems = (int64_t)zi_tensor_elems(zc_input(o, 0));
    return define_ints(o, 0, 1, &elems);
}

static zurt_status constant_list(zc_onnx *o, const Onnx__AttributeProto *a, bool ints)
{
    size_t n = a->n_ints ? a->n_ints : a->n_floats;
    if (n > (size_t)ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "%zu values", n);
    if (ints)
        return define_ints(o, 1, (int32_t)a->n_ints, a->ints);
    const int32_t dims[1] = {(int32_t)a->n_floats};
    zi_id out;
    float *data;
    zurt_status st = zc_const_f32(o, 1, dims, &out, &data);
    if (!st && a->n_floats)
        memcpy(data, a->floats, a->n_floats * sizeof(*data));
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_constant(zc_onnx *o)
{
    enum { TENSOR, INT, FLOAT, INTS, FLOATS, N_KINDS };
    static const char *const names[N_KINDS] = {"value", "value_int", "value_float", "value_ints",
                                               "value_floats"};
    const Onnx__AttributeProto *a = NULL;
    int kind = 0; // by the name that was asked for: in a function the call's has another
    while (kind < N_KINDS && !(a = zc_attr(o, names[kind])))
        kind++;
    if (!a)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "no tensor or number as value; strings and sparse tensors are not taken");
    if (kind == INT)
        return define_ints(o, 0, 1, &a->i);
    if (kind == INTS || kind == FLOATS)
        return constant_list(o, a, kind == INTS);
    zi_id out;
    float *data;
    zurt_status st = ZURT_OK;
    if (kind == FLOAT)
        st = zc_const_f32(o, 0, NULL, &out, &data);
    else if (a->t)
        st = zc_tensor_const(o, a->t, o->name, &out);
    else
        st = zc_fail(o, ZURT_E_FORMAT, "attribute 'value' must be a tensor");
    if (!st && kind == FLOAT)
        *data = a->f;
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_constant_of_shape(zc_onnx *o)
{
    int64_t shape[ZURT_MAX_RANK];
    size_t n;
    zi_id value = ZI_NONE, out;
    float *zero;
    const Onnx__AttributeProto *a = zc_attr(o, "value");
    zurt_status st = zc_const_ints(o, 0, ZURT_MAX_RANK, shape, &n);
    if (!st && a && !a->t)
        st = zc_fail(o, ZURT_E_FORMAT, "attribute 'value' must be a tensor");
    if (!st)
        st =
            a ? zc_tensor_const(o, a->t, o->name, &value) : zc_const_f32(o, 0, NULL, &value, &zero);
    if (st)
        return st;
    if (zi_tensor_elems(&o->g->tensors[value]) != 1)
        return zc_fail(o, ZURT_E_FORMAT, "attribute 'value' must be one element");
    zi_attr attr = {.shape.rank = (int32_t)n};
    for (size_t i = 0; i < n; i++) {
        if (shape[i] < 0 || shape[i] > ZI_MAX_DIM)
            return zc_fail(o, ZURT_E_LIMIT, "dim %zu is %lld", i, (long long)shape[i]);
        attr.shape.dims[i] = (int32_t)shape[i];
    }
    st = zc_emit_reshape(o, "value", value, 0, NULL, &value);
    if (!st)
        st = zc_emit1(o, ZI_OP_Expand, NULL, &attr, value, &out);
    return st ? st : zc_define(o, 0, out);
}

static double range_operand(const zi_tensor *t)
{
    switch (t->dtype) {
    case ZURT_F32:
        return *(const float *)t->data;
    case ZURT_S64:
        return (double)*(const int64_t *)t->data;
    default:
        return *(const int32_t *)t->data;
    }
}

zurt_status zc_op_range(zc_onnx *o)
{
    zurt_dtype dtype = zc_input(o, 0)->dtype;
    double v[3];
    zc_attr_harmless(o, "stash_type"); // zurt computes in double
    if (dtype != ZURT_F32 && dtype != ZURT_S64 && dtype != ZURT_S32)
        return zc_fail(o, ZURT_E_UNSUPPORTED, "type %s", zurt_dtype_name(dtype));
    for (uint32_t i = 0; i < 3; i++) {
        zurt_status st = zc_need_const(o, i);
        if (st)
            return st;
        const zi_tensor *t = zc_input(o, i);
        if (t->dtype != dtype || zi_tensor_elems(t) != 1)
            return zc_fail(o, ZURT_E_FORMAT, "start, limit and delta must be numbers of one type");
        v[i] = range_operand(t);
    }
    double count = v[2] != 0 ? ceil((v[1] - v[0]) / v[2]) : NAN;
    if (!(count <= ZI_MAX_DIM))
        return zc_fail(o, ZURT_E_LIMIT, "range of more than %d elements", (int)ZI_MAX_DIM);
    int32_t n = count > 0 ? (int32_t)count : 0;
    uint64_t bytes = (uint64_t)n * zurt_dtype_bytes(dtype);
    zi_id out;
    void *data;
    zurt_status st = zc_fold_spend(o, bytes);
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, o->name, dtype, 1, &n, NULL, &out, &data);
    for (int32_t i = 0; i < n && !st; i++) {
        double value = v[0] + i * v[2];
        if (dtype == ZURT_F32)
            ((float *)data)[i] = (float)value;
        else if (dtype == ZURT_S64)
            ((int64_t *)data)[i] = (int64_t)value;
        else
            ((int32_t *)data)[i] = (int32_t)value;
    }
    return st ? st : zc_define(o, 0, out);
}

/* ---- the same values ----------------------------------------------------------------------- */

zurt_status zc_op_identity(zc_onnx *o)
{
    return zc_define(o, 0, o->in[0]);
}

/* Inference: values pass, and the mask keeps all. */
zurt_status zc_op_dropout(zc_onnx *o)
{
    zurt_status st = ZURT_OK;
    zc_attr_harmless(o, "ratio");
    zc_attr_harmless(o, "seed");
    if (zc_has(o, 2)) {
        float training = 0;
        st = zc_const_float(o, 2, &training);
        if (!st && training != 0)
            st = zc_fail(o, ZURT_E_UNSUPPORTED,
                         "training mode; export the model in inference (eval) mode");
    }
    if (!st)
        st = zc_define(o, 0, o->in[0]);
    if (st || !zc_is_used(o, 1))
        return st;
    const zi_tensor x = *zc_input(o, 0);
    zi_attr attr = {.shape.rank = x.rank};
    memcpy(attr.shape.dims, x.dims, sizeof(attr.shape.dims));
    void *data;
    zi_id mask;
    st = zi_graph_add_const(o->ctx, o->g, o->name, ZURT_BOOL, 0, NULL, NULL, &mask, &data);
    if (st)
        return st;
    *(uint8_t *)data = 1;
    st = zc_emit1(o, ZI_OP_Expand, "mask", &attr, mask, &mask);
    if (!st && o->opset < 10) // of the type of the data
        st = zc_emit_cast(o, "mask_real", mask, x.dtype, &mask);
    return st ? st : zc_define(o, 1, mask);
}

/* Attributes that count for float8 results, which zurt does not make. */
static void float8_only(const zc_onnx *o)
{
    zc_attr_harmless(o, "saturate");
    zc_attr_harmless(o, "round_mode");
}

zurt_status zc_op_cast(zc_onnx *o)
{
    int32_t to;
    zi_id out;
    zurt_status st = zc_attr_int32(o, "to", 0, 0, INT32_MAX, &to);
    if (st)
        return st;
    float8_only(o);
    zurt_dtype dtype = zc_dtype(to);
    if (dtype == ZURT_DTYPE_NONE || to == ONNX__TENSOR_PROTO__DATA_TYPE__INT16 ||
        to == ONNX__TENSOR_PROTO__DATA_TYPE__UINT16)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "to type %s; float, int8, uint8, int32, int64 and bool are taken",
                       zc_onnx_type_name(to));
    st = zc_emit_cast(o, NULL, o->in[0], dtype, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_cast_like(zc_onnx *o)
{
    zi_id out;
    float8_only(o);
    zurt_status st = zc_emit_cast(o, NULL, o->in[0], zc_input(o, 1)->dtype, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_control_flow(zc_onnx *o)
{
    return zc_fail(o, ZURT_E_UNSUPPORTED,
                   "control flow; export without it: trace the model with fixed shapes, or fold "
                   "its constants first");
}
