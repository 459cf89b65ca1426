/* SPDX-License-Identifier: Apache-2.0 */
/** @file Small graphs by hand, for tests: every step asserts that it succeeds. */
#ifndef SUPPORT_GRAPH_BUILDER_H
#define SUPPORT_GRAPH_BUILDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "graph/graph.h"

/** Rank and dims as two arguments: DIMS(1, 4, 4, 3). */
#define DIMS(...)                                                                                  \
    (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), (const int32_t[])               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define ATTR(...) (&(zi_attr){__VA_ARGS__})

/** Axes that a reduction takes: .reduce = {.axes = AXIS_2 | AXIS_3}. */
enum { AXIS_0 = 1 << 0, AXIS_1 = 1 << 1, AXIS_2 = 1 << 2, AXIS_3 = 1 << 3 };

typedef struct builder {
    zurt_ctx *ctx;
    zi_graph *g;
    uint32_t seed;
} builder;

static inline builder builder_make(void)
{
    builder b = {.seed = 1};
    assert_int_equal(zurt_ctx_create(NULL, &b.ctx), ZURT_OK);
    b.g = zi_graph_create(&b.ctx->allocator);
    assert_non_null(b.g);
    return b;
}

static inline void builder_free(builder *b)
{
    zi_graph_destroy(b->g);
    zurt_ctx_destroy(b->ctx);
}

/** Same sequence everywhere: values in [-1, 1). */
static inline float builder_random(builder *b)
{
    b->seed = b->seed * 1664525u + 1013904223u;
    return (float)(b->seed >> 8) / 8388608.0f - 1.0f;
}

static inline zi_id build_tensor(builder *b, const char *name)
{
    zi_id id;
    assert_int_equal(zi_graph_add_tensor(b->ctx, b->g, name, &id), ZURT_OK);
    return id;
}

static inline zi_id build_input(builder *b, const char *name, zurt_dtype dtype, int32_t rank,
                                const int32_t *dims)
{
    zi_id id = build_tensor(b, name);
    b->g->tensors[id].dtype = dtype;
    b->g->tensors[id].rank = rank;
    for (int32_t d = 0; d < rank; d++)
        b->g->tensors[id].dims[d] = dims[d];
    assert_int_equal(zi_graph_add_input(b->ctx, b->g, id), ZURT_OK);
    return id;
}

static inline zi_id build_const(builder *b, const char *name, zurt_dtype dtype, int32_t rank,
                                const int32_t *dims, const void *data)
{
    zi_id id;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, name, dtype, rank, dims, data, &id, NULL),
                     ZURT_OK);
    return id;
}

/** A float constant of seeded noise. */
static inline zi_id build_noise(builder *b, const char *name, int32_t rank, const int32_t *dims)
{
    zi_id id;
    void *data;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, name, ZURT_F32, rank, dims, NULL, &id, &data),
                     ZURT_OK);
    size_t count = zi_tensor_elems(&b->g->tensors[id]);
    for (size_t i = 0; i < count; i++)
        ((float *)data)[i] = builder_random(b);
    return id;
}

static inline zi_id build_scalar(builder *b, const char *name, float value)
{
    zi_id id;
    void *data;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, name, ZURT_F32, 0, NULL, NULL, &id, &data),
                     ZURT_OK);
    *(float *)data = value;
    return id;
}

static inline void build_quant(builder *b, zi_id id, float scale, int32_t zero_point)
{
    assert_int_equal(zi_graph_set_quant(b->ctx, b->g, id, 1, 0, &scale, &zero_point), ZURT_OK);
}

/** Appends a node of one output and infers it; `attr` may be NULL. The inputs follow. */
static inline zi_id build_op(builder *b, zi_op op, const char *out_name, const zi_attr *attr,
                             uint32_t n_in, ...)
{
    zi_id in[16];
    va_list args;
    va_start(args, n_in);
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = va_arg(args, zi_id);
    va_end(args);
    zi_id out = build_tensor(b, out_name);
    zi_node *n;
    assert_int_equal(zi_graph_add_node(b->ctx, b->g, op, "", in, n_in, &out, 1, &n), ZURT_OK);
    if (attr)
        n->attr = *attr;
    if (zi_node_infer(b->ctx, b->g, n))
        fail_msg("%s", zurt_ctx_error(b->ctx));
    return out;
}

static inline void build_output(builder *b, zi_id id)
{
    assert_int_equal(zi_graph_add_output(b->ctx, b->g, id), ZURT_OK);
}

/** The graph must print as `expected`. */
static inline void assert_graph(builder *b, const char *expected)
{
    char *text;
    assert_int_equal(zi_graph_print(b->ctx, b->g, &text), ZURT_OK);
    assert_string_equal(text, expected);
    zi_free(&b->ctx->allocator, text);
}

static inline void assert_checked(builder *b)
{
    if (zi_graph_check(b->ctx, b->g))
        fail_msg("%s", zurt_ctx_error(b->ctx));
}

/** A calibration sample of noise that leans to one side: zurt_quantize_options.sample. */
static inline zurt_status build_sample(void *self, size_t index, const zurt_span *inputs,
                                       size_t n_inputs)
{
    (void)self;
    builder b = {.seed = (uint32_t)index * 977u + 1u};
    for (size_t i = 0; i < n_inputs; i++) {
        for (size_t k = 0; k < inputs[i].bytes / sizeof(float); k++)
            ((float *)inputs[i].data)[k] = builder_random(&b) + 0.25f;
    }
    return ZURT_OK;
}

#endif
