/* SPDX-License-Identifier: Apache-2.0 */
/* Imports an ONNX model: opsets, nodes in order of need, inputs and outputs. */
#include "import/onnx/importer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "import/onnx/wire.h"

/* ---- failures and values ------------------------------------------------------------------ */

zurt_status zc_fail(zc_onnx *o, zurt_status code, const char *fmt, ...)
{
    char text[ZI_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    o->failed_here = true;
    return zi_fail(o->ctx, code, "node %u '%.80s' (%.40s): %s", (unsigned)o->index, o->name,
                   o->node->op_type, text);
}

zurt_status zc_no_memory(zc_onnx *o)
{
    o->failed_here = true;
    return zi_fail(o->ctx, ZURT_E_NOMEM, "onnx: out of memory");
}

bool zc_has(const zc_onnx *o, uint32_t i)
{
    return i < o->n_in && o->in[i] != ZI_NONE;
}

const zi_tensor *zc_input(const zc_onnx *o, uint32_t i)
{
    return &o->g->tensors[o->in[i]];
}

bool zc_is_rebatched(const zc_onnx *o)
{
    return o->batch_from != o->batch_to;
}

bool zc_is_used(const zc_onnx *o, uint32_t i)
{
    if (i >= o->n_out || o->links[o->index].out[i] == ZI_NONE)
        return false;
    return o->values[o->links[o->index].out[i]].n_uses > 0;
}

zurt_status zc_define(zc_onnx *o, uint32_t i, zi_id id)
{
    if (i >= o->n_out || o->links[o->index].out[i] == ZI_NONE)
        return ZURT_OK;
    o->values[o->links[o->index].out[i]].id = id;
    return ZURT_OK;
}

/* ---- one node ----------------------------------------------------------------------------- */

static zurt_status set_node(zc_onnx *o, uint32_t index)
{
    o->node = o->graph->node[index];
    o->index = index;
    o->n_emitted = 0;
    o->note = NULL;
    o->failed_here = false;
    o->n_in = (uint32_t)o->node->n_input;
    o->n_out = (uint32_t)o->node->n_output;
    while (o->n_in > 0 && o->links[index].in[o->n_in - 1] == ZI_NONE)
        o->n_in--; // absent optional inputs at the end
    const char *type = o->node->op_type;
    if (!type || !*type)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: node %u has no operator", (unsigned)index);
    o->name = o->node->name && *o->node->name
                  ? o->node->name
                  : zi_arena_printf(&o->scratch, "%.40s_%u", type, (unsigned)index);
    if (o->name && o->scope.prefix)
        o->name = zi_arena_printf(&o->scratch, "%s%s", o->scope.prefix, o->name);
    o->in = zi_arena_calloc(&o->scratch, o->n_in, sizeof(*o->in));
    o->attr_known = zi_arena_calloc(&o->scratch, o->node->n_attribute, sizeof(*o->attr_known));
    return o->name && o->in && o->attr_known ? ZURT_OK : zc_no_memory(o);
}

static zurt_status make_inputs(zc_onnx *o)
{
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t v = o->links[o->index].in[i];
        o->in[i] = ZI_NONE;
        if (v == ZI_NONE)
            continue;
        zurt_status st = zc_value_make(o, &o->values[v]);
        if (st)
            return st;
        o->in[i] = o->values[v].id;
        if (o->in[i] == ZI_NONE)
            return zc_fail(o, ZURT_E_INTERNAL, "input %u was never made", (unsigned)i);
    }
    return ZURT_OK;
}

static zurt_status check_arity(zc_onnx *o)
{
    const zc_onnx_op *op = o->row;
    uint32_t max = op->max_in ? op->max_in : ZC_MAX_ARITY;
    if (o->n_in > max)
        return zc_fail(o, ZURT_E_FORMAT, "%u inputs, at most %u are allowed", (unsigned)o->n_in,
                       (unsigned)max);
    for (uint32_t i = 0; i < op->min_in; i++) {
        if (!zc_has(o, i))
            return zc_fail(o, ZURT_E_FORMAT, "input %u is missing", (unsigned)i);
    }
    if (o->n_out == 0)
        return zc_fail(o, ZURT_E_FORMAT, "no outputs");
    return ZURT_OK;
}

static zurt_status translate(zc_onnx *o, uint32_t index)
{
    zurt_status st = set_node(o, index);
    if (st)
        return st;
    const zc_onnx_op *op = zc_onnx_op_find(o->node->domain, o->node->op_type);
    const Onnx__FunctionProto *f = op ? NULL : zc_function_find(o);
    if (!op && !f)
        return zc_refuse_op(o);
    o->row = op;
    if (op && o->opset > ZC_OPSET_MAX)
        return zc_fail(o, ZURT_E_VERSION,
                       "opset %lld, and zurt knows this operator up to %d; export with that opset",
                       (long long)o->opset, ZC_OPSET_MAX);
    st = make_inputs(o);
    if (!st && op)
        st = check_arity(o);
    if (!st)
        st = op ? op->translate(o) : zc_call(o, f);
    if (!st)
        st = zc_attr_check(o);
    for (uint32_t i = 0; i < o->n_out && !st; i++) {
        uint32_t v = o->links[index].out[i];
        if (zc_is_used(o, i) && o->values[v].id == ZI_NONE)
            st = zc_fail(o, ZURT_E_UNSUPPORTED,
                         "output %u '%.80s' is not supported; remove what reads it", (unsigned)i,
                         o->values[v].name);
    }
    if (st && st != ZURT_E_NOMEM && !o->failed_here)
        return zi_fail_prefix(o->ctx, st, "ONNX node %u '%.80s': ", (unsigned)index, o->name);
    return st;
}

zurt_status zc_translate_all(zc_onnx *o)
{
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < o->n_order && !st; i++)
        st = translate(o, o->order[i]);
    return st;
}

/* ---- graph outputs ------------------------------------------------------------------------- */

static bool is_in(const zi_id *ids, size_t n, zi_id id)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

/* An output has a tensor of its own: not an input, a constant, or one that is an output already. */
static zurt_status add_output(zc_onnx *o, const char *name)
{
    zc_value *v = &o->values[zc_value_find(o, name)];
    zurt_status st = zc_value_make(o, v);
    if (st)
        return st;
    zi_graph *g = o->g;
    zi_id id = v->id;
    if (zi_tensor_is_const(&g->tensors[id]) || zc_writer(o, id) == ZI_NONE ||
        is_in(g->outputs, g->n_outputs, id)) {
        zi_id copy;
        st = zi_graph_add_tensor(o->ctx, g, name, &copy);
        const zi_tensor *x = &g->tensors[id];
        zi_attr attr = {.shape.rank = x->rank};
        memcpy(attr.shape.dims, x->dims, sizeof(attr.shape.dims));
        zi_node *n = NULL;
        if (!st)
            st = zi_graph_add_node(o->ctx, g, ZI_OP_Reshape, name, &id, 1, &copy, 1, &n);
        if (!st) {
            n->attr = attr;
            st = zi_node_infer(o->ctx, g, n);
        }
        if (!st && zi_tensor_is_quantised(&g->tensors[id])) {
            const zi_quant q = g->tensors[id].quant;
            st = zi_graph_set_quant(o->ctx, g, copy, q.n, q.axis, q.scale, q.zero_point);
        }
        id = copy;
    } else {
        char *owned = zi_arena_strdup(&g->arena, name);
        if (!owned)
            return zc_no_memory(o);
        g->tensors[id].name = owned;
    }
    const zi_tensor *t = &g->tensors[id];
    if (!st && zc_is_rebatched(o) && (t->rank == 0 || t->dims[0] != o->batch_to))
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "output '%.80s' has no batch axis first; export the model with batch %d",
                       name, (int)o->batch_to);
    return st ? st : zi_graph_add_output(o->ctx, g, id);
}

/* ---- the file ------------------------------------------------------------------------------ */

static zurt_status find_opset(zc_onnx *o, const Onnx__ModelProto *model)
{
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *set = model->opset_import[i];
        if (!zc_is_standard_domain(set->domain))
            continue;
        o->opset = set->version;
        if (o->opset >= ZC_OPSET_MIN)
            return ZURT_OK;
        return zi_fail(o->ctx, ZURT_E_VERSION,
                       "onnx: opset %lld; convert the model to an opset from %d to %d "
                       "(onnx.version_converter)",
                       (long long)o->opset, ZC_OPSET_MIN, ZC_OPSET_MAX);
    }
    if (model->n_opset_import)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "onnx: only operators of domain '%.80s'; export with the standard ones",
                       model->opset_import[0]->domain);
    return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: no opset version: damaged or no ONNX model");
}

static zurt_status check_graph(zc_onnx *o, const Onnx__GraphProto *graph)
{
    if (!graph)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: no graph: damaged or no ONNX model");
    if (graph->n_output == 0)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: the graph has no outputs");
    if (graph->n_output > ZC_MAX_ARITY)
        return zi_fail(o->ctx, ZURT_E_LIMIT, "onnx: %zu outputs, limit %d", graph->n_output,
                       ZC_MAX_ARITY);
    if (graph->n_sparse_initializer)
        return zi_fail(o->ctx, ZURT_E_UNSUPPORTED,
                       "onnx: sparse initializers; save the weights as dense tensors");
    return ZURT_OK;
}

static zurt_status import_graph(zc_onnx *o, const Onnx__ModelProto *model)
{
    zurt_status st = find_opset(o, model);
    if (!st)
        st = check_graph(o, model->graph);
    if (st)
        return st;
    if (model->n_functions > ZC_MAX_FUNCTIONS)
        return zi_fail(o->ctx, ZURT_E_LIMIT, "onnx: %zu functions, limit %d", model->n_functions,
                       ZC_MAX_FUNCTIONS);
    o->model = model;
    o->graph = model->graph;
    st = zc_names_build(o);
    if (!st)
        st = zc_order_find(o);
    if (!st)
        st = zc_graph_inputs(o);
    if (!st)
        st = zc_translate_all(o);
    for (size_t i = 0; i < o->graph->n_output && !st; i++)
        st = add_output(o, o->graph->output[i]->name);
    if (!st)
        st = zi_graph_compact(o->ctx, o->g);
    if (!st)
        st = zi_graph_check(o->ctx, o->g);
    return st;
}

/* protobuf-c's allocations go through the ctx; a refusal must not look like damage. */
typedef struct unpack_memory {
    zurt_allocator allocator;
    bool refused;
} unpack_memory;

static void *unpack_alloc(void *self, size_t size)
{
    unpack_memory *m = self;
    void *p = m->allocator.alloc(m->allocator.self, size ? size : 1, _Alignof(max_align_t));
    m->refused = m->refused || !p;
    return p;
}

static void unpack_free(void *self, void *p)
{
    zi_free(&((unpack_memory *)self)->allocator, p);
}

static zurt_status unpack(zurt_ctx *ctx, zi_bytes file, ProtobufCAllocator *allocator,
                          Onnx__ModelProto **out)
{
    if (file.size > ZC_ONNX_MAX_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "onnx: file of %zu bytes, limit %zu", file.size,
                       ZC_ONNX_MAX_BYTES);
    zurt_status st = zc_wire_check(ctx, file, &onnx__model_proto__descriptor);
    if (st)
        return st;
    *out = onnx__model_proto__unpack(allocator, file.size, file.data);
    if (*out)
        return ZURT_OK;
    if (((unpack_memory *)allocator->allocator_data)->refused)
        return zi_fail(ctx, ZURT_E_NOMEM, "onnx: out of memory");
    return zi_fail(ctx, ZURT_E_FORMAT, "onnx: the bytes are damaged or no ONNX model");
}

zurt_status zc_onnx_import_beside(zurt_ctx *ctx, zi_bytes file, zc_weight_files *files,
                                  const zurt_import_options *options, zi_graph **out,
                                  size_t *source_nodes)
{
    *out = NULL;
    unpack_memory memory = {ctx->allocator, false};
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, &memory};
    Onnx__ModelProto *model = NULL;
    zurt_status st = unpack(ctx, file, &allocator, &model);
    if (st)
        return st;
    zc_onnx o = {.ctx = ctx,
                 .options = options,
                 .files = files,
                 .g = zi_graph_create(&ctx->allocator),
                 .fold_bytes = ZC_FOLD_BYTES,
                 .fold_work = ZC_FOLD_WORK};
    zi_arena_init(&o.scratch, &ctx->allocator);
    zc_fold_earn(&o, file.size);
    st = o.g ? import_graph(&o, model) : zc_no_memory(&o);
    if (st) {
        zi_graph_destroy(o.g);
    } else {
        *out = o.g;
        *source_nodes = model->graph->n_node;
    }
    zi_free(&ctx->allocator, o.origin);
    zi_free(&ctx->allocator, o.pending);
    zi_arena_clear(&o.scratch);
    onnx__model_proto__free_unpacked(model, &allocator);
    return st;
}
