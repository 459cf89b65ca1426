/* SPDX-License-Identifier: Apache-2.0 */
/* Imports a TFLite file: its one subgraph, inputs, operators in order, outputs. */
#include "import/tflite/tflite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** Bytes of what may be shared in a file, for any file and for each byte of it: half floats are
 *  widened, and weights of depthwise convolutions kept twice. */
enum { SHARED_BYTES = 1 << 26, SHARED_TIMES = 4 };

/* ---- failures ---- */

zurt_status zc_tfl_fail(zc_tfl *t, zurt_status code, const char *fmt, ...)
{
    char text[ZI_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return zi_fail(t->ctx, code, "operator %u %s '%.80s': %s", (unsigned)t->index,
                   t->row ? t->row->name : "", t->name, text);
}

zurt_status zc_tfl_no_memory(zc_tfl *t)
{
    return zi_fail(t->ctx, ZURT_E_NOMEM, "tflite: out of memory");
}

/* What the reader noted, if anything. */
static zurt_status check_file(zc_tfl *t)
{
    if (zc_fb_ok(&t->fb))
        return ZURT_OK;
    return zi_fail(t->ctx, ZURT_E_FORMAT,
                   "tflite: byte %zu: %s; the file is damaged: fetch or convert it again", t->fb.at,
                   t->fb.damage);
}

/* ---- operators ---- */

/* Operators since code 127 have a field of their own; older ones stand in a byte. */
static int32_t builtin_code(zc_tfl *t, zc_fb_table code)
{
    const int32_t now = zc_fb_i32(&t->fb, code, ZC_CODE_BUILTIN, 0);
    const int32_t old = zc_fb_u8(&t->fb, code, ZC_CODE_OLD, 0);
    return now > old ? now : old;
}

static zurt_status refuse(zc_tfl *t, zc_fb_table code, int32_t number)
{
    const zi_bytes custom = zc_fb_string(&t->fb, code, ZC_CODE_CUSTOM);
    const int n = custom.size < 40 ? (int)custom.size : 40;
    if (number == ZC_TFL_CUSTOM)
        return zi_fail(t->ctx, ZURT_E_UNSUPPORTED,
                       "operator %u '%.80s': the custom operator '%.*s' is not supported; convert "
                       "the model without it, or end it before",
                       (unsigned)t->index, t->name, n, (const char *)custom.data);
    return zi_fail(t->ctx, ZURT_E_UNSUPPORTED,
                   "operator %u '%.80s': builtin operator %d is not supported in a TFLite file; "
                   "convert the model to ONNX (python -m tf2onnx.convert --tflite FILE --output "
                   "model.onnx): more operators are taken there",
                   (unsigned)t->index, t->name, (int)number);
}

static zurt_status check_indices(zc_tfl *t, zc_fb_vector list, bool optional)
{
    if (list.n > ZC_TFL_MAX_ARITY)
        return zc_tfl_fail(t, ZURT_E_LIMIT, "%u operands, limit %d", (unsigned)list.n,
                           ZC_TFL_MAX_ARITY);
    for (uint32_t i = 0; i < list.n; i++) {
        const int32_t index = zc_fb_i32_at(&t->fb, list, i);
        if ((index < 0 && !(optional && index == -1)) || index >= (int32_t)t->n_tensors)
            return zc_tfl_fail(t, ZURT_E_FORMAT, "tensor %d of %u", (int)index,
                               (unsigned)t->n_tensors);
    }
    return ZURT_OK;
}

static zurt_status check_arity(zc_tfl *t)
{
    const uint32_t most = t->row->max_in ? t->row->max_in : ZC_TFL_MAX_ARITY;
    if (t->in.n > most)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "%u inputs, at most %u are allowed", (unsigned)t->in.n,
                           (unsigned)most);
    const bool is_list = t->row->max_in == 0; // wants all that it names
    const uint32_t needed = is_list && t->in.n > t->row->min_in ? t->in.n : t->row->min_in;
    for (uint32_t i = 0; i < needed; i++) {
        if (!zc_tfl_has(t, i))
            return zc_tfl_fail(t, ZURT_E_FORMAT, "input %u is missing", (unsigned)i);
    }
    return ZURT_OK;
}

static zurt_status translate(zc_tfl *t, zc_fb_table op)
{
    const uint32_t code = (uint32_t)zc_fb_i32(&t->fb, op, ZC_OPERATOR_CODE, 0);
    t->row = NULL;
    t->name = "";
    t->n_emitted = 0;
    t->first_made = (zi_id)t->g->n_tensors;
    t->in = zc_fb_list(&t->fb, op, ZC_OPERATOR_INPUTS, 4);
    t->out = zc_fb_list(&t->fb, op, ZC_OPERATOR_OUTPUTS, 4);
    t->options = zc_fb_sub(&t->fb, op, ZC_OPERATOR_OPTIONS);
    if (code >= t->codes.n)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "operator code %u of %u", (unsigned)code,
                           (unsigned)t->codes.n);
    zurt_status st = check_indices(t, t->in, true);
    if (!st)
        st = check_indices(t, t->out, false);
    if (!st && t->out.n == 0)
        st = zc_tfl_fail(t, ZURT_E_FORMAT, "no outputs");
    if (st)
        return st;
    t->name = t->tensors[zc_fb_i32_at(&t->fb, t->out, 0)].name;
    const zc_fb_table entry = zc_fb_table_at(&t->fb, t->codes, code);
    const int32_t number = builtin_code(t, entry);
    t->row = zc_tfl_op_find(number);
    st = check_file(t);
    if (!st && !t->row)
        return refuse(t, entry, number);
    if (!st) // lists of operands may be shared, and are kept twice
        st = zc_tfl_spend(t, 2 * sizeof(zi_id) * (uint64_t)t->in.n);
    if (!st)
        st = check_arity(t);
    if (!st)
        st = t->row->translate(t);
    const zurt_status file = check_file(t); // damage explains what a translator makes of it
    return file ? file : st;
}

/* ---- the subgraph ---- */

static zurt_status read_tensors(zc_tfl *t, zc_fb_vector list)
{
    if (list.n > ZC_TFL_MAX_TENSORS)
        return zi_fail(t->ctx, ZURT_E_LIMIT, "tflite: %u tensors, limit %d", (unsigned)list.n,
                       ZC_TFL_MAX_TENSORS);
    t->n_tensors = list.n;
    t->tensors = zi_arena_calloc(&t->scratch, list.n, sizeof(*t->tensors));
    if (list.n && !t->tensors)
        return zc_tfl_no_memory(t);
    for (uint32_t i = 0; i < list.n; i++) {
        zc_tfl_tensor_state *s = &t->tensors[i];
        s->table = zc_fb_table_at(&t->fb, list, i);
        s->raw = s->real = ZI_NONE;
        const zi_bytes name = zc_fb_string(&t->fb, s->table, ZC_TENSOR_NAME);
        s->name = name.size
                      ? zi_arena_printf(&t->scratch, "%.*s", name.size < 200 ? (int)name.size : 200,
                                        (const char *)name.data)
                      : zi_arena_printf(&t->scratch, "tensor_%u", (unsigned)i);
        if (!s->name)
            return zc_tfl_no_memory(t);
    }
    return check_file(t);
}

static zurt_status add_inputs(zc_tfl *t, zc_fb_vector list)
{
    for (uint32_t i = 0; i < list.n; i++) {
        const int32_t index = zc_fb_i32_at(&t->fb, list, i);
        if (index < 0 || index >= (int32_t)t->n_tensors)
            return zi_fail(t->ctx, ZURT_E_FORMAT, "tflite: input %u is tensor %d of %u",
                           (unsigned)i, (int)index, (unsigned)t->n_tensors);
        if (t->tensors[index].raw != ZI_NONE)
            return zi_fail(t->ctx, ZURT_E_FORMAT, "tflite: tensor '%.80s' is an input twice",
                           t->tensors[index].name);
        zurt_status st = zc_tfl_make_input(t, (uint32_t)index);
        if (st)
            return st;
    }
    return ZURT_OK;
}

static bool is_output(const zi_graph *g, zi_id id)
{
    for (size_t i = 0; i < g->n_outputs; i++) {
        if (g->outputs[i] == id)
            return true;
    }
    return false;
}

/* An output has a tensor of its own, with the file's name: not an input, a constant, or one that is
 * an output already. */
static zurt_status add_output(zc_tfl *t, const zc_tfl_tensor_state *s)
{
    zi_graph *g = t->g;
    zi_id id = s->raw;
    if (id < t->n_graph_inputs || zi_tensor_is_const(&g->tensors[id]) || is_output(g, id)) {
        const zi_tensor x = g->tensors[id];
        zi_attr attr = {.shape.rank = x.rank};
        memcpy(attr.shape.dims, x.dims, sizeof(attr.shape.dims));
        t->name = s->name;
        t->n_emitted = 0;
        zurt_status st = zc_tfl_emit(t, ZI_OP_Reshape, &attr, &id, 1, &id, NULL);
        return st ? st : zi_graph_add_output(t->ctx, g, id);
    }
    char *owned = zi_arena_strdup(&g->arena, s->name);
    if (!owned)
        return zc_tfl_no_memory(t);
    g->tensors[id].name = owned;
    return zi_graph_add_output(t->ctx, g, id);
}

static zurt_status add_outputs(zc_tfl *t, zc_fb_vector list)
{
    if (list.n == 0)
        return zi_fail(t->ctx, ZURT_E_FORMAT, "tflite: the graph has no outputs");
    for (uint32_t i = 0; i < list.n; i++) {
        const int32_t index = zc_fb_i32_at(&t->fb, list, i);
        if (index < 0 || index >= (int32_t)t->n_tensors || t->tensors[index].raw == ZI_NONE)
            return zi_fail(t->ctx, ZURT_E_FORMAT,
                           "tflite: output %u is tensor %d, which nothing "
                           "computes",
                           (unsigned)i, (int)index);
        zurt_status st = add_output(t, &t->tensors[index]);
        if (st)
            return st;
    }
    return ZURT_OK;
}

static zurt_status import_subgraph(zc_tfl *t, zc_fb_table s, size_t *source_nodes)
{
    const zc_fb_vector operators = zc_fb_list(&t->fb, s, ZC_SUBGRAPH_OPERATORS, 4);
    zurt_status st = read_tensors(t, zc_fb_list(&t->fb, s, ZC_SUBGRAPH_TENSORS, 4));
    if (!st)
        st = add_inputs(t, zc_fb_list(&t->fb, s, ZC_SUBGRAPH_INPUTS, 4));
    t->n_graph_inputs = (zi_id)t->g->n_tensors;
    for (uint32_t i = 0; i < operators.n && !st; i++) {
        t->index = i;
        st = translate(t, zc_fb_table_at(&t->fb, operators, i));
    }
    if (!st)
        st = add_outputs(t, zc_fb_list(&t->fb, s, ZC_SUBGRAPH_OUTPUTS, 4));
    if (!st)
        st = check_file(t);
    if (!st)
        st = zi_graph_compact(t->ctx, t->g);
    *source_nodes = operators.n;
    return st ? st : zi_graph_check(t->ctx, t->g);
}

static zurt_status import_model(zc_tfl *t, const zurt_import_options *options, size_t *source_nodes)
{
    const zc_fb_table model = zc_fb_root(&t->fb);
    const int32_t version = zc_fb_i32(&t->fb, model, ZC_MODEL_VERSION, 0);
    const zc_fb_vector graphs = zc_fb_list(&t->fb, model, ZC_MODEL_SUBGRAPHS, 4);
    t->codes = zc_fb_list(&t->fb, model, ZC_MODEL_OPERATOR_CODES, 4);
    t->buffers = zc_fb_list(&t->fb, model, ZC_MODEL_BUFFERS, 4);
    zurt_status st = check_file(t);
    if (st)
        return st;
    if (version != ZC_TFL_VERSION)
        return zi_fail(t->ctx, ZURT_E_VERSION,
                       "tflite: schema version %d, version %d is known; convert the model again",
                       (int)version, ZC_TFL_VERSION);
    if (graphs.n == 0)
        return zi_fail(t->ctx, ZURT_E_FORMAT, "tflite: no graph: damaged or no TFLite model");
    if (graphs.n > 1)
        return zi_fail(t->ctx, ZURT_E_UNSUPPORTED,
                       "tflite: %u subgraphs (control flow, or several signatures); convert one "
                       "signature, without loops and conditions",
                       (unsigned)graphs.n);
    if (options->batch > 1 || options->height || options->width || options->n_shapes ||
        options->n_bindings)
        return zi_fail(t->ctx, ZURT_E_UNSUPPORTED,
                       "tflite: the shapes of a TFLite file are fixed; convert the model with the "
                       "batch and size that are wanted");
    return import_subgraph(t, zc_fb_table_at(&t->fb, graphs, 0), source_nodes);
}

zurt_status zc_tflite_import(zurt_ctx *ctx, zi_bytes file, const zurt_import_options *options,
                             zi_graph **out, size_t *source_nodes)
{
    *out = NULL;
    if (file.size > ZC_TFLITE_MAX_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "tflite: file of %zu bytes, limit %zu", file.size,
                       ZC_TFLITE_MAX_BYTES);
    zc_tfl t = {.ctx = ctx,
                .fb.file = file,
                .g = zi_graph_create(&ctx->allocator),
                .bytes_left = SHARED_BYTES + SHARED_TIMES * (uint64_t)file.size};
    zi_arena_init(&t.scratch, &ctx->allocator);
    zurt_status st = t.g ? import_model(&t, options, source_nodes) : zc_tfl_no_memory(&t);
    zi_arena_clear(&t.scratch);
    if (st)
        zi_graph_destroy(t.g);
    else
        *out = t.g;
    return st;
}
