/* SPDX-License-Identifier: Apache-2.0 */
/* Models quantised dynamically: scales are computed from each input at run time. zurt's are fixed,
 * so DynamicQuantizeLinear -> ConvInteger or MatMulInteger -> Cast -> Mul(scales) goes back to the
 * float op it was made from, with the weights' own quantisation error kept: x stands for itself,
 * its scale for 1. Ref: ONNX DynamicQuantizeLinear-11, ConvInteger-10, MatMulInteger-10. */
#include <string.h>

#include "import/onnx/importer.h"

static const char *op_of(const zc_onnx *o, uint32_t node)
{
    const char *type = o->graph->node[node]->op_type;
    return type ? type : "";
}

static bool is_op(const zc_onnx *o, uint32_t node, const char *type)
{
    return strcmp(op_of(o, node), type) == 0;
}

/* The one node that reads output 0 of `node`; ZI_NONE: several, none, or a graph output. */
static uint32_t only_reader(const zc_onnx *o, uint32_t node)
{
    uint32_t v = o->graph->node[node]->n_output ? o->links[node].out[0] : ZI_NONE;
    if (v == ZI_NONE || o->values[v].n_uses != 1 || o->values[v].n_readers != 1)
        return ZI_NONE;
    return o->readers[o->values[v].readers];
}

static uint32_t input_of(const zc_onnx *o, uint32_t node, uint32_t i)
{
    return i < o->graph->node[node]->n_input ? o->links[node].in[i] : ZI_NONE;
}

/* True if value v is output i of the node being translated. */
static bool is_mine(const zc_onnx *o, uint32_t v, uint32_t i)
{
    return v != ZI_NONE && i < o->n_out && o->links[o->index].out[i] == v;
}

/* True if v is the scale, or the scale times something. */
static bool carries_scale(const zc_onnx *o, uint32_t v)
{
    if (v == ZI_NONE || is_mine(o, v, 1))
        return v != ZI_NONE;
    if (o->values[v].from != ZC_FROM_NODE || !is_op(o, o->values[v].index, "Mul"))
        return false;
    uint32_t mul = o->values[v].index;
    return is_mine(o, input_of(o, mul, 0), 1) != is_mine(o, input_of(o, mul, 1), 1);
}

/* The Mul that ends the chain of an integer op; ZI_NONE: this is not the pattern. */
static uint32_t final_mul(const zc_onnx *o, uint32_t integer_op)
{
    uint32_t cast = only_reader(o, integer_op);
    if (cast == ZI_NONE || !is_op(o, cast, "Cast"))
        return ZI_NONE;
    uint32_t mul = only_reader(o, cast);
    if (mul == ZI_NONE || !is_op(o, mul, "Mul"))
        return ZI_NONE;
    uint32_t f = o->links[cast].out[0];
    uint32_t other = input_of(o, mul, 0) == f ? input_of(o, mul, 1) : input_of(o, mul, 0);
    return carries_scale(o, other) ? mul : ZI_NONE;
}

/* True if `mul` ends the chain of an integer op that reads our x. */
static bool ends_chain(const zc_onnx *o, uint32_t mul)
{
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t f = input_of(o, mul, i);
        if (f == ZI_NONE || o->values[f].from != ZC_FROM_NODE)
            continue;
        uint32_t c = input_of(o, o->values[f].index, 0);
        if (c == ZI_NONE || o->values[c].from != ZC_FROM_NODE)
            continue;
        uint32_t integer_op = o->values[c].index;
        if (is_mine(o, input_of(o, integer_op, 0), 0) && final_mul(o, integer_op) == mul)
            return true;
    }
    return false;
}

static bool reads_match(const zc_onnx *o, uint32_t output, uint32_t reader)
{
    if (output == 0 || output == 2) {
        bool integer_op = is_op(o, reader, "ConvInteger") || is_op(o, reader, "MatMulInteger");
        return integer_op && is_mine(o, input_of(o, reader, 0), 0) &&
               is_mine(o, input_of(o, reader, 2), 2) && final_mul(o, reader) != ZI_NONE;
    }
    if (!is_op(o, reader, "Mul"))
        return false;
    if (ends_chain(o, reader))
        return true;
    uint32_t v = o->graph->node[reader]->n_output ? o->links[reader].out[0] : ZI_NONE;
    if (v == ZI_NONE || o->values[v].n_uses != o->values[v].n_readers)
        return false;
    for (uint32_t k = 0; k < o->values[v].n_readers; k++) {
        uint32_t next = o->readers[o->values[v].readers + k];
        if (!is_op(o, next, "Mul") || !ends_chain(o, next))
            return false;
    }
    return true;
}

static bool is_pattern(const zc_onnx *o)
{
    for (uint32_t i = 0; i < 3 && i < o->n_out; i++) {
        uint32_t v = o->links[o->index].out[i];
        if (v == ZI_NONE)
            continue;
        if (o->values[v].n_uses != o->values[v].n_readers) // a graph output
            return false;
        for (uint32_t k = 0; k < o->values[v].n_readers; k++) {
            if (!reads_match(o, i, o->readers[o->values[v].readers + k]))
                return false;
        }
    }
    return true;
}

zurt_status zc_op_dynamic_quantize(zc_onnx *o)
{
    if (!is_pattern(o))
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "only before ConvInteger or MatMulInteger, Cast and Mul; give zurt the "
                       "float model and let it calibrate");
    zi_id one, zero;
    float *value;
    void *zero_value; // stays 0
    zurt_status st = zc_const_f32(o, 0, NULL, &one, &value);
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, o->name, ZURT_U8, 0, NULL, NULL, &zero, &zero_value);
    if (st)
        return st;
    *value = 1.0f;
    st = zc_define(o, 0, o->in[0]);
    if (!st)
        st = zc_define(o, 1, one);
    return st ? st : zc_define(o, 2, zero);
}

/* ---- ConvInteger and MatMulInteger ---------------------------------------------------------- */

/* Input i minus its zero point (input i + 2), in float. `dims` shapes a zero point per channel. */
static zurt_status centred(zc_onnx *o, uint32_t i, int32_t rank, const int32_t *dims, zi_id *out)
{
    zi_id zero;
    zurt_status st = zc_emit_cast(o, i ? "w_float" : "x_float", o->in[i], ZURT_F32, out);
    if (st || !zc_has(o, i + 2) || zc_input(o, i)->dtype == ZURT_F32)
        return st;
    st = zc_need_const(o, i + 2);
    if (st)
        return st;
    size_t n = zi_tensor_elems(zc_input(o, i + 2));
    if (n != 1 && (i == 0 || n != (size_t)dims[0]))
        return zc_fail(o, ZURT_E_UNSUPPORTED, "%zu zero points; one per tensor is taken", n);
    st = zc_emit_cast(o, "zero", o->in[i + 2], ZURT_F32, &zero);
    if (!st)
        st = n == 1 ? zc_emit_reshape(o, "zero", zero, 0, NULL, &zero)
                    : zc_emit_reshape(o, "zero", zero, rank, dims, &zero);
    return st ? st : zc_emit2(o, ZI_OP_Sub, i ? "w" : "x", *out, zero, out);
}

/* Sums of products must be exact in float where the model wants integers. */
static zurt_status check_exact(zc_onnx *o, size_t terms)
{
    if (zc_input(o, 0)->dtype != ZURT_F32 && terms > ((size_t)1 << 24) / (255 * 255))
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "sums of %zu products; export the model as QDQ instead", terms);
    o->note = zc_input(o, 0)->dtype == ZURT_F32 ? "was quantised dynamically" : NULL;
    return ZURT_OK;
}

static zurt_status define_sums(zc_onnx *o, zi_id sums)
{
    zi_id out = sums;
    zurt_status st = ZURT_OK;
    if (zc_input(o, 0)->dtype != ZURT_F32)
        st = zc_emit_cast(o, "sums", sums, ZURT_S32, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_conv_integer(zc_onnx *o)
{
    zi_id x, w, out;
    const zi_tensor t = *zc_input(o, 1);
    int32_t dims[ZURT_MAX_RANK] = {t.rank ? t.dims[0] : 1, 1, 1, 1, 1, 1, 1, 1};
    size_t terms = t.rank && t.dims[0] ? zi_tensor_elems(&t) / (size_t)t.dims[0] : 0;
    zurt_status st = zc_need_const(o, 1);
    if (!st)
        st = check_exact(o, terms);
    if (!st)
        st = centred(o, 0, 0, dims, &x);
    if (!st)
        st = centred(o, 1, t.rank, dims, &w);
    if (!st)
        st = zc_convolve(o, x, w, ZI_NONE, &out);
    return st ? st : define_sums(o, out);
}

zurt_status zc_op_matmul_integer(zc_onnx *o)
{
    zi_id a, b, out;
    const zi_tensor t = *zc_input(o, 1);
    int32_t dims[1] = {t.rank ? t.dims[t.rank - 1] : 1};
    size_t terms = t.rank > 1 ? (size_t)t.dims[t.rank - 2] : zi_tensor_elems(&t);
    zurt_status st = check_exact(o, terms);
    if (!st)
        st = centred(o, 0, 1, dims, &a);
    if (!st)
        st = centred(o, 1, 1, dims, &b);
    if (!st)
        st = zc_multiply(o, a, b, ZI_NONE, &out);
    return st ? st : define_sums(o, out);
}
