/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in flight, each on a worker with buffers of its own. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "exec/session.h"

/* A device has one user: the process that opened it. */
static zurt_status fail_forked(zi_stream *stream)
{
    snprintf(stream->error, sizeof(stream->error),
             "the device was opened before this process was forked and works in the parent alone; "
             "create a session here, on the CPU, or with options.fallback");
    return ZURT_E_DEVICE;
}

void zi_stream_execute(zi_stream *stream)
{
    const zurt_session *s = stream->session;
    const bool forked = zi_is_forked(s->owner);
    const zi_parallel alone = zi_parallel_serial(); // the pool's helpers are the parent's
    zi_schedule_run run = {
        .stream = stream->index,
        .tensors = stream->tensors,
        .arena = stream->arena,
        .scratch = stream->scratch,
        .parallel = forked ? &alone : &s->parallel,
        .pool = forked ? NULL : s->pool,
        .step_ns = stream->step_ns,
        .error = stream->error,
        .cancelled = &stream->cancelled,
        .in = stream->in,
        .out = stream->out,
    };
    stream->error[0] = 0;
    stream->fell_back = false;
    stream->status =
        forked && s->n_devices > 1 ? fail_forked(stream) : zi_schedule_execute(s->schedule, &run);
    if (!stream->status) {
        stream->n_runs++;
    } else if (s->fallback &&
               (stream->status == ZURT_E_DEVICE || stream->status == ZURT_E_TIMEOUT)) {
        stream->fell_back = true;
        memcpy(stream->failure, stream->error, sizeof(stream->failure));
        run.tensors = stream->fallback_tensors;
        run.step_ns = NULL; // the profile is the main schedule's
        stream->status = zi_schedule_execute(s->fallback, &run);
    }
}

/* Under the mutex. */
static void finish(zi_stream *stream)
{
    zurt_session *s = stream->session;
    stream->state = ZI_STREAM_DONE;
    stream->done_number = ++s->n_finished;
    if (s->n_done++ == 0)
        zi_done_fd_raise(&s->done_fd);
    pthread_cond_broadcast(&s->done);
}

static void *worker_main(void *arg)
{
    zi_stream *stream = arg;
    pthread_mutex_t *mutex = &stream->session->mutex;
    pthread_mutex_lock(mutex);
    for (;;) {
        while (stream->state != ZI_STREAM_QUEUED && !stream->stop)
            pthread_cond_wait(&stream->queued, mutex);
        if (stream->state != ZI_STREAM_QUEUED) // what is queued is done even when asked to stop
            break;
        stream->state = ZI_STREAM_RUNNING;
        pthread_mutex_unlock(mutex);
        zi_stream_execute(stream);
        pthread_mutex_lock(mutex);
        finish(stream);
    }
    pthread_mutex_unlock(mutex);
    return NULL;
}

uint64_t zi_stream_queue(zi_stream *stream)
{
    zurt_session *s = stream->session;
    pthread_mutex_lock(&s->mutex);
    const uint64_t ticket = stream->ticket = ++s->n_submitted;
    stream->state = ZI_STREAM_QUEUED;
    pthread_cond_signal(&stream->queued);
    pthread_mutex_unlock(&s->mutex);
    return ticket;
}

void zi_stream_cancel(zi_stream *stream)
{
    atomic_store_explicit(&stream->cancelled, true, memory_order_relaxed);
    if (stream->state != ZI_STREAM_QUEUED)
        return;
    stream->fell_back = false;
    stream->status = zi_cancelled(stream->error);
    finish(stream);
}

static zurt_status alloc_buffers(zurt_ctx *ctx, zi_stream *stream)
{
    const zurt_session *s = stream->session;
    const zurt_allocator *a = &ctx->allocator;
    size_t arena_bytes = s->schedule->memory->arena_bytes;
    size_t scratch_bytes = s->schedule->scratch_bytes;
    if (s->fallback) {
        if (s->fallback->memory->arena_bytes > arena_bytes)
            arena_bytes = s->fallback->memory->arena_bytes;
        if (s->fallback->scratch_bytes > scratch_bytes)
            scratch_bytes = s->fallback->scratch_bytes;
        stream->fallback_tensors = zi_calloc(a, s->graph->n_tensors, sizeof(void *));
    }
    stream->arena = zi_alloc_aligned(a, arena_bytes);
    stream->scratch = zi_alloc_aligned(a, scratch_bytes);
    stream->tensors = zi_calloc(a, s->graph->n_tensors, sizeof(void *));
    stream->in = zi_calloc(a, s->graph->n_inputs, sizeof(*stream->in));
    stream->out = zi_calloc(a, s->graph->n_outputs, sizeof(*stream->out));
    if (s->options.profile)
        stream->step_ns = zi_calloc(a, s->schedule->n_steps, sizeof(*stream->step_ns));
    const bool has_memory = stream->arena && stream->scratch;
    const bool has_lists = stream->tensors && stream->in && stream->out;
    const bool has_optional =
        (stream->fallback_tensors || !s->fallback) && (stream->step_ns || !s->options.profile);
    if (!has_memory || !has_lists || !has_optional)
        return zi_fail(ctx, ZURT_E_NOMEM,
                       "session: stream %u needs %zu bytes of activations and %zu of scratch",
                       (unsigned)stream->index, arena_bytes, scratch_bytes);
    zi_schedule_bind(s->schedule, stream->arena, stream->tensors);
    if (s->fallback)
        zi_schedule_bind(s->fallback, stream->arena, stream->fallback_tensors);
    return ZURT_OK;
}

zurt_status zi_stream_init(zurt_ctx *ctx, zurt_session *s, uint32_t index)
{
    zi_stream *stream = &s->streams[index];
    stream->session = s;
    stream->index = index;
    zurt_status st = alloc_buffers(ctx, stream);
    if (st)
        return st;
    st = zi_cond_init(ctx, &stream->queued);
    stream->has_cond = !st;
    if (!st) {
        st = zi_thread_start(ctx, &stream->thread, worker_main, stream);
        stream->has_thread = !st;
    }
    return st;
}

void zi_stream_destroy(zi_stream *stream)
{
    if (!stream->session)
        return;
    const bool forked = zi_is_forked(stream->session->owner);
    if (stream->has_thread && !forked) {
        pthread_mutex_lock(&stream->session->mutex);
        stream->stop = true;
        pthread_cond_signal(&stream->queued);
        pthread_mutex_unlock(&stream->session->mutex);
        pthread_join(stream->thread, NULL);
    }
    if (stream->has_cond && !forked)
        pthread_cond_destroy(&stream->queued);
    const zurt_allocator *a = &stream->session->ctx->allocator;
    zi_free(a, stream->arena);
    zi_free(a, stream->scratch);
    zi_free(a, stream->tensors);
    zi_free(a, stream->fallback_tensors);
    zi_free(a, stream->step_ns);
    zi_free(a, stream->in);
    zi_free(a, stream->out);
}
