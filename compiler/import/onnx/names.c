/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes which value, and in what order the nodes can be translated. */
#include <stdlib.h>
#include <string.h>

#include "import/onnx/importer.h"

static int by_name(const void *a, const void *b)
{
    const zc_value *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    if (c)
        return c;
    return x->from != y->from ? (int)x->from - (int)y->from : (x->index > y->index) - 1;
}

uint32_t zc_value_find(const zc_onnx *o, const char *name)
{
    uint32_t lo = 0, hi = o->n_values;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = strcmp(o->values[mid].name, name);
        if (c == 0)
            return mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return ZI_NONE;
}

static bool is_name(const char *s)
{
    return s && *s;
}

static void add_value(zc_onnx *o, const char *name, zc_producer from, size_t index)
{
    if (is_name(name))
        o->values[o->n_values++] = (zc_value){name, from, (uint32_t)index, ZI_NONE, 0, 0, 0, false};
}

/* What a scope's lists take of memory. They are made anew for every call of a function. */
enum { SCOPE_NODE_BYTES = 128, SCOPE_NAME_BYTES = 8, CAPTURE_BYTES = 32 };

static zurt_status count_values(zc_onnx *o, size_t *count)
{
    const Onnx__GraphProto *graph = o->graph;
    if (graph->n_node > ZI_MAX_NODES)
        return zi_fail(o->ctx, ZURT_E_LIMIT, "onnx: %zu nodes, limit %u", graph->n_node,
                       ZI_MAX_NODES);
    size_t n = graph->n_input + graph->n_initializer, names = 0;
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        if (node->n_input > ZC_MAX_ARITY || node->n_output > ZC_MAX_ARITY)
            return zi_fail(o->ctx, ZURT_E_LIMIT, "onnx: node %zu has over %d inputs or outputs", i,
                           ZC_MAX_ARITY);
        n += node->n_output;
        names += node->n_input + node->n_output + node->n_attribute;
    }
    n += o->scope.n_given;
    if (n > ZI_MAX_TENSORS - o->inlined)
        return zi_fail(o->ctx, ZURT_E_LIMIT, "onnx: more than %u values%s", ZI_MAX_TENSORS,
                       o->depth ? ", as its functions and branches are put in place" : "");
    o->inlined += (uint32_t)n;
    *count = n;
    return o->depth == 0 ? ZURT_OK
                         : zc_fold_spend(o, (uint64_t)graph->n_node * SCOPE_NODE_BYTES +
                                                (uint64_t)names * SCOPE_NAME_BYTES);
}

/* An input with an initializer of its name is a constant with a default value: the initializer
 * stays, unless the caller froze the input. Any other name must be made once. */
static zurt_status drop_doubles(zc_onnx *o)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < o->n_values; i++) {
        zc_value *v = &o->values[i];
        zc_value *last = kept ? &o->values[kept - 1] : NULL;
        if (!last || strcmp(last->name, v->name) != 0) {
            o->values[kept++] = *v;
        } else if (v->from == ZC_GIVEN) {
            continue; // the scope's own value comes first
        } else if (last->from == ZC_FROM_INPUT && v->from == ZC_FROM_INITIALIZER) {
            *last = *v;
        } else {
            return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: value '%.80s' is made twice", v->name);
        }
    }
    o->n_values = kept;
    return ZURT_OK;
}

static zurt_status apply_bindings(zc_onnx *o)
{
    const zurt_import_options *options = o->options;
    for (size_t i = 0; i < options->n_bindings; i++) {
        const zurt_binding *b = &options->bindings[i];
        bool found = false;
        for (size_t k = 0; k < o->graph->n_input && b->name; k++) {
            const char *name = o->graph->input[k]->name;
            found = found || (is_name(name) && strcmp(name, b->name) == 0);
        }
        if (!found || !b->data)
            return zi_fail(o->ctx, ZURT_E_ARG, "binding %zu: %s '%.80s'", i,
                           found ? "no data for" : "the model has no input",
                           b->name ? b->name : "");
        zc_value *v = &o->values[zc_value_find(o, b->name)];
        v->from = ZC_FROM_BINDING;
        v->index = (uint32_t)i;
    }
    return ZURT_OK;
}

static zurt_status link_names(zc_onnx *o, char **names, size_t n, bool read, uint32_t **out)
{
    *out = zi_arena_calloc(&o->scratch, n, sizeof(**out));
    if (!*out)
        return zc_no_memory(o);
    for (size_t i = 0; i < n; i++) {
        uint32_t v = is_name(names[i]) ? zc_value_find(o, names[i]) : ZI_NONE;
        if (v != ZI_NONE && o->values[v].from == ZC_GIVEN && o->values[v].id == ZI_NONE)
            v = ZI_NONE; // an input of the function that the call leaves out
        (*out)[i] = v;
        if (v != ZI_NONE && read) {
            o->values[v].n_uses++;
            o->values[v].n_readers++;
        }
    }
    return ZURT_OK;
}

/* ---- graphs in attributes ----------------------------------------------------------------- */

/* Calls see(self, name) for every name that a graph in an attribute of the node reads, whoever
 * makes it. As deep as messages nest: ZC_WIRE_MAX_DEPTH. */
typedef void see_fn(void *self, const char *name);

static void see_names(const Onnx__NodeProto *node, see_fn *see, void *self)
{
    for (size_t a = 0; a < node->n_attribute; a++) {
        const Onnx__GraphProto *graph = node->attribute[a]->g;
        for (size_t i = 0; graph && i < graph->n_output; i++)
            see(self, graph->output[i]->name);
        for (size_t i = 0; graph && i < graph->n_node; i++) {
            for (size_t k = 0; k < graph->node[i]->n_input; k++)
                see(self, graph->node[i]->input[k]);
            see_names(graph->node[i], see, self);
        }
    }
}

typedef struct capture {
    zc_onnx *o;
    zc_links *links; // NULL: only count
    size_t n, n_seen;
} capture;

static void see(void *self, const char *name)
{
    capture *c = self;
    c->n_seen++;
    uint32_t v = is_name(name) ? zc_value_find(c->o, name) : ZI_NONE;
    if (v == ZI_NONE)
        return;
    if (c->links) {
        c->links->captured[c->n] = v;
        c->o->values[v].n_uses++; // not n_readers: it is no plain input
        c->o->values[v].crosses = true;
    }
    c->n++;
}

static zurt_status link_captured(zc_onnx *o, const Onnx__NodeProto *node, zc_links *links)
{
    capture c = {o, NULL, 0, 0};
    see_names(node, see, &c);
    zurt_status st = o->depth ? zc_fold_spend(o, (uint64_t)c.n_seen * CAPTURE_BYTES) : ZURT_OK;
    if (st || c.n == 0)
        return st;
    links->captured = zi_arena_calloc(&o->scratch, c.n, sizeof(*links->captured));
    if (!links->captured)
        return zc_no_memory(o);
    links->n_captured = (uint32_t)c.n;
    c = (capture){o, links, 0, 0};
    see_names(node, see, &c);
    return ZURT_OK;
}

static zurt_status list_readers(zc_onnx *o)
{
    uint32_t total = 0;
    for (uint32_t v = 0; v < o->n_values; v++) {
        o->values[v].readers = total;
        total += o->values[v].n_readers;
        o->values[v].n_readers = 0; // counted again while they are listed
    }
    o->readers = zi_arena_calloc(&o->scratch, total, sizeof(*o->readers));
    if (!o->readers)
        return zc_no_memory(o);
    for (uint32_t i = 0; i < o->graph->n_node; i++) {
        for (size_t k = 0; k < o->graph->node[i]->n_input; k++) {
            uint32_t v = o->links[i].in[k];
            if (v != ZI_NONE)
                o->readers[o->values[v].readers + o->values[v].n_readers++] = i;
        }
    }
    return ZURT_OK;
}

zurt_status zc_names_build(zc_onnx *o)
{
    const Onnx__GraphProto *graph = o->graph;
    size_t count = 0;
    zurt_status st = count_values(o, &count);
    if (st)
        return st;
    o->n_values = 0;
    o->values = zi_arena_calloc(&o->scratch, count, sizeof(*o->values));
    o->links = zi_arena_calloc(&o->scratch, graph->n_node, sizeof(*o->links));
    if (!o->values || !o->links)
        return zc_no_memory(o);
    for (size_t i = 0; i < graph->n_input; i++)
        add_value(o, graph->input[i]->name, ZC_FROM_INPUT, i);
    for (size_t i = 0; i < graph->n_initializer; i++)
        add_value(o, graph->initializer[i]->name, ZC_FROM_INITIALIZER, i);
    for (size_t i = 0; i < graph->n_node; i++) {
        for (size_t k = 0; k < graph->node[i]->n_output; k++)
            add_value(o, graph->node[i]->output[k], ZC_FROM_NODE, i);
    }
    for (size_t i = 0; i < o->scope.n_given; i++) {
        add_value(o, o->scope.given[i].name, ZC_GIVEN, i);
        if (is_name(o->scope.given[i].name))
            o->values[o->n_values - 1].id = o->scope.given[i].id;
    }
    qsort(o->values, o->n_values, sizeof(*o->values), by_name);
    st = drop_doubles(o);
    if (!st && o->depth == 0)
        st = apply_bindings(o);
    for (size_t i = 0; i < graph->n_node && !st; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        st = link_names(o, node->input, node->n_input, true, &o->links[i].in);
        if (!st)
            st = link_names(o, node->output, node->n_output, false, &o->links[i].out);
        if (!st)
            st = link_captured(o, node, &o->links[i]);
    }
    return st ? st : list_readers(o);
}

/* Depth first from the outputs, on a stack of our own: a node is ordered after all it reads. */
typedef struct visit {
    uint32_t node;
    uint32_t next; // input to look at
} visit;

enum { NEW, OPEN, DONE };

static zurt_status visit_value(zc_onnx *o, uint32_t value, uint8_t *state, visit *stack,
                               uint32_t *depth)
{
    const zc_value *v = &o->values[value];
    if (v->from != ZC_FROM_NODE || state[v->index] == DONE)
        return ZURT_OK;
    o->index = v->index;
    if (state[v->index] == OPEN)
        return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: node %u needs its own output '%.80s': a cycle",
                       (unsigned)v->index, v->name);
    state[v->index] = OPEN;
    stack[(*depth)++] = (visit){v->index, 0};
    return ZURT_OK;
}

static zurt_status order_from(zc_onnx *o, uint32_t value, uint8_t *state, visit *stack)
{
    uint32_t depth = 0;
    zurt_status st = visit_value(o, value, state, stack, &depth);
    while (!st && depth > 0) {
        visit *top = &stack[depth - 1];
        const Onnx__NodeProto *node = o->graph->node[top->node];
        const zc_links *links = &o->links[top->node];
        if (top->next == node->n_input + links->n_captured) {
            state[top->node] = DONE;
            o->order[o->n_order++] = top->node;
            depth--;
            continue;
        }
        uint32_t i = top->next++;
        uint32_t v = i < node->n_input ? links->in[i] : links->captured[i - node->n_input];
        if (v != ZI_NONE)
            st = visit_value(o, v, state, stack, &depth);
        else if (is_name(node->input[i]) && zc_value_find(o, node->input[i]) == ZI_NONE)
            st = zi_fail(o->ctx, ZURT_E_FORMAT,
                         "onnx: node %u '%.80s' (%.40s): nothing makes its input '%.80s'",
                         (unsigned)top->node, node->name ? node->name : "",
                         node->op_type ? node->op_type : "", node->input[i]);
    }
    return st;
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* True if the nodes in the order of the file read only what is made before. */
static bool file_order_works(const zc_onnx *o)
{
    for (uint32_t k = 0; k < o->n_order; k++) {
        uint32_t node = o->order[k];
        const zc_links *links = &o->links[node];
        const size_t n_in = o->graph->node[node]->n_input;
        for (size_t i = 0; i < n_in + links->n_captured; i++) {
            uint32_t v = i < n_in ? links->in[i] : links->captured[i - n_in];
            if (v != ZI_NONE && o->values[v].from == ZC_FROM_NODE && o->values[v].index >= node)
                return false;
        }
    }
    return true;
}

zurt_status zc_order_find(zc_onnx *o)
{
    const Onnx__GraphProto *graph = o->graph;
    size_t n = graph->n_node;
    uint8_t *state = zi_arena_calloc(&o->scratch, n, sizeof(*state));
    visit *stack = zi_arena_calloc(&o->scratch, n, sizeof(*stack));
    o->order = zi_arena_calloc(&o->scratch, n, sizeof(*o->order));
    uint32_t *found = zi_arena_calloc(&o->scratch, n, sizeof(*found));
    if (!state || !stack || !o->order || !found)
        return zc_no_memory(o);
    zurt_status st = ZURT_OK;
    o->n_order = 0;
    for (size_t i = 0; i < graph->n_output && !st; i++) {
        const char *name = graph->output[i]->name;
        uint32_t v = is_name(name) ? zc_value_find(o, name) : ZI_NONE;
        if (v == ZI_NONE)
            return zi_fail(o->ctx, ZURT_E_FORMAT, "onnx: nothing makes output %zu '%.80s'", i,
                           name ? name : "");
        o->values[v].n_uses++;
        o->values[v].crosses = o->values[v].crosses || o->depth > 0;
        st = order_from(o, v, state, stack);
    }
    if (st || n == 0)
        return st;
    memcpy(found, o->order, o->n_order * sizeof(*found));
    qsort(o->order, o->n_order, sizeof(*o->order), by_index);
    if (!file_order_works(o)) // then the order found, which does
        memcpy(o->order, found, o->n_order * sizeof(*found));
    return ZURT_OK;
}
