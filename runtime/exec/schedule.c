/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the segments of a plan and runs them in order, the CPU beside a device where it may. */
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "exec/session.h"

static void add_part(zi_schedule *s, const zi_segment *segment, zi_id first, zi_id n, bool is_free)
{
    zi_part *part = &s->parts[s->n_parts++];
    part->segment = *segment;
    part->segment.first_node = first;
    part->segment.n_nodes = n;
    part->on_cpu = zi_segment_is_cpu(s->partition, segment);
    part->is_free = is_free;
}

static zurt_status cut(zurt_ctx *ctx, zi_schedule *s)
{
    const uint32_t n = s->partition->n_segments;
    s->parts = zi_calloc(&s->allocator, (size_t)n * 2, sizeof(*s->parts));
    if (!s->parts)
        return zi_fail(ctx, ZURT_E_NOMEM, "session: no memory for %u segments", (unsigned)n);
    for (uint32_t i = 0; i < n; i++) {
        const zi_segment *segment = &s->partition->segments[i];
        const zi_id rest = segment->n_nodes - segment->n_free;
        if (segment->n_free)
            add_part(s, segment, segment->first_node, segment->n_free, true);
        if (rest)
            add_part(s, segment, segment->first_node + segment->n_free, rest, false);
    }
    return ZURT_OK;
}

/* Lists the tensors in the caller's memory: the only addresses that differ from run to run. */
static zurt_status list_callers(zurt_ctx *ctx, zi_schedule *s)
{
    const size_t n = s->graph->n_tensors;
    s->callers = zi_calloc(&s->allocator, n, sizeof(*s->callers));
    if (!s->callers)
        return zi_fail(ctx, ZURT_E_NOMEM, "session: no memory for %zu tensors", n);
    for (zi_id i = 0; i < n; i++) {
        const zi_storage_kind kind = s->memory->tensors[i].kind;
        if (kind == ZI_STORAGE_INPUT || kind == ZI_STORAGE_OUTPUT)
            s->callers[s->n_callers++] = i;
    }
    return ZURT_OK;
}

static zurt_status compile(zurt_ctx *ctx, zi_schedule *s)
{
    size_t device_scratch_bytes = 0;
    zurt_status st = cut(ctx, s);
    for (uint32_t i = 0; !st && i < s->n_parts; i++) {
        zi_part *part = &s->parts[i];
        const zi_device *d = &s->devices[part->segment.device];
        st = d->vtable->program_create(ctx, d->backend, s->graph, &part->segment, &part->program);
        if (st)
            return st;
        const zi_program_needs needs = d->vtable->program_needs(part->program);
        size_t *most = part->on_cpu ? &s->cpu_scratch_bytes : &device_scratch_bytes;
        *most = needs.scratch_bytes > *most ? needs.scratch_bytes : *most;
        part->first_step = s->n_steps;
        s->n_steps += needs.n_steps;
    }
    if (!st && !(zi_size_align(s->cpu_scratch_bytes, ZI_ALIGN, &s->cpu_scratch_bytes) &&
                 zi_size_add(s->cpu_scratch_bytes, device_scratch_bytes, &s->scratch_bytes)))
        st = zi_fail(ctx, ZURT_E_LIMIT, "session: scratch memory exceeds size_t");
    return st;
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
        st = list_callers(ctx, s);
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
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const zi_part *part = &s->parts[i];
        s->devices[part->segment.device].vtable->program_destroy(part->program);
    }
    zurt_allocator allocator = s->allocator;
    zi_free(&allocator, s->parts);
    zi_free(&allocator, s->callers);
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
    for (uint32_t i = 0; i < s->n_callers; i++) {
        const zi_id id = s->callers[i];
        const zi_storage *where = &s->memory->tensors[id];
        const bool is_input = where->kind == ZI_STORAGE_INPUT;
        run->tensors[id] = address(run, is_input ? run->in[where->index].data
                                                 : (const void *)run->out[where->index].data);
    }
}

static zi_run run_of(const zi_schedule *s, const zi_part *part, const zi_schedule_run *run)
{
    const size_t skip = part->on_cpu ? 0 : s->cpu_scratch_bytes;
    return (zi_run){
        .stream = run->stream,
        .tensors = run->tensors,
        .scratch = (char *)run->scratch + skip,
        .parallel = run->parallel,
        .step_ns = run->step_ns ? run->step_ns + part->first_step : NULL,
        .error = run->error,
        .cancelled = run->cancelled,
    };
}

/* The CPU counts as a thread that computes. */
static zurt_status run_cpu(const zi_schedule *s, const zi_part *part, const zi_schedule_run *run)
{
    const zi_backend_vtable *vtable = s->devices[part->segment.device].vtable;
    const zi_run it = run_of(s, part, run);
    if (run->pool)
        zi_pool_enter(run->pool);
    zurt_status st = vtable->submit(part->program, &it);
    if (!st)
        st = vtable->wait(part->program, &it);
    if (run->pool)
        zi_pool_leave(run->pool);
    return st;
}

/* A device's run, from its submit() to its wait(). */
typedef struct flight {
    const zi_part *part; // NULL: nothing is in flight
    zi_run run;
} flight;

static zurt_status take_off(const zi_schedule *s, const zi_part *part, const zi_schedule_run *run,
                            flight *f)
{
    f->run = run_of(s, part, run);
    zurt_status st = s->devices[part->segment.device].vtable->submit(part->program, &f->run);
    f->part = st ? NULL : part;
    return st;
}

static zurt_status land(const zi_schedule *s, flight *f)
{
    const zi_part *part = f->part;
    f->part = NULL;
    return part ? s->devices[part->segment.device].vtable->wait(part->program, &f->run) : ZURT_OK;
}

zurt_status zi_schedule_execute(const zi_schedule *s, const zi_schedule_run *run)
{
    flight in_flight = {0};
    zurt_status st = ZURT_OK;
    bind_caller(s, run);
    for (uint32_t i = 0; !st && i < s->n_parts; i++) {
        const zi_part *part = &s->parts[i];
        if (!part->is_free)
            st = land(s, &in_flight);
        if (!st && zi_is_cancelled(run->cancelled))
            st = zi_cancelled(run->error);
        if (!st)
            st = part->on_cpu ? run_cpu(s, part, run) : take_off(s, part, run, &in_flight);
    }
    const zurt_status last = land(s, &in_flight); // after a failure, too: it uses our memory
    st = st ? st : last;
    for (uint32_t i = 0; !st && i < s->memory->n_copies; i++) {
        const zi_output_copy *c = &s->memory->copies[i];
        const zurt_span *out = &run->out[c->output];
        if (out->bytes)
            memcpy(out->data, run->tensors[c->tensor], out->bytes);
    }
    return st;
}
