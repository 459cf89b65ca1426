/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a file to graph and metadata. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "model/format.h"
#include "model/messages.h"

/* Memory for unpacked messages: from the ctx, and bounded by the section's size, since a two-byte
 * empty message unpacks to a hundred bytes. An honest graph needs less than half of the bound. */
#define UNPACK_FACTOR 64
#define UNPACK_BASE   ((size_t)64 << 10)

/* Constants of a mapped file that are copied, whatever their type. */
#define SMALL_BYTES ((size_t)64 << 10)

typedef struct unpack_memory {
    const zurt_allocator *source;
    size_t left;
    bool refused;
    bool exceeded;
} unpack_memory;

static void *unpack_alloc(void *self, size_t size)
{
    unpack_memory *m = self;
    if (size > m->left) {
        m->exceeded = true;
        return NULL;
    }
    m->left -= size;
    void *p = m->source->alloc(m->source->self, size ? size : 1, _Alignof(max_align_t));
    m->refused |= !p;
    return p;
}

static void unpack_release(void *self, void *p)
{
    const unpack_memory *m = self;
    zi_free(m->source, p);
}

static unpack_memory unpack_memory_for(const zurt_ctx *ctx, zi_bytes message)
{
    return (unpack_memory){.source = &ctx->allocator,
                           .left = UNPACK_BASE + UNPACK_FACTOR * message.size};
}

/* Why protobuf-c gave no message: it does not say itself. */
static zurt_status unpack_failed(zurt_ctx *ctx, const unpack_memory *m, const char *section)
{
    if (m->refused)
        return zi_fail(ctx, ZURT_E_NOMEM, "section %s: out of memory", section);
    if (m->exceeded)
        return zi_fail(ctx, ZURT_E_FORMAT, "section %s: too many empty messages", section);
    return zi_fail(ctx, ZURT_E_FORMAT, "section %s: not a valid message", section);
}

typedef struct reader {
    zurt_ctx *ctx;
    zi_graph *g;
    zi_bytes weights;
    zi_hold hold;
} reader;

static zurt_status tensor_fail(const reader *r, size_t i, const char *name, const char *what)
{
    return zi_fail(r->ctx, ZURT_E_FORMAT, "tensor %zu '%s': %s", i, name, what);
}

static zurt_status read_quant(const reader *r, size_t i, const Zurt__Tensor *m)
{
    const Zurt__Quant *q = m->quant;
    if (zi_message_has_unknown(&q->base))
        return tensor_fail(r, i, m->name, "quantisation: unknown field");
    if (q->n_scale == 0 || q->n_scale > ZI_MAX_DIM)
        return tensor_fail(r, i, m->name, "quantisation: no scale, or too many");
    if (q->n_zero_point && q->n_zero_point != q->n_scale)
        return tensor_fail(r, i, m->name, "quantisation: as many zero points as scales, or none");
    for (size_t k = 0; k < q->n_scale; k++) {
        if (!isfinite(q->scale[k]) || q->scale[k] <= 0)
            return tensor_fail(r, i, m->name, "quantisation: a scale is not positive and finite");
    }
    int32_t *zeros = NULL;
    if (!q->n_zero_point) {
        zeros = zi_calloc(&r->ctx->allocator, q->n_scale, sizeof(*zeros));
        if (!zeros)
            return zi_fail(r->ctx, ZURT_E_NOMEM, "model: out of memory");
    }
    zurt_status st = zi_graph_set_quant(r->ctx, r->g, (zi_id)i, (uint32_t)q->n_scale, q->axis,
                                        q->scale, zeros ? zeros : q->zero_point);
    zi_free(&r->ctx->allocator, zeros);
    return st;
}

/* In a file that may change: integers and truth values, which say where to read, and what is small.
 * Large arrays of int8 and float are only ever multiplied. */
static bool must_own(const reader *r, const Zurt__Tensor *m, size_t bytes)
{
    const bool is_weight = m->dtype == ZURT_S8 || m->dtype == ZURT_U8 || m->dtype == ZURT_F32;
    return r->hold == ZI_HOLD_SHARED && (!is_weight || bytes <= SMALL_BYTES);
}

/* The constant's elements, used in place where that is safe. */
static zurt_status find_data(const reader *r, size_t i, const Zurt__Tensor *m, const void **out)
{
    size_t bytes = zurt_dtype_bytes((zurt_dtype)m->dtype);
    for (size_t k = 0; k < m->n_dims; k++) {
        if (!zi_size_mul(bytes, (size_t)m->dims[k], &bytes))
            return tensor_fail(r, i, m->name, "too large");
    }
    zi_bytes data;
    if (zi_message_has_unknown(&m->data->base))
        return tensor_fail(r, i, m->name, "data: unknown field");
    if (m->data->size != bytes)
        return tensor_fail(r, i, m->name, "data: size is not that of type and dims");
    if (m->data->offset % ZI_ALIGN)
        return tensor_fail(r, i, m->name, "data: offset is not a multiple of 64");
    if (!r->weights.data || !zi_bytes_sub(r->weights, m->data->offset, bytes, &data))
        return tensor_fail(r, i, m->name, "data: beyond the WEIGHTS section");
    if (must_own(r, m, bytes)) {
        data.data = zi_arena_memdup(&r->g->arena, data.data, bytes);
        if (!data.data)
            return zi_fail(r->ctx, ZURT_E_NOMEM, "model: out of memory");
    }
    for (size_t k = 0; m->dtype == ZURT_BOOL && k < bytes; k++) {
        if (data.data[k] > 1)
            return tensor_fail(r, i, m->name, "data: a bool is neither 0 nor 1");
    }
    *out = data.data;
    return ZURT_OK;
}

static zurt_status read_tensor(const reader *r, size_t i, const Zurt__Tensor *m)
{
    if (zi_message_has_unknown(&m->base))
        return tensor_fail(r, i, m->name, "unknown field");
    if (m->dtype > INT32_MAX || !zurt_dtype_bytes((zurt_dtype)m->dtype))
        return tensor_fail(r, i, m->name, "unknown type");
    if (m->n_dims > ZURT_MAX_RANK)
        return tensor_fail(r, i, m->name, "more than 8 dims");
    for (size_t k = 0; k < m->n_dims; k++) {
        if (m->dims[k] < 0 || m->dims[k] > ZI_MAX_DIM)
            return tensor_fail(r, i, m->name, "a dim is out of range");
    }
    zi_id id;
    const void *data = NULL;
    zurt_status st = ZURT_OK;
    if (m->data)
        st = find_data(r, i, m, &data);
    if (!st && m->data)
        st = zi_graph_add_const(r->ctx, r->g, m->name, (zurt_dtype)m->dtype, (int32_t)m->n_dims,
                                m->dims, data, &id, NULL);
    else if (!st)
        st = zi_graph_add_tensor(r->ctx, r->g, m->name, &id);
    if (st)
        return st;
    zi_tensor *t = &r->g->tensors[id];
    t->dtype = (zurt_dtype)m->dtype;
    t->rank = (int32_t)m->n_dims;
    if (m->n_dims)
        memcpy(t->dims, m->dims, m->n_dims * sizeof(*t->dims));
    t->from_nchw = m->from_nchw;
    return m->quant ? read_quant(r, i, m) : ZURT_OK;
}

/* Indices plus 1 to ids; 0 to ZI_NONE where `optional`. */
static zurt_status read_ids(const reader *r, size_t i, const Zurt__Node *m, size_t n,
                            const uint32_t *from, bool optional, zi_id *out)
{
    for (size_t k = 0; k < n; k++) {
        if (from[k] > r->g->n_tensors || (from[k] == 0 && !optional))
            return zi_fail(r->ctx, ZURT_E_FORMAT,
                           "node %zu '%s': tensor %" PRIu32 " of %zu does not exist", i, m->name,
                           from[k], r->g->n_tensors);
        out[k] = from[k] ? from[k] - 1 : ZI_NONE;
    }
    return ZURT_OK;
}

static zurt_status read_clamp(const reader *r, const Zurt__Clamp *m, zi_node *n)
{
    if (zi_message_has_unknown(&m->base) || isnan(m->lo) || isnan(m->hi) || m->lo > m->hi)
        return zi_node_fail(r->ctx, r->g, n, ZURT_E_FORMAT, "clamp: not a range");
    n->clamp_lo = m->lo;
    n->clamp_hi = m->hi;
    return ZURT_OK;
}

static zurt_status read_node(const reader *r, size_t i, const Zurt__Node *m, zi_id *ids)
{
    zurt_ctx *ctx = r->ctx;
    const zi_op_info *info = zi_op_get(m->op);
    if (zi_message_has_unknown(&m->base))
        return zi_fail(ctx, ZURT_E_FORMAT, "node %zu '%s': unknown field", i, m->name);
    if (!info)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED,
                       "node %zu '%s': this zurt does not know op %" PRIu32 ": update zurt", i,
                       m->name, m->op);
    const size_t in_max = info->in_max ? info->in_max : SIZE_MAX;
    const size_t out_max = info->out_max ? info->out_max : SIZE_MAX;
    const bool inputs_fit = m->n_inputs >= info->in_min && m->n_inputs <= in_max;
    const bool outputs_fit = m->n_outputs >= info->out_min && m->n_outputs <= out_max;
    if (!inputs_fit || !outputs_fit || m->n_outputs < 1)
        return zi_fail(ctx, ZURT_E_FORMAT, "node %zu '%s' (%s): %zu inputs and %zu outputs", i,
                       m->name, info->name, m->n_inputs, m->n_outputs);
    zi_node *n;
    zi_id *out_ids = ids + m->n_inputs;
    zurt_status st = read_ids(r, i, m, m->n_inputs, m->inputs, true, ids);
    if (!st)
        st = read_ids(r, i, m, m->n_outputs, m->outputs, false, out_ids);
    if (!st)
        st = zi_graph_add_node(ctx, r->g, (zi_op)m->op, m->name, ids, (uint32_t)m->n_inputs,
                               out_ids, (uint32_t)m->n_outputs, &n);
    if (!st && m->note[0]) {
        n->note = zi_arena_strdup(&r->g->arena, m->note);
        if (!n->note) {
            n->note = "";
            st = zi_fail(ctx, ZURT_E_NOMEM, "model: out of memory");
        }
    }
    if (!st && m->clamp)
        st = read_clamp(r, m->clamp, n);
    if (!st)
        st = zi_message_read_attr(ctx, r->g, m, n);
    return st;
}

static zurt_status read_nodes(const reader *r, const Zurt__Graph *m)
{
    size_t most = 0;
    for (size_t i = 0; i < m->n_nodes; i++) {
        size_t n = m->nodes[i]->n_inputs + m->nodes[i]->n_outputs; // both below 2^24
        most = n > most ? n : most;
    }
    zi_id *ids = zi_calloc(&r->ctx->allocator, most, sizeof(*ids));
    if (!ids)
        return zi_fail(r->ctx, ZURT_E_NOMEM, "model: out of memory");
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < m->n_nodes; i++)
        st = read_node(r, i, m->nodes[i], ids);
    zi_free(&r->ctx->allocator, ids);
    return st;
}

static zurt_status read_graph(const reader *r, const Zurt__Graph *m)
{
    if (zi_message_has_unknown(&m->base))
        return zi_fail(r->ctx, ZURT_E_FORMAT, "graph: unknown field");
    if (m->n_tensors > ZI_MAX_TENSORS || m->n_nodes > ZI_MAX_NODES)
        return zi_fail(r->ctx, ZURT_E_LIMIT, "graph: %zu tensors and %zu nodes, at most %u and %u",
                       m->n_tensors, m->n_nodes, ZI_MAX_TENSORS, ZI_MAX_NODES);
    if (m->n_inputs > ZI_MAX_IO || m->n_outputs > ZI_MAX_IO)
        return zi_fail(r->ctx, ZURT_E_LIMIT, "graph: %zu inputs and %zu outputs, at most %u each",
                       m->n_inputs, m->n_outputs, ZI_MAX_IO);
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < m->n_tensors; i++)
        st = read_tensor(r, i, m->tensors[i]);
    for (size_t i = 0; !st && i < m->n_inputs + m->n_outputs; i++) {
        bool is_input = i < m->n_inputs;
        uint32_t id = is_input ? m->inputs[i] : m->outputs[i - m->n_inputs];
        if (id >= m->n_tensors)
            st = zi_fail(r->ctx, ZURT_E_FORMAT, "graph: its %s is tensor %" PRIu32 " of %zu",
                         is_input ? "input" : "output", id, m->n_tensors);
        else if (is_input)
            st = zi_graph_add_input(r->ctx, r->g, id);
        else
            st = zi_graph_add_output(r->ctx, r->g, id);
    }
    if (!st)
        st = read_nodes(r, m);
    return st ? st : zi_graph_check(r->ctx, r->g);
}

zurt_status zi_message_read_graph(zurt_ctx *ctx, const zi_container *file, zi_graph **out)
{
    *out = NULL;
    const zi_bytes message = file->graph;
    unpack_memory memory = unpack_memory_for(ctx, message);
    ProtobufCAllocator allocator = {unpack_alloc, unpack_release, &memory};
    Zurt__Graph *m = zurt__graph__unpack(&allocator, message.size, message.data);
    if (!m)
        return unpack_failed(ctx, &memory, "GRAPH");
    reader r = {ctx, zi_graph_create(&ctx->allocator), file->weights, file->hold};
    zurt_status st = r.g ? read_graph(&r, m) : zi_fail(ctx, ZURT_E_NOMEM, "model: out of memory");
    zurt__graph__free_unpacked(m, &allocator);
    if (st) {
        zi_graph_destroy(r.g);
        return st;
    }
    *out = r.g;
    return ZURT_OK;
}

static zurt_status read_norm(zurt_ctx *ctx, const Zurt__Norm *m, zurt_norm *out)
{
    if (zi_message_has_unknown(&m->base) || m->n_mean < 1 || m->n_mean > 4 || m->n_std != m->n_mean)
        return zi_fail(ctx, ZURT_E_FORMAT, "normalisation: 1 to 4 means and as many deviations");
    *out = zi_norm_none((int32_t)m->n_mean);
    for (size_t c = 0; c < m->n_mean; c++) {
        out->mean[c] = m->mean[c];
        out->std[c] = m->std[c];
    }
    out->is_bgr = m->is_bgr ? 1 : 0;
    out->fit = (zurt_fit)m->fit;
    out->crop_ratio = m->crop_ratio;
    return zi_norm_check(ctx, out, ZURT_E_FORMAT);
}

static zurt_status read_meta(zurt_ctx *ctx, const Zurt__Meta *m, zi_arena *arena, zi_meta *out)
{
    if (zi_message_has_unknown(&m->base))
        return zi_fail(ctx, ZURT_E_FORMAT, "metadata: unknown field");
    zurt_status st = m->norm ? read_norm(ctx, m->norm, &out->norm) : ZURT_OK;
    if (st)
        return st;
    bool fits = true;
    if (m->n_labels) {
        out->labels = zi_arena_calloc(arena, m->n_labels, sizeof(*out->labels));
        fits = out->labels != NULL;
    }
    for (size_t i = 0; fits && i < m->n_labels; i++) {
        out->labels[i] = zi_arena_strdup(arena, m->labels[i]);
        fits = out->labels[i] != NULL;
    }
    const char *description = fits ? zi_arena_strdup(arena, m->description) : NULL;
    if (!description)
        return zi_fail(ctx, ZURT_E_NOMEM, "metadata: out of memory");
    out->n_labels = m->n_labels;
    out->description = description;
    return ZURT_OK;
}

zurt_status zi_message_read_meta(zurt_ctx *ctx, zi_bytes message, zi_arena *arena, zi_meta *out)
{
    *out = (zi_meta){.norm = zi_norm_none(3), .description = ""};
    if (!message.data)
        return ZURT_OK;
    unpack_memory memory = unpack_memory_for(ctx, message);
    ProtobufCAllocator allocator = {unpack_alloc, unpack_release, &memory};
    Zurt__Meta *m = zurt__meta__unpack(&allocator, message.size, message.data);
    if (!m)
        return unpack_failed(ctx, &memory, "META");
    zurt_status st = read_meta(ctx, m, arena, out);
    zurt__meta__free_unpacked(m, &allocator);
    return st;
}
