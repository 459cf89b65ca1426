/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on values one by one, along axes, and those that move values. */
#include "import/tflite/tflite.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "base/whole.h"

/* ---- one by one ---- */

zurt_status zc_tfl_binary(zc_tfl *t)
{
    zi_id in[2], out;
    zi_node *node;
    zurt_status st = zc_tfl_real(t, 0, &in[0]);
    if (!st)
        st = zc_tfl_real(t, 1, &in[1]);
    if (!st)
        st = zc_tfl_emit(t, t->row->op, NULL, in, 2, &out, &node);
    if (!st)
        st = zc_tfl_activate(t, zc_fb_u8(&t->fb, t->options, ZC_BINARY_ACT, 0), node, &out);
    return st ? st : zc_tfl_define(t, 0, out);
}

/* A node of input 0 alone. */
static zurt_status map(zc_tfl *t, zi_op op, const zi_attr *attr)
{
    zi_id in, out;
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = zc_tfl_emit(t, op, attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_unary(zc_tfl *t)
{
    return map(t, t->row->op, NULL);
}

zurt_status zc_tfl_clip(zc_tfl *t)
{
    const bool below = t->row->code == ZC_TFL_RELU_N1_TO_1;
    const float hi = t->row->code == ZC_TFL_RELU ? INFINITY : below ? 1.0f : 6.0f;
    const zi_attr attr = {.unary = {below ? -1.0f : 0.0f, hi}};
    return t->row->code == ZC_TFL_RELU ? map(t, ZI_OP_Relu, NULL) : map(t, ZI_OP_Clip, &attr);
}

zurt_status zc_tfl_leaky_relu(zc_tfl *t)
{
    const zi_attr attr = {.unary = {zc_fb_f32(&t->fb, t->options, ZC_LEAKY_ALPHA, 0.0f), 0.0f}};
    if (isnan(attr.unary.alpha))
        return zc_tfl_fail(t, ZURT_E_FORMAT, "alpha is not a number");
    return map(t, ZI_OP_LeakyRelu, &attr);
}

zurt_status zc_tfl_elu(zc_tfl *t)
{
    const zi_attr attr = {.unary = {1.0f, 0.0f}};
    return map(t, ZI_OP_Elu, &attr);
}

/* ---- scales ---- */

/* QUANTIZE, also of quantised values; DEQUANTIZE, also of weights that are stored as half floats:
 * what the result's type and scale are, the file says. */
zurt_status zc_tfl_quantize(zc_tfl *t)
{
    zi_id in;
    zurt_status st = zc_tfl_real(t, 0, &in);
    return st ? st : zc_tfl_define(t, 0, in);
}

/* ---- along axes ---- */

zurt_status zc_tfl_softmax(zc_tfl *t)
{
    zi_id in[2], out;
    const float beta = zc_fb_f32(&t->fb, t->options, ZC_SOFTMAX_BETA, 1.0f);
    zurt_status st = zc_tfl_real(t, 0, &in[0]);
    if (st)
        return st;
    if (beta != 1.0f)
        return zc_tfl_fail(t, ZURT_E_UNSUPPORTED, "beta is %g; convert with a plain softmax",
                           (double)beta);
    const int32_t rank = t->g->tensors[in[0]].rank;
    if (rank < 1)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "of a single value");
    const zi_attr attr = {.axis = {.axis = rank - 1}};
    st = zc_tfl_emit(t, ZI_OP_Softmax, &attr, in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_arg(zc_tfl *t)
{
    zi_id in, out;
    int64_t axis;
    size_t n;
    zi_attr attr = {0};
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = zc_tfl_ints(t, 1, 1, &axis, &n);
    if (!st && n != 1)
        st = zc_tfl_fail(t, ZURT_E_FORMAT, "no axis");
    if (!st)
        st = zc_tfl_axis(t, axis, t->g->tensors[in].rank, &attr.axis.axis);
    if (!st)
        st = zc_tfl_emit(t, t->row->op, &attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_reduce(zc_tfl *t)
{
    zi_id in, out;
    int64_t axes[ZURT_MAX_RANK];
    size_t n;
    zi_attr attr = {
        .reduce = {.keep_dims = zc_fb_u8(&t->fb, t->options, ZC_REDUCE_KEEP_DIMS, 0) != 0}};
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = zc_tfl_ints(t, 1, ZURT_MAX_RANK, axes, &n);
    for (size_t i = 0; !st && i < n; i++) {
        int32_t axis;
        st = zc_tfl_axis(t, axes[i], t->g->tensors[in].rank, &axis);
        if (!st)
            attr.reduce.axes |= 1u << axis;
    }
    if (!st)
        st = zc_tfl_emit(t, t->row->op, &attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

/* ---- movement ---- */

zurt_status zc_tfl_concat(zc_tfl *t)
{
    zi_id *in = zi_arena_calloc(&t->scratch, t->in.n, sizeof(*in)), out;
    zi_attr attr = {0};
    zurt_status st = in ? ZURT_OK : zc_tfl_no_memory(t);
    for (uint32_t i = 0; !st && i < t->in.n; i++)
        st = zc_tfl_real(t, i, &in[i]);
    if (!st)
        st = zc_tfl_axis(t, zc_fb_i32(&t->fb, t->options, ZC_CONCAT_AXIS, 0),
                         t->g->tensors[in[0]].rank, &attr.axis.axis);
    if (!st)
        st = zc_tfl_emit(t, ZI_OP_Concat, &attr, in, t->in.n, &out, NULL);
    if (!st)
        st = zc_tfl_activate(t, zc_fb_u8(&t->fb, t->options, ZC_CONCAT_ACT, 0), NULL, &out);
    return st ? st : zc_tfl_define(t, 0, out);
}

/* RESHAPE's second input, where it is constant; *n 0: it is not. -1 is what is left. */
static zurt_status wanted_dims(zc_tfl *t, size_t elems, int64_t dims[ZURT_MAX_RANK], size_t *n)
{
    zi_id id;
    size_t others = 1;
    *n = 0;
    if (t->row->code != ZC_TFL_RESHAPE || !zc_tfl_has(t, 1))
        return ZURT_OK;
    zurt_status st = zc_tfl_raw(t, 1, &id);
    if (st || !zi_tensor_is_const(&t->g->tensors[id]))
        return st;
    st = zc_tfl_ints(t, 1, ZURT_MAX_RANK, dims, n);
    for (size_t i = 0; !st && i < *n; i++) {
        if (dims[i] < -1 || dims[i] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_FORMAT, "a dim of %lld", (long long)dims[i]);
        if (dims[i] > 0 && !zi_size_mul(others, (size_t)dims[i], &others))
            return zc_tfl_fail(t, ZURT_E_LIMIT, "more elements than can be counted");
    }
    for (size_t i = 0; !st && i < *n; i++) {
        if (dims[i] == -1)
            dims[i] = (int64_t)(elems / others);
    }
    return st;
}

/* RESHAPE, SQUEEZE, EXPAND_DIMS: otherwise the file states the result's dims. */
zurt_status zc_tfl_reshape(zc_tfl *t)
{
    zi_attr attr = {0};
    zi_id in;
    int64_t wanted[ZURT_MAX_RANK];
    size_t n;
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (st)
        return st;
    const size_t elems = zi_tensor_elems(&t->g->tensors[in]);
    st = wanted_dims(t, elems, wanted, &n);
    if (!st && !n)
        st = zc_tfl_out_dims(t, 0, elems, &attr.shape.rank, attr.shape.dims);
    else if (!st)
        attr.shape.rank = (int32_t)n;
    for (size_t i = 0; !st && i < n; i++) {
        if (wanted[i] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_LIMIT, "a dim of %lld", (long long)wanted[i]);
        attr.shape.dims[i] = (int32_t)wanted[i];
    }
    return st ? st : map(t, ZI_OP_Reshape, &attr);
}

/* The one value of a constant. */
static bool real_value(const zi_tensor *v, float *out)
{
    const int32_t q = v->dtype == ZURT_S8   ? *(const int8_t *)v->data
                      : v->dtype == ZURT_U8 ? *(const uint8_t *)v->data
                                            : 0;
    if (v->dtype == ZURT_F32)
        *out = *(const float *)v->data;
    else if (v->quant.n == 1 && (v->dtype == ZURT_S8 || v->dtype == ZURT_U8))
        *out = v->quant.scale[0] * (float)(q - v->quant.zero_point[0]);
    else
        return false;
    return !isnan(*out);
}

zurt_status zc_tfl_pad(zc_tfl *t)
{
    enum { SYMMETRIC = 1 };
    zi_id in, out;
    int64_t pads[2 * ZURT_MAX_RANK];
    size_t n;
    zi_attr attr = {0};
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = zc_tfl_ints(t, 1, 2 * ZURT_MAX_RANK, pads, &n);
    if (st)
        return st;
    if (n != 2 * (size_t)t->g->tensors[in].rank)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "%zu paddings for %d axes", n,
                           (int)t->g->tensors[in].rank);
    for (size_t i = 0; i < n; i++) {
        if (pads[i] < 0 || pads[i] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_FORMAT, "a padding of %lld", (long long)pads[i]);
        (i % 2 ? attr.pad.after : attr.pad.before)[i / 2] = (int32_t)pads[i];
    }
    if (t->row->code == ZC_TFL_MIRROR_PAD) {
        if (zc_fb_u8(&t->fb, t->options, ZC_MIRROR_MODE, 0) == SYMMETRIC)
            return zc_tfl_fail(t, ZURT_E_UNSUPPORTED, "symmetric padding; use reflection");
        attr.pad.mode = ZI_PAD_REFLECT;
    }
    if (t->row->code == ZC_TFL_PADV2) {
        zi_id value;
        st = zc_tfl_raw(t, 2, &value);
        if (st)
            return st;
        const zi_tensor *v = &t->g->tensors[value];
        if (!zi_tensor_is_const(v) || zi_tensor_elems(v) != 1 || !real_value(v, &attr.pad.value))
            return zc_tfl_fail(t, ZURT_E_UNSUPPORTED,
                               "the padding must be one constant number; convert the model so");
    }
    st = zc_tfl_emit(t, ZI_OP_Pad, &attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_transpose(zc_tfl *t)
{
    zi_id in, out;
    int64_t perm[ZURT_MAX_RANK];
    size_t n;
    zi_attr attr = {0};
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = zc_tfl_ints(t, 1, ZURT_MAX_RANK, perm, &n);
    if (!st && n != (size_t)t->g->tensors[in].rank)
        st = zc_tfl_fail(t, ZURT_E_FORMAT, "%zu axes for %d", n, (int)t->g->tensors[in].rank);
    for (size_t i = 0; !st && i < n; i++)
        st = zc_tfl_axis(t, perm[i], (int32_t)n, &attr.perm.perm[i]);
    if (!st)
        st = zc_tfl_emit(t, ZI_OP_Transpose, &attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

/* ---- shapes, and parts of tensors ---- */

zurt_status zc_tfl_shape(zc_tfl *t)
{
    zi_id in, out;
    void *data;
    zurt_status st = zc_tfl_raw(t, 0, &in);
    if (st)
        return st;
    const zi_tensor x = t->g->tensors[in];
    st = zi_graph_add_const(t->ctx, t->g, t->name, ZURT_S32, 1, &x.rank, NULL, &out, &data);
    if (st)
        return st;
    if (x.rank)
        memcpy(data, x.dims, (size_t)x.rank * sizeof(*x.dims));
    return zc_tfl_define(t, 0, out);
}

/* First index and count of one axis, as Python's slices have them. */
static zurt_status slice_axis(zc_tfl *t, int64_t dim, const int64_t range[3], const bool open[2],
                              bool one, int32_t axis, zi_attr_slice *out)
{
    const int64_t step = one ? 1 : range[2], low = step > 0 ? 0 : -1,
                  high = step > 0 ? dim : dim - 1;
    int64_t edge[2];
    if (step == 0 || step < -ZI_MAX_DIM || step > ZI_MAX_DIM)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "a step of %lld", (long long)range[2]);
    for (int i = 0; i < 2; i++) {
        edge[i] = range[i] < 0 ? range[i] + dim : range[i];
        edge[i] = edge[i] < low ? low : edge[i] > high ? high : edge[i];
        if (open[i])
            edge[i] = (i == 0) == (step > 0) ? low : high;
    }
    if (one)
        edge[1] = edge[0] + 1;
    const int64_t span = step > 0 ? edge[1] - edge[0] : edge[0] - edge[1];
    const int64_t size = step > 0 ? step : -step;
    out->start[axis] = (int32_t)edge[0];
    out->step[axis] = (int32_t)step;
    out->count[axis] = (int32_t)(span > 0 ? zi_ceil_div64(span, size) : 0);
    return ZURT_OK;
}

zurt_status zc_tfl_strided_slice(zc_tfl *t)
{
    int64_t range[3][ZURT_MAX_RANK];
    size_t n[3];
    zi_id id;
    zi_attr attr = {0}, kept = {0};
    zurt_status st = zc_tfl_real(t, 0, &id);
    for (uint32_t i = 0; !st && i < 3; i++)
        st = zc_tfl_ints(t, 1 + i, ZURT_MAX_RANK, range[i], &n[i]);
    if (st)
        return st;
    const zi_tensor x = t->g->tensors[id];
    const int32_t open_begin = zc_fb_i32(&t->fb, t->options, ZC_SLICE_BEGIN_MASK, 0);
    const int32_t open_end = zc_fb_i32(&t->fb, t->options, ZC_SLICE_END_MASK, 0);
    const int32_t shrink = zc_fb_i32(&t->fb, t->options, ZC_SLICE_SHRINK, 0);
    const bool plain = !zc_fb_i32(&t->fb, t->options, ZC_SLICE_ELLIPSIS, 0) &&
                       !zc_fb_i32(&t->fb, t->options, ZC_SLICE_NEW_AXIS, 0) &&
                       !zc_fb_u8(&t->fb, t->options, ZC_SLICE_OFFSET, 0);
    if (!plain)
        return zc_tfl_fail(t, ZURT_E_UNSUPPORTED,
                           "an ellipsis, new axes, or ends counted from the start; slice plain "
                           "ranges");
    if (n[0] != n[1] || n[0] != n[2] || n[0] > (size_t)x.rank)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "ranges of %zu, %zu, %zu axes", n[0], n[1], n[2]);
    for (int32_t i = 0; !st && i < x.rank; i++) {
        const bool given = (size_t)i < n[0], one = given && shrink >> i & 1;
        const int64_t r[3] = {given ? range[0][i] : 0, given ? range[1][i] : 0,
                              given ? range[2][i] : 1};
        const bool open[2] = {!one && (!given || open_begin >> i & 1), !given || open_end >> i & 1};
        st = slice_axis(t, x.dims[i], r, open, one, i, &attr.slice);
        if (!st && one && attr.slice.start[i] >= x.dims[i])
            st = zc_tfl_fail(t, ZURT_E_FORMAT, "index %lld of %d", (long long)r[0], (int)x.dims[i]);
        if (!one)
            kept.shape.dims[kept.shape.rank++] = attr.slice.count[i];
    }
    if (!st)
        st = zc_tfl_emit(t, ZI_OP_Slice, &attr, &id, 1, &id, NULL);
    if (!st && kept.shape.rank != x.rank)
        st = zc_tfl_emit(t, ZI_OP_Reshape, &kept, &id, 1, &id, NULL);
    return st ? st : zc_tfl_define(t, 0, id);
}

/* Each input gets an axis of its own, along which they are joined. */
zurt_status zc_tfl_pack(zc_tfl *t)
{
    zi_id *in = zi_arena_calloc(&t->scratch, t->in.n, sizeof(*in)), out;
    zi_attr attr = {0};
    zurt_status st = in ? ZURT_OK : zc_tfl_no_memory(t);
    for (uint32_t i = 0; !st && i < t->in.n; i++) {
        st = zc_tfl_real(t, i, &in[i]);
        if (st)
            return st;
        const zi_tensor x = t->g->tensors[in[i]];
        zi_attr shape = {.shape.rank = x.rank + 1};
        if (x.rank == ZURT_MAX_RANK)
            return zc_tfl_fail(t, ZURT_E_LIMIT, "more than 8 axes");
        st = zc_tfl_axis(t, zc_fb_i32(&t->fb, t->options, ZC_PACK_AXIS, 0), x.rank + 1,
                         &attr.axis.axis);
        for (int32_t d = 0; !st && d <= x.rank; d++)
            shape.shape.dims[d] = d == attr.axis.axis ? 1 : x.dims[d < attr.axis.axis ? d : d - 1];
        if (!st)
            st = zc_tfl_emit(t, ZI_OP_Reshape, &shape, &in[i], 1, &in[i], NULL);
    }
    if (!st)
        st = zc_tfl_emit(t, ZI_OP_Concat, &attr, in, t->in.n, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}
