/* SPDX-License-Identifier: Apache-2.0 */
/* Quant of QONNX, which Brevitas, QKeras and FINN write: rounds to a grid of few bits, in float.
 * Grids of 8 bits and fewer are int8's or uint8's with values left out, so that Quant becomes Clip,
 * Quantize and Dequantize, and a constant becomes int8 weights. The one difference: Quant rounds
 * with the zero point added, Quantize before that, so ties of an odd zero point go the other way.
 * Ref: QONNX Quant (IntQuant): y = (round(clamp(x / scale + zero_point, lo, hi)) - zero_point) *
 * scale. */
#include <math.h>
#include <string.h>

#include "import/onnx/quant_params.h"

/* What the inputs and attributes say. */
typedef struct grid {
    int32_t bits;
    bool is_signed;
    float lo, hi;       /* whole numbers, before the zero point is taken off */
    const char *rounds; /* rounding_mode */
    zc_params params;   /* scale, zero point and type; n 0: they differ along several axes */
} grid;

static zurt_status refuse_width(zc_onnx *o, double bits)
{
    return zc_fail(o, ZURT_E_UNSUPPORTED, "quantises to %g bits; export it with 2 to 8 bits", bits);
}

static zurt_status read_width(zc_onnx *o, grid *q)
{
    bool narrow;
    float bits;
    zurt_status st = zc_const_float(o, 3, &bits);
    if (!st)
        st = zc_attr_bool(o, "signed", true, &q->is_signed);
    if (!st)
        st = zc_attr_bool(o, "narrow", false, &narrow);
    if (!st)
        st = zc_attr_string(o, "rounding_mode", "ROUND", &q->rounds);
    if (st)
        return st;
    const bool is_whole = bits >= 1 && bits <= 32 && bits == floorf(bits);
    if (!is_whole || (bits == 1 && q->is_signed))
        return refuse_width(o, (double)bits);
    q->bits = (int32_t)bits;
    double steps = ldexp(1.0, q->bits - (q->is_signed ? 1 : 0));
    q->lo = (float)(q->is_signed ? -steps + (narrow ? 1 : 0) : 0);
    q->hi = (float)(steps - (narrow && !q->is_signed ? 2 : 1));
    return ZURT_OK;
}

/* The one axis of x along which the elements of `t` differ; false: there are several. Shapes
 * broadcast as in numpy. */
static bool only_axis(const zi_tensor *x, const zi_tensor *t, int32_t *axis)
{
    int32_t found = 0;
    *axis = 0;
    if (t->rank > x->rank) // the result then has axes that x has not
        return false;
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t at = x->rank - t->rank + i;
        if (t->dims[i] == 1)
            continue;
        if (t->dims[i] != x->dims[at])
            return false;
        *axis = at;
        found++;
    }
    return found <= 1;
}

/* Scale and zero point as one list along one axis, if they are. */
static zurt_status read_grid_params(zc_onnx *o, grid *q)
{
    zurt_status st = zc_need_const(o, 1);
    if (!st)
        st = zc_need_const(o, 2);
    if (st)
        return st;
    const zi_tensor *x = zc_input(o, 0), *s = zc_input(o, 1), *z = zc_input(o, 2);
    size_t n = zi_tensor_elems(s), n_zero = zi_tensor_elems(z);
    int32_t axis, zero_axis;
    if (s->dtype != ZURT_F32 || z->dtype != ZURT_F32 || !n || !n_zero)
        return zc_fail(o, ZURT_E_FORMAT, "scale and zero point must be float");
    bool listed = only_axis(x, s, &axis) && only_axis(x, z, &zero_axis) &&
                  (n_zero == 1 || (n_zero == n && zero_axis == axis));
    q->params = (zc_params){0};
    for (size_t i = 0; i < n; i++) {
        float scale = ((const float *)s->data)[i];
        if (!(scale > 0) || !isfinite(scale))
            return zc_fail(o, ZURT_E_FORMAT, "scale %zu is %g", i, (double)scale);
    }
    for (size_t i = 0; i < n_zero; i++) {
        float zero = ((const float *)z->data)[i];
        float bottom = q->is_signed ? -128.0f : 0.0f;
        if (zero != floorf(zero) || !(zero >= bottom && zero <= bottom + 255))
            return zc_fail(o, ZURT_E_UNSUPPORTED,
                           "zero point %g; export with whole zero points that fit into 8 bits",
                           (double)zero);
    }
    if (!listed || n > ZI_MAX_DIM)
        return ZURT_OK;
    st = zc_params_make(o, (uint32_t)n, n == 1 ? 0 : axis, q->is_signed ? ZURT_S8 : ZURT_U8,
                        &q->params);
    for (size_t i = 0; i < n && !st; i++) {
        q->params.scale[i] = ((const float *)zc_input(o, 1)->data)[i];
        q->params.zero_point[i] =
            (int32_t)((const float *)zc_input(o, 2)->data)[n_zero == 1 ? 0 : i];
    }
    return st;
}

/* ---- the formula in float ------------------------------------------------------------------- */

static zurt_status rounded(zc_onnx *o, const char *mode, zi_id x, zi_id *out)
{
    zi_id sign;
    if (strcmp(mode, "ROUND") == 0)
        return zc_emit1(o, ZI_OP_Round, "round", NULL, x, out);
    if (strcmp(mode, "FLOOR") == 0)
        return zc_emit1(o, ZI_OP_Floor, "round", NULL, x, out);
    if (strcmp(mode, "CEIL") == 0)
        return zc_emit1(o, ZI_OP_Ceil, "round", NULL, x, out);
    if (strcmp(mode, "ROUND_TO_ZERO") != 0)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "rounding_mode '%.40s'; export with ROUND, FLOOR, CEIL or ROUND_TO_ZERO",
                       mode);
    zurt_status st = zc_emit1(o, ZI_OP_Sign, "sign", NULL, x, &sign);
    if (!st)
        st = zc_emit1(o, ZI_OP_Abs, "magnitude", NULL, x, out);
    if (!st)
        st = zc_emit1(o, ZI_OP_Floor, "round", NULL, *out, out);
    return st ? st : zc_emit2(o, ZI_OP_Mul, "signed", *out, sign, out);
}

/* round(clamp(x / scale + zero_point)) */
static zurt_status grid_index(zc_onnx *o, const grid *q, zi_id *out)
{
    const zi_attr bounds = {.unary = {q->lo, q->hi}};
    zurt_status st = zc_emit2(o, ZI_OP_Div, "steps", o->in[0], o->in[1], out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "shifted", *out, o->in[2], out);
    if (!st)
        st = zc_emit1(o, ZI_OP_Clip, "clamped", &bounds, *out, out);
    return st ? st : rounded(o, q->rounds, *out, out);
}

/* (index - zero_point) * scale */
static zurt_status grid_value(zc_onnx *o, zi_id index, zi_id *out)
{
    zurt_status st = zc_emit2(o, ZI_OP_Sub, "centred", index, o->in[2], out);
    return st ? st : zc_emit2(o, ZI_OP_Mul, "real", *out, o->in[1], out);
}

/* ---- weights -------------------------------------------------------------------------------- */

/* An int8 or uint8 constant of the indices, dequantised. */
static zurt_status int8_weights(zc_onnx *o, const grid *q, zi_id index, zi_id *out)
{
    const zi_tensor t = o->g->tensors[index];
    size_t n = zi_tensor_elems(&t);
    void *data;
    zi_id w;
    zurt_status st =
        zi_graph_add_const(o->ctx, o->g, o->name, q->params.dtype, t.rank, t.dims, NULL, &w, &data);
    for (size_t i = 0; i < n && !st; i++) {
        int32_t v = (int32_t)((const float *)t.data)[i]; // within the grid, so within 8 bits
        if (q->is_signed)
            ((int8_t *)data)[i] = (int8_t)v;
        else
            ((uint8_t *)data)[i] = (uint8_t)v;
    }
    return st ? st : zc_params_dequantize(o, NULL, w, &q->params, out);
}

static bool all_finite(const zi_tensor *t)
{
    const float *v = t->data;
    size_t n = zi_tensor_elems(t);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(v[i]))
            return false;
    }
    return true;
}

static zurt_status quantise_weights(zc_onnx *o, const grid *q, zi_id *out)
{
    zi_id index;
    if (!all_finite(zc_input(o, 0)))
        return zc_fail(o, ZURT_E_FORMAT, "a weight is not finite");
    zurt_status st = grid_index(o, q, &index);
    if (st)
        return st;
    if (q->bits <= 8 && q->params.n && zi_tensor_is_const(&o->g->tensors[index]))
        return int8_weights(o, q, index, out);
    return grid_value(o, index, out); // a bias of 16 or 32 bits, say
}

/* ---- activations ---------------------------------------------------------------------------- */

/* Real bounds, as a constant that broadcasts as the scale does. */
static zurt_status real_bound(zc_onnx *o, const grid *q, float index, zi_id *out)
{
    const zi_tensor t = *zc_input(o, 1);
    float *data;
    zurt_status st = zc_const_f32(o, t.rank, t.dims, out, &data);
    for (uint32_t i = 0; i < q->params.n && !st; i++)
        data[i] = (index - (float)q->params.zero_point[i]) * q->params.scale[i];
    return st;
}

/* x within the grid, which may have fewer values than 8 bits. Rounding a clipped value is clipping
 * a rounded one, since the bounds lie on the grid. */
static zurt_status clipped(zc_onnx *o, const grid *q, zi_id *out)
{
    zi_id lo, hi;
    bool whole = q->bits == 8 && q->hi - q->lo == 255.0f;
    *out = o->in[0];
    if (whole)
        return ZURT_OK;
    if (q->params.n == 1) {
        zi_attr bounds = {.unary = {0}};
        bounds.unary.alpha = (q->lo - (float)q->params.zero_point[0]) * q->params.scale[0];
        bounds.unary.beta = (q->hi - (float)q->params.zero_point[0]) * q->params.scale[0];
        return zc_emit1(o, ZI_OP_Clip, "clip", &bounds, *out, out);
    }
    zurt_status st = real_bound(o, q, q->lo, &lo);
    if (!st)
        st = real_bound(o, q, q->hi, &hi);
    if (!st)
        st = zc_emit2(o, ZI_OP_Max, "lo", *out, lo, out);
    return st ? st : zc_emit2(o, ZI_OP_Min, "hi", *out, hi, out);
}

static zurt_status quantise_activations(zc_onnx *o, const grid *q, zi_id *out)
{
    zurt_status st;
    if (q->bits > 8)
        return refuse_width(o, (double)q->bits);
    if (!q->params.n)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "scales that differ along several axes; export per tensor or per channel");
    if (strcmp(q->rounds, "ROUND") == 0) {
        st = clipped(o, q, out);
    } else { // rounded here, so that Quantize only names what it finds
        st = grid_index(o, q, out);
        if (!st)
            st = grid_value(o, *out, out);
    }
    if (!st)
        st = zc_params_quantize(o, "q", *out, &q->params, out);
    return st ? st : zc_params_dequantize(o, NULL, *out, &q->params, out);
}

zurt_status zc_op_quant(zc_onnx *o)
{
    grid q;
    zi_id out;
    if (zc_input(o, 0)->dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "input of type %s, not float",
                       zurt_dtype_name(zc_input(o, 0)->dtype));
    zurt_status st = zc_fold(o, o->in[0]);
    if (!st)
        st = read_width(o, &q);
    if (!st)
        st = read_grid_params(o, &q);
    if (!st)
        st = zi_tensor_is_const(zc_input(o, 0)) ? quantise_weights(o, &q, &out)
                                                : quantise_activations(o, &q, &out);
    return st ? st : zc_define(o, 0, out);
}

/* BipolarQuant, Trunc, FloatQuant. */
zurt_status zc_op_foreign_quant(zc_onnx *o)
{
    return zc_fail(o, ZURT_E_UNSUPPORTED,
                   "no grid of int8; train with integer quantisers of 2 to 8 bits and export as "
                   "QCDQ (brevitas.export.export_onnx_qcdq) or as Quant");
}
