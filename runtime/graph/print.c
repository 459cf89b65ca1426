/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as text: stable, for tests and for people. Attributes appear only where they differ
 * from what an op has when nothing is said. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "graph/graph.h"

/** A growing string; `failed` once memory is refused. */
typedef struct text {
    const zurt_allocator *allocator;
    char *data;
    size_t used;
    size_t size;
    bool failed;
} text;

static bool reserve(text *t, size_t more)
{
    size_t wanted;
    if (t->failed || !zi_size_add(t->used, more + 1, &wanted))
        return false;
    if (wanted <= t->size)
        return true;
    size_t size = wanted < 4096 ? 4096 : wanted * 2;
    char *grown = zi_zalloc(t->allocator, size);
    if (!grown) {
        t->failed = true;
        return false;
    }
    if (t->used)
        memcpy(grown, t->data, t->used);
    zi_free(t->allocator, t->data);
    t->data = grown;
    t->size = size;
    return true;
}

static void put(text *t, const char *fmt, ...) ZI_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !reserve(t, (size_t)n))
        return;
    va_start(args, fmt);
    vsnprintf(t->data + t->used, (size_t)n + 1, fmt, args);
    va_end(args);
    t->used += (size_t)n;
}

static void put_tensor(text *t, const zi_graph *g, zi_id id)
{
    if (id == ZI_NONE) {
        put(t, "-");
        return;
    }
    const zi_tensor *x = &g->tensors[id];
    put(t, "%s:[", x->name);
    for (int32_t d = 0; d < x->rank; d++)
        put(t, "%s%" PRId32, d ? "," : "", x->dims[d]);
    put(t, "]%s", zurt_dtype_name(x->dtype));
    if (x->quant.n == 1)
        put(t, "(%.9g,%" PRId32 ")", (double)x->quant.scale[0], x->quant.zero_point[0]);
    else if (x->quant.n > 1)
        put(t, "(%" PRIu32 " scales on axis %" PRId32 ")", x->quant.n, x->quant.axis);
}

static void put_value(text *t, const zi_attr_field *field, double value)
{
    switch (field->form) {
    case ZI_FORM_MASK:
        put(t, "%#" PRIx32, (uint32_t)value);
        break;
    case ZI_FORM_WORD:
        put(t, "%s", zi_word_of(field->words, (int64_t)value));
        break;
    case ZI_FORM_OP:
        put(t, "%s", zi_op_name((uint32_t)value));
        break;
    case ZI_FORM_WHOLE:
        put(t, "%.0f", value);
        break;
    case ZI_FORM_REAL:
    case ZI_FORM_FLAG:
        put(t, "%.9g", value);
        break;
    }
}

/** Whether print says the attribute. */
static bool is_unusual(const zi_attr *attr, const zi_attr_field *field, size_t count)
{
    if (isinf(field->usual)) // hidden
        return false;
    for (size_t i = 0; i < count; i++) {
        if (zi_attr_value(attr, field, i) != field->usual)
            return true;
    }
    return false;
}

static void put_attr(text *t, const zi_graph *g, const zi_node *n)
{
    const zi_op_info *info = zi_op_get((uint32_t)n->op);
    size_t n_fields;
    const zi_attr_field *fields = zi_attr_fields(info ? info->attr : ZI_ATTR_none, &n_fields);
    for (size_t f = 0; f < n_fields; f++) {
        const zi_attr_field *field = &fields[f];
        const size_t count = zi_attr_count(g, n, field);
        if (!zi_attr_has_op(field, n->op) || !is_unusual(&n->attr, field, count))
            continue;
        put(t, " %s", field->name);
        for (size_t i = 0; i < count && field->form != ZI_FORM_FLAG; i++) {
            put(t, "%c", i ? ',' : '=');
            put_value(t, field, zi_attr_value(&n->attr, field, i));
        }
    }
    if (zi_node_has_clamp(n))
        put(t, " clamp=%.9g..%.9g", (double)n->clamp_lo, (double)n->clamp_hi);
}

static void put_node(text *t, const zi_graph *g, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_out; i++) {
        put(t, "%s", i ? ", " : "");
        put_tensor(t, g, n->out[i]);
    }
    put(t, " = %s(", zi_op_name((uint32_t)n->op));
    for (uint32_t i = 0; i < n->n_in; i++) {
        zi_id id = n->in[i];
        put(t, "%s", i ? ", " : "");
        if (id != ZI_NONE && !g->tensors[id].data)
            put(t, "%s", g->tensors[id].name); // its own line has the rest
        else
            put_tensor(t, g, id);
    }
    put(t, ")");
    text attr = {.allocator = t->allocator};
    put_attr(&attr, g, n);
    if (attr.used)
        put(t, "{%s}", attr.data + 1);
    t->failed = t->failed || attr.failed;
    zi_free(t->allocator, attr.data);
    put(t, "%s%s\n", n->name[0] ? " " : "", n->name);
}

zurt_status zi_graph_print(zurt_ctx *ctx, const zi_graph *g, char **out)
{
    text t = {.allocator = &ctx->allocator};
    for (size_t i = 0; i < g->n_inputs; i++) {
        put(&t, "input ");
        put_tensor(&t, g, g->inputs[i]);
        put(&t, "%s\n", g->tensors[g->inputs[i]].from_nchw ? " from_nchw" : "");
    }
    for (size_t i = 0; i < g->n_nodes; i++)
        put_node(&t, g, &g->nodes[i]);
    for (size_t i = 0; i < g->n_outputs; i++)
        put(&t, "%s%s", i ? ", " : "output ", g->tensors[g->outputs[i]].name);
    put(&t, "\n");
    if (t.failed) {
        zi_free(&ctx->allocator, t.data);
        *out = NULL;
        return zi_fail(ctx, ZURT_E_NOMEM, "print: out of memory");
    }
    *out = t.data;
    return ZURT_OK;
}
