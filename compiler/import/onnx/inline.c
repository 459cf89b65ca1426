/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs inside the graph: the branch of an If whose condition is known, and the body of a function
 * of the model. Their nodes are translated where they are used, in a scope of their own, until
 * nothing is left that a graph of zurt could not hold. Ref: ONNX, docs/IR.md; If-25. */
#include <string.h>

#include "import/onnx/importer.h"
#include "import/onnx/wire.h"

/** Scopes inside scopes; a file that wants more is made to end the stack. */
enum { MAX_DEPTH = 32 };

/* ---- scopes -------------------------------------------------------------------------------- */

/* A scope ends: the translation of the outer node goes on. What the scopes share stays. */
static void leave(zc_onnx *o, const zc_onnx *outer)
{
    const zc_onnx inner = *o;
    *o = *outer;
    o->scratch = inner.scratch;
    o->fold_bytes = inner.fold_bytes;
    o->fold_work = inner.fold_work;
    o->origin = inner.origin;
    o->cap_origin = inner.cap_origin;
    o->pending = inner.pending;
    o->cap_pending = inner.cap_pending;
    o->inlined = inner.inlined;
    o->failed_here = inner.failed_here;
}

/* Translates the graph of scope o; out[i] becomes the tensor of its output i. */
static zurt_status translate_scope(zc_onnx *o, zi_id *out)
{
    zurt_status st = zc_names_build(o);
    if (!st)
        st = zc_order_find(o);
    if (!st)
        st = zc_translate_all(o);
    for (size_t i = 0; i < o->graph->n_output && !st; i++) {
        zc_value *v = &o->values[zc_value_find(o, o->graph->output[i]->name)];
        st = zc_value_make(o, v);
        out[i] = v->id;
        if (!st && v->id == ZI_NONE)
            st = zi_fail(o->ctx, ZURT_E_FORMAT, "output '%.80s' is an input that is absent",
                         v->name);
    }
    return st;
}

/* Puts `graph` in the place of the node being translated. Outputs that nobody reads are not made.
 */
static zurt_status replace_node(zc_onnx *o, const Onnx__GraphProto *graph, const zc_scope *scope)
{
    Onnx__GraphProto wanted = *graph;
    size_t n = o->n_out < graph->n_output ? o->n_out : graph->n_output;
    wanted.output = zi_arena_calloc(&o->scratch, n, sizeof(*wanted.output));
    uint32_t *index = zi_arena_calloc(&o->scratch, n, sizeof(*index));
    zi_id *made = zi_arena_calloc(&o->scratch, n, sizeof(*made));
    if (!wanted.output || !index || !made)
        return zc_no_memory(o);
    wanted.n_output = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (zc_is_used(o, i)) {
            index[wanted.n_output] = i;
            wanted.output[wanted.n_output++] = graph->output[i];
        }
    }
    if (o->depth == MAX_DEPTH)
        return zc_fail(o, ZURT_E_LIMIT, "functions and branches nested deeper than %d", MAX_DEPTH);
    const zc_onnx outer = *o;
    o->graph = &wanted;
    o->scope = *scope;
    o->scope.outer = &outer.scope;
    o->depth++;
    if (scope->opset)
        o->opset = scope->opset;
    o->failed_here = false;
    zurt_status st = translate_scope(o, made);
    leave(o, &outer);
    o->failed_here = st != ZURT_OK;
    if (st && st != ZURT_E_NOMEM && o->depth == 0) // deeper ones are in the node's name
        return zi_fail_prefix(o->ctx, st, "node %u '%.40s' (%.40s): ", (unsigned)o->index, o->name,
                              o->node->op_type);
    for (size_t i = 0; i < wanted.n_output && !st; i++)
        st = zc_define(o, index[i], made[i]);
    return st;
}

/* ---- If ------------------------------------------------------------------------------------ */

/* The values of this scope that nodes of the branch may read. */
static zurt_status give_captured(zc_onnx *o, zc_scope *scope)
{
    const zc_links *links = &o->links[o->index];
    scope->given = zi_arena_calloc(&o->scratch, links->n_captured, sizeof(*scope->given));
    if (!scope->given)
        return zc_no_memory(o);
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < links->n_captured && !st; i++) {
        zc_value *v = &o->values[links->captured[i]];
        st = zc_value_make(o, v);
        scope->given[scope->n_given++] = (zc_given){v->name, v->id};
    }
    return st;
}

static zurt_status branch_graph(zc_onnx *o, const char *name, const Onnx__GraphProto **out)
{
    const Onnx__AttributeProto *a = zc_attr(o, name);
    if (!a || !a->g)
        return zc_fail(o, ZURT_E_FORMAT, "attribute '%s' must be a graph", name);
    if (a->g->n_input || a->g->n_output != o->n_out)
        return zc_fail(o, ZURT_E_FORMAT, "'%s' has %zu inputs and %zu outputs, needs 0 and %u",
                       name, a->g->n_input, a->g->n_output, (unsigned)o->n_out);
    if (a->g->n_sparse_initializer)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "'%s' has sparse initializers; save the weights as dense tensors", name);
    *out = a->g;
    return ZURT_OK;
}

zurt_status zc_op_if(zc_onnx *o)
{
    const Onnx__GraphProto *branches[2] = {NULL, NULL};
    zurt_status st = branch_graph(o, "else_branch", &branches[0]);
    if (!st)
        st = branch_graph(o, "then_branch", &branches[1]);
    if (!st)
        st = zc_need_const(o, 0);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, 0);
    if (t->dtype != ZURT_BOOL || zi_tensor_elems(t) != 1)
        return zc_fail(o, ZURT_E_FORMAT, "the condition must be one bool");
    const bool condition = *(const uint8_t *)t->data != 0;
    zc_scope scope = o->scope; // attributes of a function around it
    scope.given = NULL;
    scope.n_given = 0;
    st = give_captured(o, &scope);
    return st ? st : replace_node(o, branches[condition], &scope);
}

/* ---- functions ----------------------------------------------------------------------------- */

static bool same_domain(const char *a, const char *b)
{
    if (zc_is_standard_domain(a) || zc_is_standard_domain(b))
        return zc_is_standard_domain(a) && zc_is_standard_domain(b);
    return strcmp(a, b) == 0;
}

const Onnx__FunctionProto *zc_function_find(const zc_onnx *o)
{
    for (size_t i = 0; i < o->model->n_functions; i++) {
        const Onnx__FunctionProto *f = o->model->functions[i];
        if (f->name && strcmp(f->name, o->node->op_type) == 0 &&
            same_domain(f->domain, o->node->domain))
            return f;
    }
    return NULL;
}

static void *arena_alloc(void *self, size_t size)
{
    return zi_arena_alloc(self, size);
}

static void arena_free(void *self, void *p)
{
    (void)self; // all at once, when the import ends
    (void)p;
}

/* Attributes with a default, FunctionProto.attribute_proto: a field newer than the onnx.proto that
 * zurt is built with, so it arrives as bytes. */
static zurt_status read_default(zc_onnx *o, const ProtobufCMessageUnknownField *field,
                                Onnx__AttributeProto **out)
{
    size_t skip = 0; // the length stands in front
    while (skip < field->len && field->data[skip] & 0x80)
        skip++;
    if (skip == field->len)
        return zc_fail(o, ZURT_E_FORMAT, "a default of its function is damaged");
    const zi_bytes bytes = {field->data + skip + 1, field->len - skip - 1};
    // unpacked for every call, and a field of two bytes becomes a message in memory
    zurt_status st = zc_fold_spend(o, (uint64_t)bytes.size * 64);
    if (!st)
        st = zc_wire_check(o->ctx, bytes, &onnx__attribute_proto__descriptor);
    if (st)
        return st;
    ProtobufCAllocator allocator = {arena_alloc, arena_free, &o->scratch};
    *out = onnx__attribute_proto__unpack(&allocator, bytes.size, bytes.data);
    return *out ? ZURT_OK : zc_fail(o, ZURT_E_FORMAT, "a default of its function is damaged");
}

enum { ATTRIBUTE_PROTO = 11, LENGTH_DELIMITED = 2 };

static bool is_default(const ProtobufCMessageUnknownField *field)
{
    return field->tag == ATTRIBUTE_PROTO && (int)field->wire_type == LENGTH_DELIMITED;
}

static void add_argument(zc_onnx *o, zc_scope *scope, const char *name,
                         const Onnx__AttributeProto *absent)
{
    const Onnx__AttributeProto *a = zc_attr(o, name);
    if (a || absent)
        scope->arguments[scope->n_arguments++] = (zc_argument){name, a ? a : absent};
}

/* What the attributes of the call are to the nodes of the body. */
static zurt_status read_arguments(zc_onnx *o, const Onnx__FunctionProto *f, zc_scope *scope)
{
    const ProtobufCMessage *base = &f->base;
    scope->n_arguments = 0;
    scope->arguments = zi_arena_calloc(&o->scratch, f->n_attribute + base->n_unknown_fields,
                                       sizeof(*scope->arguments));
    if (!scope->arguments)
        return zc_no_memory(o);
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < f->n_attribute; i++)
        add_argument(o, scope, f->attribute[i], NULL);
    for (size_t i = 0; i < base->n_unknown_fields && !st; i++) {
        Onnx__AttributeProto *absent = NULL;
        if (!is_default(&base->unknown_fields[i]))
            continue;
        st = read_default(o, &base->unknown_fields[i], &absent);
        if (!st && absent->name)
            add_argument(o, scope, absent->name, absent);
    }
    return st;
}

static zurt_status read_scope(zc_onnx *o, const Onnx__FunctionProto *f, zc_scope *scope)
{
    *scope = (zc_scope){.function = f};
    scope->prefix = zi_arena_printf(&o->scratch, "%.80s/", o->name);
    scope->given = zi_arena_calloc(&o->scratch, f->n_input, sizeof(*scope->given));
    if (!scope->prefix || !scope->given)
        return zc_no_memory(o);
    for (size_t i = 0; i < f->n_opset_import; i++) {
        if (same_domain(f->opset_import[i]->domain, ""))
            scope->opset = f->opset_import[i]->version;
    }
    if (scope->opset && scope->opset < ZC_OPSET_MIN)
        return zc_fail(o, ZURT_E_VERSION, "a function of opset %lld; %d is the oldest taken",
                       (long long)scope->opset, ZC_OPSET_MIN);
    if (o->n_in > f->n_input || o->n_out > f->n_output)
        return zc_fail(o, ZURT_E_FORMAT, "%u inputs and %u outputs, its function has %zu and %zu",
                       (unsigned)o->n_in, (unsigned)o->n_out, f->n_input, f->n_output);
    for (size_t i = 0; i < f->n_input; i++)
        scope->given[scope->n_given++] = (zc_given){f->input[i], i < o->n_in ? o->in[i] : ZI_NONE};
    return read_arguments(o, f, scope);
}

/* A function as a graph: its outputs have names alone. */
static zurt_status function_graph(zc_onnx *o, const Onnx__FunctionProto *f, Onnx__GraphProto *out)
{
    *out = (Onnx__GraphProto)ONNX__GRAPH_PROTO__INIT;
    out->node = f->node;
    out->n_node = f->n_node;
    out->n_output = f->n_output;
    out->output = zi_arena_calloc(&o->scratch, f->n_output, sizeof(*out->output));
    Onnx__ValueInfoProto *infos = zi_arena_calloc(&o->scratch, f->n_output, sizeof(*infos));
    if (!out->output || !infos)
        return zc_no_memory(o);
    for (size_t i = 0; i < f->n_output; i++) {
        infos[i] = (Onnx__ValueInfoProto)ONNX__VALUE_INFO_PROTO__INIT;
        infos[i].name = f->output[i];
        out->output[i] = &infos[i];
    }
    return ZURT_OK;
}

/* A small file may call a large function often: what its lists take, each time. */
static uint64_t call_bytes(const Onnx__FunctionProto *f)
{
    uint64_t names = (uint64_t)f->n_input + f->n_attribute + f->base.n_unknown_fields;
    return names * sizeof(zc_argument) +
           (uint64_t)f->n_output * (sizeof(Onnx__ValueInfoProto) + sizeof(void *));
}

zurt_status zc_call(zc_onnx *o, const Onnx__FunctionProto *f)
{
    zc_scope scope;
    Onnx__GraphProto graph;
    for (const zc_scope *s = &o->scope; s; s = s->outer) {
        if (s->function == f)
            return zc_fail(o, ZURT_E_FORMAT, "its function calls itself");
    }
    zurt_status st = zc_fold_spend(o, call_bytes(f));
    if (!st)
        st = read_scope(o, f, &scope);
    if (!st)
        st = function_graph(o, f, &graph);
    return st ? st : replace_node(o, &graph, &scope);
}
