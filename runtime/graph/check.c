/* SPDX-License-Identifier: Apache-2.0 */
/* The gate that a graph from a file or from a pass goes through; nothing is taken on trust. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "graph/graph.h"

/** State of a tensor during the walk in execution order. */
enum { UNDEFINED = 0, DEFINED = 1 };

static zurt_status tensor_fail(zurt_ctx *ctx, const zi_graph *g, zi_id id, zurt_status code,
                               const char *what)
{
    const char *name = g->tensors[id].name;
    return zi_fail(ctx, code, "tensor %u '%s': %s", (unsigned)id, name ? name : "", what);
}

static zurt_status check_quant(zurt_ctx *ctx, const zi_graph *g, zi_id id)
{
    const zi_tensor *t = &g->tensors[id];
    const zi_quant *q = &t->quant;
    if (q->n == 0)
        return ZURT_OK;
    int32_t lo = t->dtype == ZURT_S8 ? -128 : 0;
    int32_t hi = t->dtype == ZURT_S8 ? 127 : t->dtype == ZURT_U8 ? 255 : 0;
    if (t->dtype != ZURT_S8 && t->dtype != ZURT_U8 && t->dtype != ZURT_S32)
        return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "quantised, but neither s8, u8 nor s32");
    if (!q->scale || !q->zero_point)
        return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "no scale or zero point");
    if (q->n != 1 && (q->axis < 0 || q->axis >= t->rank || q->n != (uint32_t)t->dims[q->axis]))
        return tensor_fail(ctx, g, id, ZURT_E_FORMAT,
                           "as many scales as elements of the axis are needed");
    for (uint32_t i = 0; i < q->n; i++) {
        if (!(q->scale[i] > 0.0f) || !isfinite(q->scale[i]))
            return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "scale is not positive and finite");
        if (q->zero_point[i] < lo || q->zero_point[i] > hi)
            return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "zero point is outside the type");
    }
    return ZURT_OK;
}

/** What a tensor must satisfy that a node may read or write. */
static zurt_status check_tensor(zurt_ctx *ctx, const zi_graph *g, zi_id id)
{
    const zi_tensor *t = &g->tensors[id];
    uint64_t bytes = zurt_dtype_bytes(t->dtype);
    if (!t->name)
        return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "no name");
    if (bytes == 0)
        return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "unknown type");
    if (t->rank < 0 || t->rank > ZURT_MAX_RANK)
        return tensor_fail(ctx, g, id, ZURT_E_LIMIT, "rank is outside 0..8");
    for (int32_t d = 0; d < t->rank; d++) {
        if (t->dims[d] < 0 || t->dims[d] > ZI_MAX_DIM)
            return tensor_fail(ctx, g, id, ZURT_E_LIMIT, "a dim is outside 0..2^24");
        bytes *= (uint64_t)t->dims[d];
        if (bytes > ZI_MAX_TENSOR_BYTES)
            return tensor_fail(ctx, g, id, ZURT_E_LIMIT, "more than 2^31 bytes");
    }
    if (t->data && (uintptr_t)t->data % zurt_dtype_bytes(t->dtype))
        return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "data is not aligned to its type");
    return check_quant(ctx, g, id);
}

/** Names within one list must differ: callers find inputs and outputs by them. */
static zurt_status check_names(zurt_ctx *ctx, const zi_graph *g, const zi_id *list, size_t count,
                               const char *what)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(g->tensors[list[i]].name, g->tensors[list[j]].name) == 0)
                return zi_fail(ctx, ZURT_E_FORMAT, "graph: two %s are named '%s'", what,
                               g->tensors[list[i]].name);
        }
    }
    return ZURT_OK;
}

static zurt_status check_inputs(zurt_ctx *ctx, const zi_graph *g, uint8_t *state)
{
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < g->n_inputs && !st; i++) {
        zi_id id = g->inputs[i];
        if (id >= g->n_tensors)
            return zi_fail(ctx, ZURT_E_FORMAT, "graph: input %zu is no tensor", i);
        if (g->tensors[id].data || state[id] == DEFINED)
            return tensor_fail(ctx, g, id, ZURT_E_FORMAT,
                               "an input that is constant or listed twice");
        st = check_tensor(ctx, g, id);
        state[id] = DEFINED;
    }
    return st ? st : check_names(ctx, g, g->inputs, g->n_inputs, "inputs");
}

static zurt_status check_outputs(zurt_ctx *ctx, const zi_graph *g, const uint8_t *state)
{
    for (size_t i = 0; i < g->n_outputs; i++) {
        zi_id id = g->outputs[i];
        if (id >= g->n_tensors)
            return zi_fail(ctx, ZURT_E_FORMAT, "graph: output %zu is no tensor", i);
        if (state[id] != DEFINED)
            return tensor_fail(ctx, g, id, ZURT_E_FORMAT, "an output that no node writes");
    }
    return check_names(ctx, g, g->outputs, g->n_outputs, "outputs");
}

/** Weights are constants, or (QDQ graphs) constants behind ops that only rearrange or rescale. */
static bool is_weight(const zi_graph *g, const zi_id *writer, zi_id id)
{
    for (int hops = 0; hops < 8; hops++) { // far more than an importer makes
        if (g->tensors[id].data)
            return true;
        if (writer[id] == ZI_NONE)
            return false;
        const zi_node *n = &g->nodes[writer[id]];
        if (n->op != ZI_OP_Dequantize && n->op != ZI_OP_Transpose && n->op != ZI_OP_Reshape)
            return false;
        id = n->in[0];
    }
    return false;
}

/** Quantisation that the op itself asks for. */
static zurt_status check_node_quant(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                                    const zi_id *writer)
{
    switch (n->op) {
    case ZI_OP_Quantize:
        if (!zi_tensor_is_quantised(zi_node_out(g, n, 0)))
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the output has no scale");
        return ZURT_OK;
    case ZI_OP_Dequantize:
        if (!zi_tensor_is_quantised(zi_node_in(g, n, 0)))
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the input has no scale");
        return ZURT_OK;
    case ZI_OP_Conv:
    case ZI_OP_ConvTranspose:
    case ZI_OP_FullyConnected:
        for (uint32_t i = 1; i < n->n_in; i++) {
            if (n->in[i] != ZI_NONE && !is_weight(g, writer, n->in[i]))
                return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                                    "input %u '%s' is computed; weights must be constant",
                                    (unsigned)i, g->tensors[n->in[i]].name);
        }
        if (zi_node_in(g, n, 1)->quant.n > 1 && zi_node_in(g, n, 1)->quant.axis != 0)
            return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED,
                                "weight scales must be per output channel");
        return ZURT_OK;
    case ZI_OP_Lut:
        if (!zi_node_in(g, n, 1)->data)
            return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "the table must be constant");
        return ZURT_OK;
    default:
        return ZURT_OK;
    }
}

static zurt_status check_clamp(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    if (!(n->clamp_lo <= n->clamp_hi))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "activation bounds are no range");
    if (zi_node_has_clamp(n) && !zi_op_has(n->op, ZI_OPF_CLAMP))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "the op takes no fused activation");
    return ZURT_OK;
}

/** The stored type and dims must be those that the rule gives; the stored ones are kept. */
static zurt_status check_shapes(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    size_t bytes = n->n_out * sizeof(zi_tensor);
    zi_tensor *stored = zi_zalloc(&ctx->allocator, bytes);
    if (!stored)
        return zi_fail(ctx, ZURT_E_NOMEM, "check: out of memory");
    for (uint32_t i = 0; i < n->n_out; i++)
        stored[i] = g->tensors[n->out[i]];
    zurt_status st = zi_node_infer(ctx, g, n);
    for (uint32_t i = 0; i < n->n_out; i++) {
        zi_tensor *t = &g->tensors[n->out[i]];
        if (!st && (t->dtype != stored[i].dtype || !zi_tensor_same_shape(t, &stored[i]))) {
            char is[96], should[96];
            st = zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "output '%s' is %s, should be %s", t->name,
                              zi_tensor_describe(&stored[i], is, sizeof(is)),
                              zi_tensor_describe(t, should, sizeof(should)));
        }
        *t = stored[i];
    }
    zi_free(&ctx->allocator, stored);
    return st;
}

static zurt_status check_node(zurt_ctx *ctx, zi_graph *g, zi_id index, uint8_t *state,
                              zi_id *writer)
{
    zi_node *n = &g->nodes[index];
    if (!n->name || !n->note)
        return zi_fail(ctx, ZURT_E_FORMAT, "node %u: no name", (unsigned)index);
    const zi_op_info *info = zi_op_get((uint32_t)n->op);
    if (!info)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "op %u is unknown to this version",
                            (unsigned)n->op);
    for (uint32_t i = 0; i < n->n_in; i++) {
        zi_id id = n->in[i];
        if (id == ZI_NONE) // infer refuses it where it is mandatory
            continue;
        if (id >= g->n_tensors)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "input %u is no tensor", (unsigned)i);
        if (state[id] != DEFINED)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "input '%s' is not computed before",
                                g->tensors[id].name ? g->tensors[id].name : "");
    }
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n->n_out && !st; i++) {
        zi_id id = n->out[i];
        if (id >= g->n_tensors)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "output %u is no tensor", (unsigned)i);
        if (state[id] == DEFINED)
            return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                                "output %u is a constant, an input or written twice", (unsigned)i);
        st = check_tensor(ctx, g, id);
        state[id] = DEFINED;
        writer[id] = index;
    }
    if (!st)
        st = check_clamp(ctx, g, n);
    if (!st)
        st = check_shapes(ctx, g, n);
    if (!st)
        st = check_node_quant(ctx, g, n, writer);
    return st;
}

static zurt_status check_all(zurt_ctx *ctx, zi_graph *g, uint8_t *state, zi_id *writer)
{
    zurt_status st = ZURT_OK;
    for (zi_id id = 0; id < g->n_tensors && !st; id++) {
        writer[id] = ZI_NONE;
        if (!g->tensors[id].data)
            continue;
        st = check_tensor(ctx, g, id);
        state[id] = DEFINED;
    }
    if (!st)
        st = check_inputs(ctx, g, state);
    for (zi_id i = 0; i < g->n_nodes && !st; i++)
        st = check_node(ctx, g, i, state, writer);
    if (!st)
        st = check_outputs(ctx, g, state);
    return st ? st : zi_check_accumulators(ctx, g);
}

zurt_status zi_graph_check(zurt_ctx *ctx, zi_graph *g)
{
    if (g->n_tensors > ZI_MAX_TENSORS || g->n_nodes > ZI_MAX_NODES || g->n_inputs > ZI_MAX_IO ||
        g->n_outputs > ZI_MAX_IO)
        return zi_fail(ctx, ZURT_E_LIMIT, "graph: too many tensors, nodes, inputs or outputs");
    if (g->n_outputs == 0)
        return zi_fail(ctx, ZURT_E_FORMAT, "graph: no outputs");
    uint8_t *state = zi_zalloc(&ctx->allocator, g->n_tensors);
    zi_id *writer = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*writer));
    zurt_status st = state && writer ? check_all(ctx, g, state, writer)
                                     : zi_fail(ctx, ZURT_E_NOMEM, "check: out of memory");
    zi_free(&ctx->allocator, state);
    zi_free(&ctx->allocator, writer);
    return st;
}
