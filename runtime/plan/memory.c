/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors that hold the same bytes, or replace each other's in place, form one buffer; all of a
 * buffer's tensors have its size. Time is counted in steps: a node of a CPU segment, or a whole
 * device segment. A buffer is taken from the step that writes it first to its last reader's, both
 * included, so what a step reads never meets what it writes, except in place. A device reads its
 * inputs until it is waited for: behind the free nodes of the segment that follows.
 */
#include <assert.h>

#include "base/alloc.h"
#include "base/size.h"
#include "plan/offsets.h"
#include "plan/plan.h"

#define FOREVER UINT32_MAX

typedef struct buffer {
    zi_storage_kind kind;
    uint32_t index;
    uint32_t first;
    uint32_t last;
    size_t bytes;
    size_t offset;
} buffer;

typedef struct planner {
    zurt_ctx *ctx;
    const zi_graph *g;
    const zi_partition *partition;
    zi_memory_plan *plan;
    zi_arena temporary;
    uint32_t *last_use;  // per tensor: step of the last reader
    uint32_t *buffer_of; // per tensor; ZI_NONE: not in host memory
    buffer *buffers;
    uint32_t n_buffers;
} planner;

static zurt_status no_memory(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "memory plan: out of memory");
}

static zurt_status too_large(zurt_ctx *ctx, size_t limit)
{
    return zi_fail(ctx, ZURT_E_LIMIT,
                   "memory plan: the activations need more than %zu bytes; use a smaller batch or "
                   "input",
                   limit);
}

static bool init(planner *p)
{
    zi_arena_init(&p->temporary, &p->ctx->allocator);
    size_t n = p->g->n_tensors;
    p->last_use = zi_arena_calloc(&p->temporary, n, sizeof(*p->last_use));
    p->buffer_of = zi_arena_calloc(&p->temporary, n, sizeof(*p->buffer_of));
    p->buffers = zi_arena_calloc(&p->temporary, n, sizeof(*p->buffers));
    p->plan->tensors = zi_arena_calloc(&p->plan->arena, n, sizeof(*p->plan->tensors));
    p->plan->copies = zi_arena_calloc(&p->plan->arena, p->g->n_outputs, sizeof(*p->plan->copies));
    if (!p->last_use || !p->buffer_of || !p->buffers || !p->plan->tensors || !p->plan->copies)
        return false;
    for (size_t i = 0; i < n; i++)
        p->buffer_of[i] = ZI_NONE;
    return true;
}

// ---- lifetimes

static void find_last_uses(planner *p)
{
    uint32_t step = 0;
    for (uint32_t s = 0; s < p->partition->n_segments; s++) {
        const zi_segment *segment = &p->partition->segments[s];
        bool cpu = zi_segment_is_cpu(p->partition, segment);
        const bool more = s + 1 < p->partition->n_segments;
        const uint32_t n_free = cpu || !more ? 0 : segment[1].n_free;
        const uint32_t in_flight = n_free ? n_free + 1 : 0; // nor does the last one write in place
        for (zi_id i = 0; i < segment->n_nodes; i++) {
            const zi_node *n = &p->g->nodes[segment->first_node + i];
            for (uint32_t k = 0; k < n->n_in; k++) {
                if (n->in[k] != ZI_NONE && p->last_use[n->in[k]] < step + in_flight)
                    p->last_use[n->in[k]] = step + in_flight;
            }
            step += cpu;
        }
        step += !cpu;
    }
    for (size_t i = 0; i < p->g->n_outputs; i++)
        p->last_use[p->g->outputs[i]] = FOREVER;
}

static void add_buffer(planner *p, zi_id tensor, zi_storage_kind kind, uint32_t index,
                       uint32_t step)
{
    uint32_t last = p->last_use[tensor];
    p->buffer_of[tensor] = p->n_buffers;
    p->buffers[p->n_buffers++] = (buffer){
        .kind = kind,
        .index = index,
        .first = step,
        .last = last > step ? last : step,
        .bytes = zi_tensor_bytes(&p->g->tensors[tensor]),
    };
}

static void join_buffer(planner *p, zi_id tensor, uint32_t b)
{
    assert(p->buffers[b].bytes == zi_tensor_bytes(&p->g->tensors[tensor]));
    p->buffer_of[tensor] = b;
    if (p->last_use[tensor] > p->buffers[b].last)
        p->buffers[b].last = p->last_use[tensor];
}

// ---- sharing

// An element of `in` is read only where the same element of `out` is written: then it may be
// overwritten. Equal byte counts are not enough, since a broadcast operand is read again.
static bool same_elements(const zi_tensor *in, const zi_tensor *out)
{
    return zi_tensor_elems(in) == zi_tensor_elems(out) &&
           zurt_dtype_bytes(in->dtype) == zurt_dtype_bytes(out->dtype);
}

// The buffer that output 0 of a node shares with one of its inputs; ZI_NONE: a new one.
static uint32_t shared_buffer(const planner *p, const zi_node *n, uint32_t step)
{
    if (zi_op_has(n->op, ZI_OPF_VIEW))
        return p->buffer_of[n->in[0]];
    uint32_t n_candidates = zi_op_has(n->op, ZI_OPF_MAP)      ? 1
                            : zi_op_has(n->op, ZI_OPF_BINARY) ? n->n_in
                                                              : 0;
    for (uint32_t k = 0; k < n_candidates; k++) {
        const buffer *b = &p->buffers[p->buffer_of[n->in[k]]];
        if (b->kind == ZI_STORAGE_ARENA && b->last <= step &&
            same_elements(&p->g->tensors[n->in[k]], &p->g->tensors[n->out[0]]))
            return p->buffer_of[n->in[k]];
    }
    return ZI_NONE;
}

static void assign_node(planner *p, const zi_node *n, uint32_t step)
{
    uint32_t shared = shared_buffer(p, n, step);
    for (uint32_t k = 0; k < n->n_out; k++) {
        if (k == 0 && shared != ZI_NONE)
            join_buffer(p, n->out[k], shared);
        else
            add_buffer(p, n->out[k], ZI_STORAGE_ARENA, 0, step);
    }
}

static void assign_buffers(planner *p)
{
    const zi_graph *g = p->g;
    for (uint32_t i = 0; i < g->n_tensors; i++) {
        if (zi_tensor_is_const(&g->tensors[i]))
            add_buffer(p, i, ZI_STORAGE_CONST, i, 0);
    }
    for (uint32_t i = 0; i < g->n_inputs; i++)
        add_buffer(p, g->inputs[i], ZI_STORAGE_INPUT, i, 0);
    uint32_t step = 0;
    for (uint32_t s = 0; s < p->partition->n_segments; s++) {
        const zi_segment *segment = &p->partition->segments[s];
        if (zi_segment_is_cpu(p->partition, segment)) {
            for (zi_id i = 0; i < segment->n_nodes; i++)
                assign_node(p, &g->nodes[segment->first_node + i], step++);
            continue;
        }
        for (uint32_t i = 0; i < segment->n_outputs; i++)
            add_buffer(p, segment->outputs[i], ZI_STORAGE_ARENA, 0, step);
        step++;
    }
}

// A computed graph output takes its whole buffer to the caller's memory; the rest is copied.
static void assign_outputs(planner *p)
{
    for (uint32_t i = 0; i < p->g->n_outputs; i++) {
        zi_id tensor = p->g->outputs[i];
        buffer *b = &p->buffers[p->buffer_of[tensor]];
        if (b->kind == ZI_STORAGE_ARENA) {
            b->kind = ZI_STORAGE_OUTPUT;
            b->index = i;
        } else {
            p->plan->copies[p->plan->n_copies++] = (zi_output_copy){i, tensor};
        }
    }
}

// ---- offsets

static zurt_status assign_offsets(planner *p)
{
    const size_t limit = SIZE_MAX / 2;
    zi_allocation *allocations = zi_arena_calloc(&p->temporary, p->n_buffers, sizeof(*allocations));
    if (!allocations)
        return no_memory(p->ctx);
    size_t n = 0, failed;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        const buffer *b = &p->buffers[i];
        if (b->kind != ZI_STORAGE_ARENA)
            continue;
        allocations[n] = (zi_allocation){.first = b->first, .last = b->last, .owner = i};
        if (!zi_size_align(b->bytes, ZI_ALIGN, &allocations[n++].size))
            return too_large(p->ctx, limit);
    }
    if (!zi_assign_offsets(allocations, n, &p->temporary, limit, &p->plan->arena_bytes, &failed))
        return no_memory(p->ctx);
    if (failed < n)
        return too_large(p->ctx, limit);
    for (size_t i = 0; i < n; i++)
        p->buffers[allocations[i].owner].offset = allocations[i].offset;
    return ZURT_OK;
}

static void store(planner *p)
{
    for (size_t i = 0; i < p->g->n_tensors; i++) {
        if (p->buffer_of[i] == ZI_NONE)
            continue;
        const buffer *b = &p->buffers[p->buffer_of[i]];
        p->plan->tensors[i] = (zi_storage){b->kind, b->index, b->offset};
    }
}

zurt_status zi_memory_plan_create(zurt_ctx *ctx, const zi_partition *partition,
                                  zi_memory_plan **out)
{
    *out = NULL;
    zi_memory_plan *plan = zi_zalloc(&ctx->allocator, sizeof(*plan));
    if (!plan)
        return no_memory(ctx);
    zi_arena_init(&plan->arena, &ctx->allocator);
    planner p = {.ctx = ctx, .g = partition->graph, .partition = partition, .plan = plan};
    zurt_status st = init(&p) ? ZURT_OK : no_memory(ctx);
    if (!st) {
        find_last_uses(&p);
        assign_buffers(&p);
        assign_outputs(&p);
        st = assign_offsets(&p);
    }
    if (!st)
        store(&p);
    zi_arena_clear(&p.temporary);
    if (st) {
        zi_memory_plan_destroy(plan);
        return st;
    }
    *out = plan;
    return ZURT_OK;
}

void zi_memory_plan_destroy(zi_memory_plan *plan)
{
    if (!plan)
        return;
    zurt_allocator allocator = plan->arena.allocator;
    zi_arena_clear(&plan->arena);
    zi_free(&allocator, plan);
}
