/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, copies and prints graphs. */
#include "graph/graph.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

zi_graph *zi_graph_create(const zurt_allocator *allocator)
{
    zi_graph *g = zi_zalloc(allocator, sizeof(*g));
    if (g)
        zi_arena_init(&g->arena, allocator);
    return g;
}

void zi_graph_destroy(zi_graph *g)
{
    if (!g)
        return;
    zurt_allocator allocator = g->arena.allocator;
    zi_free(&allocator, g->tensors);
    zi_free(&allocator, g->nodes);
    zi_free(&allocator, g->inputs);
    zi_free(&allocator, g->outputs);
    zi_arena_clear(&g->arena);
    zi_free(&allocator, g);
}

static zurt_status no_memory(zurt_ctx *ctx, const char *what)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "graph: out of memory for %s", what);
}

static zurt_status grow(zurt_ctx *ctx, zi_graph *g, void **array, size_t *capacity, size_t count,
                        size_t elem_size, size_t limit, const char *what)
{
    if (count >= limit)
        return zi_fail(ctx, ZURT_E_LIMIT, "graph: more than %zu %s", limit, what);
    if (!zi_grow(&g->arena.allocator, array, capacity, count, elem_size))
        return no_memory(ctx, what);
    return ZURT_OK;
}

zurt_status zi_graph_add_tensor(zurt_ctx *ctx, zi_graph *g, const char *name, zi_id *out)
{
    void *array = g->tensors;
    zurt_status st = grow(ctx, g, &array, &g->cap_tensors, g->n_tensors, sizeof(zi_tensor),
                          ZI_MAX_TENSORS, "tensors");
    g->tensors = array;
    if (st)
        return st;
    const char *copy = zi_arena_strdup(&g->arena, name);
    if (!copy)
        return no_memory(ctx, "a name");
    *out = (zi_id)g->n_tensors;
    g->tensors[g->n_tensors++] = (zi_tensor){.name = copy};
    return ZURT_OK;
}

zurt_status zi_graph_add_const(zurt_ctx *ctx, zi_graph *g, const char *name, zurt_dtype dtype,
                               int32_t rank, const int32_t *dims, const void *data, zi_id *out,
                               void **data_out)
{
    zi_tensor t = {.dtype = dtype, .rank = rank};
    if (zurt_dtype_bytes(dtype) == 0 || rank < 0 || rank > ZURT_MAX_RANK)
        return zi_fail(ctx, ZURT_E_FORMAT, "constant '%s': type or rank %d is not valid", name,
                       (int)rank);
    uint64_t bytes = zurt_dtype_bytes(dtype);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0 || dims[i] > ZI_MAX_DIM)
            return zi_fail(ctx, ZURT_E_LIMIT, "constant '%s': dim %d is %d, limit %d", name, (int)i,
                           (int)dims[i], (int)ZI_MAX_DIM);
        t.dims[i] = dims[i];
        bytes *= (uint64_t)dims[i];
        if (bytes > ZI_MAX_TENSOR_BYTES)
            return zi_fail(ctx, ZURT_E_LIMIT, "constant '%s': more than %zu bytes", name,
                           ZI_MAX_TENSOR_BYTES);
    }
    void *memory = data ? NULL : zi_arena_alloc(&g->arena, (size_t)bytes);
    if (!data && !memory)
        return no_memory(ctx, "a constant");
    zurt_status st = zi_graph_add_tensor(ctx, g, name, out);
    if (st)
        return st;
    t.name = g->tensors[*out].name;
    t.data = data ? data : memory;
    g->tensors[*out] = t;
    if (data_out)
        *data_out = memory;
    return ZURT_OK;
}

zurt_status zi_graph_add_node(zurt_ctx *ctx, zi_graph *g, zi_op op, const char *name,
                              const zi_id *in, uint32_t n_in, const zi_id *out, uint32_t n_out,
                              zi_node **node)
{
    void *array = g->nodes;
    zurt_status st =
        grow(ctx, g, &array, &g->cap_nodes, g->n_nodes, sizeof(zi_node), ZI_MAX_NODES, "nodes");
    g->nodes = array;
    if (st)
        return st;
    zi_node n = {.op = op, .note = "", .n_in = n_in, .n_out = n_out};
    n.name = zi_arena_strdup(&g->arena, name);
    n.in = zi_arena_memdup(&g->arena, in, n_in * sizeof(*in));
    n.out = zi_arena_memdup(&g->arena, out, n_out * sizeof(*out));
    if (!n.name || !n.in || !n.out)
        return no_memory(ctx, "a node");
    n.clamp_lo = -INFINITY;
    n.clamp_hi = INFINITY;
    g->nodes[g->n_nodes] = n;
    if (node)
        *node = &g->nodes[g->n_nodes];
    g->n_nodes++;
    return ZURT_OK;
}

zurt_status zi_graph_add_input(zurt_ctx *ctx, zi_graph *g, zi_id tensor)
{
    void *array = g->inputs;
    zurt_status st =
        grow(ctx, g, &array, &g->cap_inputs, g->n_inputs, sizeof(zi_id), ZI_MAX_IO, "inputs");
    g->inputs = array;
    if (!st)
        g->inputs[g->n_inputs++] = tensor;
    return st;
}

zurt_status zi_graph_add_output(zurt_ctx *ctx, zi_graph *g, zi_id tensor)
{
    void *array = g->outputs;
    zurt_status st =
        grow(ctx, g, &array, &g->cap_outputs, g->n_outputs, sizeof(zi_id), ZI_MAX_IO, "outputs");
    g->outputs = array;
    if (!st)
        g->outputs[g->n_outputs++] = tensor;
    return st;
}

zurt_status zi_graph_set_quant(zurt_ctx *ctx, zi_graph *g, zi_id tensor, uint32_t n, int32_t axis,
                               const float *scale, const int32_t *zero_point)
{
    float *s = zi_arena_memdup(&g->arena, scale, n * sizeof(*scale));
    int32_t *z = zi_arena_memdup(&g->arena, zero_point, n * sizeof(*zero_point));
    if (!s || !z)
        return no_memory(ctx, "quantisation parameters");
    g->tensors[tensor].quant = (zi_quant){n, axis, s, z};
    return ZURT_OK;
}

/** Copies all of `src` but its names into `g`, a new graph. */
static zurt_status copy_into(zurt_ctx *ctx, const zi_graph *src, zi_graph *g)
{
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < src->n_tensors && !st; i++) {
        const zi_tensor *from = &src->tensors[i];
        zi_id id;
        st = zi_graph_add_tensor(ctx, g, from->name, &id);
        if (st)
            break;
        const char *name = g->tensors[id].name;
        g->tensors[id] = *from;
        g->tensors[id].name = name;
        if (from->quant.n)
            st = zi_graph_set_quant(ctx, g, id, from->quant.n, from->quant.axis, from->quant.scale,
                                    from->quant.zero_point);
    }
    for (size_t i = 0; i < src->n_nodes && !st; i++) {
        const zi_node *from = &src->nodes[i];
        zi_node *n;
        st = zi_graph_add_node(ctx, g, from->op, from->name, from->in, from->n_in, from->out,
                               from->n_out, &n);
        if (st)
            break;
        n->attr = from->attr;
        n->clamp_lo = from->clamp_lo;
        n->clamp_hi = from->clamp_hi;
        n->note = zi_arena_strdup(&g->arena, from->note);
        if (!n->note)
            st = no_memory(ctx, "a note");
    }
    for (size_t i = 0; i < src->n_inputs && !st; i++)
        st = zi_graph_add_input(ctx, g, src->inputs[i]);
    for (size_t i = 0; i < src->n_outputs && !st; i++)
        st = zi_graph_add_output(ctx, g, src->outputs[i]);
    return st;
}

zurt_status zi_graph_clone(zurt_ctx *ctx, const zi_graph *src, zi_graph **out)
{
    *out = NULL;
    zi_graph *g = zi_graph_create(&ctx->allocator);
    if (!g)
        return no_memory(ctx, "a copy");
    zurt_status st = copy_into(ctx, src, g);
    if (st) {
        zi_graph_destroy(g);
        return st;
    }
    *out = g;
    return ZURT_OK;
}

size_t zi_tensor_elems(const zi_tensor *t)
{
    size_t elems = 1;
    for (int32_t i = 0; i < t->rank; i++)
        elems *= (size_t)t->dims[i];
    return elems;
}

size_t zi_tensor_bytes(const zi_tensor *t)
{
    return zi_tensor_elems(t) * zurt_dtype_bytes(t->dtype);
}

bool zi_tensor_same_shape(const zi_tensor *a, const zi_tensor *b)
{
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++) {
        if (a->dims[i] != b->dims[i])
            return false;
    }
    return true;
}

const char *zi_tensor_describe(const zi_tensor *t, char *buf, size_t size)
{
    size_t used = 0;
    for (int32_t i = 0; i <= t->rank && used < size; i++) {
        int n = i < t->rank
                    ? snprintf(buf + used, size - used, "%s%d", i ? "," : "[", (int)t->dims[i])
                    : snprintf(buf + used, size - used, "%s] %s", i ? "" : "[",
                               zurt_dtype_name(t->dtype));
        used += n > 0 ? (size_t)n : 0;
    }
    return buf;
}

double zi_linear_factor(const zi_graph *g, const zi_node *n, size_t c)
{
    const zi_quant *x = &zi_node_in(g, n, 0)->quant, *w = &zi_node_in(g, n, 1)->quant;
    const double s_y = (double)zi_node_out(g, n, 0)->quant.scale[0];
    const float s_x = x->scale[0], s_w = w->scale[w->n == 1 ? 0 : c];
    if (w->n == 1 && (n->op == ZI_OP_FullyConnected || w->zero_point[0])) {
        const float product = s_x * s_w;
        return (double)product / s_y;
    }
    return (double)s_x * (double)s_w / s_y;
}

uint64_t zi_node_macs(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    const zi_tensor *y = zi_node_out(g, n, 0);
    uint64_t out = zi_tensor_elems(y);
    switch (n->op) {
    case ZI_OP_Conv:
        return out * (uint64_t)w->dims[1] * (uint64_t)w->dims[2] * (uint64_t)w->dims[3];
    case ZI_OP_ConvTranspose:
        return zi_tensor_elems(x) * (uint64_t)w->dims[1] * (uint64_t)w->dims[2] *
               (uint64_t)(w->dims[0] / n->attr.conv.groups);
    case ZI_OP_FullyConnected:
        return out * (uint64_t)w->dims[1];
    case ZI_OP_MatMul:
        return out * (uint64_t)x->dims[x->rank - 1];
    case ZI_OP_LSTM:
    case ZI_OP_GRU:
    case ZI_OP_RNN:
        return out * (uint64_t)w->dims[1] * ((uint64_t)w->dims[2] + (uint64_t)w->dims[3]);
    default:
        return 0;
    }
}

zurt_status zi_node_fail(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, zurt_status code,
                         const char *fmt, ...)
{
    char text[ZI_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return zi_fail(ctx, code, "node %zu '%s' (%s): %s", (size_t)(n - g->nodes),
                   n->name ? n->name : "", zi_op_name((uint32_t)n->op), text);
}

bool zi_same_quant(const zi_tensor *a, const zi_tensor *b)
{
    if (a->quant.n == 0 && b->quant.n == 0)
        return true;
    return a->quant.n == 1 && b->quant.n == 1 && a->quant.scale[0] == b->quant.scale[0] &&
           a->quant.zero_point[0] == b->quant.zero_point[0];
}
