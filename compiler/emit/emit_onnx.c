/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <zurt/compile.h>

#include "base/alloc.h"
#include "emit/onnx_ops.h"
#include "emit/write_file.h"
#include "graph_handle.h"

#define IR_VERSION 7 /* that of opset 13 */
#define OPSET      13

/* How a tensor is used, the weightiest first: decides who keeps a name that two want. */
enum { INTERFACE = 0, INNER = 1, UNUSED = 2 };

typedef struct named {
    const char *name;
    zi_id id;
    int use;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (!order)
        order = x->use - y->use;
    return order ? order : x->id < y->id ? -1 : 1;
}

static void find_uses(const zi_graph *g, named *list)
{
    for (zi_id i = 0; i < g->n_tensors; i++)
        list[i] = (named){g->tensors[i].name, i, UNUSED};
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            if (n->in[k] != ZI_NONE)
                list[n->in[k]].use = INNER;
        }
        for (uint32_t k = 0; k < n->n_out; k++)
            list[n->out[k]].use = INNER;
    }
    for (size_t i = 0; i < g->n_inputs; i++)
        list[g->inputs[i]].use = INTERFACE;
    for (size_t i = 0; i < g->n_outputs; i++)
        list[g->outputs[i]].use = INTERFACE;
}

/* Inputs and outputs keep their names. So do the rest where a name is free and without '~', which
 * sets off what this exporter adds. */
static void name_values(zo_builder *b)
{
    const zi_graph *g = b->g;
    named *list = zo_alloc(b, g->n_tensors, sizeof(*list));
    b->values = zo_alloc(b, g->n_tensors, sizeof(*b->values));
    if (!list || !b->values)
        return;
    find_uses(g, list);
    qsort(list, g->n_tensors, sizeof(*list), by_name);
    for (size_t i = 0; i < g->n_tensors; i++) {
        const char *name = list[i].name;
        bool is_free =
            name[0] && !strchr(name, '~') && (i == 0 || strcmp(list[i - 1].name, name) != 0);
        b->values[list[i].id].base =
            is_free || list[i].use == INTERFACE ? name : zo_name(b, "t~%u", (unsigned)list[i].id);
    }
}

/* Graphs may repeat names of nodes, ONNX may not. */
static void name_nodes(zo_builder *b)
{
    named *list = zo_alloc(b, b->n_nodes, sizeof(*list));
    if (!list)
        return;
    for (size_t i = 0; i < b->n_nodes; i++)
        list[i] = (named){b->nodes[i]->name, (zi_id)i, INNER};
    qsort(list, b->n_nodes, sizeof(*list), by_name);
    for (size_t i = 1; i < b->n_nodes; i++) {
        Onnx__NodeProto *n = b->nodes[list[i].id];
        if (strcmp(list[i - 1].name, list[i].name) == 0)
            n->name = (char *)zo_name(b, "%s~%s", n->output[0], n->op_type);
    }
}

static Onnx__ValueInfoProto *add_input(zo_builder *b, zi_id id)
{
    const zi_tensor *t = &b->g->tensors[id];
    zo_value *v = &b->values[id];
    bool nchw = t->from_nchw && t->rank == 4, quantised = zi_tensor_is_quantised(t);
    int32_t dims[ZURT_MAX_RANK];
    for (int32_t i = 0; i < t->rank; i++)
        dims[i] = t->dims[nchw ? zo_to_nchw[i] : i];
    const char *value = v->base;
    if (quantised) {
        v->quantised = zo_quantize(b, t, v->base, value);
        v->quantised_nchw = nchw;
        value = zo_dequantize(b, t, 0, v->base, v->quantised, zo_name(b, "%s~dq", v->base));
    }
    if (nchw)
        v->real_nchw = value;
    else
        v->real = value;
    return zo_value_info(b, v->base, quantised ? ZURT_F32 : t->dtype, dims, t->rank);
}

static bool produced_by_a_node(const zo_builder *b, const char *value)
{
    for (size_t i = 0; i < b->n_nodes; i++) {
        if (b->nodes[i]->output[0] == value)
            return true;
    }
    return false;
}

/* The value takes the output's name; names are shared pointers, so all readers follow. */
static void rename_value(zo_builder *b, const char *from, const char *to)
{
    for (size_t i = 0; i < b->n_nodes; i++) {
        Onnx__NodeProto *n = b->nodes[i];
        for (size_t k = 0; k < n->n_input; k++)
            n->input[k] = n->input[k] == from ? (char *)to : n->input[k];
        n->output[0] = n->output[0] == from ? (char *)to : n->output[0];
    }
}

static bool is_output_name(const zo_builder *b, const char *value)
{
    for (size_t i = 0; i < b->g->n_outputs; i++) {
        if (b->values[b->g->outputs[i]].base == value)
            return true;
    }
    return false;
}

static Onnx__ValueInfoProto *add_output(zo_builder *b, zi_id id)
{
    const zi_tensor *t = &b->g->tensors[id];
    zo_value *v = &b->values[id];
    const char *value = zo_real(b, id, false);
    if (b->st)
        return NULL;
    if (value != v->base && (is_output_name(b, value) || !produced_by_a_node(b, value))) {
        zo_unary(b, "Identity", value, v->base);
    } else if (value != v->base) {
        rename_value(b, value, v->base);
        for (size_t i = 0; i < b->g->n_tensors; i++) {
            zo_value *o = &b->values[i];
            o->real = o->real == value ? v->base : o->real;
            o->real_nchw = o->real_nchw == value ? v->base : o->real_nchw;
        }
    }
    return zo_value_info(b, v->base, zi_tensor_is_quantised(t) ? ZURT_F32 : t->dtype, t->dims,
                         t->rank);
}

static void add_node(zo_builder *b, const zi_node *n)
{
    switch (n->op) {
    case ZI_OP_Conv:
        zo_emit_conv(b, n);
        return;
    case ZI_OP_ConvTranspose:
        zo_emit_conv_transpose(b, n);
        return;
    case ZI_OP_FullyConnected:
        zo_emit_fully_connected(b, n);
        return;
    case ZI_OP_MaxPool:
    case ZI_OP_AveragePool:
        zo_emit_pool(b, n);
        return;
    case ZI_OP_Resize:
        zo_emit_resize(b, n);
        return;
    case ZI_OP_DepthToSpace:
    case ZI_OP_SpaceToDepth:
        zo_emit_blocks(b, n);
        return;
    case ZI_OP_MatMul:
    case ZI_OP_Where:
        zo_emit_inputs_in_order(b, n);
        return;
    case ZI_OP_Lut:
        zo_emit_lut(b, n);
        return;
    case ZI_OP_ReduceMean:
    case ZI_OP_ReduceSum:
    case ZI_OP_ReduceMax:
    case ZI_OP_ReduceMin:
    case ZI_OP_ReduceProd:
        zo_emit_reduce(b, n);
        return;
    case ZI_OP_Concat:
    case ZI_OP_Softmax:
    case ZI_OP_LogSoftmax:
    case ZI_OP_ArgMax:
    case ZI_OP_ArgMin:
        zo_emit_along_axis(b, n);
        return;
    case ZI_OP_Split:
        zo_emit_split(b, n);
        return;
    case ZI_OP_Slice:
        zo_emit_slice(b, n);
        return;
    case ZI_OP_Pad:
        zo_emit_pad(b, n);
        return;
    case ZI_OP_Transpose:
        zo_emit_transpose(b, n);
        return;
    case ZI_OP_Reshape:
    case ZI_OP_Expand:
    case ZI_OP_Tile:
        zo_emit_shape(b, n);
        return;
    case ZI_OP_Gather:
        zo_emit_gather(b, n);
        return;
    case ZI_OP_Cast:
        zo_emit_cast(b, n);
        return;
    case ZI_OP_Quantize:
        zo_emit_quantise(b, n);
        return;
    case ZI_OP_Dequantize:
        zo_emit_dequantise(b, n);
        return;
    default:
        break;
    }
    if (zi_op_has(n->op, ZI_OPF_BINARY))
        zo_emit_inputs_in_order(b, n);
    else if (zi_op_has(n->op, ZI_OPF_MAP))
        zo_emit_map(b, n);
    else
        b->st = zi_node_fail(b->ctx, b->g, n, ZURT_E_UNSUPPORTED, "no ONNX form for this op");
}

static void fill_graph(zo_builder *b, Onnx__GraphProto *out)
{
    const zi_graph *g = b->g;
    name_values(b);
    out->input = zo_alloc(b, g->n_inputs, sizeof(*out->input));
    out->output = zo_alloc(b, g->n_outputs, sizeof(*out->output));
    for (size_t i = 0; !b->st && i < g->n_inputs; i++)
        out->input[i] = add_input(b, g->inputs[i]);
    for (size_t i = 0; !b->st && i < g->n_nodes; i++)
        add_node(b, &g->nodes[i]);
    for (size_t i = 0; !b->st && i < g->n_outputs; i++)
        out->output[i] = add_output(b, g->outputs[i]);
    name_nodes(b);
    out->name = "zurt";
    out->n_input = g->n_inputs;
    out->n_output = g->n_outputs;
    out->n_node = b->n_nodes;
    out->node = b->nodes;
    out->n_initializer = b->n_tensors;
    out->initializer = b->tensors;
}

static zurt_status write_model(zurt_ctx *ctx, Onnx__GraphProto *graph, const char *description,
                               const char *path)
{
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset};
    opset.domain = "";
    opset.has_version = true;
    opset.version = OPSET;
    model.has_ir_version = true;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.producer_name = "zurt";
    model.producer_version = ZURT_VERSION_STRING;
    model.doc_string = (char *)description;
    model.graph = graph;
    size_t size = onnx__model_proto__get_packed_size(&model);
    if (size > INT32_MAX)
        return zi_fail(ctx, ZURT_E_LIMIT, "ONNX: %zu bytes, protobuf takes less than 2 GiB", size);
    uint8_t *bytes = zi_zalloc(&ctx->allocator, size);
    if (!bytes)
        return zi_fail(ctx, ZURT_E_NOMEM, "ONNX: need %zu bytes", size);
    onnx__model_proto__pack(&model, bytes);
    zurt_status st = zc_write_file(ctx, path, bytes, size);
    zi_free(&ctx->allocator, bytes);
    return st;
}

zurt_status zurt_emit_onnx_file(zurt_ctx *ctx, const zurt_graph *graph, const char *path)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !path)
        return zi_fail(ctx, ZURT_E_ARG, "emit: graph and path must not be NULL");
    zo_builder b = {.ctx = ctx, .g = graph->g};
    zi_arena_init(&b.arena, &ctx->allocator);
    Onnx__GraphProto out = ONNX__GRAPH_PROTO__INIT;
    fill_graph(&b, &out);
    zurt_status st = b.st;
    if (!st)
        st = write_model(ctx, &out, graph->meta.description, path);
    zi_free(&ctx->allocator, b.nodes);
    zi_free(&ctx->allocator, b.tensors);
    zi_arena_clear(&b.arena);
    return st;
}
