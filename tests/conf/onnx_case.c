/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a case of ONNX's operator tests from its folder. */
#include "onnx_case.h"

#include <math.h>
#include <onnx/onnx.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    size_t capacity = 1 << 16, n = 0;
    char *data = malloc(capacity);
    for (size_t got; data && (got = fread(data + n, 1, capacity - n, f)) > 0;) {
        n += got;
        if (n == capacity)
            data = realloc(data, capacity *= 2);
    }
    fclose(f);
    *size = n;
    return data;
}

static zurt_dtype dtype_of(int32_t type)
{
    switch (type) {
    case TYPE(FLOAT):
    case TYPE(DOUBLE):
    case TYPE(FLOAT16):
        return ZURT_F32;
    case TYPE(UINT8):
        return ZURT_U8;
    case TYPE(INT8):
        return ZURT_S8;
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

static float half_to_float(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float v = exponent == 31 ? (fraction ? NAN : INFINITY)
              : exponent     ? ldexpf((float)(1024 + fraction), exponent - 25)
                             : ldexpf((float)fraction, -24);
    return h >> 15 ? -v : v;
}

static void set_raw(const Onnx__TensorProto *t, case_tensor *out)
{
    const uint8_t *raw = t->raw_data.data;
    for (size_t i = 0; i < out->elems; i++) {
        if (t->data_type == TYPE(DOUBLE)) {
            double v;
            memcpy(&v, raw + 8 * i, sizeof(v));
            ((float *)out->data)[i] = (float)v;
        } else if (t->data_type == TYPE(FLOAT16)) {
            uint16_t v;
            memcpy(&v, raw + 2 * i, sizeof(v));
            ((float *)out->data)[i] = half_to_float(v);
        } else {
            size_t bytes = zurt_dtype_bytes(out->dtype);
            memcpy((uint8_t *)out->data + bytes * i, raw + bytes * i, bytes);
        }
    }
}

static void set_typed(const Onnx__TensorProto *t, case_tensor *out)
{
    for (size_t i = 0; i < out->elems; i++) {
        if (t->data_type == TYPE(FLOAT))
            ((float *)out->data)[i] = t->float_data[i];
        else if (t->data_type == TYPE(DOUBLE))
            ((float *)out->data)[i] = (float)t->double_data[i];
        else if (t->data_type == TYPE(FLOAT16))
            ((float *)out->data)[i] = half_to_float((uint16_t)t->int32_data[i]);
        else if (t->data_type == TYPE(INT64))
            ((int64_t *)out->data)[i] = t->int64_data[i];
        else if (t->data_type == TYPE(INT32))
            ((int32_t *)out->data)[i] = t->int32_data[i];
        else
            ((uint8_t *)out->data)[i] = (uint8_t)t->int32_data[i];
    }
}

/* Files of sequences and optionals look like tensors at first sight; their data do not fit. */
static bool has_data(const Onnx__TensorProto *t, size_t elems)
{
    size_t bytes = t->data_type == TYPE(DOUBLE) ? 8 : zurt_dtype_bytes(dtype_of(t->data_type));
    if (t->has_raw_data)
        return t->raw_data.len == elems * (t->data_type == TYPE(FLOAT16) ? 2 : bytes);
    return elems == (t->data_type == TYPE(FLOAT)    ? t->n_float_data
                     : t->data_type == TYPE(DOUBLE) ? t->n_double_data
                     : t->data_type == TYPE(INT64)  ? t->n_int64_data
                                                    : t->n_int32_data);
}

static bool convert(const Onnx__TensorProto *t, case_tensor *out)
{
    out->dtype = dtype_of(t->data_type);
    if (out->dtype == ZURT_DTYPE_NONE || t->n_dims > ZURT_MAX_RANK)
        return false;
    out->rank = (int32_t)t->n_dims;
    out->elems = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0 || t->dims[i] > 1 << 24 || out->elems > 1 << 28)
            return false;
        out->dims[i] = (int32_t)t->dims[i];
        out->elems *= (size_t)t->dims[i];
    }
    if (!has_data(t, out->elems))
        return false;
    out->data = calloc(out->elems + 1, zurt_dtype_bytes(out->dtype));
    if (!out->data)
        return false;
    if (t->has_raw_data)
        set_raw(t, out);
    else
        set_typed(t, out);
    return true;
}

/* False: the file is there, but holds no tensor that can be read. */
static bool load_tensor(const char *path, case_tensor *out, bool *there)
{
    size_t size = 0;
    void *bytes = read_file(path, &size);
    *there = bytes != NULL;
    if (!bytes)
        return true;
    Onnx__TensorProto *t = onnx__tensor_proto__unpack(NULL, size, bytes);
    bool ok = t && convert(t, out);
    if (t)
        onnx__tensor_proto__free_unpacked(t, NULL);
    free(bytes);
    return ok;
}

static bool load_set(const char *dir, const char *kind, case_tensor *tensors, size_t *n)
{
    for (*n = 0; *n < CASE_MAX_TENSORS; ++*n) {
        char path[4096];
        bool there;
        snprintf(path, sizeof(path), "%s/test_data_set_0/%s_%zu.pb", dir, kind, *n);
        if (!load_tensor(path, &tensors[*n], &there))
            return false;
        if (!there)
            return true;
    }
    return false;
}

static void copy_name(char *to, const char *from)
{
    snprintf(to, sizeof(((case_tensor *)0)->name), "%s", from ? from : "");
}

bool onnx_case_load_model(const char *dir, onnx_case *c)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/model.onnx", dir);
    *c = (onnx_case){0};
    c->model = read_file(path, &c->model_bytes);
    return c->model != NULL;
}

bool onnx_case_load_data(const char *dir, onnx_case *c)
{
    if (!load_set(dir, "input", c->in, &c->n_in) || !load_set(dir, "output", c->out, &c->n_out))
        return false;
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, c->model_bytes, c->model);
    if (!m || !m->graph || m->graph->n_input < c->n_in || m->graph->n_output < c->n_out)
        return false;
    for (size_t i = 0; i < c->n_in; i++)
        copy_name(c->in[i].name, m->graph->input[i]->name);
    for (size_t i = 0; i < c->n_out; i++)
        copy_name(c->out[i].name, m->graph->output[i]->name);
    onnx__model_proto__free_unpacked(m, NULL);
    return true;
}

void onnx_case_free(onnx_case *c)
{
    for (size_t i = 0; i < CASE_MAX_TENSORS; i++) {
        free(c->in[i].data);
        free(c->out[i].data);
    }
    free(c->model);
    *c = (onnx_case){0};
}
