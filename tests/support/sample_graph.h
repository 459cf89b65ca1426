/* SPDX-License-Identifier: Apache-2.0 */
/** @file A small int8 graph with every kind of attribute, for tests of the file format. */
#ifndef TEST_SUPPORT_SAMPLE_GRAPH_H
#define TEST_SUPPORT_SAMPLE_GRAPH_H

#include <assert.h>
#include <math.h>

#include "graph/graph.h"
#include "model/model.h"

/** Builds; any status but ZURT_OK stops the rest. */
typedef struct sample {
    zurt_ctx *ctx;
    zi_graph *g;
    zurt_status st;
} sample;

static inline void sample_quant(sample *s, zi_id id, float scale, int32_t zero)
{
    if (!s->st)
        s->st = zi_graph_set_quant(s->ctx, s->g, id, 1, 0, &scale, &zero);
}

/** A node with one output, computed by zi_node_infer(); scale 0: not quantised. */
static inline zi_id sample_node(sample *s, zi_op op, const char *name, const zi_id *in,
                                uint32_t n_in, const zi_attr *attr, float scale, int32_t zero)
{
    zi_id out = ZI_NONE;
    zi_node *n = NULL;
    if (!s->st)
        s->st = zi_graph_add_tensor(s->ctx, s->g, name, &out);
    if (!s->st)
        s->st = zi_graph_add_node(s->ctx, s->g, op, name, in, n_in, &out, 1, &n);
    if (s->st)
        return ZI_NONE;
    if (attr)
        n->attr = *attr;
    if (op == ZI_OP_Conv) {
        n->clamp_lo = 0.0f;
        n->clamp_hi = 6.0f;
        n->note = "fused with Relu6";
    }
    s->st = zi_node_infer(s->ctx, s->g, n);
    if (scale > 0)
        sample_quant(s, out, scale, zero);
    return s->st ? ZI_NONE : out;
}

static inline zi_id sample_const(sample *s, const char *name, zurt_dtype dtype, int32_t rank,
                                 const int32_t *dims, uint32_t seed)
{
    zi_id id = ZI_NONE;
    void *data = NULL;
    if (!s->st)
        s->st = zi_graph_add_const(s->ctx, s->g, name, dtype, rank, dims, NULL, &id, &data);
    if (s->st)
        return ZI_NONE;
    for (size_t i = 0; i < zi_tensor_elems(&s->g->tensors[id]); i++) {
        seed = seed * 1664525u + 1013904223u;
        int32_t v = (int32_t)(seed >> 24) - 128;
        if (dtype == ZURT_S8)
            ((int8_t *)data)[i] = (int8_t)(v < -127 ? -127 : v);
        else
            ((int32_t *)data)[i] = v * 16;
    }
    return id;
}

static inline zi_id sample_conv(sample *s, zi_id x)
{
    static const float scales[4] = {0.01f, 0.02f, 0.005f, 0.0125f};
    static const int32_t zeros[4] = {0};
    float bias_scales[4];
    for (int i = 0; i < 4; i++)
        bias_scales[i] = scales[i] * 0.02f;
    zi_id w = sample_const(s, "w", ZURT_S8, 4, (int32_t[]){4, 3, 3, 2}, 1);
    zi_id b = sample_const(s, "b", ZURT_S32, 1, (int32_t[]){4}, 2);
    if (!s->st)
        s->st = zi_graph_set_quant(s->ctx, s->g, w, 4, 0, scales, zeros);
    if (!s->st)
        s->st = zi_graph_set_quant(s->ctx, s->g, b, 4, 0, bias_scales, zeros);
    zi_attr attr = {
        .conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {1, 1, 1, 1}, .groups = 1}};
    return sample_node(s, ZI_OP_Conv, "conv", (zi_id[]){x, w, b}, 3, &attr, 0.025f, -128);
}

static inline zi_id sample_lut(sample *s, const char *name, const char *table, zi_id x)
{
    zi_id t = sample_const(s, table, ZURT_S8, 1, (int32_t[]){256}, 3); // all equal: stored once
    zi_attr attr = {.lut = {.op = ZI_OP_LeakyRelu, .unary = {.alpha = 0.125f}}};
    return sample_node(s, ZI_OP_Lut, name, (zi_id[]){x, t}, 2, &attr, 0.025f, -128);
}

static inline zi_id sample_moves(sample *s, zi_id x)
{
    zi_attr pad = {.pad = {.before = {0, 1, -1, 0}, .after = {0, 0, 1, 0}, .value = 0.5f}};
    x = sample_node(s, ZI_OP_Pad, "pad", &x, 1, &pad, 0.025f, -128);
    zi_attr slice = {
        .slice = {.start = {0, 3, 0, 3}, .step = {1, -1, 1, -1}, .count = {1, 3, 3, 4}}};
    x = sample_node(s, ZI_OP_Slice, "slice", &x, 1, &slice, 0.025f, -128);
    zi_attr resize = {.resize = {.out = {5, 6}, .scale = {5.0f / 3, 2}, .nearest = 2}};
    x = sample_node(s, ZI_OP_Resize, "resize", &x, 1, &resize, 0.025f, -128);
    zi_attr perm = {.perm = {.perm = {0, 3, 1, 2}}};
    return sample_node(s, ZI_OP_Transpose, "transpose", &x, 1, &perm, 0.025f, -128);
}

/** NULL if memory is refused; free with zi_graph_destroy(). */
static inline zi_graph *sample_graph(zurt_ctx *ctx)
{
    sample s = {ctx, zi_graph_create(&ctx->allocator), ZURT_OK};
    zi_id x = ZI_NONE;
    if (!s.g)
        return NULL;
    s.st = zi_graph_add_tensor(ctx, s.g, "image", &x);
    if (!s.st) {
        zi_tensor *t = &s.g->tensors[x];
        *t = (zi_tensor){.name = t->name, .dtype = ZURT_F32, .rank = 4, .dims = {1, 6, 6, 2}};
        t->from_nchw = true;
        s.st = zi_graph_add_input(ctx, s.g, x);
    }
    zi_attr to_s8 = {.axis = {.axis = ZURT_S8}};
    x = sample_node(&s, ZI_OP_Quantize, "quantize", &x, 1, &to_s8, 0.02f, 3);
    x = sample_conv(&s, x);
    x = sample_lut(&s, "leaky", "table1", x);
    x = sample_lut(&s, "leaky2", "table2", x);
    zi_attr pool = {.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
    x = sample_node(&s, ZI_OP_MaxPool, "pool", &x, 1, &pool, 0.025f, -128);
    x = sample_moves(&s, x);
    zi_attr reduce = {.reduce = {.axes = 1u << 2 | 1u << 3, .keep_dims = true}};
    x = sample_node(&s, ZI_OP_ReduceMean, "mean", &x, 1, &reduce, 0.02f, -128);
    x = sample_node(&s, ZI_OP_Dequantize, "dequantize", &x, 1, NULL, 0, 0);
    zi_attr clip = {.unary = {.alpha = -INFINITY, .beta = 4.0f}};
    x = sample_node(&s, ZI_OP_Clip, "clip", &x, 1, &clip, 0, 0);
    zi_attr shape = {.shape = {.rank = 2, .dims = {1, 4}}};
    x = sample_node(&s, ZI_OP_Reshape, "reshape", &x, 1, &shape, 0, 0);
    zi_attr axis = {.axis = {.axis = 1}};
    x = sample_node(&s, ZI_OP_Softmax, "softmax", &x, 1, &axis, 0, 0);
    if (!s.st)
        s.st = zi_graph_add_output(ctx, s.g, x);
    if (s.st) {
        assert(s.st == ZURT_E_NOMEM);
        zi_graph_destroy(s.g);
        return NULL;
    }
    return s.g;
}

/** Floats, or places counted from 0, as a constant. */
static inline zi_id sample_numbers(sample *s, const char *name, zurt_dtype dtype, int32_t rank,
                                   const int32_t *dims)
{
    zi_id id = ZI_NONE;
    void *data = NULL;
    if (!s->st)
        s->st = zi_graph_add_const(s->ctx, s->g, name, dtype, rank, dims, NULL, &id, &data);
    for (size_t i = 0; !s->st && i < zi_tensor_elems(&s->g->tensors[id]); i++) {
        if (dtype == ZURT_F32)
            ((float *)data)[i] = 0.25f * (float)(i % 7) - 0.75f;
        else
            ((int64_t *)data)[i] = (int64_t)(i % 2);
    }
    return id;
}

static inline void sample_answer(sample *s, zi_id id)
{
    if (!s->st)
        s->st = zi_graph_add_output(s->ctx, s->g, id);
}

/** A recurrent op on x [3,1,2] with all inputs that it may have; its last h is an output. */
static inline void sample_recurrent(sample *s, zi_op op, const char *const *names, zi_id x)
{
    const int32_t g = zi_rnn_gates(op);
    const zi_id in[7] = {x,
                         sample_numbers(s, "w", ZURT_F32, 4, (int32_t[]){2, g, 2, 3}),
                         sample_numbers(s, "r", ZURT_F32, 4, (int32_t[]){2, g, 3, 3}),
                         ZI_NONE,
                         sample_numbers(s, "h", ZURT_F32, 3, (int32_t[]){2, 1, 3}),
                         sample_numbers(s, "c", ZURT_F32, 3, (int32_t[]){2, 1, 3}),
                         sample_numbers(s, "p", ZURT_F32, 2, (int32_t[]){2, 9})};
    const bool lstm = op == ZI_OP_LSTM;
    zi_id out[3] = {ZI_NONE, ZI_NONE, ZI_NONE};
    zi_node *n = NULL;
    for (int i = 0; i < (lstm ? 3 : 2) && !s->st; i++)
        s->st = zi_graph_add_tensor(s->ctx, s->g, names[i], &out[i]);
    if (!s->st)
        s->st =
            zi_graph_add_node(s->ctx, s->g, op, names[0], in, lstm ? 7 : 5, out, lstm ? 3 : 2, &n);
    if (s->st)
        return;
    n->attr.rnn = (zi_attr_rnn){.direction = ZI_RNN_BIDIRECTIONAL,
                                .clip = 2.5f,
                                .input_forget = lstm,
                                .linear_before_reset = op == ZI_OP_GRU};
    for (int i = 0; i < 2 * zi_rnn_functions(op); i++) {
        n->attr.rnn.function[i] = (zi_rnn_function)(2 * i);
        n->attr.rnn.alpha[i] = 0.5f * (float)i;
        n->attr.rnn.beta[i] = 1.0f;
    }
    s->st = zi_node_infer(s->ctx, s->g, n);
    sample_answer(s, out[1]);
}

/** What came with format 1.1. NULL if memory is refused. */
static inline zi_graph *sample_graph_1_1(zurt_ctx *ctx)
{
    sample s = {ctx, zi_graph_create(&ctx->allocator), ZURT_OK};
    zi_id x = ZI_NONE;
    if (!s.g)
        return NULL;
    s.st = zi_graph_add_tensor(ctx, s.g, "x", &x);
    if (!s.st) {
        zi_tensor *t = &s.g->tensors[x];
        *t = (zi_tensor){.name = t->name, .dtype = ZURT_F32, .rank = 4, .dims = {1, 4, 3, 2}};
        s.st = zi_graph_add_input(ctx, s.g, x);
    }
    x = sample_node(&s, ZI_OP_Atan, "atan", &x, 1, NULL, 0, 0);
    zi_attr grid = {
        .grid = {.mode = ZI_RESIZE_CUBIC, .padding = ZI_GRID_REFLECTION, .align_corners = true}};
    zi_id places = sample_numbers(&s, "places", ZURT_F32, 4, (int32_t[]){1, 4, 4, 2});
    x = sample_node(&s, ZI_OP_GridSample, "grid", (zi_id[]){x, places}, 2, &grid, 0, 0);
    zi_attr pool = {.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
    pool.pool.column_major = true;
    sample_answer(&s, sample_node(&s, ZI_OP_MaxPoolIndices, "from", &x, 1, &pool, 0, 0));
    zi_attr top = {.top = {.axis = 2, .k = 3, .smallest = true}};
    zi_id best = sample_node(&s, ZI_OP_TopK, "top", &x, 1, &top, 0, 0);
    zi_attr along = {.axis = {.axis = 2}};
    x = sample_node(&s, ZI_OP_GatherElements, "take", (zi_id[]){x, best}, 2, &along, 0, 0);
    zi_attr sums = {.axis = {.axis = 1, .keep_dims = true, .select_last = true}};
    x = sample_node(&s, ZI_OP_CumSum, "sums", &x, 1, &sums, 0, 0);
    zi_attr scatter = {.scatter = {.axis = 1, .reduction = ZI_SCATTER_MAX}};
    zi_id to = sample_numbers(&s, "to", ZURT_S64, 4, (int32_t[]){1, 2, 3, 2});
    zi_id updates = sample_numbers(&s, "updates", ZURT_F32, 4, (int32_t[]){1, 2, 3, 2});
    x = sample_node(&s, ZI_OP_ScatterElements, "put", (zi_id[]){x, to, updates}, 3, &scatter, 0, 0);
    zi_attr batch = {.axis = {.axis = 1}};
    zi_id rows = sample_numbers(&s, "rows", ZURT_S64, 3, (int32_t[]){1, 3, 2});
    x = sample_node(&s, ZI_OP_GatherND, "rows", (zi_id[]){x, rows}, 2, &batch, 0, 0);
    zi_attr shape = {.shape = {.rank = 3, .dims = {3, 1, 2}}};
    x = sample_node(&s, ZI_OP_Reshape, "sequence", &x, 1, &shape, 0, 0);
    sample_recurrent(&s, ZI_OP_LSTM, (const char *const[]){"lstm", "lstm_h", "lstm_c"}, x);
    sample_recurrent(&s, ZI_OP_GRU, (const char *const[]){"gru", "gru_h"}, x);
    sample_recurrent(&s, ZI_OP_RNN, (const char *const[]){"rnn", "rnn_h"}, x);
    zi_attr nms = {
        .nms = {
            .max_boxes = 2, .iou_threshold = 0.5f, .score_threshold = -INFINITY, .centre = true}};
    zi_id boxes = sample_numbers(&s, "boxes", ZURT_F32, 3, (int32_t[]){3, 2, 4});
    sample_answer(
        &s, sample_node(&s, ZI_OP_NonMaxSuppression, "nms", (zi_id[]){boxes, x}, 2, &nms, 0, 0));
    if (s.st) {
        assert(s.st == ZURT_E_NOMEM);
        zi_graph_destroy(s.g);
        return NULL;
    }
    return s.g;
}

static inline zi_meta sample_meta(void)
{
    static const char *labels[] = {"zero", "one", "", "three"};
    zi_meta meta = {.norm = zi_norm_none(2),
                    .description = "sample graph of the tests",
                    .labels = labels,
                    .n_labels = 4};
    meta.norm.mean[0] = 0.1307f;
    meta.norm.std[1] = 0.3081f;
    meta.norm.is_bgr = 1;
    meta.norm.fit = ZURT_FIT_CENTRE_CROP;
    meta.norm.crop_ratio = 0.875f;
    return meta;
}

#endif
