/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the segments of a plan and runs them in order. */
#include <string.h>

#include "base/alloc.h"
#include "exec/session.h"

static zurt_status compile(zurt_ctx *ctx, zi_schedule *s)
{
    uint32_t n = s->partition->n_segments;
    s->programs = zi_calloc(&s->allocator, n, sizeof(*s->programs));
    s->first_step = zi_calloc(&s->allocator, n, sizeof(*s->first_step));
    if (!s->programs || !s->first_step)
        return zi_fail(ctx, ZURT_E_NOMEM, "session: no memory for %u segments", (unsigned)n);
    for (uint32_t i = 0; i < n; i++) {
        const zi_segment *segment = &s->partition->segments[i];
        const zi_device *d = &s->devices[segment->device];
        zurt_status st =
            d->vtable->program_create(ctx, d->backend, s->graph, segment, &s->programs[i]);
        if (st)
            return st;
        zi_program_needs needs = d->vtable->program_needs(s->programs[i]);
        s->first_step[i] = s->n_steps;
        s->n_steps += needs.n_steps;
        if (needs.scratch_bytes > s->scratch_bytes)
            s->scratch_bytes = needs.scratch_bytes;
    }
    return ZURT_OK;
}

zurt_status zi_schedule_create(zurt_ctx *ctx, const zi_graph *graph, const zi_device *devices,
                               uint32_t n_devices, zi_schedule **out)
{
    *out = NULL;
    zi_schedule *s = zi_zalloc(&ctx->allocator, sizeof(*s));
    if (!s)
        return zi_fail(ctx, ZURT_E_NOMEM, "session: need %zu bytes", sizeof(*s));
    s->allocator = ctx->allocator;
    s->devices = devices;
    const zi_caps *caps[ZI_MAX_ACCELERATORS + 1];
    for (uint32_t d = 0; d < n_devices; d++)
        caps[d] = devices[d].vtable->caps(devices[d].backend);
    zurt_status st = zi_partition_create(ctx, graph, caps, n_devices, &s->partition);
    if (!st)
        st = zi_memory_plan_create(ctx, s->partition, &s->memory);
    if (!st) {
        s->graph = s->partition->graph;
        st = zi_schedule_check_room(ctx, s);
    }
    if (!st)
        st = compile(ctx, s);
    if (st) {
        zi_schedule_destroy(s);
        return st;
    }
    *out = s;
    return ZURT_OK;
}

void zi_schedule_destroy(zi_schedule *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->programs && i < s->partition->n_segments; i++) {
        const zi_device *d = &s->devices[s->partition->segments[i].device];
        d->vtable->program_destroy(s->programs[i]);
    }
    zurt_allocator allocator = s->allocator;
    zi_free(&allocator, s->programs);
    zi_free(&allocator, s->first_step);
    zi_memory_plan_destroy(s->memory);
    zi_partition_destroy(s->partition);
    zi_free(&allocator, s);
}

void zi_schedule_bind(const zi_schedule *s, void *arena, void **tensors)
{
    for (size_t i = 0; i < s->graph->n_tensors; i++) {
        const zi_storage *where = &s->memory->tensors[i];
        if (where->kind == ZI_STORAGE_ARENA)
            tensors[i] = (uint8_t *)arena + where->offset;
        else if (where->kind == ZI_STORAGE_CONST)
            tensors[i] = (void *)s->graph->tensors[where->index].data; // never written
    }
}

// An empty tensor may come without an address, which ops would take for an absent one.
static void *address(const zi_schedule_run *run, const void *data)
{
    return data ? (void *)data : run->arena;
}

static void bind_caller(const zi_schedule *s, const zi_schedule_run *run)
{
    for (size_t i = 0; i < s->graph->n_tensors; i++) {
        const zi_storage *where = &s->memory->tensors[i];
        if (where->kind == ZI_STORAGE_INPUT)
            run->tensors[i] = address(run, run->in[where->index].data);
        else if (where->kind == ZI_STORAGE_OUTPUT)
            run->tensors[i] = address(run, run->out[where->index].data);
    }
}

/* A segment of the CPU counts as one thread that computes; one of a device waits. */
static zurt_status submit(const zi_schedule *s, uint32_t segment, zi_pool *pool, const zi_run *part)
{
    const zi_segment *what = &s->partition->segments[segment];
    const bool computes = pool && zi_segment_is_cpu(s->partition, what);
    if (computes)
        zi_pool_enter(pool);
    zurt_status st = s->devices[what->device].vtable->submit(s->programs[segment], part);
    if (computes)
        zi_pool_leave(pool);
    return st;
}

zurt_status zi_schedule_execute(const zi_schedule *s, const zi_schedule_run *run)
{
    bind_caller(s, run);
    for (uint32_t i = 0; i < s->partition->n_segments; i++) {
        const zi_backend_vtable *vtable = s->devices[s->partition->segments[i].device].vtable;
        zi_run part = {
            .stream = run->stream,
            .tensors = run->tensors,
            .scratch = run->scratch,
            .parallel = run->parallel,
            .step_ns = run->step_ns ? run->step_ns + s->first_step[i] : NULL,
            .error = run->error,
        };
        zurt_status st = submit(s, i, run->pool, &part);
        if (!st)
            st = vtable->wait(s->programs[i], &part);
        if (st)
            return st;
    }
    for (uint32_t i = 0; i < s->memory->n_copies; i++) {
        const zi_output_copy *c = &s->memory->copies[i];
        const zurt_span *out = &run->out[c->output];
        if (out->bytes)
            memcpy(out->data, run->tensors[c->tensor], out->bytes);
    }
    return ZURT_OK;
}
