/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One launch per segment. A program holds steps and weights in buffers of the device; every stream
 * has an act buffer of its own, so several runs can be in flight.
 */
#include "backend/pl/pl.h"
#include "backend/pl/pl_boundary.h"
#include "codegen/engine_caps.h"

#include <stdlib.h>
#include <string.h>

#include "backend/pl/pl_engine.h"
#include "backend/pl/pl_port.h"
#include "base/alloc.h"
#include "base/thread.h"
#include "codegen/cg_encode.h"
#include "isa/zk_cycles.h"

struct zi_backend {
    zurt_allocator allocator;
    zi_pl_device *device;
    zi_caps caps; // the device's, and how it is lowered
    uint32_t streams;
    uint32_t timeout_ms;
};

typedef struct stream {
    zi_buf *act;
    zi_pl_run *run;
    uint64_t started_ns;
} stream;

struct zi_program {
    zurt_allocator allocator;
    const zi_cg_program *map;
    uint32_t timeout_ms;
    int32_t n_epochs;
    zi_buf *steps;
    zi_buf *weights[4];
    uint32_t n_streams;
    stream *streams;
};

/* ---- device ---- */

typedef zurt_status open_fn(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out);

static zurt_status open_with(zurt_ctx *ctx, const zi_backend_config *config,
                             const zi_pl_engine *engine, open_fn *open, zi_backend **out)
{
    *out = NULL;
    zi_backend *b = zi_zalloc(&ctx->allocator, sizeof(*b));
    if (!b)
        return zi_fail(ctx, ZURT_E_NOMEM, "PL: need %zu bytes", sizeof(*b));
    b->allocator = ctx->allocator;
    b->streams = config->streams;
    b->timeout_ms = config->timeout_ms;
    zi_pl_config pl = {.xclbin = config->xclbin,
                       .engine = engine,
                       .engine_version = ZK_STEP_VERSION,
                       .timeout_ms = config->timeout_ms};
    zurt_status st = open(ctx, &pl, &b->device);
    if (!st) {
        b->caps = *zi_pl_caps(b->device);
        st = zi_caps_take_engine(ctx, &b->caps);
    }
    if (st) {
        zi_pl_close(b->device);
        zi_free(&ctx->allocator, b);
        return st;
    }
    *out = b;
    return ZURT_OK;
}

static zurt_status xrt_open(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    return open_with(ctx, config, NULL, zi_pl_open_xrt, out);
}

zurt_status zi_pl_look_board(zurt_ctx *ctx, const char *xclbin)
{
    const zi_pl_config pl = {.xclbin = xclbin, .engine_version = ZK_STEP_VERSION};
    return zi_pl_look_xrt(ctx, &pl);
}

zurt_status zi_pl_look_engine(zurt_ctx *ctx, const char *xclbin)
{
    (void)xclbin;
    return zi_pl_look_sim(ctx);
}

zurt_status zi_pl_open_engine(zurt_ctx *ctx, const zi_backend_config *config,
                              const zi_pl_engine *engine, zi_backend **out)
{
    return open_with(ctx, config, engine, zi_pl_open_sim, out);
}

static zurt_status sim_open(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    const char *board = getenv("ZURT_SIM_BOARD");
    zi_pl_engine engine;
    *out = NULL;
    zurt_status st = zi_pl_look_sim(ctx);
    if (st)
        return st;
    if (!zi_pl_engine_get(board && *board ? board : "kv260", &engine))
        return zi_fail(ctx, ZURT_E_ARG, "ZURT_SIM_BOARD is '%.32s': kv260 or zcu104", board);
    return zi_pl_open_engine(ctx, config, &engine, out); // copied
}

static void pl_close(zi_backend *b)
{
    if (!b)
        return;
    zurt_allocator allocator = b->allocator;
    zi_pl_close(b->device);
    zi_free(&allocator, b);
}

static const zi_caps *pl_caps(const zi_backend *b)
{
    return &b->caps;
}

/* ---- program ---- */

static void pl_program_destroy(zi_program *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; p->streams && i < p->n_streams; i++) {
        zi_pl_run_destroy(p->streams[i].run);
        zi_buf_destroy(p->streams[i].act);
    }
    zi_buf_destroy(p->steps);
    for (int q = 0; q < 4; q++)
        zi_buf_destroy(p->weights[q]);
    zurt_allocator allocator = p->allocator;
    zi_free(&allocator, p->streams);
    zi_free(&allocator, p);
}

static zurt_status upload(zurt_ctx *ctx, zi_backend *b, const v16 *words, int32_t n, zi_buf **out)
{
    char error[ZI_ERROR_BYTES] = "";
    size_t bytes = (size_t)(n > 0 ? n : 1) * sizeof(v16);
    void *host = NULL;
    zurt_status st = zi_buf_create(ctx, b->device, bytes, out);
    if (st)
        return st;
    st = zi_buf_cpu_begin(*out, 0, bytes, ZI_WRITE, &host, error);
    if (!st) {
        memcpy(host, words, bytes);
        st = zi_buf_cpu_end(*out, 0, bytes, ZI_WRITE, error);
    }
    return st ? zi_fail(ctx, st, "%s", error) : ZURT_OK;
}

static zurt_status create_streams(zurt_ctx *ctx, zi_backend *b, zi_program *p, size_t act_bytes)
{
    p->streams = zi_calloc(&p->allocator, b->streams, sizeof(*p->streams));
    if (!p->streams)
        return zi_fail(ctx, ZURT_E_NOMEM, "PL: no memory for %u streams", (unsigned)b->streams);
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; !st && i < b->streams; i++) {
        p->n_streams++;
        st = zi_buf_create(ctx, b->device, act_bytes ? act_bytes : sizeof(v16), &p->streams[i].act);
        if (!st)
            st = zi_pl_run_create(ctx, b->device, &p->streams[i].run);
    }
    return st;
}

static zurt_status pl_program_create(zurt_ctx *ctx, zi_backend *b, const zi_graph *graph,
                                     const zi_segment *segment, zi_program **out)
{
    *out = NULL;
    (void)graph;
    if (!zi_cg_program_of(segment))
        return zi_fail(ctx, ZURT_E_INTERNAL, "PL: a segment was not mapped");
    zi_program *p = zi_zalloc(&ctx->allocator, sizeof(*p));
    if (!p)
        return zi_fail(ctx, ZURT_E_NOMEM, "PL: need %zu bytes", sizeof(*p));
    p->allocator = ctx->allocator;
    p->map = zi_cg_program_of(segment);
    p->timeout_ms = zi_pl_time_limit(b->device, b->timeout_ms, p->map->cycles);
    zi_cg_code code;
    zurt_status st = zi_cg_encode(ctx, p->map, &code);
    if (!st)
        st = zi_cg_verify(ctx, &b->caps, &code);
    p->n_epochs = code.n_epochs;
    if (!st)
        st = upload(ctx, b, code.steps, code.step_words, &p->steps);
    for (int q = 0; !st && q < 4; q++)
        st = upload(ctx, b, code.weights[q], code.weight_words, &p->weights[q]);
    if (!st)
        st = create_streams(ctx, b, p, (size_t)code.act_words * sizeof(v16));
    zi_cg_code_destroy(&code);
    if (st) {
        pl_program_destroy(p);
        return st;
    }
    *out = p;
    return ZURT_OK;
}

static zi_program_needs pl_program_needs(const zi_program *p)
{
    (void)p;
    return (zi_program_needs){.scratch_bytes = 0, .n_steps = 1};
}

static zi_id pl_program_step(const zi_program *p, uint32_t i)
{
    (void)i;
    return p->map->first_node + p->map->n_nodes - 1;
}

/* ---- runs ---- */

static size_t buffer_offset(const zi_program *p, const zi_cg_tensor *tensor, int32_t picture)
{
    return ((size_t)picture * (size_t)p->map->act_words + (size_t)tensor->buffer.ddr) * sizeof(v16);
}

static size_t buffer_bytes(const zi_cg_tensor *tensor)
{
    return (size_t)tensor->h * (size_t)tensor->w * (size_t)tensor->blocks * sizeof(v16);
}

static zurt_status write_inputs(const zi_program *p, stream *s, const zi_run *run)
{
    const zi_cg_program *m = p->map;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < m->n_tensors && m->tensors[i].input; i++) {
        const zi_cg_tensor *tensor = &m->tensors[i];
        const zi_tensor *t = &m->g->tensors[tensor->id];
        size_t picture =
            (size_t)tensor->source.h * (size_t)tensor->source.w * (size_t)tensor->source.c;
        for (int32_t k = 0; !st && k < m->batch; k++) {
            size_t offset = buffer_offset(p, tensor, k), bytes = buffer_bytes(tensor);
            const int8_t *from = (const int8_t *)run->tensors[tensor->id] + (size_t)k * picture;
            void *to;
            st = zi_buf_cpu_begin(s->act, offset, bytes, ZI_WRITE, &to, run->error);
            if (st)
                break;
            zi_pl_write_input(tensor, (int8_t)t->quant.zero_point[0], from, to);
            st = zi_buf_cpu_end(s->act, offset, bytes, ZI_WRITE, run->error);
        }
    }
    return st;
}

static zurt_status read_outputs(const zi_program *p, stream *s, const zi_run *run)
{
    const zi_cg_program *m = p->map;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; i < m->n_outputs; i++) {
        const zi_cg_tensor *tensor = &m->tensors[m->outputs[i].tensor];
        size_t picture = (size_t)tensor->h * (size_t)tensor->w * (size_t)tensor->c;
        for (int32_t k = 0; !st && k < m->batch; k++) {
            size_t offset = buffer_offset(p, tensor, k), bytes = buffer_bytes(tensor);
            size_t skip = offset % ZI_BUF_LINE; // of a tensor joined to another
            void *from;
            int8_t *to = (int8_t *)run->tensors[m->outputs[i].id] + (size_t)k * picture;
            st = zi_buf_cpu_begin(s->act, offset - skip, bytes + skip, ZI_READ, &from, run->error);
            if (st)
                break;
            zi_pl_read_output(tensor, (const v16 *)from + skip / sizeof(v16), to);
            st = zi_buf_cpu_end(s->act, offset - skip, bytes + skip, ZI_READ, run->error);
        }
    }
    return st;
}

static zurt_status pl_submit(zi_program *p, const zi_run *run)
{
    stream *s = &p->streams[run->stream];
    s->started_ns = run->step_ns ? zi_now_ns() : 0;
    zurt_status st = write_inputs(p, s, run);
    if (st)
        return st;
    zi_pl_launch launch = {.steps = p->steps,
                           .n_epochs = p->n_epochs,
                           .weights = {p->weights[0], p->weights[1], p->weights[2], p->weights[3]},
                           .act_r = s->act,
                           .act_w = s->act};
    return zi_pl_run_start(s->run, &launch, run->error);
}

static zurt_status pl_wait(zi_program *p, const zi_run *run)
{
    stream *s = &p->streams[run->stream];
    zurt_status st = zi_pl_run_wait(s->run, p->timeout_ms, run->error);
    if (!st)
        st = read_outputs(p, s, run);
    if (run->step_ns)
        run->step_ns[0] += zi_now_ns() - s->started_ns;
    return st;
}

#define PL_VTABLE(device_name, open_function)                                                      \
    {                                                                                              \
        .name = device_name, .open = open_function, .close = pl_close, .caps = pl_caps,            \
        .program_create = pl_program_create, .program_destroy = pl_program_destroy,                \
        .program_needs = pl_program_needs, .program_step = pl_program_step, .submit = pl_submit,   \
        .wait = pl_wait,                                                                           \
    }

const zi_backend_vtable zi_backend_xrt = PL_VTABLE("xrt", xrt_open);
const zi_backend_vtable zi_backend_sim = PL_VTABLE("sim", sim_open);
