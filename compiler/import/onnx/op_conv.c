/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, ConvTranspose, Gemm and MatMul. Ref: ONNX Conv-11, ConvTranspose-11, Gemm-13, MatMul-13. */
#include <string.h>

#include "import/onnx/importer.h"

/* ---- Conv ---------------------------------------------------------------------------------- */

/* Weights must be constant, or the Dequantize of a constant. */
static zurt_status need_weights(zc_onnx *o, uint32_t i)
{
    return zc_is_weights(o, o->in[i], NULL) ? ZURT_OK : zc_need_const(o, i);
}

/* OIHW (or OIL) to OHWI. */
static zurt_status weights_to_ohwi(zc_onnx *o, zi_id w, zi_id *out)
{
    const zi_tensor t = o->g->tensors[w];
    zi_id source;
    if (t.rank == 3 && zc_is_weights(o, w, &source) && source != w) {
        zurt_status st = zc_fold(o, w); // the quantised form of 1-D weights is not kept
        if (st)
            return st;
    }
    static const int32_t perm[4] = {0, 2, 3, 1};
    zurt_status st = ZURT_OK;
    if (t.rank == 3) {
        const int32_t dims[4] = {t.dims[0], t.dims[1], 1, t.dims[2]};
        st = zc_emit_reshape(o, "weights_2d", w, 4, dims, &w);
    }
    return st ? st : zc_emit_transpose(o, "weights_ohwi", w, perm, out);
}

static zurt_status check_weights(zc_onnx *o, zi_id x, zi_id w)
{
    const zi_tensor *tx = &o->g->tensors[x], *tw = &o->g->tensors[w];
    if (tw->rank != tx->rank || tw->rank < 3)
        return zc_fail(o, tx->rank < 3 ? ZURT_E_UNSUPPORTED : ZURT_E_FORMAT,
                       "weights of rank %d for an input of rank %d", (int)tw->rank, (int)tx->rank);
    return ZURT_OK;
}

static zurt_status conv_attr(zc_onnx *o, const zc_window *w, zi_attr *attr)
{
    *attr = (zi_attr){0};
    memcpy(attr->conv.stride, w->stride, sizeof(w->stride));
    memcpy(attr->conv.dilation, w->dilation, sizeof(w->dilation));
    memcpy(attr->conv.pad, w->pad, sizeof(w->pad));
    return zc_attr_int32(o, "group", 1, 1, ZI_MAX_DIM, &attr->conv.groups);
}

static zurt_status spatial(zc_onnx *o, zi_op op, const zi_attr *attr, zi_id x, zi_id w, zi_id b,
                           zi_id *out)
{
    int32_t rank = o->g->tensors[x].rank;
    zi_id nhwc, made;
    zurt_status st = zc_to_nhwc(o, x, &nhwc);
    const zi_id in[3] = {nhwc, w, b};
    if (!st)
        st = zc_emit(o, op, NULL, attr, in, b == ZI_NONE ? 2 : 3, &made);
    return st ? st : zc_from_nhwc(o, made, rank, out);
}

zurt_status zc_convolve(zc_onnx *o, zi_id x, zi_id w, zi_id b, zi_id *out)
{
    zc_window window;
    zi_attr attr;
    zurt_status st = check_weights(o, x, w);
    if (!st)
        st = zc_window_read(o, x, &o->g->tensors[w].dims[2], &window);
    if (!st)
        st = conv_attr(o, &window, &attr);
    if (!st)
        st = weights_to_ohwi(o, w, &w);
    return st ? st : spatial(o, ZI_OP_Conv, &attr, x, w, b, out);
}

zurt_status zc_op_conv(zc_onnx *o)
{
    zi_id out;
    zurt_status st = need_weights(o, 1);
    if (!st && zc_has(o, 2))
        st = need_weights(o, 2);
    if (!st)
        st = zc_convolve(o, o->in[0], o->in[1], zc_has(o, 2) ? o->in[2] : ZI_NONE, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- ConvTranspose ------------------------------------------------------------------------- */

/* [C, O/groups, h, w] to [O, h, w, C/groups]. */
static zurt_status transposed_weights(zc_onnx *o, zi_id w, int32_t groups, zi_id *out)
{
    const zi_tensor t = o->g->tensors[w];
    static const int32_t perm[4] = {1, 2, 3, 0};
    if (t.rank == 4 && groups == 1)
        return zc_emit_transpose(o, "weights_ohwi", w, perm, out);
    zurt_status st = zc_fold(o, w);
    if (st)
        return st;
    if (t.dims[0] % groups || (int64_t)t.dims[1] * groups > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_FORMAT, "%d groups do not divide %d channels", (int)groups,
                       (int)t.dims[0]);
    int32_t h = t.rank == 3 ? 1 : t.dims[2], width = t.dims[t.rank - 1];
    const int32_t split[5] = {groups, t.dims[0] / groups, t.dims[1], h, width};
    const int32_t moved[5] = {0, 2, 3, 4, 1};
    const int32_t merged[4] = {groups * t.dims[1], h, width, t.dims[0] / groups};
    st = zc_emit_reshape(o, "weights_groups", w, 5, split, &w);
    if (!st)
        st = zc_emit_transpose(o, "weights_moved", w, moved, &w);
    return st ? st : zc_emit_reshape(o, "weights_ohwi", w, 4, merged, out);
}

/* Padding of one axis from the output size that the model wants, 0 for a SAME output. What cannot
 * be cut off by padding less than nothing is added as rows at the end. */
static void pad_for_output(zi_attr_conv *a, const zc_window *w, int32_t i, int64_t wanted)
{
    int64_t window = (int64_t)w->dilation[i] * (w->kernel[i] - 1) + 1;
    int64_t full = (int64_t)w->stride[i] * ((int64_t)w->in[i] - 1) + a->out_pad[i] + window;
    int64_t total = full - wanted;
    if (total < 0) {
        int64_t more = a->out_pad[i] - total;
        a->out_pad[i] = more > ZI_MAX_DIM ? ZI_MAX_DIM : (int32_t)more;
        total = 0;
    }
    if (total > ZI_MAX_DIM)
        total = ZI_MAX_DIM;
    int64_t first = w->same_upper ? total / 2 : total - total / 2;
    a->pad[i] = (int32_t)first;
    a->pad[2 + i] = (int32_t)(total - first);
}

static zurt_status transposed_padding(zc_onnx *o, const zc_window *w, zi_attr_conv *a)
{
    const int64_t *values;
    size_t n;
    zurt_status st = zc_attr_ints(o, "output_padding", &values, &n);
    if (!st && values && n != (size_t)w->n)
        st = zc_fail(o, ZURT_E_FORMAT, "output_padding has %zu values, needs %d", n, (int)w->n);
    for (size_t i = 0; i < n && !st; i++) {
        if (values[i] < 0 || values[i] > ZI_MAX_DIM)
            st = zc_fail(o, ZURT_E_FORMAT, "output_padding of %lld", (long long)values[i]);
        a->out_pad[2 - w->n + (int32_t)i] = (int32_t)(st ? 0 : values[i]);
    }
    if (!st)
        st = zc_attr_ints(o, "output_shape", &values, &n);
    if (st || (!values && !w->same))
        return st;
    if (values && n != (size_t)w->n && n != (size_t)w->n + 2)
        return zc_fail(o, ZURT_E_FORMAT, "output_shape has %zu values, needs %d", n, (int)w->n);
    for (int32_t i = 2 - w->n; i < 2; i++) {
        int64_t wanted = values ? values[n - 2 + (size_t)i] : (int64_t)w->in[i] * w->stride[i];
        if (wanted < 1 || wanted > ZI_MAX_DIM)
            return zc_fail(o, ZURT_E_FORMAT, "output size %lld", (long long)wanted);
        pad_for_output(a, w, i, wanted);
    }
    return ZURT_OK;
}

zurt_status zc_op_conv_transpose(zc_onnx *o)
{
    zc_window window;
    zi_attr attr;
    zi_id w = ZI_NONE, out;
    zi_id b = zc_has(o, 2) ? o->in[2] : ZI_NONE;
    zurt_status st = need_weights(o, 1);
    if (!st && b != ZI_NONE)
        st = need_weights(o, 2);
    if (!st)
        st = check_weights(o, o->in[0], o->in[1]);
    if (!st)
        st = zc_window_read(o, o->in[0], &zc_input(o, 1)->dims[2], &window);
    if (!st)
        st = conv_attr(o, &window, &attr);
    if (!st)
        st = transposed_padding(o, &window, &attr.conv);
    if (!st)
        st = transposed_weights(o, o->in[1], attr.conv.groups, &w);
    if (!st)
        st = spatial(o, ZI_OP_ConvTranspose, &attr, o->in[0], w, b, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- MatMul -------------------------------------------------------------------------------- */

/* A rank-1 operand is a row on the left and a column on the right; the added axis goes again. */
zurt_status zc_multiply_general(zc_onnx *o, zi_id a, zi_id b, zi_id *out)
{
    const zi_tensor ta = o->g->tensors[a], tb = o->g->tensors[b];
    const int32_t row[2] = {1, ta.dims[0]}, column[2] = {tb.dims[0], 1};
    zurt_status st = ZURT_OK;
    if (ta.rank < 1 || tb.rank < 1)
        return zc_fail(o, ZURT_E_FORMAT, "a scalar operand");
    if (ta.rank == 1)
        st = zc_emit_reshape(o, "row", a, 2, row, &a);
    if (!st && tb.rank == 1)
        st = zc_emit_reshape(o, "column", b, 2, column, &b);
    if (!st)
        st = zc_emit2(o, ZI_OP_MatMul, NULL, a, b, out);
    if (st || (ta.rank > 1 && tb.rank > 1))
        return st;
    const zi_tensor t = o->g->tensors[*out];
    int32_t dims[ZURT_MAX_RANK], rank = 0;
    for (int32_t i = 0; i < t.rank; i++) {
        bool added = (ta.rank == 1 && i == t.rank - 2) || (tb.rank == 1 && i == t.rank - 1);
        if (!added)
            dims[rank++] = t.dims[i];
    }
    return zc_emit_reshape(o, "result", *out, rank, dims, out);
}

/* b is [K, N] weights: x . w^T with w [N, K]. */
static zurt_status fully_connected(zc_onnx *o, zi_id a, zi_id w, zi_id bias, zi_id *out)
{
    const zi_id in[3] = {a, w, bias};
    return zc_emit(o, ZI_OP_FullyConnected, NULL, NULL, in, bias == ZI_NONE ? 2 : 3, out);
}

zurt_status zc_multiply(zc_onnx *o, zi_id a, zi_id b, zi_id bias, zi_id *out)
{
    static const int32_t perm[2] = {1, 0};
    const zi_tensor *ta = &o->g->tensors[a], *tb = &o->g->tensors[b];
    if (ta->rank < 2 || tb->rank != 2 || tb->dims[0] < 1 || tb->dims[1] < 1 ||
        ta->dtype != ZURT_F32 || !zc_is_weights(o, b, NULL)) {
        zurt_status st = zc_multiply_general(o, a, b, out);
        return st || bias == ZI_NONE ? st : zc_emit2(o, ZI_OP_Add, "bias", *out, bias, out);
    }
    zi_id w;
    zurt_status st = zc_emit_transpose(o, "weights_oi", b, perm, &w);
    return st ? st : fully_connected(o, a, w, bias, out);
}

zurt_status zc_op_matmul(zc_onnx *o)
{
    zi_id out;
    zurt_status st = zc_multiply(o, o->in[0], o->in[1], ZI_NONE, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- Gemm ---------------------------------------------------------------------------------- */

static zurt_status scaled(zc_onnx *o, const char *tag, zi_id x, float factor, zi_id *out)
{
    zi_id f;
    float *value;
    *out = x;
    if (factor == 1.0f)
        return ZURT_OK;
    zurt_status st = zc_const_f32(o, 0, NULL, &f, &value);
    if (st)
        return st;
    *value = factor;
    return zc_emit2(o, ZI_OP_Mul, tag, x, f, out);
}

/* C as a bias [n]: only what is constant and the same for every row. */
static zurt_status gemm_bias(zc_onnx *o, int32_t n, float beta, zi_id *out)
{
    *out = ZI_NONE;
    if (!zc_has(o, 2) || !zc_is_weights(o, o->in[2], NULL))
        return ZURT_OK;
    const zi_tensor t = *zc_input(o, 2);
    size_t elems = zi_tensor_elems(&t);
    bool is_row = t.rank > 0 && t.dims[t.rank - 1] == n && elems == (size_t)n;
    if ((!is_row && elems != 1) || t.rank > 2 || t.dtype != ZURT_F32)
        return ZURT_OK;
    if (t.rank == 1 && is_row && beta == 1.0f) {
        *out = o->in[2]; // also the Dequantize of an int32 bias
        return ZURT_OK;
    }
    zi_id c;
    zurt_status st = zc_need_const(o, 2);
    if (!st)
        st = scaled(o, "beta", o->in[2], beta, &c);
    int32_t count = (int32_t)elems;
    if (!st)
        st = zc_emit_reshape(o, "bias_1d", c, 1, &count, &c);
    zi_attr attr = {.shape = {1, {n}}};
    return st ? st : zc_emit1(o, ZI_OP_Expand, "bias", &attr, c, out);
}

static zurt_status gemm_general(zc_onnx *o, zi_id a, zi_id b, float alpha, float beta, zi_id *out)
{
    zi_id c;
    zurt_status st = zc_multiply_general(o, a, b, out);
    if (!st)
        st = scaled(o, "alpha", *out, alpha, out);
    if (st || !zc_has(o, 2))
        return st;
    st = scaled(o, "beta", o->in[2], beta, &c);
    return st ? st : zc_emit2(o, ZI_OP_Add, "c", *out, c, out);
}

static zurt_status gemm_connected(zc_onnx *o, zi_id a, zi_id w, float alpha, float beta, zi_id *out)
{
    zi_id bias, c;
    zurt_status st = ZURT_OK;
    if (alpha != 1.0f)
        st = zc_fold(o, w);
    if (!st)
        st = scaled(o, "alpha", w, alpha, &w);
    if (!st)
        st = gemm_bias(o, o->g->tensors[w].dims[0], beta, &bias);
    if (!st)
        st = fully_connected(o, a, w, bias, out);
    if (st || !zc_has(o, 2) || bias != ZI_NONE)
        return st;
    st = scaled(o, "beta", o->in[2], beta, &c);
    return st ? st : zc_emit2(o, ZI_OP_Add, "c", *out, c, out);
}

zurt_status zc_op_gemm(zc_onnx *o)
{
    static const int32_t perm[2] = {1, 0};
    bool trans_a, trans_b;
    float alpha, beta;
    zi_id a = o->in[0], b = o->in[1], out;
    zurt_status st = zc_attr_bool(o, "transA", false, &trans_a);
    if (!st)
        st = zc_attr_bool(o, "transB", false, &trans_b);
    if (!st)
        st = zc_attr_float(o, "alpha", 1.0f, &alpha);
    if (!st)
        st = zc_attr_float(o, "beta", 1.0f, &beta);
    if (st)
        return st;
    if (zc_input(o, 0)->rank != 2 || zc_input(o, 1)->rank != 2)
        return zc_fail(o, ZURT_E_FORMAT, "operands must be matrices");
    if (zc_input(o, 0)->dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_UNSUPPORTED, "operands of type %s; only float is computed",
                       zurt_dtype_name(zc_input(o, 0)->dtype));
    bool connected = zc_is_weights(o, b, NULL) && zi_tensor_elems(zc_input(o, 1)) > 0;
    if (trans_a)
        st = zc_emit_transpose(o, "trans_a", a, perm, &a);
    if (!st && trans_b != connected) // FullyConnected wants [N, K], MatMul [K, N]
        st = zc_emit_transpose(o, "trans_b", b, perm, &b);
    if (!st)
        st = connected ? gemm_connected(o, a, b, alpha, beta, &out)
                       : gemm_general(o, a, b, alpha, beta, &out);
    return st ? st : zc_define(o, 0, out);
}
