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

/* ---- normalisation ------------------------------------------------------------------------- */

/* Parameter i as a plain [channels] constant. */
static zurt_status need_channels(zc_onnx *o, uint32_t i, int32_t channels)
{
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    if (t->dtype != ZURT_F32 || t->rank != 1 || t->dims[0] != channels)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must be [%d] float", (unsigned)i, (int)channels);
    return ZURT_OK;
}

/* A [C,1,1...] constant that broadcasts over the spatial axes. */
static zurt_status channel_const(zc_onnx *o, int32_t channels, zi_id *out, float **data)
{
    int32_t rank = zc_input(o, 0)->rank;
    int32_t dims[ZURT_MAX_RANK] = {channels, 1, 1, 1, 1, 1, 1, 1};
    return zc_const_f32(o, rank - 1, dims, out, data);
}

static zurt_status scale_and_shift(zc_onnx *o, zi_id x, zi_id scale, zi_id shift)
{
    zi_id out;
    zurt_status st = zc_emit2(o, ZI_OP_Mul, "scale", x, scale, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, NULL, out, shift, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_batch_norm(zc_onnx *o)
{
    float epsilon;
    const zi_tensor x = *zc_input(o, 0);
    if (x.rank < 2 || x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be [N,C,...] float");
    zurt_status st =
        zc_attr_expect(o, "training_mode", 0, "export the model in inference (eval) mode");
    for (uint32_t i = 1; i < 5 && !st; i++)
        st = need_channels(o, i, x.dims[1]);
    if (!st)
        st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    zi_id scale_id, shift_id;
    float *scale = NULL, *shift = NULL;
    if (!st)
        st = channel_const(o, x.dims[1], &scale_id, &scale);
    if (!st)
        st = channel_const(o, x.dims[1], &shift_id, &shift);
    if (st)
        return st;
    const float *gamma = zc_input(o, 1)->data, *beta = zc_input(o, 2)->data;
    const float *mean = zc_input(o, 3)->data, *variance = zc_input(o, 4)->data;
    for (int32_t c = 0; c < x.dims[1]; c++) {
        double s = gamma[c] / sqrt((double)variance[c] + epsilon);
        if (!isfinite(s) || !isfinite(mean[c]) || !isfinite(beta[c]))
            return zc_fail(o, ZURT_E_FORMAT, "channel %d: a parameter is not finite", (int)c);
        scale[c] = (float)s;
        shift[c] = (float)(beta[c] - mean[c] * s);
    }
    return scale_and_shift(o, o->in[0], scale_id, shift_id);
}

/* (x - mean) / sqrt(variance + epsilon) over `axes`, from ops that exist. */
static zurt_status standardise(zc_onnx *o, zi_id x, uint32_t axes, float epsilon, zi_id *out)
{
    zi_id mean, d, square, variance, e;
    float *value;
    zurt_status st = zc_emit_reduce(o, ZI_OP_ReduceMean, "mean", x, axes, true, &mean);
    if (!st)
        st = zc_emit2(o, ZI_OP_Sub, "centred", x, mean, &d);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "square", d, d, &square);
    if (!st)
        st = zc_emit_reduce(o, ZI_OP_ReduceMean, "variance", square, axes, true, &variance);
    if (!st)
        st = zc_const_f32(o, 0, NULL, &e, &value);
    if (st)
        return st;
    *value = epsilon;
    st = zc_emit2(o, ZI_OP_Add, "epsilon", variance, e, &variance);
    if (!st)
        st = zc_emit1(o, ZI_OP_Sqrt, "deviation", NULL, variance, &variance);
    return st ? st : zc_emit2(o, ZI_OP_Div, "standard", d, variance, out);
}

zurt_status zc_op_instance_norm(zc_onnx *o)
{
    float epsilon;
    const zi_tensor x = *zc_input(o, 0);
    if (x.rank < 3 || x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be [N,C,...] float");
    zurt_status st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    for (uint32_t i = 1; i < 3 && !st; i++)
        st = need_channels(o, i, x.dims[1]);
    zi_id standard, scale_id, shift_id;
    float *scale = NULL, *shift = NULL;
    uint32_t axes = ((1u << x.rank) - 1) & ~3u;
    if (!st)
        st = standardise(o, o->in[0], axes, epsilon, &standard);
    if (!st)
        st = channel_const(o, x.dims[1], &scale_id, &scale);
    if (!st)
        st = channel_const(o, x.dims[1], &shift_id, &shift);
    if (st)
        return st;
    if (x.dims[1]) {
        memcpy(scale, zc_input(o, 1)->data, (size_t)x.dims[1] * sizeof(*scale));
        memcpy(shift, zc_input(o, 2)->data, (size_t)x.dims[1] * sizeof(*shift));
    }
    return scale_and_shift(o, standard, scale_id, shift_id);
}

zurt_status zc_op_layer_norm(zc_onnx *o)
{
    float epsilon;
    int32_t axis;
    const zi_tensor x = *zc_input(o, 0);
    if (x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zurt_status st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    if (!st)
        st = zc_attr_axis(o, "axis", -1, x.rank, &axis);
    if (st)
        return st;
    uint32_t axes = ((1u << x.rank) - 1) & ~((1u << axis) - 1);
    zi_id out;
    st = standardise(o, o->in[0], axes, epsilon, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "scale", out, o->in[1], &out);
    if (!st && zc_has(o, 2))
        st = zc_emit2(o, ZI_OP_Add, NULL, out, o->in[2], &out);
    return st ? st : zc_define(o, 0, out);
}
