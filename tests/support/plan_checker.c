/* SPDX-License-Identifier: Apache-2.0 */
/* Acts out a memory plan and notes where two live tensors meet. */
#include "support/plan_checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

typedef struct actor {
    const zi_graph *g;
    const zi_partition *partition;
    const zi_memory_plan *plan;
    uint32_t *value;    // per tensor: what it holds; views hold their input's
    uint32_t *arena;    // per byte: value held
    uint32_t **outputs; // per output and byte
    char *why;
    size_t why_size;
} actor;

static bool wrong(actor *a, const char *what, zi_id tensor)
{
    snprintf(a->why, a->why_size, "tensor %u '%s': %s", (unsigned)tensor,
             a->g->tensors[tensor].name, what);
    return false;
}

static void *alloc_or_abort(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);
    if (!p)
        abort();
    return p;
}

// The labels of a tensor's bytes; NULL if it is constant or in the caller's input.
static uint32_t *labels(const actor *a, zi_id tensor)
{
    const zi_storage *s = &a->plan->tensors[tensor];
    if (s->kind == ZI_STORAGE_ARENA)
        return a->arena + s->offset;
    return s->kind == ZI_STORAGE_OUTPUT ? a->outputs[s->index] : NULL;
}

static bool check_place(actor *a, zi_id tensor)
{
    const zi_storage *s = &a->plan->tensors[tensor];
    size_t bytes = zi_tensor_bytes(&a->g->tensors[tensor]);
    switch (s->kind) {
    case ZI_STORAGE_NONE:
        return wrong(a, "has no place but is read or written", tensor);
    case ZI_STORAGE_ARENA:
        if (s->offset % ZI_ALIGN || s->offset > a->plan->arena_bytes ||
            bytes > a->plan->arena_bytes - s->offset)
            return wrong(a, "outside the arena or not aligned", tensor);
        return true;
    case ZI_STORAGE_OUTPUT:
        if (s->index >= a->g->n_outputs ||
            zi_tensor_bytes(&a->g->tensors[a->g->outputs[s->index]]) != bytes)
            return wrong(a, "is in an output of another size", tensor);
        return true;
    case ZI_STORAGE_INPUT:
        if (s->index >= a->g->n_inputs || a->value[a->g->inputs[s->index]] != a->value[tensor])
            return wrong(a, "is in an input that holds something else", tensor);
        return true;
    case ZI_STORAGE_CONST:
        if (s->index >= a->g->n_tensors || !a->g->tensors[s->index].data ||
            a->value[s->index] != a->value[tensor])
            return wrong(a, "is in a constant that holds something else", tensor);
        return true;
    }
    return false;
}

static bool read_tensor(actor *a, zi_id tensor)
{
    if (!check_place(a, tensor))
        return false;
    const uint32_t *held = labels(a, tensor);
    size_t bytes = zi_tensor_bytes(&a->g->tensors[tensor]);
    for (size_t i = 0; held && i < bytes; i++) {
        if (held[i] != a->value[tensor])
            return wrong(a, "was overwritten before it is read", tensor);
    }
    return true;
}

static bool write_tensor(actor *a, zi_id tensor)
{
    if (!check_place(a, tensor))
        return false;
    uint32_t *held = labels(a, tensor);
    if (!held)
        return wrong(a, "would be written into an input or a constant", tensor);
    size_t bytes = zi_tensor_bytes(&a->g->tensors[tensor]);
    for (size_t i = 0; i < bytes; i++)
        held[i] = a->value[tensor];
    return true;
}

static bool overlap(const actor *a, zi_id x, zi_id y)
{
    const uint32_t *p = labels(a, x), *q = labels(a, y);
    size_t n_p = zi_tensor_bytes(&a->g->tensors[x]), n_q = zi_tensor_bytes(&a->g->tensors[y]);
    uintptr_t u = (uintptr_t)p, v = (uintptr_t)q;
    const bool any = p && q && n_p && n_q;
    return any && (u < v ? (v - u) / sizeof(*p) < n_p : (u - v) / sizeof(*p) < n_q);
}

// What ops.h lets a node overwrite: an input of a MAP (the first) or BINARY op, element by element.
static bool may_overwrite(const actor *a, const zi_node *n, uint32_t i)
{
    const zi_tensor *in = &a->g->tensors[n->in[i]], *out = &a->g->tensors[n->out[0]];
    bool allowed = zi_op_has(n->op, ZI_OPF_BINARY) || (zi_op_has(n->op, ZI_OPF_MAP) && i == 0);
    return allowed && zi_tensor_elems(in) == zi_tensor_elems(out) &&
           zi_tensor_bytes(in) == zi_tensor_bytes(out) &&
           labels(a, n->in[i]) == labels(a, n->out[0]);
}

static bool act_node(actor *a, const zi_node *n)
{
    bool view = zi_op_has(n->op, ZI_OPF_VIEW);
    if (view)
        a->value[n->out[0]] = a->value[n->in[0]];
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE && !read_tensor(a, n->in[i]))
            return false;
    }
    for (uint32_t k = 0; k < n->n_out; k++) {
        for (uint32_t i = 0; i < n->n_in; i++) {
            bool same = n->in[i] != ZI_NONE && overlap(a, n->in[i], n->out[k]);
            if (same && !view && !(k == 0 && may_overwrite(a, n, i)))
                return wrong(a, "overlaps an input of its node", n->out[k]);
        }
        for (uint32_t i = 0; i < k; i++) {
            if (overlap(a, n->out[i], n->out[k]))
                return wrong(a, "overlaps another output of its node", n->out[k]);
        }
        if (view ? !read_tensor(a, n->out[k]) : !write_tensor(a, n->out[k]))
            return false;
    }
    return true;
}

// A device reads all its inputs and writes all its outputs in any order; `again`: still, when it is
// waited for.
static bool act_device(actor *a, const zi_segment *segment, bool again)
{
    for (uint32_t i = 0; again && i < segment->n_outputs; i++) {
        if (!read_tensor(a, segment->outputs[i]))
            return false;
    }
    for (uint32_t i = 0; i < segment->n_inputs; i++) {
        if (!read_tensor(a, segment->inputs[i]))
            return false;
    }
    for (uint32_t i = 0; i < segment->n_outputs; i++) {
        if (!write_tensor(a, segment->outputs[i]))
            return false;
    }
    for (uint32_t i = 0; i < segment->n_inputs; i++) {
        if (!read_tensor(a, segment->inputs[i]))
            return false;
    }
    for (uint32_t i = 0; i < segment->n_outputs; i++) {
        if (!read_tensor(a, segment->outputs[i]))
            return false;
    }
    return true;
}

// A free node reads nothing that the device segment before it writes.
static bool is_free(actor *a, const zi_segment *device, const zi_node *n)
{
    for (uint32_t k = 0; k < n->n_in; k++) {
        for (uint32_t i = 0; i < device->n_outputs; i++) {
            if (n->in[k] == device->outputs[i])
                return wrong(a, "is read by a free node before the device has written it",
                             n->in[k]);
        }
    }
    return true;
}

static bool act_copies(actor *a)
{
    for (uint32_t i = 0; i < a->plan->n_copies; i++) {
        const zi_output_copy *c = &a->plan->copies[i];
        if (!read_tensor(a, c->tensor))
            return false;
        size_t bytes = zi_tensor_bytes(&a->g->tensors[c->tensor]);
        if (bytes != zi_tensor_bytes(&a->g->tensors[a->g->outputs[c->output]]))
            return wrong(a, "is copied to an output of another size", c->tensor);
        for (size_t k = 0; k < bytes; k++)
            a->outputs[c->output][k] = a->value[c->tensor];
    }
    return true;
}

static bool check_outputs(actor *a)
{
    for (size_t i = 0; i < a->g->n_outputs; i++) {
        zi_id id = a->g->outputs[i];
        for (size_t k = 0; k < zi_tensor_bytes(&a->g->tensors[id]); k++) {
            if (a->outputs[i][k] != a->value[id])
                return wrong(a, "does not reach its output", id);
        }
    }
    return true;
}

static bool act(actor *a)
{
    zi_id next = 0;
    for (uint32_t s = 0; s < a->partition->n_segments; s++) {
        const zi_segment *segment = &a->partition->segments[s];
        if (segment->first_node != next)
            return wrong(a, "a segment does not start where the last one ended", 0);
        next += segment->n_nodes;
        bool cpu = segment->device == a->partition->n_devices - 1;
        if (!cpu && !act_device(a, segment, false))
            return false;
        for (zi_id i = 0; cpu && i < segment->n_nodes; i++) {
            if (i > 0 && i == segment->n_free && !act_device(a, segment - 1, true))
                return false;
            const zi_node *n = &a->g->nodes[segment->first_node + i];
            if ((i < segment->n_free && !is_free(a, segment - 1, n)) || !act_node(a, n))
                return false;
        }
        if (cpu && segment->n_free == segment->n_nodes && !act_device(a, segment - 1, true))
            return false;
    }
    if (next != a->g->n_nodes) {
        snprintf(a->why, a->why_size, "segments cover %u of %zu nodes", (unsigned)next,
                 a->g->n_nodes);
        return false;
    }
    return act_copies(a) && check_outputs(a);
}

bool zt_plan_check(const zi_partition *partition, const zi_memory_plan *plan, char *why,
                   size_t why_size)
{
    const zi_graph *g = partition->graph;
    actor a = {.g = g, .partition = partition, .plan = plan, .why = why, .why_size = why_size};
    a.value = alloc_or_abort(g->n_tensors, sizeof(*a.value));
    for (zi_id i = 0; i < g->n_tensors; i++)
        a.value[i] = i;
    a.arena = alloc_or_abort(plan->arena_bytes, sizeof(*a.arena));
    memset(a.arena, 0xff, plan->arena_bytes * sizeof(*a.arena)); // no value
    a.outputs = alloc_or_abort(g->n_outputs, sizeof(*a.outputs));
    for (size_t i = 0; i < g->n_outputs; i++) {
        size_t bytes = zi_tensor_bytes(&g->tensors[g->outputs[i]]);
        a.outputs[i] = alloc_or_abort(bytes, sizeof(**a.outputs));
        memset(a.outputs[i], 0xff, bytes * sizeof(**a.outputs));
    }
    bool ok = act(&a);
    for (size_t i = 0; i < g->n_outputs; i++)
        free(a.outputs[i]);
    free(a.outputs);
    free(a.arena);
    free(a.value);
    return ok;
}
