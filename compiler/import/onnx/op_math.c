/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise ops. Ref: the ONNX operator of the same name. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

zurt_status zc_op_unary(zc_onnx *o)
{
    zi_id out;
    zurt_status st = zc_emit1(o, o->row->op, NULL, NULL, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* Ops with one or two numbers as attributes. */
zurt_status zc_op_alpha(zc_onnx *o)
{
    static const struct row {
        zi_op op;
        float alpha, beta;
        const char *beta_name;
    } rows[] = {{ZI_OP_LeakyRelu, 0.01f, 0.0f, NULL},
                {ZI_OP_Elu, 1.0f, 0.0f, NULL},
                {ZI_OP_Celu, 1.0f, 0.0f, NULL},
                {ZI_OP_ThresholdedRelu, 1.0f, 0.0f, NULL},
                {ZI_OP_HardSigmoid, 0.2f, 0.5f, "beta"},
                {ZI_OP_Selu, 1.67326319217681884765625f, 1.05070102214813232421875f, "gamma"}};
    const struct row *r = rows;
    while (r->op != o->row->op)
        r++;
    zi_attr attr = {.unary = {0, 0}};
    zi_id out;
    zurt_status st = zc_attr_float(o, "alpha", r->alpha, &attr.unary.alpha);
    if (!st && r->beta_name)
        st = zc_attr_float(o, r->beta_name, r->beta, &attr.unary.beta);
    if (!st)
        st = zc_emit1(o, r->op, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_binary(zc_onnx *o)
{
    zi_id out;
    zurt_status st = zc_emit2(o, o->row->op, NULL, o->in[0], o->in[1], &out);
    return st ? st : zc_define(o, 0, out);
}

/* a op b op c ...; *out is `in[0]` itself if it is alone. */
static zurt_status chain(zc_onnx *o, zi_op op, zi_id *out)
{
    *out = o->in[0];
    for (uint32_t i = 1; i < o->n_in; i++) {
        if (!zc_has(o, i))
            return zc_fail(o, ZURT_E_FORMAT, "input %u is missing", (unsigned)i);
        zurt_status st = zc_emit2(o, op, NULL, *out, o->in[i], out);
        if (st)
            return st;
    }
    return ZURT_OK;
}

zurt_status zc_op_variadic(zc_onnx *o)
{
    zi_id out;
    zurt_status st = chain(o, o->row->op, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_mean(zc_onnx *o)
{
    zi_id sum, count, out;
    float *value;
    zurt_status st = chain(o, ZI_OP_Add, &sum);
    if (!st)
        st = zc_const_f32(o, 0, NULL, &count, &value);
    if (st)
        return st;
    *value = (float)o->n_in;
    st = zc_emit2(o, ZI_OP_Div, "mean", sum, count, &out);
    return st ? st : zc_define(o, 0, out);
}

/* a <= b is a < b or a == b, so that a NaN compares false. */
zurt_status zc_op_compare_equal(zc_onnx *o)
{
    zi_id order, equal, out;
    zurt_status st = zc_emit2(o, o->row->op, "order", o->in[0], o->in[1], &order);
    if (!st)
        st = zc_emit2(o, ZI_OP_Equal, "equal", o->in[0], o->in[1], &equal);
    if (!st)
        st = zc_emit2(o, ZI_OP_Or, NULL, order, equal, &out);
    return st ? st : zc_define(o, 0, out);
}

/* The exponent may have another type; integers are raised in float and cut. */
zurt_status zc_op_pow(zc_onnx *o)
{
    zurt_dtype dtype = zc_input(o, 0)->dtype;
    zi_id a, b, out;
    zurt_status st = zc_emit_cast(o, "base", o->in[0], ZURT_F32, &a);
    if (!st)
        st = zc_emit_cast(o, "exponent", o->in[1], ZURT_F32, &b);
    if (!st)
        st = zc_emit2(o, ZI_OP_Pow, NULL, a, b, &out);
    if (!st)
        st = zc_emit_cast(o, "result", out, dtype, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_where(zc_onnx *o)
{
    zi_id out;
    zurt_status st = zc_emit(o, ZI_OP_Where, NULL, NULL, o->in, 3, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- Clip ---------------------------------------------------------------------------------- */

/* Integers are clipped by Max and Min, which keep their type. */
static zurt_status clip_integers(zc_onnx *o, zi_id *out)
{
    zurt_status st = ZURT_OK;
    *out = o->in[0];
    if (zc_has(o, 1))
        st = zc_emit2(o, ZI_OP_Max, "lo", *out, o->in[1], out);
    if (!st && zc_has(o, 2))
        st = zc_emit2(o, ZI_OP_Min, "hi", *out, o->in[2], out);
    return st;
}

zurt_status zc_op_clip(zc_onnx *o)
{
    zi_attr attr = {.unary = {-INFINITY, INFINITY}};
    zi_id out;
    zurt_status st = ZURT_OK;
    if (o->opset < 11) {
        st = zc_attr_float(o, "min", -INFINITY, &attr.unary.alpha);
        if (!st)
            st = zc_attr_float(o, "max", INFINITY, &attr.unary.beta);
    } else if (zc_input(o, 0)->dtype == ZURT_F32) {
        if (zc_has(o, 1))
            st = zc_const_float(o, 1, &attr.unary.alpha);
        if (!st && zc_has(o, 2))
            st = zc_const_float(o, 2, &attr.unary.beta);
    } else {
        st = clip_integers(o, &out);
        return st ? st : zc_define(o, 0, out);
    }
    if (!st && attr.unary.alpha > attr.unary.beta)
        attr.unary.alpha = attr.unary.beta; // min(max(x, lo), hi)
    if (!st)
        st = zc_emit1(o, ZI_OP_Clip, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- composed activations ------------------------------------------------------------------- */

/* x * tanh(softplus(x)) */
zurt_status zc_op_mish(zc_onnx *o)
{
    zi_id out;
    zurt_status st = zc_emit1(o, ZI_OP_Softplus, "softplus", NULL, o->in[0], &out);
    if (!st)
        st = zc_emit1(o, ZI_OP_Tanh, "tanh", NULL, out, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, NULL, o->in[0], out, &out);
    return st ? st : zc_define(o, 0, out);
}

/* erf(x / sqrt(2)) */
static zurt_status gelu_exact(zc_onnx *o, zi_id *out)
{
    zi_id root;
    zurt_status st = zc_const_scalar(o, 0.70710678f, &root);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "scaled", o->in[0], root, out);
    return st ? st : zc_emit1(o, ZI_OP_Erf, "erf", NULL, *out, out);
}

/* tanh(sqrt(2 / pi) * (x + 0.044715 x^3)) */
static zurt_status gelu_tanh(zc_onnx *o, zi_id *out)
{
    zi_id root, cubic, x = o->in[0];
    zurt_status st = zc_const_scalar(o, 0.79788456f, &root);
    if (!st)
        st = zc_const_scalar(o, 0.044715f, &cubic);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "square", x, x, out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "cube", *out, x, out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "cubic", *out, cubic, out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "sum", x, *out, out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "scaled", *out, root, out);
    return st ? st : zc_emit1(o, ZI_OP_Tanh, "tanh", NULL, *out, out);
}

/* x / 2 * (1 + f(x)), f being the error function or what approximates it. */
zurt_status zc_op_gelu(zc_onnx *o)
{
    enum { EXACT, TANH };
    static const zi_word formulas[] = {{"none", EXACT}, {"tanh", TANH}, {NULL, 0}};
    int formula = EXACT;
    zi_id one, half, out, halved;
    zurt_status st = zc_attr_choice(o, "approximate", "none", formulas, &formula);
    if (!st)
        st = formula == TANH ? gelu_tanh(o, &out) : gelu_exact(o, &out);
    if (!st)
        st = zc_const_scalar(o, 1.0f, &one);
    if (!st)
        st = zc_const_scalar(o, 0.5f, &half);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "one", out, one, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "half", o->in[0], half, &halved);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, NULL, halved, out, &out);
    return st ? st : zc_define(o, 0, out);
}
