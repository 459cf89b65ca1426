/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, constants and names of the ONNX model that is being put together. */
#include "emit/onnx_builder.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

#define MAX_ATTRIBUTES 16

static void no_memory(zo_builder *b)
{
    if (!b->st)
        b->st = zi_fail(b->ctx, ZURT_E_NOMEM, "ONNX: out of memory");
}

void *zo_alloc(zo_builder *b, size_t count, size_t size)
{
    void *p = b->st ? NULL : zi_arena_calloc(&b->arena, count, size);
    if (!p)
        no_memory(b);
    return p;
}

const char *zo_name(zo_builder *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *name = b->st ? NULL : zi_arena_vprintf(&b->arena, fmt, args);
    va_end(args);
    if (!name)
        no_memory(b);
    return name ? name : "";
}

int32_t zo_dtype(zurt_dtype dtype)
{
    switch (dtype) {
    case ZURT_F32:
        return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    case ZURT_S8:
        return ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    case ZURT_U8:
        return ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    case ZURT_S32:
        return ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    case ZURT_S64:
        return ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    case ZURT_BOOL:
        return ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    default:
        return ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED;
    }
}

Onnx__NodeProto *zo_node(zo_builder *b, const char *op, const char *name, const char *const *in,
                         size_t n_in, const char *out)
{
    Onnx__NodeProto *n = zo_alloc(b, 1, sizeof(*n));
    char **names = zo_alloc(b, n_in + 1, sizeof(*names));
    Onnx__AttributeProto **attributes = zo_alloc(b, MAX_ATTRIBUTES, sizeof(*attributes));
    void *list = b->nodes;
    if (!b->st && !zi_grow(&b->ctx->allocator, &list, &b->cap_nodes, b->n_nodes, sizeof(*b->nodes)))
        no_memory(b);
    b->nodes = list;
    if (name == out || !name[0] || strchr(name, '~')) // '~' is ours
        name = zo_name(b, "%s~%s", out, op);
    if (b->st)
        return NULL;
    onnx__node_proto__init(n);
    for (size_t i = 0; i < n_in; i++)
        names[i] = (char *)in[i];
    names[n_in] = (char *)out;
    n->n_input = n_in;
    n->input = names;
    n->n_output = 1;
    n->output = names + n_in;
    n->name = (char *)name;
    n->op_type = (char *)op;
    n->attribute = attributes;
    b->nodes[b->n_nodes++] = n;
    return n;
}

void zo_outputs(zo_builder *b, Onnx__NodeProto *n, const char *const *out, size_t count)
{
    char **names = zo_alloc(b, count, sizeof(*names));
    if (!n || !names)
        return;
    for (size_t i = 0; i < count; i++)
        names[i] = (char *)out[i];
    n->output = names;
    n->n_output = count;
}

Onnx__NodeProto *zo_node_second(zo_builder *b, const char *op, const char *name,
                                const char *const *in, size_t n_in, const char *out)
{
    const char *outputs[2] = {zo_name(b, "%s~unread", out), out};
    Onnx__NodeProto *n = zo_node(b, op, name, in, n_in, outputs[0]);
    zo_outputs(b, n, outputs, 2);
    return n;
}

const char *zo_unary(zo_builder *b, const char *op, const char *in, const char *out)
{
    zo_node(b, op, out, &in, 1, out);
    return out;
}

const char *zo_binary(zo_builder *b, const char *op, const char *x, const char *y, const char *out)
{
    zo_node(b, op, out, (const char *[]){x, y}, 2, out);
    return out;
}

const char *zo_transpose(zo_builder *b, const char *in, const int32_t *perm, int32_t rank,
                         const char *out)
{
    Onnx__NodeProto *n = zo_node(b, "Transpose", out, &in, 1, out);
    zo_ints(b, n, "perm", perm, (size_t)rank);
    return out;
}

static Onnx__AttributeProto *attribute(zo_builder *b, Onnx__NodeProto *n, const char *name,
                                       Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *a = n ? zo_alloc(b, 1, sizeof(*a)) : NULL;
    if (!a)
        return NULL;
    assert(n->n_attribute < MAX_ATTRIBUTES);
    onnx__attribute_proto__init(a);
    a->name = (char *)name;
    a->has_type = true;
    a->type = type;
    n->attribute[n->n_attribute++] = a;
    return a;
}

void zo_int(zo_builder *b, Onnx__NodeProto *n, const char *name, int64_t value)
{
    Onnx__AttributeProto *a = attribute(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return;
    a->has_i = true;
    a->i = value;
}

void zo_ints(zo_builder *b, Onnx__NodeProto *n, const char *name, const int32_t *values,
             size_t count)
{
    int64_t *wide = zo_alloc(b, count, sizeof(*wide));
    Onnx__AttributeProto *a = attribute(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (!a || !wide)
        return;
    for (size_t i = 0; i < count; i++)
        wide[i] = values[i];
    a->n_ints = count;
    a->ints = wide;
}

void zo_float(zo_builder *b, Onnx__NodeProto *n, const char *name, float value)
{
    Onnx__AttributeProto *a = attribute(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return;
    a->has_f = true;
    a->f = value;
}

void zo_string(zo_builder *b, Onnx__NodeProto *n, const char *name, const char *value)
{
    Onnx__AttributeProto *a = attribute(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (!a)
        return;
    a->has_s = true;
    a->s = (ProtobufCBinaryData){strlen(value), (uint8_t *)value};
}

void zo_floats(zo_builder *b, Onnx__NodeProto *n, const char *name, const float *values,
               size_t count)
{
    float *copy = zo_alloc(b, count, sizeof(*copy));
    Onnx__AttributeProto *a = attribute(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    if (!a || !copy)
        return;
    memcpy(copy, values, count * sizeof(*copy));
    a->n_floats = count;
    a->floats = copy;
}

void zo_strings(zo_builder *b, Onnx__NodeProto *n, const char *name, const char *const *values,
                size_t count)
{
    ProtobufCBinaryData *list = zo_alloc(b, count, sizeof(*list));
    Onnx__AttributeProto *a = attribute(b, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    if (!a || !list)
        return;
    for (size_t i = 0; i < count; i++)
        list[i] = (ProtobufCBinaryData){strlen(values[i]), (uint8_t *)values[i]};
    a->n_strings = count;
    a->strings = list;
}

const char *zo_tensor(zo_builder *b, const char *name, zurt_dtype dtype, const int32_t *dims,
                      int32_t rank, const void *data)
{
    Onnx__TensorProto *t = zo_alloc(b, 1, sizeof(*t));
    int64_t *wide = zo_alloc(b, (size_t)rank, sizeof(*wide));
    void *list = b->tensors;
    if (!b->st &&
        !zi_grow(&b->ctx->allocator, &list, &b->cap_tensors, b->n_tensors, sizeof(*b->tensors)))
        no_memory(b);
    b->tensors = list;
    if (b->st)
        return name;
    size_t bytes = zurt_dtype_bytes(dtype); // a checked tensor's: cannot overflow
    for (int32_t i = 0; i < rank; i++) {
        wide[i] = dims[i];
        bytes *= (size_t)dims[i];
    }
    onnx__tensor_proto__init(t);
    t->name = (char *)name;
    t->has_data_type = true;
    t->data_type = zo_dtype(dtype);
    t->n_dims = (size_t)rank;
    t->dims = wide;
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){bytes, (uint8_t *)data};
    b->tensors[b->n_tensors++] = t;
    return name;
}

const char *zo_list_s64(zo_builder *b, const char *name, const int64_t *values, size_t count)
{
    int64_t *copy = zo_alloc(b, count, sizeof(*copy));
    if (copy && count)
        memcpy(copy, values, count * sizeof(*copy));
    return zo_tensor(b, name, ZURT_S64, (int32_t[]){(int32_t)count}, 1, copy);
}

const char *zo_list_f32(zo_builder *b, const char *name, const float *values, size_t count)
{
    float *copy = zo_alloc(b, count, sizeof(*copy));
    if (copy && count)
        memcpy(copy, values, count * sizeof(*copy));
    return zo_tensor(b, name, ZURT_F32, (int32_t[]){(int32_t)count}, 1, copy);
}

const char *zo_scalar_f32(zo_builder *b, const char *name, float value)
{
    float *copy = zo_alloc(b, 1, sizeof(*copy));
    if (copy)
        *copy = value;
    return zo_tensor(b, name, ZURT_F32, NULL, 0, copy);
}

Onnx__ValueInfoProto *zo_value_info(zo_builder *b, const char *name, zurt_dtype dtype,
                                    const int32_t *dims, int32_t rank)
{
    Onnx__ValueInfoProto *v = zo_alloc(b, 1, sizeof(*v));
    Onnx__TypeProto *type = zo_alloc(b, 1, sizeof(*type));
    Onnx__TypeProto__Tensor *tensor = zo_alloc(b, 1, sizeof(*tensor));
    Onnx__TensorShapeProto *shape = zo_alloc(b, 1, sizeof(*shape));
    Onnx__TensorShapeProto__Dimension *d = zo_alloc(b, (size_t)rank, sizeof(*d));
    Onnx__TensorShapeProto__Dimension **list = zo_alloc(b, (size_t)rank, sizeof(*list));
    if (b->st)
        return NULL;
    onnx__value_info_proto__init(v);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    for (int32_t i = 0; i < rank; i++) {
        onnx__tensor_shape_proto__dimension__init(&d[i]);
        d[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d[i].dim_value = dims[i];
        list[i] = &d[i];
    }
    shape->n_dim = (size_t)rank;
    shape->dim = list;
    tensor->has_elem_type = true;
    tensor->elem_type = zo_dtype(dtype);
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    v->name = (char *)name;
    v->type = type;
    return v;
}

/* Zero points in the tensor's own type. */
static const void *zero_points(zo_builder *b, const zi_tensor *t)
{
    uint8_t *zeros = zo_alloc(b, t->quant.n, 1);
    for (uint32_t i = 0; zeros && i < t->quant.n; i++)
        zeros[i] = (uint8_t)t->quant.zero_point[i];
    return zeros;
}

/* The three inputs of both nodes. s32 has no zero point. */
static size_t parameters(zo_builder *b, const zi_tensor *t, const char *base, const char *in,
                         const char **out)
{
    const int32_t n = (int32_t)t->quant.n, rank = n > 1 ? 1 : 0;
    out[0] = in;
    out[1] = zo_tensor(b, zo_name(b, "%s~scale", base), ZURT_F32, &n, rank, t->quant.scale);
    if (t->dtype == ZURT_S32)
        return 2;
    out[2] = zo_tensor(b, zo_name(b, "%s~zero", base), t->dtype, &n, rank, zero_points(b, t));
    return 3;
}

const char *zo_quantize(zo_builder *b, const zi_tensor *t, const char *base, const char *in)
{
    const char *inputs[3], *out = zo_name(b, "%s~q", base);
    size_t n = parameters(b, t, base, in, inputs);
    zo_node(b, "QuantizeLinear", out, inputs, n, out);
    return out;
}

const char *zo_dequantize(zo_builder *b, const zi_tensor *t, int32_t axis, const char *base,
                          const char *in, const char *out)
{
    const char *inputs[3] = {in};
    size_t n = t->dtype == ZURT_S32 ? 2 : 3;
    if (zi_tensor_is_const(t)) {
        n = parameters(b, t, base, in, inputs);
    } else { // QuantizeLinear has made them
        inputs[1] = zo_name(b, "%s~scale", base);
        inputs[2] = zo_name(b, "%s~zero", base);
    }
    Onnx__NodeProto *node = zo_node(b, "DequantizeLinear", out, inputs, n, out);
    if (t->quant.n > 1)
        zo_int(b, node, "axis", axis);
    return out;
}
