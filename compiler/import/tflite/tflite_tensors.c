/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of the file as tensors of the graph: inputs, constants, what operators read and write. */
#include "import/tflite/tflite.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "float/evaluator.h"

/* ---- what the file says of a tensor ---- */

static zurt_status tensor_fail(zc_tfl *t, uint32_t index, zurt_status code, const char *what)
{
    return zi_fail(t->ctx, code, "tensor '%.80s': %s", t->tensors[index].name, what);
}

static zurt_dtype dtype_of(zc_tfl *t, uint32_t index)
{
    switch (zc_fb_u8(&t->fb, t->tensors[index].table, ZC_TENSOR_TYPE, ZC_TFL_FLOAT32)) {
    case ZC_TFL_FLOAT32:
        return ZURT_F32;
    case ZC_TFL_INT8:
        return ZURT_S8;
    case ZC_TFL_UINT8:
        return ZURT_U8;
    case ZC_TFL_INT32:
        return ZURT_S32;
    case ZC_TFL_INT64:
        return ZURT_S64;
    case ZC_TFL_BOOL:
        return ZURT_BOOL;
    default:
        return ZURT_DTYPE_NONE;
    }
}

/* Whether dim i is open: the converter did not know it, whatever the dims say. */
static bool is_open(zc_tfl *t, uint32_t index, uint32_t i)
{
    const zc_fb_vector s = zc_fb_list(&t->fb, t->tensors[index].table, ZC_TENSOR_SIGNATURE, 4);
    return i < s.n && zc_fb_i32_at(&t->fb, s, i) == -1;
}

/* Dims as the file has them; an open one is 1. */
static zurt_status read_dims(zc_tfl *t, uint32_t index, int32_t *rank, int32_t *dims, size_t *elems)
{
    const zc_fb_vector shape = zc_fb_list(&t->fb, t->tensors[index].table, ZC_TENSOR_SHAPE, 4);
    if (shape.n > ZURT_MAX_RANK)
        return tensor_fail(t, index, ZURT_E_LIMIT, "more than 8 axes");
    *rank = (int32_t)shape.n;
    *elems = 1;
    for (uint32_t i = 0; i < shape.n; i++) {
        const int32_t dim = zc_fb_i32_at(&t->fb, shape, i);
        dims[i] = dim == -1 ? 1 : dim;
        if (dims[i] < 0 || dims[i] > ZI_MAX_DIM || !zi_size_mul(*elems, (size_t)dims[i], elems))
            return tensor_fail(t, index, ZURT_E_LIMIT, "its dims are negative or too large");
    }
    return ZURT_OK;
}

static bool is_8_bits(zurt_dtype dtype)
{
    return dtype == ZURT_S8 || dtype == ZURT_U8;
}

zurt_status zc_tfl_spend(zc_tfl *t, uint64_t bytes)
{
    if (bytes > t->bytes_left)
        return zi_fail(
            t->ctx, ZURT_E_LIMIT,
            "tflite: its tensors and operators share so much that they need too much memory "
            "for a file of this size");
    t->bytes_left -= bytes;
    return ZURT_OK;
}

/* Gives graph tensor `id` the scales of the file's tensor; `axis` is where they are in the graph.
 * *any: it has some. */
static zurt_status set_quant(zc_tfl *t, uint32_t index, zi_id id, int32_t axis, bool *any)
{
    const zc_fb_table q = zc_fb_sub(&t->fb, t->tensors[index].table, ZC_TENSOR_QUANTIZATION);
    const zc_fb_vector scales = zc_fb_list(&t->fb, q, ZC_QUANT_SCALE, 4);
    const zc_fb_vector zeros = zc_fb_list(&t->fb, q, ZC_QUANT_ZERO_POINT, 8);
    const zi_tensor *x = &t->g->tensors[id];
    *any = scales.n > 0;
    if (!*any || (!is_8_bits(x->dtype) && x->dtype != ZURT_S32)) // of others they mean nothing
        return ZURT_OK;
    if (zc_fb_has(&t->fb, q, ZC_QUANT_DETAILS))
        return tensor_fail(t, index, ZURT_E_UNSUPPORTED,
                           "quantised otherwise than by scale and zero point");
    if (zeros.n > 1 && zeros.n != scales.n)
        return tensor_fail(t, index, ZURT_E_FORMAT, "not as many zero points as scales");
    if (scales.n > 1 && (axis < 0 || axis >= x->rank || x->dims[axis] != (int32_t)scales.n))
        return tensor_fail(t, index, ZURT_E_FORMAT, "its scales are not one per channel");
    zurt_status st = zc_tfl_spend(t, scales.n * 2 * (sizeof(float) + sizeof(int32_t)));
    if (st)
        return st;
    float *scale = zi_arena_calloc(&t->scratch, scales.n, sizeof(*scale));
    int32_t *zero = zi_arena_calloc(&t->scratch, scales.n, sizeof(*zero));
    if (!scale || !zero)
        return zc_tfl_no_memory(t);
    for (uint32_t i = 0; i < scales.n; i++) {
        const int64_t z = zeros.n ? zc_fb_i64_at(&t->fb, zeros, zeros.n == 1 ? 0 : i) : 0;
        scale[i] = zc_fb_f32_at(&t->fb, scales, i);
        if (!(scale[i] > 0.0f) || !isfinite(scale[i]))
            return tensor_fail(t, index, ZURT_E_FORMAT, "a scale is not a positive number");
        if (z < -128 || z > 255)
            return tensor_fail(t, index, ZURT_E_FORMAT, "a zero point is outside 8 bits");
        zero[i] = (int32_t)z;
    }
    return zi_graph_set_quant(t->ctx, t->g, id, scales.n, scales.n == 1 ? 0 : axis, scale, zero);
}

/* ---- constants ---- */

static float from_half(uint32_t h)
{
    const uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
    float value;
    uint32_t bits = sign | (exponent + 112) << 23 | mantissa << 13;
    if (exponent == 0)
        return (sign ? -1.0f : 1.0f) * ldexpf((float)mantissa, -24);
    if (exponent == 31)
        bits = sign | 0x7f800000 | mantissa << 13;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Elements of `bytes` each, little-endian in the file. */
static void copy_elements(zi_bytes from, size_t elems, size_t bytes, bool half, void *to)
{
    for (size_t i = 0; i < elems; i++) {
        if (half)
            ((float *)to)[i] =
                from_half((uint32_t)from.data[2 * i] | (uint32_t)from.data[2 * i + 1] << 8);
        else if (bytes == 4)
            ((uint32_t *)to)[i] = zi_get_u32(from.data + 4 * i);
        else if (bytes == 8)
            ((uint64_t *)to)[i] = zi_get_u64(from.data + 8 * i);
        else
            ((uint8_t *)to)[i] = from.data[i];
    }
}

/* The bytes of the tensor's buffer; size 0: it is no constant. */
static zurt_status data_of(zc_tfl *t, uint32_t index, zi_bytes *out)
{
    const uint32_t buffer =
        (uint32_t)zc_fb_i32(&t->fb, t->tensors[index].table, ZC_TENSOR_BUFFER, 0);
    *out = (zi_bytes){NULL, 0};
    if (buffer == 0)
        return ZURT_OK;
    if (buffer >= t->buffers.n)
        return tensor_fail(t, index, ZURT_E_FORMAT, "its buffer is not in the file");
    *out = zc_fb_string(&t->fb, zc_fb_table_at(&t->fb, t->buffers, buffer), ZC_BUFFER_DATA);
    return ZURT_OK;
}

static zurt_status make_const(zc_tfl *t, uint32_t index, zi_bytes data)
{
    zc_tfl_tensor_state *s = &t->tensors[index];
    const bool half = zc_fb_u8(&t->fb, s->table, ZC_TENSOR_TYPE, 0) == ZC_TFL_FLOAT16;
    const zurt_dtype dtype = half ? ZURT_F32 : dtype_of(t, index);
    int32_t rank, dims[ZURT_MAX_RANK] = {0};
    size_t elems, bytes;
    void *to;
    bool any;
    if (dtype == ZURT_DTYPE_NONE)
        return tensor_fail(t, index, ZURT_E_UNSUPPORTED,
                           "its type is not supported; convert with 8-bit or float weights");
    if (zc_fb_has(&t->fb, s->table, ZC_TENSOR_SPARSITY))
        return tensor_fail(t, index, ZURT_E_UNSUPPORTED,
                           "sparse weights; convert the model with dense ones");
    zurt_status st = read_dims(t, index, &rank, dims, &elems);
    if (st)
        return st;
    const size_t element = half ? 2 : zurt_dtype_bytes(dtype);
    if (!zi_size_mul(elems, element, &bytes) || bytes != data.size)
        return tensor_fail(t, index, ZURT_E_FORMAT, "its buffer has not the size of its dims");
    st = zc_tfl_spend(t, elems * zurt_dtype_bytes(dtype));
    if (st)
        return st;
    st = zi_graph_add_const(t->ctx, t->g, s->name, dtype, rank, dims, NULL, &s->raw, &to);
    if (st)
        return st;
    copy_elements(data, elems, element, half, to);
    const zc_fb_table q = zc_fb_sub(&t->fb, s->table, ZC_TENSOR_QUANTIZATION);
    const int32_t axis = zc_fb_i32(&t->fb, q, ZC_QUANT_DIMENSION, 0);
    // Biases of depthwise convolutions repeat the weights' axis in files of 2019.
    return set_quant(t, index, s->raw, rank == 1 ? 0 : axis, &any);
}

/* ---- inputs, operands ---- */

zurt_status zc_tfl_make_input(zc_tfl *t, uint32_t index)
{
    zc_tfl_tensor_state *s = &t->tensors[index];
    const zurt_dtype dtype = dtype_of(t, index);
    int32_t rank, dims[ZURT_MAX_RANK] = {0};
    size_t elems;
    bool any;
    zurt_status st = read_dims(t, index, &rank, dims, &elems);
    if (!st && dtype == ZURT_DTYPE_NONE)
        st = tensor_fail(t, index, ZURT_E_UNSUPPORTED,
                         "an input of a type that is not supported; convert with float, int8 or "
                         "uint8 inputs");
    if (!st)
        st = zi_graph_add_tensor(t->ctx, t->g, s->name, &s->raw);
    if (st)
        return st;
    zi_tensor *x = &t->g->tensors[s->raw];
    x->dtype = dtype;
    x->rank = rank;
    memcpy(x->dims, dims, sizeof(x->dims));
    st = set_quant(t, index, s->raw, -1, &any);
    return st ? st : zi_graph_add_input(t->ctx, t->g, s->raw);
}

bool zc_tfl_has(const zc_tfl *t, uint32_t i)
{
    return i < t->in.n && zc_fb_i32_at(&t->fb, t->in, i) >= 0;
}

static zurt_status make_raw(zc_tfl *t, uint32_t index)
{
    zi_bytes data;
    if (t->tensors[index].raw != ZI_NONE)
        return ZURT_OK;
    zurt_status st = data_of(t, index, &data);
    if (!st && !data.size)
        st = zc_tfl_fail(t, ZURT_E_FORMAT, "reads tensor '%.80s', which nothing has computed",
                         t->tensors[index].name);
    return st ? st : make_const(t, index, data);
}

zurt_status zc_tfl_raw(zc_tfl *t, uint32_t i, zi_id *out)
{
    const uint32_t index = (uint32_t)zc_fb_i32_at(&t->fb, t->in, i);
    zurt_status st = make_raw(t, index);
    *out = t->tensors[index].raw;
    return st;
}

zurt_status zc_tfl_real(zc_tfl *t, uint32_t i, zi_id *out)
{
    zc_tfl_tensor_state *s = &t->tensors[zc_fb_i32_at(&t->fb, t->in, i)];
    zi_id raw;
    zurt_status st = zc_tfl_raw(t, i, &raw);
    if (!st && s->real == ZI_NONE) {
        const zi_tensor *x = &t->g->tensors[raw];
        if (x->dtype == ZURT_F32)
            s->real = raw;
        else if (zi_tensor_is_quantised(x))
            st = zc_tfl_emit(t, ZI_OP_Dequantize, NULL, &raw, 1, &s->real, NULL);
        else if (is_8_bits(x->dtype))
            st = zc_tfl_fail(t, ZURT_E_UNSUPPORTED, "tensor '%.80s' is %s without a scale", s->name,
                             zurt_dtype_name(x->dtype));
        else
            s->real = raw;
    }
    *out = s->real;
    return st;
}

zurt_status zc_tfl_ints(zc_tfl *t, uint32_t i, size_t most, int64_t *out, size_t *n)
{
    zi_id id;
    zurt_status st = zc_tfl_raw(t, i, &id);
    if (st)
        return st;
    const zi_tensor *x = &t->g->tensors[id];
    *n = zi_tensor_elems(x);
    if (!zi_tensor_is_const(x) || (x->dtype != ZURT_S32 && x->dtype != ZURT_S64) || *n > most)
        return zc_tfl_fail(t, ZURT_E_UNSUPPORTED,
                           "input %u must be a constant of at most %zu integers", (unsigned)i,
                           most);
    for (size_t k = 0; k < *n; k++)
        out[k] =
            x->dtype == ZURT_S32 ? ((const int32_t *)x->data)[k] : ((const int64_t *)x->data)[k];
    return ZURT_OK;
}

zurt_status zc_tfl_out_dims(zc_tfl *t, uint32_t i, size_t elems, int32_t *rank, int32_t *dims)
{
    const uint32_t index = (uint32_t)zc_fb_i32_at(&t->fb, t->out, i);
    size_t stated, others = 1;
    int32_t open = -1;
    zurt_status st = read_dims(t, index, rank, dims, &stated);
    if (st || stated == elems)
        return st;
    for (int32_t d = 0; d < *rank; d++) {
        if (open < 0 && is_open(t, index, (uint32_t)d))
            open = d;
        else
            others *= (size_t)dims[d];
    }
    if (open >= 0 && others && elems % others == 0 && elems / others <= ZI_MAX_DIM)
        dims[open] = (int32_t)(elems / others);
    return ZURT_OK; // what does not fit, its reader sees
}

zurt_status zc_tfl_axis(zc_tfl *t, int64_t axis, int32_t rank, int32_t *out)
{
    if (axis < -rank || axis >= rank)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "axis %lld of a tensor with %d axes", (long long)axis,
                           (int)rank);
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return ZURT_OK;
}

/* ---- results ---- */

/* Converters leave the arithmetic of shapes in the graph: a few integers, all of them constant. */
static bool is_shape_arithmetic(const zi_graph *g, const zi_node *n)
{
    enum { FEW = 64 };
    const zi_tensor *y = &g->tensors[n->out[0]];
    bool fixed = (y->dtype == ZURT_S32 || y->dtype == ZURT_S64) && zi_tensor_elems(y) <= FEW;
    for (uint32_t i = 0; i < n->n_in && fixed; i++) {
        const zi_tensor *x = zi_node_in(g, n, i);
        fixed = x && zi_tensor_is_const(x) && zi_tensor_elems(x) <= FEW;
    }
    return fixed;
}

/* Moved values keep their meaning: the result has the scale of the one tensor that it comes from.
 */
static zurt_status pass_quant_on(zc_tfl *t, const zi_node *n)
{
    const zi_quant q = t->g->tensors[n->in[0]].quant;
    if (!zi_op_has(n->op, ZI_OPF_MOVE) || n->op == ZI_OP_Concat || q.n != 1)
        return ZURT_OK;
    return zi_graph_set_quant(t->ctx, t->g, n->out[0], 1, 0, q.scale, q.zero_point);
}

zurt_status zc_tfl_emit(zc_tfl *t, zi_op op, const zi_attr *attr, const zi_id *in, uint32_t n_in,
                        zi_id *out, zi_node **node)
{
    const char *name = t->n_emitted++
                           ? zi_arena_printf(&t->scratch, "%s_%u", t->name, (unsigned)t->n_emitted)
                           : t->name;
    zi_node *n = NULL;
    zi_id made; // `out` may be one of `in`
    if (!name)
        return zc_tfl_no_memory(t);
    zurt_status st = zi_graph_add_tensor(t->ctx, t->g, name, &made);
    if (!st)
        st = zi_graph_add_node(t->ctx, t->g, op, name, in, n_in, &made, 1, &n);
    if (st)
        return st;
    *out = made;
    if (attr)
        n->attr = *attr;
    if (node)
        *node = n;
    st = zi_node_infer(t->ctx, t->g, n);
    if (!st)
        st = pass_quant_on(t, n);
    return !st && is_shape_arithmetic(t->g, n) ? zc_fold_node(t->ctx, t->g, n) : st;
}

static zurt_status check_shape(zc_tfl *t, uint32_t index, zi_id id)
{
    int32_t rank, dims[ZURT_MAX_RANK];
    size_t elems;
    char text[128];
    zurt_status st = read_dims(t, index, &rank, dims, &elems);
    if (st)
        return st;
    const zi_tensor *x = &t->g->tensors[id];
    bool same = x->rank == rank;
    for (int32_t i = 0; i < rank && same; i++)
        same = x->dims[i] == dims[i] || is_open(t, index, (uint32_t)i);
    if (same)
        return ZURT_OK;
    return zc_tfl_fail(t, ZURT_E_FORMAT, "computes %s, and the file says otherwise of '%.80s'",
                       zi_tensor_describe(x, text, sizeof(text)), t->tensors[index].name);
}

/* Of values that were moved: the file must say the scale that they have. */
static zurt_status check_same_quant(zc_tfl *t, uint32_t index, zi_id id)
{
    const zi_quant have = t->g->tensors[id].quant;
    const zc_fb_table q = zc_fb_sub(&t->fb, t->tensors[index].table, ZC_TENSOR_QUANTIZATION);
    const zc_fb_vector scales = zc_fb_list(&t->fb, q, ZC_QUANT_SCALE, 4);
    const zc_fb_vector zeros = zc_fb_list(&t->fb, q, ZC_QUANT_ZERO_POINT, 8);
    if (have.n != 1 || !is_8_bits(t->g->tensors[id].dtype))
        return ZURT_OK;
    const int64_t zero = zeros.n ? zc_fb_i64_at(&t->fb, zeros, 0) : 0;
    const bool same = scales.n == 1 && zc_fb_f32_at(&t->fb, scales, 0) == have.scale[0];
    if (same && zero == have.zero_point[0])
        return ZURT_OK;
    return zc_tfl_fail(t, ZURT_E_UNSUPPORTED,
                       "moves values to another scale; convert the model again, with one scale");
}

zurt_status zc_tfl_define(zc_tfl *t, uint32_t i, zi_id id)
{
    const uint32_t index = (uint32_t)zc_fb_i32_at(&t->fb, t->out, i);
    zc_tfl_tensor_state *s = &t->tensors[index];
    const zurt_dtype dtype = dtype_of(t, index);
    bool any = false;
    if (s->raw != ZI_NONE)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "tensor '%.80s' is computed twice", s->name);
    zurt_status st = check_shape(t, index, id);
    if (st)
        return st;
    const zurt_dtype have = t->g->tensors[id].dtype;
    if (is_8_bits(dtype) && have == ZURT_F32) {
        const zi_attr attr = {.axis.axis = (int32_t)dtype};
        st = zc_tfl_emit(t, ZI_OP_Quantize, &attr, &id, 1, &s->raw, NULL);
        if (!st)
            st = set_quant(t, index, s->raw, -1, &any);
        if (!st && !any)
            st = tensor_fail(t, index, ZURT_E_UNSUPPORTED, "is 8 bits without a scale");
    } else if (dtype == have) {
        st = check_same_quant(t, index, id);
        s->raw = id;
    } else {
        const zi_attr attr = {.axis.axis = (int32_t)dtype};
        if (dtype == ZURT_DTYPE_NONE || is_8_bits(dtype))
            return tensor_fail(t, index, ZURT_E_UNSUPPORTED, "its type is not supported");
        st = zc_tfl_emit(t, ZI_OP_Cast, &attr, &id, 1, &s->raw, NULL);
    }
    if (st)
        return st;
    if (s->raw < t->first_made) // another tensor of the file, which has its own name
        return ZURT_OK;
    // The graph's names are the file's.
    char *owned = zi_arena_strdup(&t->g->arena, s->name);
    if (!owned)
        return zc_tfl_no_memory(t);
    t->g->tensors[s->raw].name = owned;
    return ZURT_OK;
}

zurt_status zc_tfl_activate(zc_tfl *t, uint8_t activation, zi_node *n, zi_id *id)
{
    static const float bounds[][2] = {[ZC_ACT_RELU] = {0.0f, INFINITY},
                                      [ZC_ACT_RELU_N1_TO_1] = {-1.0f, 1.0f},
                                      [ZC_ACT_RELU6] = {0.0f, 6.0f}};
    if (activation == ZC_ACT_NONE)
        return ZURT_OK;
    if (activation == ZC_ACT_TANH)
        return zc_tfl_emit(t, ZI_OP_Tanh, NULL, id, 1, id, NULL);
    if (activation > ZC_ACT_RELU6)
        return zc_tfl_fail(t, ZURT_E_UNSUPPORTED, "fused activation %d", (int)activation);
    if (n && zi_op_has(n->op, ZI_OPF_CLAMP)) {
        n->clamp_lo = bounds[activation][0];
        n->clamp_hi = bounds[activation][1];
        return ZURT_OK;
    }
    const zi_attr attr = {.unary = {bounds[activation][0], bounds[activation][1]}};
    return zc_tfl_emit(t, ZI_OP_Clip, &attr, id, 1, id, NULL);
}
