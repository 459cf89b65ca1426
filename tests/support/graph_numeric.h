/* SPDX-License-Identifier: Apache-2.0 */
/** @file A pass must not change what a graph computes: runs it before and after. */
#ifndef SUPPORT_GRAPH_NUMERIC_H
#define SUPPORT_GRAPH_NUMERIC_H

#include <math.h>
#include <string.h>

#include "float/evaluator.h"
#include "passes/passes.h"
#include "support/graph_builder.h"

enum { MAX_GRAPH_IO = 8 };

/** Seeded noise for every input, in the order of the source model (NCHW where it was that). */
typedef struct graph_values {
    void *data[MAX_GRAPH_IO];
    size_t count;
} graph_values;

static inline void values_free(builder *b, graph_values *v)
{
    for (size_t i = 0; i < v->count; i++)
        zi_free(&b->ctx->allocator, v->data[i]);
}

/** [N,C,H,W] elements of `from` into [N,H,W,C] order. */
static inline void values_to_nhwc(const uint8_t *from, uint8_t *to, size_t elem,
                                  const int32_t *nhwc)
{
    size_t h = (size_t)nhwc[1], w = (size_t)nhwc[2], c = (size_t)nhwc[3];
    for (size_t i = 0; i < (size_t)nhwc[0] * h * w * c; i++) {
        size_t ch = i % c, x = i / c % w, y = i / c / w % h, n = i / c / w / h;
        memcpy(to + i * elem, from + (((n * c + ch) * h + y) * w + x) * elem, elem);
    }
}

static inline graph_values values_make(builder *b, const zi_graph *g, uint32_t seed)
{
    graph_values v = {.count = g->n_inputs};
    b->seed = seed;
    assert_true(v.count <= MAX_GRAPH_IO);
    for (size_t i = 0; i < v.count; i++) {
        const zi_tensor *t = &g->tensors[g->inputs[i]];
        size_t count = zi_tensor_elems(t), elem = zurt_dtype_bytes(t->dtype);
        uint8_t *noise = zi_calloc(&b->ctx->allocator, count, elem);
        v.data[i] = zi_calloc(&b->ctx->allocator, count, elem);
        assert_non_null(noise);
        assert_non_null(v.data[i]);
        for (size_t k = 0; k < count; k++) {
            float x = builder_random(b);
            if (t->dtype == ZURT_F32)
                ((float *)noise)[k] = x;
            else
                noise[k * elem] = (uint8_t)(int32_t)(x * 127.0f);
        }
        if (t->from_nchw)
            values_to_nhwc(noise, v.data[i], elem, t->dims);
        else
            memcpy(v.data[i], noise, count * elem);
        zi_free(&b->ctx->allocator, noise);
    }
    return v;
}

/** Runs `g` on noise of `seed`; the outputs are the caller's. */
static inline graph_values values_run(builder *b, const zi_graph *g, uint32_t seed)
{
    graph_values in = values_make(b, g, seed), out = {.count = g->n_outputs};
    zurt_view views[MAX_GRAPH_IO];
    zurt_span spans[MAX_GRAPH_IO];
    assert_true(out.count <= MAX_GRAPH_IO);
    for (size_t i = 0; i < in.count; i++)
        views[i] = (zurt_view){in.data[i], zi_tensor_bytes(&g->tensors[g->inputs[i]])};
    for (size_t i = 0; i < out.count; i++) {
        size_t bytes = zi_tensor_bytes(&g->tensors[g->outputs[i]]);
        out.data[i] = zi_zalloc(&b->ctx->allocator, bytes);
        spans[i] = (zurt_span){out.data[i], bytes};
    }
    zc_executor *e = NULL;
    zurt_status st = zc_executor_create(b->ctx, g, 1, &e);
    if (!st)
        st = zc_executor_run(e, views, in.count, spans, out.count, NULL, NULL);
    zc_executor_destroy(e);
    values_free(b, &in);
    if (st)
        fail_msg("%s", zurt_ctx_error(b->ctx));
    return out;
}

/** Runs `pass` (NULL: all) on b->g, then compaction and check; the outputs must keep name, type
 *  and shape, and values to `tolerance` of the largest. */
static inline void assert_pass_keeps_values(builder *b, zc_pass_fn *pass, float tolerance)
{
    zi_graph *before;
    assert_checked(b);
    assert_int_equal(zi_graph_clone(b->ctx, b->g, &before), ZURT_OK);
    zurt_status st = pass ? pass(b->ctx, b->g) : zc_passes_run(b->ctx, b->g);
    if (!st)
        st = zi_graph_compact(b->ctx, b->g);
    if (!st)
        st = zi_graph_check(b->ctx, b->g);
    if (st)
        fail_msg("%s", zurt_ctx_error(b->ctx));
    graph_values a = values_run(b, before, 7), c = values_run(b, b->g, 7);
    for (size_t i = 0; i < before->n_outputs; i++) {
        const zi_tensor *t = &before->tensors[before->outputs[i]];
        const zi_tensor *u = &b->g->tensors[b->g->outputs[i]];
        assert_string_equal(t->name, u->name);
        assert_true(zi_tensor_same_shape(t, u));
        assert_int_equal(t->dtype, u->dtype);
        if (t->dtype != ZURT_F32) {
            assert_memory_equal(a.data[i], c.data[i], zi_tensor_bytes(t));
            continue;
        }
        const float *p = a.data[i], *q = c.data[i];
        float largest = 1e-6f, worst = 0.0f;
        for (size_t k = 0; k < zi_tensor_elems(t); k++) {
            largest = fmaxf(largest, fabsf(p[k]));
            worst = fmaxf(worst, fabsf(p[k] - q[k]));
        }
        if (!(worst <= tolerance * largest))
            fail_msg("output %s differs by %g of %g", t->name, (double)worst, (double)largest);
    }
    values_free(b, &a);
    values_free(b, &c);
    zi_graph_destroy(before);
}

#endif
