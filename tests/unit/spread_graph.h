/* SPDX-License-Identifier: Apache-2.0 */
/** @file A network whose channels are of unlike ranges, so that one int8 scale for all loses some.
 */
#ifndef ZT_SPREAD_GRAPH_H
#define ZT_SPREAD_GRAPH_H

#include <math.h>
#include <string.h>

#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/graph_builder.h"

enum { SIDE = 12, IN = 3, WIDE = 8, OUT = 6, SAMPLES = 16 };

/** The chain with a table behind the depthwise convolution or without, and what hinders a split. */
typedef enum variant {
    VARIANT_PLAIN,
    VARIANT_NO_LAST_TABLE,
    VARIANT_TWO_READERS,
    N_SPLIT, /**< those before are split */
    VARIANT_LIKE_RANGES = N_SPLIT,
    VARIANT_READ_TWICE, /**< the table's result is an output, too */
    VARIANT_POOL_BEHIND,
    N_VARIANTS
} variant;

static inline zi_id conv(builder *b, const char *name, zi_id x, int32_t n_out, int32_t side,
                         int32_t groups)
{
    zi_attr a = {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = groups}};
    const int32_t pad = side / 2;
    memcpy(a.conv.pad, (int32_t[]){pad, pad, pad, pad}, sizeof(a.conv.pad));
    const int32_t in = b->g->tensors[x].dims[3] / groups;
    zi_id w = build_noise(b, "w", DIMS(n_out, side, side, in)),
          bias = build_noise(b, "b", DIMS(n_out));
    zi_id y = build_op(b, ZI_OP_Conv, name, &a, 3, x, w, bias);
    b->g->nodes[b->g->n_nodes - 1].name = name;
    return y;
}

/** By what channel `c` of the stem is larger than the least one. */
static inline float range_of(size_t c)
{
    return powf(2.0f, (float)((5 * c) % WIDE));
}

static inline const zi_node *node_of(const builder *b, zi_id tensor)
{
    for (size_t i = 0; i < b->g->n_nodes; i++) {
        if (b->g->nodes[i].out[0] == tensor)
            return &b->g->nodes[i];
    }
    fail();
    return NULL;
}

/** Makes the channels that a convolution writes of unlike ranges. */
static inline void spread(builder *b, zi_id conv_out)
{
    const zi_node *n = node_of(b, conv_out);
    for (uint32_t k = 1; k < 3; k++) {
        const zi_tensor *t = &b->g->tensors[n->in[k]];
        const size_t row = zi_tensor_elems(t) / WIDE;
        for (size_t i = 0; i < zi_tensor_elems(t); i++)
            ((float *)(uintptr_t)t->data)[i] *= range_of(i / row) / 4.0f;
    }
}

/** Makes them alike again for a convolution that reads them: the small ones count as well. */
static inline void weigh(builder *b, zi_id conv_out)
{
    const zi_tensor *w = &b->g->tensors[node_of(b, conv_out)->in[1]];
    for (size_t i = 0; i < zi_tensor_elems(w); i++)
        ((float *)(uintptr_t)w->data)[i] /= range_of(i % WIDE);
}

static inline void build(builder *b, variant v)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, IN));
    zi_id y = conv(b, "stem", x, WIDE, 3, 1);
    if (v != VARIANT_LIKE_RANGES)
        spread(b, y);
    zi_id table = build_op(b, ZI_OP_Swish, "swish", NULL, 1, y);
    y = conv(b, "depthwise", table, WIDE, 3, WIDE);
    if (v != VARIANT_NO_LAST_TABLE)
        y = build_op(b, ZI_OP_Swish, "second", NULL, 1, y);
    if (v == VARIANT_POOL_BEHIND)
        y = build_op(b, ZI_OP_MaxPool, "pool",
                     ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), 1, y);
    zi_id end = conv(b, "end", y, OUT, 1, 1);
    build_output(b, end);
    weigh(b, end);
    if (v == VARIANT_TWO_READERS)
        build_output(b, conv(b, "other", y, OUT, 3, 1));
    if (v == VARIANT_READ_TWICE)
        build_output(b, table);
    assert_checked(b);
}

static inline zurt_status sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    (void)self, (void)n_inputs;
    builder b = {.seed = (uint32_t)index * 7919u + 3u};
    for (size_t i = 0; i < SIDE * SIDE * IN; i++)
        ((float *)inputs[0].data)[i] = builder_random(&b);
    return ZURT_OK;
}

static inline zurt_quantize_options options_of(zurt_calib_method method)
{
    zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
    o.sample = sample;
    o.n_samples = SAMPLES;
    o.threads = 1;
    o.method = method;
    o.io = ZURT_IO_FLOAT;
    return o;
}

static inline void run(zurt_ctx *ctx, zi_graph *g, size_t index, float *out)
{
    float x[SIDE * SIDE * IN], rest[2][SIDE * SIDE * WIDE];
    zurt_span in = {x, sizeof(x)}, outs[2];
    zurt_view view = {x, sizeof(x)};
    zurt_graph handle = {.allocator = ctx->allocator, .g = g};
    zurt_evaluator *e;
    sample(NULL, index, &in, 1);
    for (size_t k = 0; k < g->n_outputs; k++)
        outs[k] = (zurt_span){rest[k], zi_tensor_bytes(&g->tensors[g->outputs[k]])};
    assert_int_equal(zurt_evaluator_create(ctx, &handle, 1, &e), ZURT_OK);
    assert_int_equal(zurt_evaluator_run(e, &view, 1, outs, g->n_outputs), ZURT_OK);
    zurt_evaluator_destroy(e);
    memcpy(out, rest[0], outs[0].bytes);
}

/** Signal to noise of output 0 over samples that did not calibrate. */
static inline double sqnr(builder *b, zi_graph *g)
{
    double signal = 0.0, noise = 0.0;
    const size_t n = zi_tensor_elems(&b->g->tensors[b->g->outputs[0]]);
    for (size_t i = 100; i < 104; i++) {
        float real[SIDE * SIDE * WIDE], held[SIDE * SIDE * WIDE];
        run(b->ctx, b->g, i, real);
        run(b->ctx, g, i, held);
        for (size_t k = 0; k < n; k++) {
            signal += (double)real[k] * (double)real[k];
            noise += ((double)real[k] - (double)held[k]) * ((double)real[k] - (double)held[k]);
        }
    }
    return 10.0 * log10(signal / noise);
}

#endif
