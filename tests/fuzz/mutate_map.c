/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutations for fuzz_map that keep a `.zurt` file one: the graph is loaded, changed, given its
 * shapes anew and written. What is no file yet, the choices of a random network, may become one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/model.h"
#include "support/map_input.h"
#include "support/random_net.h"
#include "support/reseal.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

typedef struct mutator {
    zurt_ctx *ctx;
    zi_graph *g;
    zt_source source;
} mutator;

static uint32_t pick(mutator *m, uint32_t n)
{
    return (uint32_t)(zt_random(&m->source.state) % (n ? n : 1));
}

static int32_t number(mutator *m)
{
    static const int32_t numbers[] = {0,  1,  2,  3,  4,   5,   7,   8,   9,    11,
                                      12, 13, 15, 16, 17,  24,  31,  32,  33,   47,
                                      48, 63, 64, 65, 127, 128, 255, 256, 1024, 16384};
    return numbers[pick(m, sizeof(numbers) / sizeof(numbers[0]) - (pick(m, 4) ? 10 : 0))];
}

static zi_node *any_node(mutator *m)
{
    return &m->g->nodes[pick(m, (uint32_t)m->g->n_nodes)];
}

/* ---- one change ---- */

/* Where a choice of channels or pixels begins, how it goes on, and how many it takes. */
static void change_choice(mutator *m, zi_node *n)
{
    uint32_t axis = pick(m, 4);
    if (zi_op_get(n->op)->attr == ZI_ATTR_pad) {
        axis = pick(m, 3) ? 3 : axis;
        *(pick(m, 2) ? &n->attr.pad.before[axis] : &n->attr.pad.after[axis]) =
            pick(m, 4) ? number(m) : -number(m);
        return;
    }
    int32_t size = zi_node_in(m->g, n, 0)->dims[axis];
    int32_t start = (int32_t)pick(m, (uint32_t)size), step = 1 + (int32_t)pick(m, 4);
    n->attr.slice.start[axis] = start;
    n->attr.slice.step[axis] = step;
    n->attr.slice.count[axis] = 1 + (int32_t)pick(m, (uint32_t)((size - 1 - start) / step + 1));
}

/* To a power of two of the size; now and then to any. */
static void change_resize(mutator *m, zi_node *n)
{
    int32_t factor = 1 << pick(m, 5);
    for (int d = 0; d < 2; d++) {
        int32_t size = zi_node_in(m->g, n, 0)->dims[1 + d];
        bool any = pick(m, 8) == 0 || size > 4096;
        n->attr.resize.out[d] = any ? number(m) : size * factor;
        n->attr.resize.scale[d] = (float)(any ? 1 + (int32_t)pick(m, 4) : factor);
    }
}

/* A number of an attribute; the kinds whose numbers are int32 from their first byte on. */
static void change_attribute(mutator *m)
{
    zi_node *n = any_node(m);
    const zi_op_info *info = zi_op_get(n->op);
    int32_t *ints = (int32_t *)&n->attr;
    switch (info ? info->attr : ZI_ATTR_none) {
    case ZI_ATTR_conv:
        ints[pick(m, sizeof(zi_attr_conv) / sizeof(int32_t))] = number(m);
        break;
    case ZI_ATTR_pool:
        if (pick(m, 4))
            ints[pick(m, offsetof(zi_attr_pool, ceil_mode) / sizeof(int32_t))] = number(m);
        else
            n->attr.pool.count_include_pad = !n->attr.pool.count_include_pad;
        break;
    case ZI_ATTR_axis:
        n->attr.axis.axis = (int32_t)pick(m, 4);
        break;
    case ZI_ATTR_slice:
    case ZI_ATTR_pad:
        change_choice(m, n);
        break;
    case ZI_ATTR_reduce:
        n->attr.reduce.axes = pick(m, 2) ? 6 : pick(m, 16);
        break;
    case ZI_ATTR_resize:
        change_resize(m, n);
        break;
    default:
        break;
    }
}

static void change_clamp(mutator *m)
{
    static const float bounds[] = {-INFINITY, -6.0f, -0.1f, 0.0f, 0.1f, 6.0f, INFINITY};
    zi_node *n = any_node(m);
    if (!zi_op_has(n->op, ZI_OPF_CLAMP))
        return;
    n->clamp_lo = bounds[pick(m, 7)];
    n->clamp_hi = bounds[pick(m, 7)];
}

static void change_quant(mutator *m)
{
    static const float factors[] = {1e-6f, 0.01f, 0.5f, 0.9f, 1.1f, 2.0f, 100.0f, 1e6f};
    zi_id t = pick(m, (uint32_t)m->g->n_tensors);
    const zi_quant *q = &m->g->tensors[t].quant;
    float scale[64];
    int32_t zero[64];
    if (q->n < 1 || q->n > 64)
        return;
    memcpy(scale, q->scale, q->n * sizeof(*scale));
    memcpy(zero, q->zero_point, q->n * sizeof(*zero));
    uint32_t i = pick(m, q->n);
    if (pick(m, 2))
        scale[i] *= factors[pick(m, 8)];
    else
        zero[i] = (int32_t)pick(m, 256) - 128;
    (void)zi_graph_set_quant(m->ctx, m->g, t, q->n, q->axis, scale, zero);
}

static void change_input(mutator *m)
{
    zi_tensor *t = &m->g->tensors[m->g->inputs[pick(m, (uint32_t)m->g->n_inputs)]];
    if (t->rank > 0)
        t->dims[pick(m, (uint32_t)t->rank)] = number(m);
}

static bool is_weight(const mutator *m, zi_id t)
{
    return zi_tensor_is_const(&m->g->tensors[t]) && zi_tensor_bytes(&m->g->tensors[t]) > 0;
}

/* Some indices of a Gather, most of them within the axis. */
static void change_indices(mutator *m, const zi_tensor *indices)
{
    int64_t *values = (int64_t *)(uintptr_t)indices->data;
    size_t n = zi_tensor_elems(indices);
    for (uint32_t i = 0; i <= pick(m, 4); i++)
        values[zt_random(&m->source.state) % n] = (int64_t)pick(m, 40) - (pick(m, 4) ? 0 : 20);
}

/* The bytes of a constant; the file that holds them is the mutator's own. */
static void change_values(mutator *m)
{
    static const uint8_t extremes[] = {0, 1, 127, 128, 129, 255};
    zi_id t = pick(m, (uint32_t)m->g->n_tensors);
    if (!is_weight(m, t))
        return;
    if (m->g->tensors[t].dtype == ZURT_S64 && pick(m, 8)) {
        change_indices(m, &m->g->tensors[t]);
        return;
    }
    uint8_t *bytes = (uint8_t *)(uintptr_t)m->g->tensors[t].data;
    size_t n = zi_tensor_bytes(&m->g->tensors[t]);
    size_t first = zt_random(&m->source.state) % n, count = 1 + pick(m, pick(m, 4) ? 4 : 4096);
    uint8_t value = extremes[pick(m, 6)];
    for (size_t i = first; i < n && i < first + count; i++)
        bytes[i] = value;
}

/* Weights, bias or table of another size, filled with random bytes. */
static void change_weights(mutator *m)
{
    zi_node *n = any_node(m);
    const zi_tensor *w = zi_node_in(m->g, n, 1);
    if (!w || w->rank < 1 || !zi_tensor_is_const(w))
        return;
    uint32_t axis = pick(m, (uint32_t)w->rank);
    int32_t count = 1 + number(m) % 80;
    for (uint32_t i = 1; i < n->n_in && i < 3; i++) { // out channels are the bias's too
        const zi_tensor old = *zi_node_in(m->g, n, i);
        int32_t dims[ZURT_MAX_RANK];
        zi_id id;
        void *data;
        if (n->in[i] == ZI_NONE || old.quant.n > 1 || (i == 2 && axis != 0))
            continue;
        memcpy(dims, old.dims, sizeof(dims));
        dims[i == 2 ? 0 : axis] = count;
        if (zi_graph_add_const(m->ctx, m->g, "", old.dtype, old.rank, dims, NULL, &id, &data))
            return;
        size_t bytes = zi_tensor_bytes(&m->g->tensors[id]);
        for (size_t k = 0; k < bytes && old.dtype == ZURT_S8; k++)
            ((uint8_t *)data)[k] = (uint8_t)zt_random(&m->source.state);
        if (old.quant.n == 1)
            (void)zi_graph_set_quant(m->ctx, m->g, id, 1, 0, old.quant.scale, old.quant.zero_point);
        n->in[i] = id;
    }
}

static void change_wire(mutator *m)
{
    zi_node *n = any_node(m);
    uint32_t i = pick(m, n->n_in);
    zi_id t = pick(m, (uint32_t)m->g->n_tensors);
    if (n->in[i] != ZI_NONE && zi_tensor_is_const(&m->g->tensors[n->in[i]]) == is_weight(m, t))
        n->in[i] = t;
}

static void change_op(mutator *m)
{
    static const zi_op pools[] = {ZI_OP_MaxPool, ZI_OP_AveragePool};
    static const zi_op convs[] = {ZI_OP_Conv, ZI_OP_ConvTranspose};
    static const zi_op axes[] = {ZI_OP_Gather, ZI_OP_Split, ZI_OP_Concat};
    zi_node *n = any_node(m);
    const zi_op_info *info = zi_op_get(n->op);
    if (info && info->attr == ZI_ATTR_pool)
        n->op = pools[pick(m, 2)];
    else if (info && info->attr == ZI_ATTR_conv)
        n->op = convs[pick(m, 2)];
    else if (info && info->attr == ZI_ATTR_axis)
        n->op = axes[pick(m, 3)];
}

static void change_output(mutator *m)
{
    const zi_node *n = any_node(m);
    if (pick(m, 2))
        m->g->outputs[pick(m, (uint32_t)m->g->n_outputs)] = n->out[0];
    else
        (void)zi_graph_add_output(m->ctx, m->g, n->out[0]);
}

/* ---- all ---- */

static void change(mutator *m)
{
    static void (*const changes[])(mutator *) = {
        change_attribute, change_attribute, change_attribute, change_clamp, change_quant,
        change_input,     change_input,     change_values,    change_wire,  change_weights,
        change_weights,   change_op,        change_output};
    for (uint32_t i = 0; i <= pick(m, 3); i++)
        changes[pick(m, sizeof(changes) / sizeof(changes[0]))](m);
}

/* The graph as a file for the engine that `knobs` describe; 0: it is none, or too large. */
static size_t write_graph(zurt_ctx *ctx, zi_graph *g, const uint8_t *knobs, uint8_t *out,
                          size_t max_size)
{
    const zi_meta no_meta = {.norm = zi_norm_none(1), .description = ""};
    uint8_t *file = NULL;
    size_t size = 0;
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (zi_node_infer(ctx, g, &g->nodes[i]))
            return 0;
    }
    if (zi_model_write(ctx, g, &no_meta, &file, &size) || size > max_size)
        size = 0;
    if (size) {
        memcpy(out, file, size);
        memcpy(out + ZI_H_CRC, knobs, 4);
    }
    zi_free(&ctx->allocator, file);
    return size;
}

static size_t mutate_file(mutator *m, uint8_t *data, size_t size, size_t max_size)
{
    uint8_t knobs[4], *copy = zi_alloc_aligned(&m->ctx->allocator, size);
    zurt_model *model = NULL;
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    memcpy(knobs, data + ZI_H_CRC, sizeof(knobs));
    reseal(copy, size);
    size_t result = 0;
    if (zurt_model_load_mem(m->ctx, copy, size, &model) == ZURT_OK && model->graph->n_nodes &&
        model->graph->n_inputs) {
        m->g = model->graph;
        if (pick(m, 6) == 0)
            knobs[pick(m, 4)] = (uint8_t)pick(m, 256);
        else
            change(m);
        result = write_graph(m->ctx, m->g, knobs, data, max_size);
    }
    zurt_model_destroy(model);
    zi_free(&m->ctx->allocator, copy);
    return result;
}

static size_t file_of_choices(mutator *m, uint8_t *data, size_t size, size_t max_size)
{
    zt_source source = zt_source_bytes(data, size);
    uint8_t knobs[4];
    for (int i = 0; i < 4; i++)
        knobs[i] = (uint8_t)pick(m, 256);
    zt_map_knobs_pick(&source);
    zi_graph *g = zt_random_net(m->ctx, &source, 12, 32);
    size_t result = g ? write_graph(m->ctx, g, knobs, data, max_size) : 0;
    zi_graph_destroy(g);
    return result;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    mutator m = {.source = zt_source_seed(seed)};
    size_t result = 0;
    bool is_file = zt_map_input_is_file(data, size);
    if (zurt_ctx_create(NULL, &m.ctx) != ZURT_OK)
        return LLVMFuzzerMutate(data, size, max_size);
    if (is_file && pick(&m, 16))
        result = mutate_file(&m, data, size, max_size);
    else if (!is_file && size > 8 && pick(&m, 16) == 0)
        result = file_of_choices(&m, data, size, max_size);
    zurt_ctx_destroy(m.ctx);
    return result ? result : LLVMFuzzerMutate(data, size, max_size);
}
