/* SPDX-License-Identifier: Apache-2.0 */
/* Initializers and the element types that ONNX has. */
#include <string.h>

#include "base/size.h"
#include "import/onnx/importer.h"

/** A copy of fewer bytes costs nothing worth an alignment. */
enum { MIN_BORROWED_BYTES = 4096 };

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

zurt_dtype zc_dtype(int32_t onnx_type)
{
    switch (onnx_type) {
    case TYPE(FLOAT):
    case TYPE(FLOAT16):
    case TYPE(DOUBLE):
        return ZURT_F32;
    case TYPE(UINT8):
        return ZURT_U8;
    case TYPE(INT8):
        return ZURT_S8;
    case TYPE(UINT16):
    case TYPE(INT16):
    case TYPE(INT32):
        return ZURT_S32;
    case TYPE(INT64):
        return ZURT_S64;
    case TYPE(BOOL):
        return ZURT_BOOL;
    default:
        return ZURT_DTYPE_NONE;
    }
}

const char *zc_onnx_type_name(int32_t onnx_type)
{
    static const char *const names[] = {
        "undefined",      "float",      "uint8",          "int8",       "uint16",    "int16",
        "int32",          "int64",      "string",         "bool",       "float16",   "double",
        "uint32",         "uint64",     "complex64",      "complex128", "bfloat16",  "float8e4m3fn",
        "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4",      "int4",      "float4e2m1",
        "float8e8m0",     "uint2",      "int2",           "float6e2m3", "float6e3m2"};
    bool known = onnx_type >= 0 && (size_t)onnx_type < sizeof(names) / sizeof(*names);
    return known ? names[onnx_type] : "unknown";
}

const char *zc_input_type(const zc_onnx *o, uint32_t i)
{
    const zc_value *v = &o->values[o->links[o->index].in[i]];
    if (v->from == ZC_FROM_INITIALIZER)
        return zc_onnx_type_name(o->graph->initializer[v->index]->data_type);
    const Onnx__NodeProto *n = v->from == ZC_FROM_NODE ? o->graph->node[v->index] : NULL;
    for (size_t k = 0; n && strcmp(n->op_type, "Constant") == 0 && k < n->n_attribute; k++) {
        if (n->attribute[k]->t)
            return zc_onnx_type_name(n->attribute[k]->t->data_type);
    }
    return zurt_dtype_name(zc_input(o, i)->dtype);
}

/* ---- elements ------------------------------------------------------------------------------ */

static size_t raw_bytes(int32_t onnx_type)
{
    switch (onnx_type) {
    case TYPE(FLOAT16):
    case TYPE(UINT16):
    case TYPE(INT16):
        return 2;
    case TYPE(DOUBLE):
        return 8;
    default:
        return zurt_dtype_bytes(zc_dtype(onnx_type));
    }
}

static float from_half(uint32_t h)
{
    uint32_t sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31, fraction = h & 0x3ffu;
    uint32_t bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else { // subnormal: fraction * 2^-24, exact in f32
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* One element of the types that are converted, from little-endian bytes. */
static void convert_raw(int32_t onnx_type, const uint8_t *p, void *out)
{
    if (onnx_type == TYPE(BOOL)) { // the one type of a single byte
        *(uint8_t *)out = *p != 0;
        return;
    }
    uint32_t half = (uint32_t)p[0] | (uint32_t)p[1] << 8;
    if (onnx_type == TYPE(FLOAT16)) {
        *(float *)out = from_half(half);
    } else if (onnx_type == TYPE(UINT16)) {
        *(int32_t *)out = (int32_t)half;
    } else if (onnx_type == TYPE(INT16)) {
        *(int32_t *)out = (int32_t)half - ((half & 0x8000u) ? 65536 : 0);
    } else { // DOUBLE
        uint64_t bits = zi_get_u64(p);
        double value;
        memcpy(&value, &bits, sizeof(value));
        *(float *)out = (float)value;
    }
}

/* True if zurt's elements are those of the file. */
static bool same_bytes(int32_t onnx_type)
{
    return raw_bytes(onnx_type) == zurt_dtype_bytes(zc_dtype(onnx_type)) && onnx_type != TYPE(BOOL);
}

static void read_raw(int32_t onnx_type, const uint8_t *raw, size_t n, uint8_t *out)
{
    size_t from = raw_bytes(onnx_type), to = zurt_dtype_bytes(zc_dtype(onnx_type));
    if (same_bytes(onnx_type)) {
        if (n)
            memcpy(out, raw, n * from); // little-endian, as every machine zurt runs on
        return;
    }
    for (size_t i = 0; i < n; i++)
        convert_raw(onnx_type, raw + i * from, out + i * to);
}

/* False: a value does not fit its type. */
static bool read_int32s(int32_t onnx_type, const int32_t *data, size_t n, void *out)
{
    for (size_t i = 0; i < n; i++) {
        int32_t v = data[i];
        switch (onnx_type) {
        case TYPE(FLOAT16):
            ((float *)out)[i] = from_half((uint32_t)v & 0xffffu);
            break;
        case TYPE(UINT8):
            if (v < 0 || v > UINT8_MAX)
                return false;
            ((uint8_t *)out)[i] = (uint8_t)v;
            break;
        case TYPE(INT8):
            if (v < INT8_MIN || v > INT8_MAX)
                return false;
            ((int8_t *)out)[i] = (int8_t)v;
            break;
        case TYPE(BOOL):
            ((uint8_t *)out)[i] = v != 0;
            break;
        default:
            ((int32_t *)out)[i] = v;
            break;
        }
    }
    return true;
}

/* Number of elements in the typed field that belongs to the type. */
static size_t typed_count(const Onnx__TensorProto *t)
{
    switch (t->data_type) {
    case TYPE(FLOAT):
        return t->n_float_data;
    case TYPE(DOUBLE):
        return t->n_double_data;
    case TYPE(INT64):
        return t->n_int64_data;
    default:
        return t->n_int32_data;
    }
}

static bool read_typed(const Onnx__TensorProto *t, size_t n, void *out)
{
    switch (t->data_type) {
    case TYPE(FLOAT):
        if (n)
            memcpy(out, t->float_data, n * sizeof(float));
        return true;
    case TYPE(DOUBLE):
        for (size_t i = 0; i < n; i++)
            ((float *)out)[i] = (float)t->double_data[i];
        return true;
    case TYPE(INT64):
        if (n)
            memcpy(out, t->int64_data, n * sizeof(int64_t));
        return true;
    default:
        return read_int32s(t->data_type, t->int32_data, n, out);
    }
}

/* ---- tensors ------------------------------------------------------------------------------- */

/* Weights of fewer than 8 bits; numbers newer than the onnx.proto that zurt is built with. */
static bool is_narrow(int32_t onnx_type)
{
    enum { UINT4 = 21, INT4 = 22, FLOAT4 = 23, UINT2 = 25, FLOAT6E3M2 = 28 };
    return (onnx_type >= UINT4 && onnx_type <= FLOAT4) ||
           (onnx_type >= UINT2 && onnx_type <= FLOAT6E3M2);
}

static zurt_status check_kind(zc_onnx *o, const Onnx__TensorProto *t, const char *name)
{
    if (t->segment)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "tensor '%.80s': split into segments; save it in one piece", name);
    if (zc_dtype(t->data_type) == ZURT_DTYPE_NONE)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED, "tensor '%.80s': elements of type %s; %s", name,
                       zc_onnx_type_name(t->data_type),
                       is_narrow(t->data_type)
                           ? "quantise the model to 8 bits"
                           : "convert it to float, int8, uint8, int32, int64 or bool");
    return ZURT_OK;
}

zurt_status zc_read_dims(zc_onnx *o, const char *name, const int64_t *dims, size_t rank,
                         zurt_dtype dtype, int32_t *out, size_t *elems)
{
    if (rank > ZURT_MAX_RANK)
        return zi_fail(o->ctx, ZURT_E_LIMIT, "tensor '%.80s': rank %zu, limit %d", name, rank,
                       ZURT_MAX_RANK);
    size_t n = 1;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return zi_fail(o->ctx, ZURT_E_FORMAT, "tensor '%.80s': dim %zu is %lld", name, i,
                           (long long)dims[i]);
        if (dims[i] > ZI_MAX_DIM || !zi_size_mul(n, (size_t)dims[i], &n) ||
            n > ZI_MAX_TENSOR_BYTES / zurt_dtype_bytes(dtype))
            return zi_fail(o->ctx, ZURT_E_LIMIT, "tensor '%.80s': dim %zu of %lld is too large",
                           name, i, (long long)dims[i]);
        out[i] = (int32_t)dims[i];
    }
    *elems = n;
    return ZURT_OK;
}

/* Large and aligned elements stay where they are; others are copied, which a file that names the
 * same bytes many times must not repeat without end. */
static zurt_status external_const(zc_onnx *o, const Onnx__TensorProto *t, const char *name,
                                  const int32_t *dims, size_t n, zi_id *out)
{
    zi_bytes raw;
    const zurt_dtype dtype = zc_dtype(t->data_type);
    zurt_status st = zc_external_bytes(o, t, name, n * raw_bytes(t->data_type), &raw);
    if (st)
        return st;
    bool as_is = same_bytes(t->data_type) && raw.size >= MIN_BORROWED_BYTES &&
                 (uintptr_t)raw.data % ZI_ALIGN == 0;
    if (!as_is) {
        st = zc_fold_spend(o, (uint64_t)n * zurt_dtype_bytes(dtype));
        if (st)
            return zi_fail_prefix(o->ctx, st,
                                  "tensor '%.80s': several tensors read the same bytes "
                                  "of a file: ",
                                  name);
    }
    void *data = NULL;
    st = zi_graph_add_const(o->ctx, o->g, name, dtype, (int32_t)t->n_dims, dims,
                            as_is ? raw.data : NULL, out, &data);
    if (!st && !as_is)
        read_raw(t->data_type, raw.data, n, data);
    return st;
}

zurt_status zc_tensor_const(zc_onnx *o, const Onnx__TensorProto *t, const char *name, zi_id *out)
{
    int32_t dims[ZURT_MAX_RANK];
    size_t n = 0;
    zurt_status st = check_kind(o, t, name);
    zurt_dtype dtype = zc_dtype(t->data_type);
    if (!st)
        st = zc_read_dims(o, name, t->dims, t->n_dims, dtype, dims, &n);
    if (st)
        return st;
    if (zc_is_external(t))
        return external_const(o, t, name, dims, n, out);
    size_t has = t->has_raw_data ? t->raw_data.len : typed_count(t);
    size_t wants = t->has_raw_data ? n * raw_bytes(t->data_type) : n;
    if (has != wants)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "tensor '%.80s': %zu %s of data, its shape needs %zu",
                       name, has, t->has_raw_data ? "bytes" : "elements", wants);
    void *data = NULL;
    if (o->depth > 0)
        st = zc_fold_spend(o, (uint64_t)n * zurt_dtype_bytes(dtype));
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, name, dtype, (int32_t)t->n_dims, dims, NULL, out,
                                &data);
    if (st)
        return st;
    if (t->has_raw_data)
        read_raw(t->data_type, t->raw_data.data, n, data);
    else if (!read_typed(t, n, data))
        return zi_fail(o->ctx, ZURT_E_FORMAT, "tensor '%.80s': a value does not fit type %s", name,
                       zc_onnx_type_name(t->data_type));
    return ZURT_OK;
}

zurt_status zc_value_make(zc_onnx *o, zc_value *v)
{
    if (v->id != ZI_NONE)
        return ZURT_OK;
    zi_id id = ZI_NONE;
    zurt_status st = ZURT_OK;
    if (v->from == ZC_FROM_INPUT)
        st = zc_graph_input(o, o->graph->input[v->index], &id);
    else if (v->from == ZC_FROM_INITIALIZER)
        st = zc_tensor_const(o, o->graph->initializer[v->index], v->name, &id);
    else if (v->from == ZC_FROM_BINDING)
        st = zc_binding(o, &o->options->bindings[v->index], &id);
    v->id = id;
    return st;
}
