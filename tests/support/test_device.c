/* SPDX-License-Identifier: Apache-2.0 */
/* An accelerator that computes on the CPU, and fails on request. */
#include "support/test_device.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "ops/ops.h"

zt_device_control zt_device;

void zt_device_reset(void)
{
    zt_device.open_with = ZURT_OK;
    zt_device.ops[0] = zt_device.ops[1] = UINT64_MAX;
    zt_device.fail_every = 0;
    zt_device.fail_with = ZURT_E_DEVICE;
    zt_device.hold = false;
    zt_device.room = 0;
    zt_device.on_submit = zt_device.on_wait = NULL;
    atomic_store(&zt_device.n_submits, 0);
    atomic_store(&zt_device.n_waits, 0);
    sem_init(&zt_device.gate, 0, 0);
}

struct zi_backend {
    zurt_allocator allocator;
    zi_caps caps;
    zk_table kernels;
    uint32_t streams;
};

struct zi_program {
    zurt_allocator allocator;
    const zi_graph *graph;
    const zi_segment *segment;
    zi_prepared **prepared;
    size_t *offset; // per tensor of the graph; SIZE_MAX: not on the device
    size_t memory_bytes;
    uint8_t *memory; // streams * memory_bytes
    size_t scratch_bytes;
};

static zurt_status device_open(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    *out = NULL;
    if (zt_device.open_with)
        return zi_fail(ctx, zt_device.open_with, "test device: told not to open");
    zi_backend *b = zi_zalloc(&ctx->allocator, sizeof(*b));
    if (!b)
        return zi_fail(ctx, ZURT_E_NOMEM, "test device: out of memory");
    b->allocator = ctx->allocator;
    b->streams = config->streams;
    b->caps =
        (zi_caps){.kind = ZI_CAPS_PL, .name = "test", .ops = {zt_device.ops[0], zt_device.ops[1]}};
    zk_table_init(&b->kernels, 0);
    *out = b;
    return ZURT_OK;
}

static void device_close(zi_backend *b)
{
    if (!b)
        return;
    zurt_allocator allocator = b->allocator;
    zi_free(&allocator, b);
}

static const zi_caps *device_caps(const zi_backend *b)
{
    return &b->caps;
}

static void device_program_destroy(zi_program *p)
{
    if (!p)
        return;
    for (zi_id i = 0; p->prepared && i < p->segment->n_nodes; i++)
        zi_op_destroy(p->prepared[i]);
    zurt_allocator allocator = p->allocator;
    zi_free(&allocator, p->prepared);
    zi_free(&allocator, p->offset);
    zi_free(&allocator, p->memory);
    zi_free(&allocator, p);
    atomic_fetch_sub(&zt_device.n_programs, 1);
}

static void place(zi_program *p, zi_id tensor)
{
    if (tensor == ZI_NONE || zi_tensor_is_const(&p->graph->tensors[tensor]) ||
        p->offset[tensor] != SIZE_MAX)
        return;
    p->offset[tensor] = p->memory_bytes;
    p->memory_bytes += (zi_tensor_bytes(&p->graph->tensors[tensor]) + ZI_ALIGN) & ~(ZI_ALIGN - 1);
}

static zurt_status build(zurt_ctx *ctx, const zi_backend *b, zi_program *p)
{
    const zurt_allocator *a = &ctx->allocator;
    p->prepared = zi_calloc(a, p->segment->n_nodes, sizeof(zi_prepared *));
    p->offset = zi_calloc(a, p->graph->n_tensors, sizeof(*p->offset));
    if (!p->prepared || !p->offset)
        return zi_fail(ctx, ZURT_E_NOMEM, "test device: out of memory");
    memset(p->offset, 0xff, p->graph->n_tensors * sizeof(*p->offset));
    zurt_status st = ZURT_OK;
    for (zi_id i = 0; !st && i < p->segment->n_nodes; i++) {
        const zi_node *n = &p->graph->nodes[p->segment->first_node + i];
        st = zi_op_prepare(ctx, p->graph, n, &b->kernels, 1, &p->prepared[i]);
        if (!st && zi_op_scratch_bytes(p->prepared[i]) > p->scratch_bytes)
            p->scratch_bytes = zi_op_scratch_bytes(p->prepared[i]);
        for (uint32_t k = 0; k < n->n_in; k++)
            place(p, n->in[k]);
        for (uint32_t k = 0; k < n->n_out; k++)
            place(p, n->out[k]);
    }
    if (st)
        return st;
    if (zt_device.room && b->streams > zt_device.room)
        return zi_fail(ctx, zt_device.fail_with, "test device: no memory for %u streams",
                       (unsigned)b->streams);
    p->memory = zi_alloc_aligned(a, b->streams * p->memory_bytes);
    return p->memory ? ZURT_OK : zi_fail(ctx, ZURT_E_NOMEM, "test device: out of memory");
}

static zurt_status device_program_create(zurt_ctx *ctx, zi_backend *b, const zi_graph *graph,
                                         const zi_segment *segment, zi_program **out)
{
    *out = NULL;
    zi_program *p = zi_zalloc(&ctx->allocator, sizeof(*p));
    if (!p)
        return zi_fail(ctx, ZURT_E_NOMEM, "test device: out of memory");
    atomic_fetch_add(&zt_device.n_programs, 1);
    p->allocator = ctx->allocator;
    p->graph = graph;
    p->segment = segment;
    zurt_status st = build(ctx, b, p);
    if (st)
        device_program_destroy(p);
    else
        *out = p;
    return st;
}

static zi_program_needs device_program_needs(const zi_program *p)
{
    return (zi_program_needs){.scratch_bytes = p->scratch_bytes, .n_steps = 1};
}

static zi_id device_program_step(const zi_program *p, uint32_t i)
{
    (void)i;
    return p->segment->first_node + p->segment->n_nodes - 1;
}

static void *device_address(const zi_program *p, const zi_run *run, zi_id tensor)
{
    return p->memory + run->stream * p->memory_bytes + p->offset[tensor];
}

// Takes the inputs at once: host memory is not looked at again before wait() writes the outputs.
static zurt_status device_submit(zi_program *p, const zi_run *run)
{
    if (zt_device.on_submit)
        zt_device.on_submit(zt_device.self);
    for (uint32_t i = 0; i < p->segment->n_inputs; i++) {
        zi_id id = p->segment->inputs[i];
        memcpy(device_address(p, run, id), run->tensors[id],
               zi_tensor_bytes(&p->graph->tensors[id]));
    }
    atomic_fetch_add(&zt_device.n_submits, 1);
    return ZURT_OK;
}

static void run_node(const zi_program *p, zi_id index, const zi_run *run)
{
    const zi_node *n = &p->graph->nodes[p->segment->first_node + index];
    const void *in[8];
    void *out[8];
    for (uint32_t k = 0; k < n->n_in; k++) {
        const zi_tensor *t = n->in[k] == ZI_NONE ? NULL : &p->graph->tensors[n->in[k]];
        in[k] = !t ? NULL : t->data ? t->data : device_address(p, run, n->in[k]);
    }
    for (uint32_t k = 0; k < n->n_out; k++)
        out[k] = device_address(p, run, n->out[k]);
    zi_parallel serial = zi_parallel_serial();
    zi_op_run(p->prepared[index], &(zi_op_args){in, out, run->scratch, &serial});
}

static zurt_status device_wait(zi_program *p, const zi_run *run)
{
    uint64_t start = run->step_ns ? zi_now_ns() : 0;
    if (zt_device.on_wait)
        zt_device.on_wait(zt_device.self);
    if (zt_device.hold)
        sem_wait(&zt_device.gate);
    uint32_t number = atomic_fetch_add(&zt_device.n_waits, 1) + 1;
    if (zt_device.fail_every && number % zt_device.fail_every == 0) {
        snprintf(run->error, ZI_ERROR_BYTES, "test device: run %u told to fail", (unsigned)number);
        return zt_device.fail_with;
    }
    for (zi_id i = 0; i < p->segment->n_nodes; i++)
        run_node(p, i, run);
    for (uint32_t i = 0; i < p->segment->n_outputs; i++) {
        zi_id id = p->segment->outputs[i];
        memcpy(run->tensors[id], device_address(p, run, id),
               zi_tensor_bytes(&p->graph->tensors[id]));
    }
    if (run->step_ns)
        run->step_ns[0] += zi_now_ns() - start;
    return ZURT_OK;
}

const zi_backend_vtable zt_backend_device = {
    .name = "test",
    .open = device_open,
    .close = device_close,
    .caps = device_caps,
    .program_create = device_program_create,
    .program_destroy = device_program_destroy,
    .program_needs = device_program_needs,
    .program_step = device_program_step,
    .submit = device_submit,
    .wait = device_wait,
};
