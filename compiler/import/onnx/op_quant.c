/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised models keep their scales and zero points: Quantize and Dequantize nodes around float
 * ops, which quantise/ turns into int8 ops. Ref: ONNX QuantizeLinear-13, DequantizeLinear-13. */
#include <math.h>
#include <string.h>

#include "import/onnx/quant_params.h"

zurt_status zc_params_make(zc_onnx *o, uint32_t n, int32_t axis, zurt_dtype dtype, zc_params *p)
{
    *p = (zc_params){n,
                     axis,
                     zi_arena_calloc(&o->scratch, n, sizeof(float)),
                     zi_arena_calloc(&o->scratch, n, sizeof(int32_t)),
                     dtype,
                     NULL};
    return p->scale && p->zero_point ? ZURT_OK : zc_no_memory(o);
}

static zurt_status read_zero_points(zc_onnx *o, uint32_t i, zc_params *p)
{
    if (!zc_has(o, i))
        return ZURT_OK;
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    size_t n = zi_tensor_elems(t);
    p->dtype = t->dtype;
    p->type = zc_input_type(o, i);
    if (n != p->n && n != 1)
        return zc_fail(o, ZURT_E_FORMAT, "%zu zero points for %u scales", n, (unsigned)p->n);
    for (uint32_t c = 0; c < p->n; c++) {
        size_t k = n == 1 ? 0 : c;
        if (t->dtype == ZURT_S8)
            p->zero_point[c] = ((const int8_t *)t->data)[k];
        else if (t->dtype == ZURT_U8)
            p->zero_point[c] = ((const uint8_t *)t->data)[k];
        else if (t->dtype == ZURT_S32)
            p->zero_point[c] = ((const int32_t *)t->data)[k];
        else
            return zc_fail(o, ZURT_E_UNSUPPORTED, "zero point of type %s; quantise to 8 bits",
                           p->type);
    }
    return ZURT_OK;
}

zurt_status zc_params_read(zc_onnx *o, uint32_t i, const zi_tensor *x, int32_t axis, zc_params *p)
{
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    size_t n = zi_tensor_elems(t);
    if (t->dtype != ZURT_F32 || t->rank > 1)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "the scale must be a float or a list of floats; export without blocks");
    if (n != 1 && (axis >= x->rank || n != (size_t)x->dims[axis]))
        return zc_fail(o, ZURT_E_FORMAT, "%zu scales for axis %d", n, (int)axis);
    st = zc_params_make(o, (uint32_t)n, n == 1 ? 0 : axis, ZURT_DTYPE_NONE, p);
    if (st)
        return st;
    for (size_t c = 0; c < n; c++) {
        p->scale[c] = ((const float *)t->data)[c];
        if (!(p->scale[c] > 0) || !isfinite(p->scale[c]))
            return zc_fail(o, ZURT_E_FORMAT, "scale %zu is %g", c, (double)p->scale[c]);
    }
    return read_zero_points(o, i + 1, p);
}

static bool same_params(const zi_quant *q, const zc_params *p)
{
    if (q->n != p->n || (q->n > 1 && q->axis != p->axis))
        return false;
    for (uint32_t c = 0; c < q->n; c++) {
        if (q->scale[c] != p->scale[c] || q->zero_point[c] != p->zero_point[c])
            return false;
    }
    return true;
}

zurt_status zc_params_dequantize(zc_onnx *o, const char *tag, zi_id x, const zc_params *p,
                                 zi_id *out)
{
    const zi_tensor t = o->g->tensors[x];
    zurt_status st = ZURT_OK;
    if (p->dtype != ZURT_DTYPE_NONE && p->dtype != t.dtype)
        return zc_fail(o, ZURT_E_FORMAT, "zero point of type %s for a tensor of type %s",
                       zurt_dtype_name(p->dtype), zurt_dtype_name(t.dtype));
    if (t.quant.n && !same_params(&t.quant, p)) {
        if (!zi_tensor_is_const(&t))
            return zc_fail(o, ZURT_E_UNSUPPORTED,
                           "tensor '%.80s' is read with other scales than it was written with",
                           t.name);
        st = zi_graph_add_const(o->ctx, o->g, t.name, t.dtype, t.rank, t.dims, t.data, &x, NULL);
        if (st)
            return st;
    }
    if (!o->g->tensors[x].quant.n)
        st = zi_graph_set_quant(o->ctx, o->g, x, p->n, p->axis, p->scale, p->zero_point);
    return st ? st : zc_emit1(o, ZI_OP_Dequantize, tag, NULL, x, out);
}

zurt_status zc_params_quantize(zc_onnx *o, const char *tag, zi_id x, const zc_params *p, zi_id *out)
{
    zurt_dtype dtype = p->dtype == ZURT_DTYPE_NONE ? ZURT_U8 : p->dtype;
    if (dtype != ZURT_S8 && dtype != ZURT_U8)
        return zc_fail(o, ZURT_E_UNSUPPORTED, "to type %s; quantise to int8 or uint8",
                       p->type ? p->type : zurt_dtype_name(dtype));
    zi_attr attr = {.axis.axis = (int32_t)dtype};
    zurt_status st = zc_emit_cast(o, "real", x, ZURT_F32, &x);
    if (!st)
        st = zc_emit1(o, ZI_OP_Quantize, tag, &attr, x, out);
    if (!st)
        st = zi_graph_set_quant(o->ctx, o->g, *out, p->n, p->axis, p->scale, p->zero_point);
    return st ? st : zc_fold(o, *out); // weights that the exporter left in float
}

/* Attribute axis counts only for parameters with more than one element. */
static zurt_status quant_axis(zc_onnx *o, int32_t *axis)
{
    zurt_status st = zc_attr_expect(o, "block_size", 0, "export per tensor or per channel");
    *axis = 0;
    zc_attr_harmless(o, "axis");
    zc_attr_harmless(o, "saturate"); // of float8
    if (st || zi_tensor_elems(zc_input(o, 1)) == 1)
        return st;
    return zc_attr_axis(o, "axis", 1, zc_input(o, 0)->rank, axis);
}

/* An attribute that names the type of a real number: zurt computes in float. */
static zurt_status float_attr(zc_onnx *o, const char *name)
{
    int32_t type;
    zurt_status st = zc_attr_int32(o, name, 0, 0, INT32_MAX, &type);
    if (!st && type && type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        st = zc_fail(o, ZURT_E_UNSUPPORTED, "%s %s; export with float", name,
                     zc_onnx_type_name(type));
    return st;
}

zurt_status zc_op_quantize(zc_onnx *o)
{
    zc_params p;
    int32_t axis, type;
    zi_id out;
    zurt_status st = quant_axis(o, &axis);
    if (!st)
        st = zc_params_read(o, 1, zc_input(o, 0), axis, &p);
    if (!st)
        st = zc_attr_int32(o, "output_dtype", 0, 0, INT32_MAX, &type);
    if (!st && type && p.dtype == ZURT_DTYPE_NONE) {
        p.dtype = zc_dtype(type);
        if (p.dtype != ZURT_S8 && p.dtype != ZURT_U8)
            return zc_fail(o, ZURT_E_UNSUPPORTED, "to type %s; quantise to int8 or uint8",
                           zc_onnx_type_name(type));
    }
    if (!st)
        st = float_attr(o, "precision");
    if (!st)
        st = zc_params_quantize(o, NULL, o->in[0], &p, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_dequantize(zc_onnx *o)
{
    zc_params p;
    int32_t axis;
    zi_id out;
    zurt_status st = quant_axis(o, &axis);
    if (!st)
        st = float_attr(o, "output_dtype");
    if (!st)
        st = zc_params_read(o, 1, zc_input(o, 0), axis, &p);
    if (!st)
        st = zc_params_dequantize(o, NULL, o->in[0], &p, &out);
    return st ? st : zc_define(o, 0, out);
}
