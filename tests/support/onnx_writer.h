/* SPDX-License-Identifier: Apache-2.0 */
/** @file Writes small ONNX files field by field, damaged ones too. */
#ifndef SUPPORT_ONNX_WRITER_H
#define SUPPORT_ONNX_WRITER_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A message being written. */
typedef struct message {
    size_t n;
    uint8_t bytes[8192];
} message;

enum { F32 = 1, U8 = 2, S8 = 3, S32 = 6, S64 = 7, B8 = 9 }; /* TensorProto.DataType */

static inline void put_varint(message *m, uint64_t v)
{
    assert(m->n + 10 <= sizeof(m->bytes));
    for (; v >= 128; v >>= 7)
        m->bytes[m->n++] = (uint8_t)(v | 128);
    m->bytes[m->n++] = (uint8_t)v;
}

static inline void put_int(message *m, uint32_t field, int64_t v)
{
    put_varint(m, field << 3);
    put_varint(m, (uint64_t)v);
}

static inline void put_bytes(message *m, uint32_t field, const void *data, size_t n)
{
    put_varint(m, field << 3 | 2);
    put_varint(m, n);
    assert(m->n + n <= sizeof(m->bytes));
    if (n)
        memcpy(m->bytes + m->n, data, n);
    m->n += n;
}

static inline void put_text(message *m, uint32_t field, const char *s)
{
    put_bytes(m, field, s, strlen(s));
}

static inline void put_message(message *m, uint32_t field, const message *inner)
{
    put_bytes(m, field, inner->bytes, inner->n);
}

/* ---- ONNX messages; n_dims or counts of 0 leave lists empty ---- */

static inline message tensor(const char *name, int type, int n_dims, const int64_t *dims,
                             const void *raw, size_t bytes)
{
    message t = {0};
    for (int i = 0; i < n_dims; i++)
        put_int(&t, 1, dims[i]);
    put_int(&t, 2, type);
    put_text(&t, 8, name);
    put_bytes(&t, 9, raw, bytes);
    return t;
}

/** dims: -1 writes a dimension without a value. */
static inline message value_info(const char *name, int type, int n_dims, const int64_t *dims)
{
    message shape = {0}, tensor_type = {0}, value_type = {0}, v = {0};
    for (int i = 0; i < n_dims; i++) {
        message d = {0};
        if (dims[i] >= 0)
            put_int(&d, 1, dims[i]);
        else
            put_text(&d, 2, "open");
        put_message(&shape, 1, &d);
    }
    put_int(&tensor_type, 1, type);
    put_message(&tensor_type, 2, &shape);
    put_message(&value_type, 1, &tensor_type);
    put_text(&v, 1, name);
    put_message(&v, 2, &value_type);
    return v;
}

/** in, out: names separated by one space; an input "-" is absent. */
static inline message node(const char *name, const char *op, const char *in, const char *out)
{
    message n = {0};
    const char *lists[2] = {in, out};
    for (uint32_t k = 0; k < 2; k++) {
        for (const char *p = lists[k]; *p;) {
            size_t len = strcspn(p, " ");
            put_bytes(&n, k + 1, p, len == 1 && *p == '-' ? 0 : len);
            p += len + (p[len] == ' ');
        }
    }
    put_text(&n, 3, name);
    put_text(&n, 4, op);
    return n;
}

/** A node of an operator that is not one of the standard domain. */
static inline message domain_node(const char *domain, const char *op, const char *in,
                                  const char *out)
{
    message n = node("", op, in, out);
    put_text(&n, 7, domain);
    return n;
}

static inline void attr_int(message *n, const char *name, int64_t v)
{
    message a = {0};
    put_text(&a, 1, name);
    put_int(&a, 3, v);
    put_int(&a, 20, 2);
    put_message(n, 5, &a);
}

static inline void attr_float(message *n, const char *name, float v)
{
    message a = {0};
    uint8_t bits[4];
    put_text(&a, 1, name);
    memcpy(bits, &v, sizeof(v));
    put_varint(&a, 2 << 3 | 5);
    assert(a.n + sizeof(bits) <= sizeof(a.bytes));
    memcpy(a.bytes + a.n, bits, sizeof(bits)); // little-endian, as every host of the tests is
    a.n += sizeof(bits);
    put_int(&a, 20, 1);
    put_message(n, 5, &a);
}

static inline void attr_floats(message *n, const char *name, int count, const float *v)
{
    message a = {0};
    put_text(&a, 1, name);
    put_bytes(&a, 7, v, (size_t)count * sizeof(*v)); // packed, little-endian
    put_int(&a, 20, 6);
    put_message(n, 5, &a);
}

static inline void attr_ints(message *n, const char *name, int count, const int64_t *v)
{
    message a = {0};
    put_text(&a, 1, name);
    for (int i = 0; i < count; i++)
        put_int(&a, 8, v[i]);
    put_int(&a, 20, 7);
    put_message(n, 5, &a);
}

static inline void attr_text(message *n, const char *name, const char *v)
{
    message a = {0};
    put_text(&a, 1, name);
    put_text(&a, 4, v);
    put_int(&a, 20, 3);
    put_message(n, 5, &a);
}

static inline void attr_graph(message *n, const char *name, const message *g)
{
    message a = {0};
    put_text(&a, 1, name);
    put_message(&a, 6, g);
    put_int(&a, 20, 5);
    put_message(n, 5, &a);
}

/* An attribute of a function's body that stands for one of the call. */
static inline void attr_ref(message *n, const char *name, const char *of_call, int64_t type)
{
    message a = {0};
    put_text(&a, 1, name);
    put_text(&a, 21, of_call);
    put_int(&a, 20, type);
    put_message(n, 5, &a);
}

/* GraphProto: nodes 1, initializers 5, inputs 11, outputs 12 */
static inline void add_node(message *graph, const message *n)
{
    put_message(graph, 1, n);
}

static inline void add_initializer(message *graph, const message *t)
{
    put_message(graph, 5, t);
}

static inline void add_input(message *graph, const message *v)
{
    put_message(graph, 11, v);
}

static inline void add_output(message *graph, const char *name)
{
    message v = {0};
    put_text(&v, 1, name);
    put_message(graph, 12, &v);
}

static inline message model(const message *graph, int64_t opset)
{
    message m = {0}, set = {0};
    put_int(&set, 2, opset);
    put_int(&m, 1, 8);
    put_message(&m, 8, &set);
    put_message(&m, 7, graph);
    return m;
}

#define ONNX_DIMS(...)                                                                             \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[])                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#endif
