/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Node: Lut. Device: memory of its own for each stream, and a list of commands "n bytes from here
 * to there through that table". Everything that can fail for lack of memory does so when the
 * program is made; a run copies in, looks up, copies out.
 */
#include "support/toy_backend.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "base/thread.h"

zt_toy_state zt_toy;

struct zi_backend {
    zurt_allocator allocator;
    zi_caps caps;
    uint32_t streams;
};

typedef struct command {
    const int8_t *table; // 256 entries, a constant of the graph
    size_t from, to, n;  // bytes in the device's memory
} command;

struct zi_program {
    zurt_allocator allocator;
    const zi_graph *graph; // both outlive the program
    const zi_segment *segment;
    command *commands; // one per node
    size_t *offset;    // per tensor of the graph; SIZE_MAX: not on the device
    size_t stream_bytes;
    uint8_t *memory; // of all streams
};

/* ---- the device ---- */

static zurt_status toy_open(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    *out = NULL;
    zi_backend *b = zi_zalloc(&ctx->allocator, sizeof(*b));
    if (!b)
        return zi_fail(ctx, ZURT_E_NOMEM, "toy: need %zu bytes", sizeof(*b));
    b->allocator = ctx->allocator;
    b->streams = config->streams;
    b->caps = (zi_caps){.kind = ZI_CAPS_PL, .name = "toy"}; // no step engine: engine_version 0
    b->caps.lowering = zt_toy.lowering;
    zi_caps_add_op(&b->caps, ZI_OP_Lut);
    *out = b;
    return ZURT_OK;
}

static void toy_close(zi_backend *b)
{
    if (!b)
        return;
    zurt_allocator allocator = b->allocator;
    zi_free(&allocator, b);
}

static const zi_caps *toy_caps(const zi_backend *b)
{
    return &b->caps;
}

/* ---- a program ---- */

static void toy_program_destroy(zi_program *p)
{
    if (!p)
        return;
    zurt_allocator allocator = p->allocator;
    zi_free(&allocator, p->commands);
    zi_free(&allocator, p->offset);
    zi_free(&allocator, p->memory);
    zi_free(&allocator, p);
}

/* Gives a tensor room on the device, once. False: sizes overflow. */
static bool place(zi_program *p, zi_id tensor)
{
    size_t bytes = zi_tensor_bytes(&p->graph->tensors[tensor]);
    if (p->offset[tensor] != SIZE_MAX)
        return true;
    p->offset[tensor] = p->stream_bytes;
    return zi_size_align(bytes, ZI_ALIGN, &bytes) &&
           zi_size_add(p->stream_bytes, bytes, &p->stream_bytes);
}

static uint8_t *address(const zi_program *p, uint32_t stream, zi_id tensor)
{
    return p->memory + stream * p->stream_bytes + p->offset[tensor];
}

/* One node, one command. The partition has seen to it that the node is an int8 Lut. */
static bool translate(zi_program *p, zi_id i)
{
    const zi_node *n = &p->graph->nodes[p->segment->first_node + i];
    zi_id x = n->in[0], y = n->out[0];
    if (!place(p, x) || !place(p, y))
        return false;
    p->commands[i] = (command){.table = p->graph->tensors[n->in[1]].data,
                               .from = p->offset[x],
                               .to = p->offset[y],
                               .n = zi_tensor_bytes(&p->graph->tensors[y])};
    return true;
}

static zurt_status build(zurt_ctx *ctx, const zi_backend *b, zi_program *p)
{
    size_t n = p->segment->n_nodes, total;
    bool fits = true;
    p->commands = zi_calloc(&p->allocator, n, sizeof(*p->commands));
    p->offset = zi_calloc(&p->allocator, p->graph->n_tensors, sizeof(*p->offset));
    if (!p->commands || !p->offset)
        return zi_fail(ctx, ZURT_E_NOMEM, "toy: no memory for %zu commands", n);
    memset(p->offset, 0xff, p->graph->n_tensors * sizeof(*p->offset));
    for (zi_id i = 0; fits && i < n; i++)
        fits = translate(p, i);
    if (!fits || !zi_size_mul(p->stream_bytes, b->streams, &total))
        return zi_fail(ctx, ZURT_E_LIMIT, "toy: the segment's tensors exceed the address range");
    p->memory = zi_alloc_aligned(&p->allocator, total ? total : 1);
    if (!p->memory)
        return zi_fail(ctx, ZURT_E_NOMEM, "toy: need %zu bytes", total);
    for (zi_id t = 0; t < p->graph->n_tensors; t++) { // constants are there once and for all
        const zi_tensor *tensor = &p->graph->tensors[t];
        for (uint32_t s = 0; s < b->streams && p->offset[t] != SIZE_MAX && tensor->data; s++)
            memcpy(address(p, s, t), tensor->data, zi_tensor_bytes(tensor));
    }
    return ZURT_OK;
}

static zurt_status toy_program_create(zurt_ctx *ctx, zi_backend *b, const zi_graph *graph,
                                      const zi_segment *segment, zi_program **out)
{
    *out = NULL;
    zi_program *p = zi_zalloc(&ctx->allocator, sizeof(*p));
    if (!p)
        return zi_fail(ctx, ZURT_E_NOMEM, "toy: need %zu bytes", sizeof(*p));
    p->allocator = ctx->allocator;
    p->graph = graph;
    p->segment = segment;
    zurt_status st = build(ctx, b, p);
    if (st)
        toy_program_destroy(p);
    else
        *out = p;
    return st;
}

static zi_program_needs toy_program_needs(const zi_program *p)
{
    return (zi_program_needs){.scratch_bytes = 0, .n_steps = p->segment->n_nodes};
}

static zi_id toy_program_step(const zi_program *p, uint32_t i)
{
    return p->segment->first_node + i;
}

/* ---- a run ---- */

static zurt_status toy_submit(zi_program *p, const zi_run *run)
{
    if (atomic_load(&zt_toy.broken)) {
        snprintf(run->error, ZI_ERROR_BYTES, "toy: the device does not answer; replace it");
        return ZURT_E_DEVICE;
    }
    for (uint32_t i = 0; i < p->segment->n_inputs; i++) {
        zi_id t = p->segment->inputs[i];
        memcpy(address(p, run->stream, t), run->tensors[t], zi_tensor_bytes(&p->graph->tensors[t]));
    }
    uint8_t *memory = p->memory + run->stream * p->stream_bytes;
    for (zi_id i = 0; i < p->segment->n_nodes; i++) { // a real device would be started here
        const command *c = &p->commands[i];
        uint64_t start = run->step_ns ? zi_now_ns() : 0;
        for (size_t k = 0; k < c->n; k++)
            memory[c->to + k] = (uint8_t)c->table[(uint8_t)(memory[c->from + k] + 128)];
        if (run->step_ns)
            run->step_ns[i] += zi_now_ns() - start;
        atomic_fetch_add(&zt_toy.n_commands, 1);
    }
    return ZURT_OK;
}

/* A real device would be waited for, within config.timeout_ms. */
static zurt_status toy_wait(zi_program *p, const zi_run *run)
{
    for (uint32_t i = 0; i < p->segment->n_outputs; i++) {
        zi_id t = p->segment->outputs[i];
        memcpy(run->tensors[t], address(p, run->stream, t), zi_tensor_bytes(&p->graph->tensors[t]));
    }
    return ZURT_OK;
}

const zi_backend_vtable zt_backend_toy = {
    .name = "toy",
    .open = toy_open,
    .close = toy_close,
    .caps = toy_caps,
    .program_create = toy_program_create,
    .program_destroy = toy_program_destroy,
    .program_needs = toy_program_needs,
    .program_step = toy_program_step,
    .submit = toy_submit,
    .wait = toy_wait,
};
