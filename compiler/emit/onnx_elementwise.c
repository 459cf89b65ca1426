/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise ops as ONNX; a table of an int8 function becomes a Gather. */
#include <math.h>

#include "emit/onnx_ops.h"

/* Ops that ONNX has under the same name, with the same inputs and no attribute. */
void zo_emit_inputs_in_order(zo_builder *b, const zi_node *n)
{
    bool nchw = n->op != ZI_OP_MatMul && zo_prefers_nchw(b, n); // MatMul names its last axes
    const char *in[3], *out = zo_raw_name(b, n->out[0]);
    for (uint32_t i = 0; i < n->n_in; i++)
        in[i] = zo_real(b, n->in[i], nchw);
    zo_node(b, zi_op_name(n->op), n->name, in, n->n_in, out);
    zo_finish(b, n, 0, out, nchw);
}

static void clip(zo_builder *b, const char *name, const char *base, const char *x, float lo,
                 float hi, const char *out)
{
    const char *in[3] = {x, "", ""};
    if (isfinite(lo))
        in[1] = zo_scalar_f32(b, zo_name(b, "%s~min", base), lo);
    if (isfinite(hi))
        in[2] = zo_scalar_f32(b, zo_name(b, "%s~max", base), hi);
    zo_node(b, "Clip", name, in, 3, out);
}

/* x * gate(x): opset 13 has neither HardSwish nor Swish. */
static void gated(zo_builder *b, zi_op op, const char *name, const char *base, const char *x,
                  const char *out)
{
    const char *gate = zo_name(b, "%s~gate", base);
    Onnx__NodeProto *node =
        zo_node(b, op == ZI_OP_Swish ? "Sigmoid" : "HardSigmoid", gate, &x, 1, gate);
    if (op == ZI_OP_HardSwish) {
        zo_float(b, node, "alpha", 1.0f / 6.0f);
        zo_float(b, node, "beta", 0.5f);
    }
    zo_node(b, "Mul", name, (const char *[]){x, gate}, 2, out);
}

/* One unary op of the graph on a real value. */
static void unary(zo_builder *b, zi_op op, const zi_attr_unary *a, const char *name,
                  const char *base, const char *x, const char *out)
{
    if (op == ZI_OP_Clip) {
        clip(b, name, base, x, a->alpha, a->beta, out);
        return;
    }
    if (op == ZI_OP_Swish || op == ZI_OP_HardSwish) {
        gated(b, op, name, base, x, out);
        return;
    }
    Onnx__NodeProto *node = zo_node(b, zi_op_name(op), name, &x, 1, out);
    if (op == ZI_OP_LeakyRelu || op == ZI_OP_Elu || op == ZI_OP_Celu ||
        op == ZI_OP_ThresholdedRelu || op == ZI_OP_HardSigmoid || op == ZI_OP_Selu)
        zo_float(b, node, "alpha", a->alpha);
    if (op == ZI_OP_HardSigmoid)
        zo_float(b, node, "beta", a->beta);
    if (op == ZI_OP_Selu)
        zo_float(b, node, "gamma", a->beta);
}

void zo_emit_map(zo_builder *b, const zi_node *n)
{
    bool nchw = zo_is_nchw(b, n->in[0]);
    const char *out = zo_raw_name(b, n->out[0]);
    unary(b, n->op, &n->attr.unary, n->name, b->values[n->out[0]].base, zo_real(b, n->in[0], nchw),
          out);
    zo_finish(b, n, 0, out, nchw);
}

/* A table that stands for no single op: looked up as it is. */
static void gather_table(zo_builder *b, const zi_node *n)
{
    const zi_tensor *table = zo_tensor_in(b, n, 1), *y = zo_tensor_out(b, n, 0);
    zo_value *x = &b->values[n->in[0]], *v = &b->values[n->out[0]];
    int32_t *offset = zo_alloc(b, 1, sizeof(*offset));
    if (!x->quantised || y->quant.n != 1) {
        b->st = zi_node_fail(b->ctx, b->g, n, ZURT_E_UNSUPPORTED,
                             "a table on a tensor that no node quantises cannot go to ONNX");
        return;
    }
    if (offset)
        *offset = 128;
    const char *wide = zo_name(b, "%s~wide", v->base), *index = zo_name(b, "%s~index", v->base);
    Onnx__NodeProto *cast = zo_node(b, "Cast", wide, &x->quantised, 1, wide);
    zo_int(b, cast, "to", zo_dtype(ZURT_S32));
    zo_binary(b, "Add", wide,
              zo_tensor(b, zo_name(b, "%s~offset", v->base), ZURT_S32, NULL, 0, offset), index);
    const char *data =
        zo_tensor(b, zo_name(b, "%s~table", v->base), ZURT_S8, table->dims, 1, table->data);
    v->quantised = zo_name(b, "%s~q", v->base);
    v->quantised_nchw = x->quantised_nchw;
    zo_node(b, "Gather", n->name, (const char *[]){data, index}, 2, v->quantised);
    zo_tensor(b, zo_name(b, "%s~scale", v->base), ZURT_F32, NULL, 0, y->quant.scale);
    int8_t *zero = zo_alloc(b, 1, sizeof(*zero));
    if (zero)
        *zero = (int8_t)y->quant.zero_point[0];
    zo_tensor(b, zo_name(b, "%s~zero", v->base), ZURT_S8, NULL, 0, zero);
    const char *real = zo_dequantize(b, y, 0, v->base, v->quantised, zo_name(b, "%s~dq", v->base));
    if (v->quantised_nchw)
        v->real_nchw = real;
    else
        v->real = real;
}

void zo_emit_lut(zo_builder *b, const zi_node *n)
{
    zi_op op = (zi_op)n->attr.lut.op;
    if (!zi_op_has(op, ZI_OPF_MAP) || op == ZI_OP_Lut || op == ZI_OP_Not) {
        gather_table(b, n);
        return;
    }
    bool nchw = zo_is_nchw(b, n->in[0]);
    const char *out = zo_raw_name(b, n->out[0]);
    unary(b, op, &n->attr.lut.unary, n->name, b->values[n->out[0]].base, zo_real(b, n->in[0], nchw),
          out);
    zo_finish(b, n, 0, out, nchw);
}

void zo_emit_cast(zo_builder *b, const zi_node *n)
{
    bool nchw = zo_is_nchw(b, n->in[0]);
    const char *in = zo_real(b, n->in[0], nchw), *out = zo_raw_name(b, n->out[0]);
    Onnx__NodeProto *node = zo_node(b, "Cast", n->name, &in, 1, out);
    zo_int(b, node, "to", zo_dtype((zurt_dtype)n->attr.axis.axis));
    zo_finish(b, n, 0, out, nchw);
}

/* zo_finish() quantises. */
void zo_emit_quantise(zo_builder *b, const zi_node *n)
{
    bool nchw = zo_is_nchw(b, n->in[0]);
    zo_finish(b, n, 0, zo_real(b, n->in[0], nchw), nchw);
}

/* Every real value is dequantised already. */
void zo_emit_dequantise(zo_builder *b, const zi_node *n)
{
    bool nchw = zo_is_nchw(b, n->in[0]);
    zo_finish(b, n, 0, zo_real(b, n->in[0], nchw), nchw);
}
