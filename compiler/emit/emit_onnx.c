/* SPDX-License-Identifier: Apache-2.0 */
/* An int8 graph as QDQ ONNX: inputs, nodes, outputs and the bytes of the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zurt/compile.h>

#include "base/alloc.h"
#include "emit/onnx_ops.h"
#include "emit/write_file.h"
#include "graph_handle.h"

/* Opset 13, or the lowest that has all ops of the graph; each with the IR version it came with. */
#define OPSET 13

/* How a tensor is used, the weightiest first: decides who keeps a name that two want. */
enum { INPUT = 0, OUTPUT = 1, INNER = 2, UNUSED = 3 };

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
    for (size_t i = 0; i < g->n_outputs; i++)
        list[g->outputs[i]].use = OUTPUT;
    for (size_t i = 0; i < g->n_inputs; i++)
        list[g->inputs[i]].use = INPUT;
}

/* Inputs keep their names, and outputs but for a copy of an input that has its name, which ONNX
 * does not take twice. So do the rest where a name is free and without '~', which sets off what
 * this exporter adds. */
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
        bool is_free = i == 0 || strcmp(list[i - 1].name, name) != 0;
        bool keeps = list[i].use == INPUT || (list[i].use == OUTPUT && is_free) ||
                     (is_free && name[0] && !strchr(name, '~'));
        const char *stem = strchr(name, '~') || !name[0] ? "t" : name;
        b->values[list[i].id].base = keeps ? name : zo_name(b, "%s~%u", stem, (unsigned)list[i].id);
        if (!keeps && list[i].use == OUTPUT)
            b->values[list[i].id].base = zo_name(b, "%s~out", name);
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

/* The value that a node makes, by the address of its name: names are shared pointers. */
typedef struct made {
    const char *name;
    const char *renamed; // what the value is called in the end
} made;

typedef struct made_list {
    made *rows; // in the order of the addresses
    size_t n;
} made_list;

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const made *)a)->name, y = (uintptr_t)((const made *)b)->name;
    return x < y ? -1 : x > y;
}

static made_list list_made(zo_builder *b)
{
    made_list list = {zo_alloc(b, b->n_nodes, sizeof(*list.rows)), b->n_nodes};
    if (!list.rows)
        return (made_list){0};
    for (size_t i = 0; i < b->n_nodes; i++)
        list.rows[i].name = b->nodes[i]->output[0];
    qsort(list.rows, list.n, sizeof(*list.rows), by_address);
    return list;
}

static made *find_made(const made_list *list, const char *name)
{
    const made key = {.name = name};
    return list->n ? bsearch(&key, list->rows, list->n, sizeof(key), by_address) : NULL;
}

static void rename_made(zo_builder *b, const made_list *list)
{
    for (size_t i = 0; i < b->n_nodes; i++) {
        Onnx__NodeProto *n = b->nodes[i];
        for (size_t k = 0; k < n->n_input + n->n_output; k++) {
            char **name = k < n->n_input ? &n->input[k] : &n->output[k - n->n_input];
            const made *m = find_made(list, *name);
            *name = m && m->renamed ? (char *)m->renamed : *name;
        }
    }
}

static bool is_input(const zi_graph *g, zi_id id)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        if (g->inputs[i] == id)
            return true;
    }
    return false;
}

/* A computed value takes the name of the output that it is; one that has a name already, or that
 * is an input or a constant, is copied. */
static void add_outputs(zo_builder *b, Onnx__GraphProto *out)
{
    const zi_graph *g = b->g;
    const char **values = zo_alloc(b, g->n_outputs, sizeof(*values));
    for (size_t i = 0; !b->st && i < g->n_outputs; i++)
        values[i] = zo_real(b, g->outputs[i], false);
    const made_list list = list_made(b);
    for (size_t i = 0; !b->st && i < g->n_outputs; i++) {
        const char *name = b->values[g->outputs[i]].base;
        made *m = find_made(&list, name);
        if (m)
            m->renamed = name;
    }
    for (size_t i = 0; !b->st && i < g->n_outputs; i++) {
        const zi_tensor *t = &g->tensors[g->outputs[i]];
        const char *name = b->values[g->outputs[i]].base;
        made *m = find_made(&list, values[i]);
        if (values[i] != name && is_input(g, g->outputs[i]))
            name = zo_name(b, "%s~out", name); // a quantised input, dequantised
        if (m && !m->renamed)
            m->renamed = name;
        else if (values[i] != name)
            zo_unary(b, "Identity", values[i], name);
        out->output[i] = zo_value_info(b, name, zi_tensor_is_quantised(t) ? ZURT_F32 : t->dtype,
                                       t->dims, t->rank);
    }
    if (!b->st)
        rename_made(b, &list);
}

typedef void emitter(zo_builder *b, const zi_node *n);

/* Ops without a row go by their nature: add_node(). */
static emitter *const emitters[ZI_OP_LIMIT] = {
    [ZI_OP_Conv] = zo_emit_conv,
    [ZI_OP_ConvTranspose] = zo_emit_conv_transpose,
    [ZI_OP_FullyConnected] = zo_emit_fully_connected,
    [ZI_OP_MaxPool] = zo_emit_pool,
    [ZI_OP_AveragePool] = zo_emit_pool,
    [ZI_OP_Resize] = zo_emit_resize,
    [ZI_OP_DepthToSpace] = zo_emit_blocks,
    [ZI_OP_SpaceToDepth] = zo_emit_blocks,
    [ZI_OP_MatMul] = zo_emit_inputs_in_order,
    [ZI_OP_Where] = zo_emit_inputs_in_order,
    [ZI_OP_Lut] = zo_emit_lut,
    [ZI_OP_ReduceMean] = zo_emit_reduce,
    [ZI_OP_ReduceSum] = zo_emit_reduce,
    [ZI_OP_ReduceMax] = zo_emit_reduce,
    [ZI_OP_ReduceMin] = zo_emit_reduce,
    [ZI_OP_ReduceProd] = zo_emit_reduce,
    [ZI_OP_Concat] = zo_emit_along_axis,
    [ZI_OP_Softmax] = zo_emit_along_axis,
    [ZI_OP_LogSoftmax] = zo_emit_along_axis,
    [ZI_OP_ArgMax] = zo_emit_along_axis,
    [ZI_OP_ArgMin] = zo_emit_along_axis,
    [ZI_OP_Split] = zo_emit_split,
    [ZI_OP_Slice] = zo_emit_slice,
    [ZI_OP_Pad] = zo_emit_pad,
    [ZI_OP_Transpose] = zo_emit_transpose,
    [ZI_OP_Reshape] = zo_emit_shape,
    [ZI_OP_Expand] = zo_emit_shape,
    [ZI_OP_Tile] = zo_emit_shape,
    [ZI_OP_Gather] = zo_emit_gather,
    [ZI_OP_TopK] = zo_emit_top_k,
    [ZI_OP_CumSum] = zo_emit_cum_sum,
    [ZI_OP_LSTM] = zo_emit_recurrent,
    [ZI_OP_GRU] = zo_emit_recurrent,
    [ZI_OP_RNN] = zo_emit_recurrent,
    [ZI_OP_NonMaxSuppression] = zo_emit_non_max_suppression,
    [ZI_OP_GridSample] = zo_emit_grid_sample,
    [ZI_OP_MaxPoolIndices] = zo_emit_pool,
    [ZI_OP_GatherElements] = zo_emit_indexed,
    [ZI_OP_ScatterElements] = zo_emit_indexed,
    [ZI_OP_GatherND] = zo_emit_indexed,
    [ZI_OP_Cast] = zo_emit_cast,
    [ZI_OP_Quantize] = zo_emit_quantise,
    [ZI_OP_Dequantize] = zo_emit_dequantise,
};

/* Opset 13 has no arithmetic on 8-bit integers without a scale, and Relu of no integer. */
static void raise_opset(zo_builder *b, const zi_node *n)
{
    const zi_tensor *y = &b->g->tensors[n->out[0]];
    bool narrow = (y->dtype == ZURT_S8 || y->dtype == ZURT_U8) && !y->quant.n;
    bool adds =
        n->op == ZI_OP_Add || n->op == ZI_OP_Sub || n->op == ZI_OP_Mul || n->op == ZI_OP_Div;
    bool integer = y->dtype != ZURT_F32 && !y->quant.n;
    if (((narrow && adds) || (integer && n->op == ZI_OP_Relu)) && b->opset < 14)
        b->opset = 14;
}

static void add_node(zo_builder *b, const zi_node *n)
{
    raise_opset(b, n);
    if (emitters[n->op])
        emitters[n->op](b, n);
    else if (zi_op_has(n->op, ZI_OPF_BINARY))
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
    if (!b->st)
        add_outputs(b, out);
    name_nodes(b);
    out->name = "zurt";
    out->n_input = g->n_inputs;
    out->n_output = g->n_outputs;
    out->n_node = b->n_nodes;
    out->node = b->nodes;
    out->n_initializer = b->n_tensors;
    out->initializer = b->tensors;
}

static zurt_status pack_model(zurt_ctx *ctx, Onnx__GraphProto *graph, int64_t version,
                              const char *description, uint8_t **out, size_t *out_size)
{
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset};
    opset.domain = "";
    opset.has_version = true;
    opset.version = version;
    model.has_ir_version = true;
    model.ir_version = version > 14 ? 8 : 7;
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
    *out = bytes;
    *out_size = size;
    return ZURT_OK;
}

zurt_status zurt_emit_onnx_mem(zurt_ctx *ctx, const zurt_graph *graph, void **bytes, size_t *size)
{
    if (bytes)
        *bytes = NULL;
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !bytes || !size)
        return zi_fail(ctx, ZURT_E_ARG, "emit: graph, bytes and size must not be NULL");
    zo_builder b = {.ctx = ctx, .g = graph->g, .opset = OPSET};
    zi_arena_init(&b.arena, &ctx->allocator);
    Onnx__GraphProto out = ONNX__GRAPH_PROTO__INIT;
    fill_graph(&b, &out);
    zurt_status st = b.st;
    uint8_t *file = NULL;
    if (!st)
        st = pack_model(ctx, &out, b.opset, graph->meta.description, &file, size);
    *bytes = file;
    zi_free(&ctx->allocator, b.nodes);
    zi_free(&ctx->allocator, b.tensors);
    zi_arena_clear(&b.arena);
    return st;
}

zurt_status zurt_emit_onnx_file(zurt_ctx *ctx, const zurt_graph *graph, const char *path)
{
    if (!ctx)
        return ZURT_E_ARG;
    if (!graph || !path)
        return zi_fail(ctx, ZURT_E_ARG, "emit: graph and path must not be NULL");
    void *bytes;
    size_t size;
    zurt_status st = zurt_emit_onnx_mem(ctx, graph, &bytes, &size);
    if (!st)
        st = zc_write_file(ctx, path, bytes, size);
    zurt_buffer_free(ctx, bytes);
    return st;
}
