/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as the sections of a .zurt file; equal constants are stored once. */
#include <string.h>

#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/size.h"
#include "model/format.h"
#include "model/messages.h"

/* One stored constant; tensors with equal bytes share it. */
typedef struct blob {
    const void *data;
    size_t size;
    size_t offset; /* in section WEIGHTS */
    uint32_t crc;
} blob;

typedef struct writer {
    zurt_ctx *ctx;
    const zi_graph *g;
    const zi_meta *meta;
    zi_arena arena; /* messages */
    zi_id *number;  /* tensor's index in the file; ZI_NONE: nothing uses it */
    zi_id *blob_of; /* constant's index into blobs */
    blob *blobs;    /* in the order of their offsets */
    size_t n_blobs;
    size_t n_tensors; /* in the file */
    size_t weight_bytes;
} writer;

static zurt_status no_memory(const writer *w)
{
    return zi_fail(w->ctx, ZURT_E_NOMEM, "model: out of memory");
}

/* Leaves out what no node, input or output mentions, e.g. float weights that are int8 now; the
 * rest keep their order. */
static zurt_status number_tensors(writer *w)
{
    const zi_graph *g = w->g;
    w->number = zi_arena_calloc(&w->arena, g->n_tensors, sizeof(*w->number));
    if (!w->number)
        return no_memory(w);
    for (size_t i = 0; i < g->n_inputs; i++)
        w->number[g->inputs[i]] = 1;
    for (size_t i = 0; i < g->n_outputs; i++)
        w->number[g->outputs[i]] = 1;
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            if (n->in[k] != ZI_NONE)
                w->number[n->in[k]] = 1;
        }
        for (uint32_t k = 0; k < n->n_out; k++)
            w->number[n->out[k]] = 1;
    }
    for (size_t i = 0; i < g->n_tensors; i++)
        w->number[i] = w->number[i] ? (zi_id)w->n_tensors++ : ZI_NONE;
    return ZURT_OK;
}

/* Slot of an equal blob, or the free slot where it belongs; the table is never full. */
static size_t find_slot(const writer *w, const zi_id *slots, size_t mask, const blob *b)
{
    size_t at = b->crc & mask;
    for (; slots[at] != ZI_NONE; at = (at + 1) & mask) {
        const blob *o = &w->blobs[slots[at]];
        if (o->crc == b->crc && o->size == b->size && memcmp(o->data, b->data, b->size) == 0)
            break;
    }
    return at;
}

static zurt_status place_constants(writer *w)
{
    const zi_graph *g = w->g;
    size_t n_slots = 16;
    while (n_slots < 2 * g->n_tensors)
        n_slots *= 2;
    w->blob_of = zi_arena_calloc(&w->arena, g->n_tensors, sizeof(*w->blob_of));
    w->blobs = zi_arena_calloc(&w->arena, g->n_tensors, sizeof(*w->blobs));
    zi_id *slots = zi_arena_calloc(&w->arena, n_slots, sizeof(*slots));
    if (!w->blob_of || !w->blobs || !slots)
        return no_memory(w);
    memset(slots, 0xff, n_slots * sizeof(*slots)); // ZI_NONE
    for (size_t i = 0; i < g->n_tensors; i++) {
        const zi_tensor *t = &g->tensors[i];
        if (w->number[i] == ZI_NONE || !zi_tensor_is_const(t))
            continue;
        blob b = {.data = t->data, .size = zi_tensor_bytes(t)};
        b.crc = zi_crc32c(0, b.data, b.size);
        size_t at = find_slot(w, slots, n_slots - 1, &b);
        if (slots[at] == ZI_NONE) {
            if (!zi_size_align(w->weight_bytes, ZI_ALIGN, &b.offset) ||
                !zi_size_add(b.offset, b.size, &w->weight_bytes))
                return zi_fail(w->ctx, ZURT_E_LIMIT, "model: constants exceed the address space");
            slots[at] = (zi_id)w->n_blobs;
            w->blobs[w->n_blobs++] = b;
        }
        w->blob_of[i] = slots[at];
    }
    return ZURT_OK;
}

static bool write_quant(writer *w, const zi_quant *q, Zurt__Tensor *m)
{
    Zurt__Quant *out = zi_arena_alloc(&w->arena, sizeof(*out));
    if (!out)
        return false;
    zurt__quant__init(out);
    bool zero = true;
    for (uint32_t i = 0; i < q->n; i++)
        zero &= q->zero_point[i] == 0;
    out->n_scale = q->n;
    out->scale = (float *)q->scale;
    out->n_zero_point = zero ? 0 : q->n;
    out->zero_point = (int32_t *)q->zero_point;
    out->axis = q->n == 1 ? 0 : q->axis;
    m->quant = out;
    return true;
}

static bool write_tensor(writer *w, size_t i, Zurt__Tensor *m)
{
    const zi_tensor *t = &w->g->tensors[i];
    zurt__tensor__init(m);
    m->name = (char *)t->name;
    m->dtype = t->dtype;
    m->n_dims = (size_t)t->rank;
    m->dims = (int32_t *)t->dims;
    m->from_nchw = t->from_nchw;
    if (zi_tensor_is_quantised(t) && !write_quant(w, &t->quant, m))
        return false;
    if (!zi_tensor_is_const(t))
        return true;
    Zurt__Data *data = zi_arena_alloc(&w->arena, sizeof(*data));
    if (!data)
        return false;
    zurt__data__init(data);
    data->offset = w->blobs[w->blob_of[i]].offset;
    data->size = w->blobs[w->blob_of[i]].size;
    m->data = data;
    return true;
}

static bool write_node(writer *w, const zi_node *n, Zurt__Node *m)
{
    zurt__node__init(m);
    m->op = n->op;
    m->name = (char *)n->name;
    m->note = (char *)n->note;
    m->n_inputs = n->n_in;
    m->n_outputs = n->n_out;
    m->inputs = zi_arena_calloc(&w->arena, n->n_in, sizeof(*m->inputs));
    m->outputs = zi_arena_calloc(&w->arena, n->n_out, sizeof(*m->outputs));
    if (!m->inputs || !m->outputs)
        return false;
    for (uint32_t k = 0; k < n->n_in; k++)
        m->inputs[k] = n->in[k] == ZI_NONE ? 0 : w->number[n->in[k]] + 1;
    for (uint32_t k = 0; k < n->n_out; k++)
        m->outputs[k] = w->number[n->out[k]] + 1;
    if (zi_node_has_clamp(n)) {
        m->clamp = zi_arena_alloc(&w->arena, sizeof(*m->clamp));
        if (!m->clamp)
            return false;
        zurt__clamp__init(m->clamp);
        m->clamp->lo = n->clamp_lo;
        m->clamp->hi = n->clamp_hi;
    }
    return zi_message_write_attr(&w->arena, w->g, n, m);
}

static zurt_status write_graph(writer *w, Zurt__Graph *m)
{
    const zi_graph *g = w->g;
    zi_arena *arena = &w->arena;
    m->tensors = zi_arena_calloc(arena, w->n_tensors, sizeof(*m->tensors));
    m->nodes = zi_arena_calloc(arena, g->n_nodes, sizeof(*m->nodes));
    m->inputs = zi_arena_calloc(arena, g->n_inputs, sizeof(*m->inputs));
    m->outputs = zi_arena_calloc(arena, g->n_outputs, sizeof(*m->outputs));
    Zurt__Tensor *tensors = zi_arena_calloc(arena, w->n_tensors, sizeof(*tensors));
    Zurt__Node *nodes = zi_arena_calloc(arena, g->n_nodes, sizeof(*nodes));
    if (!m->tensors || !m->nodes || !m->inputs || !m->outputs || !tensors || !nodes)
        return no_memory(w);
    m->n_tensors = w->n_tensors;
    m->n_nodes = g->n_nodes;
    m->n_inputs = g->n_inputs;
    m->n_outputs = g->n_outputs;
    for (size_t i = 0; i < g->n_tensors; i++) {
        if (w->number[i] == ZI_NONE)
            continue;
        m->tensors[w->number[i]] = &tensors[w->number[i]];
        if (!write_tensor(w, i, &tensors[w->number[i]]))
            return no_memory(w);
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        m->nodes[i] = &nodes[i];
        if (!write_node(w, &g->nodes[i], &nodes[i]))
            return no_memory(w);
    }
    for (size_t i = 0; i < g->n_inputs; i++)
        m->inputs[i] = w->number[g->inputs[i]];
    for (size_t i = 0; i < g->n_outputs; i++)
        m->outputs[i] = w->number[g->outputs[i]];
    return ZURT_OK;
}

static void write_meta(const zi_meta *meta, Zurt__Meta *m, Zurt__Norm *norm)
{
    m->norm = norm;
    m->description = (char *)meta->description;
    m->n_labels = meta->n_labels;
    m->labels = (char **)meta->labels;
    norm->n_mean = norm->n_std = (size_t)meta->norm.channels;
    norm->mean = (float *)meta->norm.mean;
    norm->std = (float *)meta->norm.std;
    norm->is_bgr = meta->norm.is_bgr != 0;
    norm->fit = meta->norm.fit;
    norm->crop_ratio = meta->norm.crop_ratio;
}

/* Constants' bytes and the zeros between them. */
static void fill_weights(const writer *w, uint8_t *out)
{
    size_t filled = 0;
    for (size_t i = 0; i < w->n_blobs; i++) {
        const blob *b = &w->blobs[i];
        memset(out + filled, 0, b->offset - filled);
        memcpy(out + b->offset, b->data, b->size);
        filled = b->offset + b->size;
    }
}

/* The lowest that covers the graph: an older reader takes every file that it can. */
static uint32_t minor_version(const zi_graph *g, const zi_meta *meta)
{
    if (meta->norm.fit == ZURT_FIT_LETTERBOX)
        return 1;
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        bool table = n->op == ZI_OP_Lut; // names the op that it stands for
        if (zi_op_has(table ? (zi_op)n->attr.lut.op : n->op, ZI_OPF_SINCE_1))
            return 1;
        if (zi_op_get(n->op)->attr == ZI_ATTR_pool && n->attr.pool.ties_up)
            return 1;
    }
    return 0;
}

static zurt_status write_file(writer *w, uint8_t **out, size_t *out_size)
{
    Zurt__Graph graph = ZURT__GRAPH__INIT;
    Zurt__Meta meta = ZURT__META__INIT;
    Zurt__Norm norm = ZURT__NORM__INIT;
    if (w->g->n_inputs > ZI_MAX_IO || w->g->n_outputs > ZI_MAX_IO)
        return zi_fail(w->ctx, ZURT_E_LIMIT, "model: %zu inputs and %zu outputs, at most %u each",
                       w->g->n_inputs, w->g->n_outputs, ZI_MAX_IO);
    zurt_status st = number_tensors(w);
    if (!st)
        st = place_constants(w);
    if (!st)
        st = write_graph(w, &graph);
    if (st)
        return st;
    write_meta(w->meta, &meta, &norm);
    zi_section sections[] = {
        {ZI_SECTION_META, ZI_SECTION_OPTIONAL, 0, zurt__meta__get_packed_size(&meta)},
        {ZI_SECTION_GRAPH, 0, 0, zurt__graph__get_packed_size(&graph)},
        {ZI_SECTION_WEIGHTS, 0, 0, w->weight_bytes},
    };
    size_t n = w->n_blobs ? 3 : 2; // no constants, no section
    if (sections[0].size > ZI_MAX_MESSAGE_BYTES || sections[1].size > ZI_MAX_MESSAGE_BYTES)
        return zi_fail(w->ctx, ZURT_E_LIMIT,
                       "model: metadata of %zu bytes and graph of %zu bytes, at most %zu each",
                       sections[0].size, sections[1].size, ZI_MAX_MESSAGE_BYTES);
    st = zi_container_alloc(w->ctx, sections, n, out, out_size);
    if (st)
        return st;
    zurt__meta__pack(&meta, *out + sections[0].offset);
    zurt__graph__pack(&graph, *out + sections[1].offset);
    if (w->n_blobs)
        fill_weights(w, *out + sections[2].offset);
    zi_container_seal(*out, *out_size, minor_version(w->g, w->meta), sections, n);
    return ZURT_OK;
}

/* On a copy, since checking may settle shapes. */
static zurt_status check_graph(zurt_ctx *ctx, const zi_graph *g)
{
    zi_graph *copy;
    zurt_status st = zi_graph_clone(ctx, g, &copy);
    if (st)
        return st;
    st = zi_graph_check(ctx, copy);
    zi_graph_destroy(copy);
    return st && st != ZURT_E_NOMEM ? ZURT_E_ARG : st;
}

zurt_status zi_model_write(zurt_ctx *ctx, const zi_graph *g, const zi_meta *meta, uint8_t **out,
                           size_t *out_size)
{
    *out = NULL;
    *out_size = 0;
    zurt_status st = check_graph(ctx, g);
    if (st)
        return st;
    writer w = {.ctx = ctx, .g = g, .meta = meta};
    zi_arena_init(&w.arena, &ctx->allocator);
    st = write_file(&w, out, out_size);
    zi_arena_clear(&w.arena);
    return st;
}
