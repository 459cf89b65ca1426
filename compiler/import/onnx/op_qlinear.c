/* SPDX-License-Identifier: Apache-2.0 */
/* Files of ONNX Runtime in its operator form (QuantFormat.QOperator): each op holds the scales of
 * its inputs and of its output. A QLinear op is its float op between Dequantize and Quantize, which
 * is the form that quantise/ makes int8. Ref: ONNX QLinearConv-10, QLinearMatMul-10; ONNX Runtime's
 * contrib operators QLinearAdd, QGemm and their kin, version 1 of domain com.microsoft. */
#include <math.h>
#include <string.h>

#include "import/onnx/quant_params.h"

/* ---- QLinearConv, QLinearMatMul ------------------------------------------------------------- */

/* The int32 bias has the scale that the accumulator has, `factor` being QGemm's alpha. */
static zurt_status dequantize_bias(zc_onnx *o, uint32_t i, const zc_params *x, const zc_params *w,
                                   float factor, zi_id *out)
{
    zc_params p;
    zurt_status st = zc_need_const(o, i);
    if (!st)
        st = zc_params_make(o, w->n, 0, ZURT_S32, &p);
    if (st)
        return st;
    const zi_tensor t = *zc_input(o, i);
    int32_t n = zi_tensor_elems(&t) > ZI_MAX_DIM ? 0 : (int32_t)zi_tensor_elems(&t);
    const bool has_scales = w->n == 1 || n == (int32_t)w->n;
    if (t.dtype != ZURT_S32 || t.rank < 1 || t.dims[t.rank - 1] != n || !has_scales)
        return zc_fail(o, ZURT_E_FORMAT, "the bias must be one int32 per output channel");
    for (uint32_t c = 0; c < w->n; c++) {
        p.scale[c] = factor * x->scale[0] * w->scale[c];
        if (!(p.scale[c] > 0) || !isfinite(p.scale[c]))
            return zc_fail(o, ZURT_E_FORMAT, "bias scale %u is %g", (unsigned)c,
                           (double)p.scale[c]);
    }
    st = t.rank == 1 ? ZURT_OK : zc_emit_reshape(o, "b_1d", o->in[i], 1, &n, &o->in[i]);
    return st ? st : zc_params_dequantize(o, "b", o->in[i], &p, out);
}

zurt_status zc_op_qlinear_conv(zc_onnx *o)
{
    zc_params px, pw, py;
    zi_id x, w, b = ZI_NONE, out;
    zurt_status st = zc_need_const(o, 3);
    if (!st)
        st = zc_params_read(o, 1, zc_input(o, 0), ZURT_MAX_RANK, &px);
    if (!st)
        st = zc_params_read(o, 4, zc_input(o, 3), 0, &pw);
    if (!st)
        st = zc_params_read(o, 6, zc_input(o, 0), ZURT_MAX_RANK, &py);
    if (!st)
        st = zc_params_dequantize(o, "x", o->in[0], &px, &x);
    if (!st)
        st = zc_params_dequantize(o, "w", o->in[3], &pw, &w);
    if (!st && zc_has(o, 8))
        st = dequantize_bias(o, 8, &px, &pw, 1.0f, &b);
    if (!st)
        st = zc_convolve(o, x, w, b, &out);
    if (!st)
        st = zc_params_quantize(o, "y", out, &py, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_qlinear_matmul(zc_onnx *o)
{
    zc_params pa, pb, py;
    zi_id a, b, out;
    const zi_tensor tb = *zc_input(o, 3);
    zurt_status st = zc_params_read(o, 1, zc_input(o, 0), ZURT_MAX_RANK, &pa);
    if (!st)
        st = zc_params_read(o, 4, &tb, tb.rank == 2 ? 1 : ZURT_MAX_RANK, &pb);
    if (!st)
        st = zc_params_read(o, 6, zc_input(o, 0), ZURT_MAX_RANK, &py);
    if (!st)
        st = zc_params_dequantize(o, "a", o->in[0], &pa, &a);
    if (!st)
        st = zc_params_dequantize(o, "b", o->in[3], &pb, &b);
    if (!st)
        st = zc_multiply(o, a, b, ZI_NONE, &out);
    if (!st)
        st = zc_params_quantize(o, "y", out, &py, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- ops of ONNX Runtime -------------------------------------------------------------------- */

/* Runs the translator of a standard op in place of ours; its one result is *out. */
static zurt_status translate_as(zc_onnx *o, const char *op, zi_id *in, uint32_t n_in, zi_id *out)
{
    const zc_onnx_op *row = o->row;
    zi_id *const own_in = o->in;
    const uint32_t own_n_in = o->n_in;
    uint32_t v = o->links[o->index].out[0];
    *out = ZI_NONE;
    if (v == ZI_NONE)
        return ZURT_OK;
    o->row = zc_onnx_op_find(NULL, op);
    o->in = in;
    o->n_in = n_in;
    zurt_status st = o->row->translate(o);
    o->row = row;
    o->in = own_in;
    o->n_in = own_n_in;
    *out = o->values[v].id;
    return st;
}

/* Channels last, as ONNX Runtime's optimiser leaves pools, to channels first; or back. */
static zurt_status move_channels(zc_onnx *o, bool to_last, zi_id x, zi_id *out)
{
    int32_t rank = o->g->tensors[x].rank, perm[ZURT_MAX_RANK];
    if (rank < 3)
        return zc_fail(o, ZURT_E_FORMAT, "input of rank %d has no spatial axes", (int)rank);
    for (int32_t i = 0; i < rank; i++) {
        if (to_last)
            perm[i] = i == 0 ? 0 : i == rank - 1 ? 1 : i + 1;
        else
            perm[i] = i == 0 ? 0 : i == 1 ? rank - 1 : i - 1;
    }
    return zc_emit_transpose(o, to_last ? "to_last" : "to_first", x, perm, out);
}

/* The float op on n inputs, with what ONNX Runtime's attributes add to it. */
static zurt_status translate_float(zc_onnx *o, const char *op, zi_id *in, uint32_t n, zi_id *out)
{
    const int64_t opset = o->opset;
    bool channels_last, softmax = strcmp(op, "Softmax") == 0;
    int64_t own_opset = opset;
    zurt_status st = zc_attr_bool(o, "channels_last", false, &channels_last);
    if (!st && softmax)
        st = zc_attr_int(o, "opset", opset, &own_opset);
    if (!st && channels_last)
        st = move_channels(o, false, in[0], &in[0]);
    if (st)
        return st;
    if (softmax) // whose meaning changed with opset 13: the attribute tells which one it is
        o->opset = own_opset;
    st = translate_as(o, op, in, n, out);
    o->opset = opset;
    return st || !channels_last || *out == ZI_NONE ? st : move_channels(o, true, *out, out);
}

/* Input i with its scale and zero point behind it, as float. */
static zurt_status real_input(zc_onnx *o, uint32_t i, zi_id *out)
{
    zc_params p;
    if (!zc_has(o, i) || !zc_has(o, i + 1))
        return zc_fail(o, ZURT_E_FORMAT, "input %u, or its scale, is missing", (unsigned)i);
    zurt_status st = zc_params_read(o, i + 1, zc_input(o, i), ZURT_MAX_RANK, &p);
    return st ? st : zc_params_dequantize(o, "real", o->in[i], &p, out);
}

/* The result in the parameters of inputs y and y + 1; their type is `like`'s if no zero point
 * tells. */
static zurt_status define_quantised(zc_onnx *o, zi_id x, uint32_t y, uint32_t like)
{
    zc_params p;
    zi_id out;
    if (x == ZI_NONE)
        return ZURT_OK;
    if (!zc_has(o, y))
        return zc_fail(o, ZURT_E_FORMAT, "input %u, the scale of the output, is missing",
                       (unsigned)y);
    zurt_status st = zc_params_read(o, y, &o->g->tensors[x], ZURT_MAX_RANK, &p);
    if (!st && p.dtype == ZURT_DTYPE_NONE)
        p.dtype = zc_input(o, like)->dtype;
    if (!st)
        st = zc_params_quantize(o, "y", x, &p, &out);
    return st ? st : zc_define(o, 0, out);
}

/* (x, scale, zero point), once or twice, then the output's scale and zero point. */
zurt_status zc_op_qlinear(zc_onnx *o)
{
    const char *op = o->node->op_type + strlen("QLinear");
    const uint32_t n = zi_op_has(o->row->op, ZI_OPF_BINARY) ? 2 : 1;
    zi_id in[2], out;
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n && !st; i++)
        st = real_input(o, 3 * i, &in[i]);
    if (!st)
        st = translate_float(o, op, in, n, &out);
    return st ? st : define_quantised(o, out, 3 * n, 0);
}

/* The output's scale and zero point, then (x, scale, zero point) of each input. */
zurt_status zc_op_qlinear_concat(zc_onnx *o)
{
    const uint32_t n = o->n_in / 3; // a zero point may be absent at the end
    zi_id *in = zi_arena_calloc(&o->scratch, n, sizeof(*in)), out;
    zurt_status st = in ? ZURT_OK : zc_no_memory(o);
    for (uint32_t i = 0; i < n && !st; i++)
        st = real_input(o, 2 + 3 * i, &in[i]);
    if (!st)
        st = translate_as(o, "Concat", in, n, &out);
    return st ? st : define_quantised(o, out, 0, 2);
}

/* a, b (each with scale and zero point), c int32, then the output's; without them it is float. */
zurt_status zc_op_qgemm(zc_onnx *o)
{
    zc_params pa, pb;
    zi_id in[3] = {ZI_NONE, ZI_NONE, ZI_NONE}, out;
    bool trans_b;
    float alpha;
    zurt_status st = zc_attr_bool(o, "transB", false, &trans_b);
    if (!st)
        st = zc_attr_float(o, "alpha", 1.0f, &alpha);
    if (!st)
        st = zc_params_read(o, 1, zc_input(o, 0), ZURT_MAX_RANK, &pa);
    if (!st)
        st = zc_params_read(o, 4, zc_input(o, 3), trans_b ? 0 : 1, &pb);
    if (!st)
        st = zc_params_dequantize(o, "a", o->in[0], &pa, &in[0]);
    if (!st)
        st = zc_params_dequantize(o, "b", o->in[3], &pb, &in[1]);
    if (!st && zc_has(o, 6))
        st = dequantize_bias(o, 6, &pa, &pb, alpha, &in[2]);
    if (!st)
        st = translate_as(o, "Gemm", in, zc_has(o, 6) ? 3 : 2, &out);
    return st || !zc_has(o, 7) ? st : define_quantised(o, out, 7, 0);
}
