/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are made of others here. Ref: ONNX Mod-28, ScatterND-18, PRelu-16. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

/* ---- Mod ------------------------------------------------------------------------------------ */

/* Both operands, constants, in their common shape. */
static zurt_status common_shape(zc_onnx *o, zi_id *a, zi_id *b)
{
    zi_id sum;
    zurt_status st = zc_emit2(o, ZI_OP_Add, "shape", *a, *b, &sum);
    if (st)
        return st;
    const zi_tensor t = o->g->tensors[sum];
    zi_attr attr = {.shape.rank = t.rank};
    memcpy(attr.shape.dims, t.dims, sizeof(attr.shape.dims));
    st = zc_emit1(o, ZI_OP_Expand, "a", &attr, *a, a);
    return st ? st : zc_emit1(o, ZI_OP_Expand, "b", &attr, *b, b);
}

/* The remainder of a division toward zero, or with the sign of the divisor. */
static float remainder_of(float a, float b, bool is_fmod)
{
    float r = fmodf(a, b);
    bool moves = !is_fmod && r != 0.0f && (r < 0.0f) != (b < 0.0f);
    return moves ? r + b : r;
}

/* The remainder of floats cannot be composed exactly, so it is taken of constants only. */
static zurt_status mod_floats(zc_onnx *o, bool is_fmod, zi_id *out)
{
    zi_id a, b;
    float *data;
    zurt_status st = zc_need_const(o, 0);
    if (!st)
        st = zc_need_const(o, 1);
    a = o->in[0];
    b = o->in[1];
    if (!st)
        st = common_shape(o, &a, &b);
    if (st)
        return st;
    const zi_tensor ta = o->g->tensors[a], tb = o->g->tensors[b];
    if (!zi_tensor_is_const(&ta) || !zi_tensor_is_const(&tb))
        return zc_fail(o, ZURT_E_LIMIT, "its operands are too large to compute at import");
    st = zc_const_f32(o, ta.rank, ta.dims, out, &data);
    size_t n = zi_tensor_elems(&ta);
    for (size_t i = 0; i < n && !st; i++)
        data[i] = remainder_of(((const float *)ta.data)[i], ((const float *)tb.data)[i], is_fmod);
    return st;
}

/* What division toward zero leaves; with fmod 0 moved to the divisor's sign. */
static zurt_status mod_integers(zc_onnx *o, bool is_fmod, zi_id *out)
{
    zi_id a = o->in[0], b = o->in[1], q, zero, low, other, differ, moved;
    zurt_status st = zc_emit2(o, ZI_OP_Div, "quotient", a, b, &q);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "multiple", q, b, &q);
    if (!st)
        st = zc_emit2(o, ZI_OP_Sub, "rest", a, q, out);
    if (st || is_fmod)
        return st;
    st = zc_const_like(o, b, 0, &zero);
    if (!st)
        st = zc_emit2(o, ZI_OP_Less, "below", *out, zero, &low);
    if (!st)
        st = zc_emit2(o, ZI_OP_Less, "divisor_below", b, zero, &other);
    if (!st)
        st = zc_emit2(o, ZI_OP_Xor, "differ", low, other, &differ);
    if (!st)
        st = zc_emit2(o, ZI_OP_Equal, "even", *out, zero, &low);
    if (!st)
        st = zc_emit1(o, ZI_OP_Not, "uneven", NULL, low, &low);
    if (!st)
        st = zc_emit2(o, ZI_OP_And, "wrong", differ, low, &differ);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "moved", *out, b, &moved);
    const zi_id in[3] = {differ, moved, *out};
    return st ? st : zc_emit(o, ZI_OP_Where, NULL, NULL, in, 3, out);
}

zurt_status zc_op_mod(zc_onnx *o)
{
    bool is_fmod;
    zi_id out;
    zurt_status st = zc_attr_bool(o, "fmod", false, &is_fmod);
    if (st)
        return st;
    if (zc_input(o, 0)->dtype != ZURT_F32)
        st = mod_integers(o, is_fmod, &out);
    else if (!is_fmod && o->opset < 28)
        st = zc_fail(o, ZURT_E_FORMAT, "of floats, which needs fmod 1 before opset 28");
    else
        st = mod_floats(o, is_fmod, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- ScatterND ------------------------------------------------------------------------------ */

/* Row of `data`, seen as [places, ...], that index tuple k names. */
static zurt_status place_of(zc_onnx *o, const int64_t *tuple, int32_t depth, const int32_t *dims,
                            int64_t *out)
{
    *out = 0;
    for (int32_t i = 0; i < depth; i++) {
        int64_t v = tuple[i];
        if (v < -(int64_t)dims[i] || v >= dims[i])
            return zc_fail(o, ZURT_E_FORMAT, "index %lld of an axis of %d", (long long)v,
                           (int)dims[i]);
        *out = *out * dims[i] + (v < 0 ? v + dims[i] : v);
    }
    return ZURT_OK;
}

/* For each place the row that it takes: of the data, or of the updates behind them. */
static zurt_status scatter_map(zc_onnx *o, int32_t depth, int32_t places, int32_t updates,
                               zi_id *out)
{
    const zi_tensor data = *zc_input(o, 0);
    void *map;
    zurt_status st = zc_fold_spend(o, (uint64_t)places * sizeof(int64_t));
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, o->name, ZURT_S64, 1, &places, NULL, out, &map);
    for (int32_t i = 0; i < places && !st; i++)
        ((int64_t *)map)[i] = i;
    const int64_t *tuples = zc_input(o, 1)->data;
    for (int32_t k = 0; k < updates && !st; k++) {
        int64_t at;
        st = place_of(o, tuples + (size_t)k * (size_t)depth, depth, data.dims, &at);
        if (!st)
            ((int64_t *)map)[at] = (int64_t)places + k;
    }
    return st;
}

static zurt_status check_scatter(zc_onnx *o, int32_t *depth)
{
    const zi_tensor x = *zc_input(o, 0), index = *zc_input(o, 1), u = *zc_input(o, 2);
    const char *reduction = NULL;
    zurt_status st = zc_attr_string(o, "reduction", "none", &reduction);
    if (!st && strcmp(reduction, "none") != 0)
        st = zc_fail(o, ZURT_E_UNSUPPORTED, "reduction '%.20s'; export without accumulation",
                     reduction);
    if (st)
        return st;
    if (index.dtype != ZURT_S64 || index.rank < 1 || index.dims[index.rank - 1] < 1 ||
        index.dims[index.rank - 1] > x.rank)
        return zc_fail(o, ZURT_E_FORMAT,
                       "indices must be int64 of at least one axis, the last one "
                       "from 1 to the data's rank");
    *depth = index.dims[index.rank - 1];
    bool fits = u.rank == index.rank - 1 + x.rank - *depth && u.dtype == x.dtype;
    for (int32_t i = 0; fits && i < u.rank; i++)
        fits = u.dims[i] ==
               (i < index.rank - 1 ? index.dims[i] : x.dims[*depth + i - (index.rank - 1)]);
    return fits ? ZURT_OK : zc_fail(o, ZURT_E_FORMAT, "the updates do not have the indices' shape");
}

/* Data and updates one behind the other, then gathered: each place takes the last row written. */
zurt_status zc_op_scatter_nd(zc_onnx *o)
{
    int32_t depth = 0;
    int64_t places = 1;
    zi_id map, both[2], in[2], out;
    zurt_status st = zc_need_const(o, 1);
    if (!st)
        st = check_scatter(o, &depth);
    if (st)
        return st;
    const zi_tensor x = *zc_input(o, 0);
    for (int32_t i = 0; i < depth; i++) // at most ZI_MAX_DIM^2 each time: no overflow
        places = places > ZI_MAX_DIM ? places : places * x.dims[i];
    int32_t dims[ZURT_MAX_RANK + 1] = {0};
    size_t updates = zi_tensor_elems(zc_input(o, 1)) / (size_t)depth;
    if (places > ZI_MAX_DIM || updates > ZI_MAX_DIM || (int64_t)updates + places > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "%lld places and %zu updates", (long long)places, updates);
    int32_t rank = 1 + x.rank - depth;
    memcpy(dims + 1, x.dims + depth, (size_t)(x.rank - depth) * sizeof(*dims));
    dims[0] = (int32_t)places;
    st = scatter_map(o, depth, (int32_t)places, (int32_t)updates, &map);
    if (!st)
        st = zc_emit_reshape(o, "places", o->in[0], rank, dims, &both[0]);
    dims[0] = (int32_t)updates;
    if (!st)
        st = zc_emit_reshape(o, "updates", o->in[2], rank, dims, &both[1]);
    const zi_attr along = {.axis = {.axis = 0}};
    if (!st)
        st = zc_emit(o, ZI_OP_Concat, "both", &along, both, 2, &in[0]);
    in[1] = map;
    if (!st)
        st = zc_emit(o, ZI_OP_Gather, NULL, &along, in, 2, &out);
    if (!st)
        st = zc_emit_reshape(o, "shaped", out, x.rank, x.dims, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- PRelu ---------------------------------------------------------------------------------- */

/* The slope if it is the same for every element that it meets. */
static bool one_slope(const zc_onnx *o, float *out)
{
    zi_id source;
    const zi_tensor *x = zc_input(o, 0), *slope = zc_input(o, 1);
    if (!zc_is_weights(o, o->in[1], &source) || x->dtype != ZURT_F32 || slope->rank > x->rank)
        return false;
    for (int32_t i = 0; i < slope->rank; i++) {
        if (slope->dims[i] != 1 && slope->dims[i] != x->dims[x->rank - slope->rank + i])
            return false;
    }
    const zi_tensor *t = &o->g->tensors[source];
    size_t n = zi_tensor_elems(t), size = n ? zi_tensor_bytes(t) / n : 0;
    for (size_t i = 1; i < n; i++) {
        if (memcmp(t->data, (const uint8_t *)t->data + i * size, size) != 0)
            return false;
    }
    if (n == 0 || (source == o->in[1] ? t->dtype != ZURT_F32 : t->quant.n != 1))
        return false;
    if (source == o->in[1])
        *out = *(const float *)t->data;
    else if (t->dtype == ZURT_S8)
        *out = t->quant.scale[0] * (float)(*(const int8_t *)t->data - t->quant.zero_point[0]);
    else if (t->dtype == ZURT_U8)
        *out = t->quant.scale[0] * (float)(*(const uint8_t *)t->data - t->quant.zero_point[0]);
    else
        return false;
    return isfinite(*out);
}

/* One slope makes a LeakyRelu of it, which is a table in int8 and runs on the PL. */
zurt_status zc_op_prelu(zc_onnx *o)
{
    zi_attr attr = {.unary = {0, 0}};
    zi_id out;
    zurt_status st = one_slope(o, &attr.unary.alpha)
                         ? zc_emit1(o, ZI_OP_LeakyRelu, NULL, &attr, o->in[0], &out)
                         : zc_emit2(o, ZI_OP_PRelu, NULL, o->in[0], o->in[1], &out);
    return st ? st : zc_define(o, 0, out);
}
