/* SPDX-License-Identifier: Apache-2.0 */
/* Creates a session: devices, memory plan, buffers, streams; says what was settled. */
#include "exec/session.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "backend/cpu/backend_cpu.h"
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/options.h"
#include "base/thread.h"

enum { DEFAULT_TIMEOUT_MS = 10000, DEVICE_STREAMS = 2 };

static zurt_status check_options(zurt_ctx *ctx, const zurt_session_options *in,
                                 zurt_session_options *o)
{
    if (!zi_options_take(o, sizeof(*o), offsetof(zurt_session_options, max_bytes), in))
        return zi_fail(ctx, ZURT_E_ARG,
                       "session options: size is %zu, this library knows %zu; start from "
                       "ZURT_SESSION_OPTIONS_INIT",
                       in->size, sizeof(*o));
    if ((unsigned)o->device > ZURT_DEVICE_SIM)
        return zi_fail(ctx, ZURT_E_ARG, "session options: no device %d", (int)o->device);
    if (o->threads > ZI_MAX_THREADS)
        return zi_fail(ctx, ZURT_E_ARG, "session options: %u threads, at most %d are possible",
                       (unsigned)o->threads, ZI_MAX_THREADS);
    if (o->helpers && zi_is_forked(o->helpers->owner))
        return zi_fail(ctx, ZURT_E_ARG,
                       "session options: the session whose helpers are to be used was made before "
                       "this process was forked, and they run in the parent alone");
    if (o->streams > ZI_MAX_STREAMS)
        return zi_fail(ctx, ZURT_E_ARG, "session options: %u streams, at most %d are possible",
                       (unsigned)o->streams, ZI_MAX_STREAMS);
    return ZURT_OK;
}

static zurt_status take_options(zurt_session *s, const zurt_session_options *o)
{
    s->options = *o;
    if (o->helpers)
        s->options.threads = o->helpers->options.threads;
    if (!s->options.threads) {
        uint32_t n = zi_cpu_count();
        s->options.threads = n < ZI_MAX_THREADS ? n : ZI_MAX_THREADS;
    }
    if (!s->options.timeout_ms)
        s->options.timeout_ms = DEFAULT_TIMEOUT_MS;
    if (o->xclbin) {
        s->xclbin = zi_strdup(&s->ctx->allocator, o->xclbin);
        if (!s->xclbin)
            return zi_fail(s->ctx, ZURT_E_NOMEM, "session: no memory for the xclbin's path");
    }
    s->options.xclbin = s->xclbin;
    return ZURT_OK;
}

/* A thread each, on the CPU; one that a device computes, and one that is prepared meanwhile. */
uint32_t zi_session_useful_streams(const zurt_session *s, bool on_device)
{
    const uint32_t threads = s->options.threads;
    return on_device ? DEVICE_STREAMS : threads < ZI_MAX_STREAMS ? threads : ZI_MAX_STREAMS;
}

static zurt_status open_device(zurt_session *s, const zi_backend_vtable *vtable)
{
    const bool on_device = vtable != zi_device_cpu();
    zi_backend_config config = {
        .xclbin = s->options.xclbin,
        .threads = s->options.threads,
        .streams =
            s->options.streams ? s->options.streams : zi_session_useful_streams(s, on_device),
        .timeout_ms = s->options.timeout_ms,
    };
    zi_device *d = &s->devices[s->n_devices];
    zurt_status st = vtable->open(s->ctx, &config, &d->backend);
    if (!st) {
        d->vtable = vtable;
        s->n_devices++;
    }
    return st;
}

static zurt_status open_devices(zurt_session *s, const zi_accelerators *a)
{
    if (a->required && a->n == 0)
        return zi_fail(s->ctx, ZURT_E_DEVICE,
                       "this build has no PL back end; use device auto or cpu");
    for (uint32_t i = 0; i < a->n && s->n_devices == 0; i++) {
        zurt_status st = open_device(s, a->candidates[i]);
        if (st && (a->required || st != ZURT_E_DEVICE))
            return st;
        if (st)
            zi_log(s->ctx, a->expected ? ZURT_LOG_WARNING : ZURT_LOG_INFO,
                   "%s: passed over, the CPU computes: %s", a->candidates[i]->name,
                   zurt_ctx_error(s->ctx));
    }
    return open_device(s, zi_device_cpu());
}

static zurt_status create_schedules(zurt_session *s)
{
    zurt_status st = zi_schedule_create(s->ctx, s->graph, s->devices, s->n_devices, &s->schedule);
    if (!st && s->options.fallback && s->n_devices > 1)
        st = zi_schedule_create(s->ctx, s->graph, &s->devices[s->n_devices - 1], 1, &s->fallback);
    if (!st && s->options.profile)
        st = zi_profile_create(s->ctx, s->schedule, &s->profile);
    return st;
}

static void close_devices(zurt_session *s)
{
    zi_schedule_destroy(s->fallback);
    zi_schedule_destroy(s->schedule);
    s->fallback = s->schedule = NULL;
    for (uint32_t i = 0; i < s->n_devices; i++)
        s->devices[i].vtable->close(s->devices[i].backend);
    s->n_devices = 0;
}

static zurt_status open_and_compile(zurt_session *s, const zi_accelerators *a)
{
    zurt_status st = open_devices(s, a);
    return st ? st : create_schedules(s);
}

/* How many streams the session has is up to it: one, if a device has no memory for more. With the
 * fallback wished for, a PL that is absent or fails already here is done without. */
static zurt_status create_devices(zurt_session *s, const zi_accelerators *a)
{
    zurt_status st = open_and_compile(s, a);
    if ((st == ZURT_E_LIMIT || st == ZURT_E_DEVICE) && !s->options.streams && s->n_devices > 1) {
        close_devices(s);
        s->options.streams = 1;
        st = open_and_compile(s, a);
    }
    if (!s->options.fallback || a->n == 0 || (st != ZURT_E_DEVICE && st != ZURT_E_TIMEOUT))
        return st;
    zi_log(s->ctx, ZURT_LOG_WARNING, "%s; all of it runs on the CPU", zurt_ctx_error(s->ctx));
    close_devices(s);
    st = open_device(s, zi_device_cpu());
    return st ? st : create_schedules(s);
}

static zurt_status create_streams(zurt_session *s)
{
    if (pthread_mutex_init(&s->mutex, NULL))
        return zi_fail(s->ctx, ZURT_E_NOMEM, "session: no memory for a mutex");
    s->has_mutex = true;
    zurt_status st = zi_cond_init(s->ctx, &s->done);
    s->has_done = !st;
    if (st)
        return st;
    if (s->options.helpers)
        s->pool = s->options.helpers->pool;
    else
        st = zi_pool_create(s->ctx, s->options.threads, &s->pool);
    if (!st)
        s->parallel = zi_pool_parallel(s->pool);
    for (uint32_t i = 0; !st && i < s->options.streams; i++) {
        s->n_streams++; // a stream that failed half way is destroyed with the others
        st = zi_stream_init(s->ctx, s, i);
    }
    return st;
}

zurt_status zi_session_create(zurt_ctx *ctx, const zurt_model *model,
                              const zurt_session_options *options,
                              const zi_accelerators *accelerators, zurt_session **out)
{
    *out = NULL;
    zurt_session_options o;
    zurt_status st = check_options(ctx, options, &o);
    if (st)
        return st;
    zurt_session *s = zi_zalloc(&ctx->allocator, sizeof(*s));
    if (!s)
        return zi_fail(ctx, ZURT_E_NOMEM, "session: need %zu bytes", sizeof(*s));
    s->ctx = ctx;
    s->owner = getpid();
    s->done_fd = zi_done_fd_none();
    s->graph = model->graph;
    const zi_budget budget = zi_budget_begin(ctx, o.max_bytes);
    st = take_options(s, &o);
    if (!st)
        st = create_devices(s, accelerators);
    if (!st)
        st = zi_session_settle_streams(s, &budget);
    if (!st)
        st = create_streams(s);
    st = zi_budget_end(ctx, &budget, st);
    if (st) {
        zurt_session_destroy(s);
        return st;
    }
    zi_error_text(ctx)[0] = 0; // of devices that were passed over
    *out = s;
    return ZURT_OK;
}

zurt_status zurt_session_create(zurt_ctx *ctx, const zurt_model *model,
                                const zurt_session_options *options, zurt_session **out)
{
    static const zurt_session_options defaults = ZURT_SESSION_OPTIONS_INIT;
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !model)
        return ZURT_E_ARG;
    if (!options)
        options = &defaults;
    zi_accelerators accelerators = zi_accelerators_for(options->device);
    return zi_session_create(ctx, model, options, &accelerators, out);
}

void zurt_session_destroy(zurt_session *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->n_streams; i++)
        zi_stream_destroy(&s->streams[i]);
    if (!s->options.helpers)
        zi_pool_destroy(s->pool);
    if (s->has_done && !zi_is_forked(s->owner))
        pthread_cond_destroy(&s->done);
    if (s->has_mutex && !zi_is_forked(s->owner))
        pthread_mutex_destroy(&s->mutex);
    zi_done_fd_close(&s->done_fd);
    close_devices(s);
    const zurt_allocator *a = &s->ctx->allocator;
    zi_free(a, s->profile);
    zi_free(a, s->xclbin);
    zi_free(a, s);
}

zurt_status zurt_session_info_get(const zurt_session *s, zurt_session_info *out)
{
    if (!s || !out)
        return ZURT_E_ARG;
    *out = (zurt_session_info){
        .device = s->devices[0].vtable->name,
        .threads = s->options.threads,
        .streams = s->n_streams,
        .arena_bytes = s->schedule->memory->arena_bytes,
        .scratch_bytes = s->schedule->scratch_bytes,
        .n_steps = s->schedule->n_steps,
        .n_fallbacks = s->n_fallbacks,
        .failure = s->failure,
        .device_clock_khz = s->devices[0].vtable->caps(s->devices[0].backend)->clock_khz,
    };
    const zi_partition *p = s->schedule->partition;
    for (zi_id i = 0; i < p->graph->n_nodes; i++)
        out->device_cycles += p->nodes[i].cycles;
    for (uint32_t i = 0; i < p->n_segments; i++) {
        bool on_cpu = zi_segment_is_cpu(p, &p->segments[i]);
        uint64_t macs = zi_segment_macs(p, &p->segments[i]);
        out->n_launches += !on_cpu;
        out->macs += macs;
        out->device_macs += on_cpu ? 0 : macs;
    }
    return ZURT_OK;
}
