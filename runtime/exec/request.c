/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a session, from any thread: run, submit, wait, cancel. */
#include <errno.h>
#include <string.h>

#include "base/thread.h"
#include "exec/session.h"

// ---- arguments

static zurt_status check_buffer(zurt_ctx *ctx, const zi_tensor *t, const char *what, size_t i,
                                const void *data, size_t bytes)
{
    size_t expected = zi_tensor_bytes(t);
    if (bytes != expected) {
        char text[96];
        return zi_fail(ctx, ZURT_E_ARG, "%s %zu '%.64s' is %s: %zu bytes, %zu were given", what, i,
                       t->name, zi_tensor_describe(t, text, sizeof(text)), expected, bytes);
    }
    if (!data && bytes)
        return zi_fail(ctx, ZURT_E_ARG, "%s %zu '%.64s': no address", what, i, t->name);
    if ((uintptr_t)data % zurt_dtype_bytes(t->dtype))
        return zi_fail(ctx, ZURT_E_ARG, "%s %zu '%.64s' is not aligned to its element, %s", what, i,
                       t->name, zurt_dtype_name(t->dtype));
    return ZURT_OK;
}

static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return a_bytes && b_bytes && (x < y ? y - x < a_bytes : x - y < b_bytes);
}

// Outputs are written while inputs, and other outputs, are still read.
static zurt_status check_alias(zurt_ctx *ctx, const zurt_view *in, size_t n_in,
                               const zurt_span *out, size_t n_out)
{
    for (size_t o = 0; o < n_out; o++) {
        for (size_t i = 0; i < n_in; i++) {
            if (overlap(out[o].data, out[o].bytes, in[i].data, in[i].bytes))
                return zi_fail(ctx, ZURT_E_ARG, "output %zu overlaps input %zu in memory", o, i);
        }
        for (size_t i = 0; i < o; i++) {
            if (overlap(out[o].data, out[o].bytes, out[i].data, out[i].bytes))
                return zi_fail(ctx, ZURT_E_ARG, "output %zu overlaps output %zu in memory", o, i);
        }
    }
    return ZURT_OK;
}

static zurt_status check_request(const zurt_session *s, const zurt_view *in, size_t n_in,
                                 const zurt_span *out, size_t n_out)
{
    const zi_graph *g = s->graph;
    const bool inputs_fit = n_in == g->n_inputs && (in || !n_in);
    const bool outputs_fit = n_out == g->n_outputs && (out || !n_out);
    if (!inputs_fit || !outputs_fit)
        return zi_fail(s->ctx, ZURT_E_ARG,
                       "the model has %zu inputs and %zu outputs, %zu and %zu were given",
                       g->n_inputs, g->n_outputs, in ? n_in : 0, out ? n_out : 0);
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < n_in; i++)
        st = check_buffer(s->ctx, &g->tensors[g->inputs[i]], "input", i, in[i].data, in[i].bytes);
    for (size_t i = 0; !st && i < n_out; i++)
        st = check_buffer(s->ctx, &g->tensors[g->outputs[i]], "output", i, out[i].data,
                          out[i].bytes);
    return st ? st : check_alias(s->ctx, in, n_in, out, n_out);
}

// ---- streams, one a request

/* In a child that was forked nothing else runs, and the mutex may be a parent's thread's for ever.
 */
static void lock(zurt_session *s)
{
    if (!zi_is_forked(s->owner))
        pthread_mutex_lock(&s->mutex);
}

static void unlock(zurt_session *s)
{
    if (!zi_is_forked(s->owner))
        pthread_mutex_unlock(&s->mutex);
}

bool zi_session_is_busy(const zurt_session *session)
{
    zurt_session *s = (zurt_session *)session; // for its mutex
    lock(s);
    const bool busy = s->n_busy > 0;
    unlock(s);
    return busy;
}

static zi_stream *claim(zurt_session *s)
{
    zi_stream *free = NULL;
    lock(s);
    for (uint32_t i = 0; !free && i < s->n_streams; i++) {
        if (s->streams[i].state == ZI_STREAM_IDLE)
            free = &s->streams[i];
    }
    if (free) {
        free->state = ZI_STREAM_CLAIMED;
        s->n_busy++;
    }
    unlock(s);
    if (!free)
        zi_fail(s->ctx, ZURT_E_LIMIT, "all %u streams are in flight: wait for one first",
                (unsigned)s->n_streams);
    return free;
}

/* Gives out what the request came to, and the stream to the next; under the mutex. */
static zurt_status collect(zurt_session *s, zi_stream *stream)
{
    zurt_status st = stream->status;
    if (st) {
        zi_fail(s->ctx, st, "%s", stream->error);
    } else if (stream->fell_back) {
        s->n_fallbacks++;
        memcpy(s->failure, stream->failure, sizeof(s->failure));
    }
    stream->state = ZI_STREAM_IDLE;
    stream->ticket = 0;
    stream->n_waiters = 0; // others that waited too find that it is gone
    s->n_busy--;
    return st;
}

static zurt_status collect_done(zurt_session *s, zi_stream *stream)
{
    if (--s->n_done == 0)
        zi_done_fd_clear(&s->done_fd);
    pthread_cond_broadcast(&s->done);
    return collect(s, stream);
}

static void load_request(zi_stream *stream, const zurt_view *in, size_t n_in, const zurt_span *out,
                         size_t n_out)
{
    if (n_in)
        memcpy(stream->in, in, n_in * sizeof(*in));
    if (n_out)
        memcpy(stream->out, out, n_out * sizeof(*out));
    atomic_store_explicit(&stream->cancelled, false, memory_order_relaxed);
}

zurt_status zurt_session_run(zurt_session *s, const zurt_view *in, size_t n_in,
                             const zurt_span *out, size_t n_out)
{
    if (!s)
        return ZURT_E_ARG;
    zurt_status st = check_request(s, in, n_in, out, n_out);
    if (st)
        return st;
    zi_stream *stream = claim(s);
    if (!stream)
        return ZURT_E_LIMIT;
    load_request(stream, in, n_in, out, n_out);
    zi_stream_execute(stream);
    lock(s);
    st = collect(s, stream);
    unlock(s);
    return st;
}

// ---- submit and wait

/* Whether this process has the workers. */
static zurt_status check_owner(const zurt_session *s, const char *call, const char *why)
{
    return zi_is_forked(s->owner) ? zi_fail(s->ctx, ZURT_E_ARG, "%s: %s", call, why) : ZURT_OK;
}

static const char in_parent[] =
    "requests are in flight in the parent process alone, which made the session before this one "
    "was forked";

zurt_status zurt_session_submit(zurt_session *s, const zurt_view *in, size_t n_in,
                                const zurt_span *out, size_t n_out, uint64_t *ticket)
{
    if (!s)
        return ZURT_E_ARG;
    if (!ticket)
        return zi_fail(s->ctx, ZURT_E_ARG, "submit: nowhere to put the ticket");
    *ticket = 0;
    zurt_status st =
        check_owner(s, "submit",
                    "the session was made before this process was forked, and its workers run in "
                    "the parent alone; use zurt_session_run(), or create a session here");
    if (!st)
        st = check_request(s, in, n_in, out, n_out);
    if (st)
        return st;
    zi_stream *stream = claim(s);
    if (!stream)
        return ZURT_E_LIMIT;
    load_request(stream, in, n_in, out, n_out);
    *ticket = zi_stream_queue(stream);
    return ZURT_OK;
}

static zi_stream *stream_of(zurt_session *s, uint64_t ticket)
{
    for (uint32_t i = 0; ticket && i < s->n_streams; i++) {
        if (s->streams[i].ticket == ticket)
            return &s->streams[i];
    }
    return NULL;
}

static zurt_status fail_no_request(zurt_session *s, uint64_t ticket)
{
    return zi_fail(s->ctx, ZURT_E_ARG, "no request %llu is in flight", (unsigned long long)ticket);
}

/* One step of a wait, under the mutex. False: the time is over. */
static bool wait_done(zurt_session *s, uint32_t timeout_ms, const struct timespec *deadline)
{
    const int err = timeout_ms == UINT32_MAX
                        ? pthread_cond_wait(&s->done, &s->mutex)
                        : pthread_cond_timedwait(&s->done, &s->mutex, deadline);
    return err != ETIMEDOUT;
}

static struct timespec deadline_after(uint32_t timeout_ms)
{
    uint64_t ns = zi_now_ns() + (uint64_t)timeout_ms * 1000000u;
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

zurt_status zurt_session_wait(zurt_session *s, uint64_t ticket, uint32_t timeout_ms)
{
    if (!s)
        return ZURT_E_ARG;
    zurt_status st = check_owner(s, "wait", in_parent);
    if (st)
        return st;
    const struct timespec deadline = deadline_after(timeout_ms);
    bool in_time = true;
    lock(s);
    zi_stream *stream = stream_of(s, ticket);
    if (stream)
        stream->n_waiters++;
    while (stream && stream->ticket == ticket && stream->state != ZI_STREAM_DONE && in_time)
        in_time = wait_done(s, timeout_ms, &deadline);
    if (!stream || stream->ticket != ticket) { // there was none, or another thread had it
        st = fail_no_request(s, ticket);
    } else if (stream->state == ZI_STREAM_DONE) {
        st = collect_done(s, stream);
    } else {
        stream->n_waiters--;
        st = zi_fail(s->ctx, ZURT_E_TIMEOUT, "request %llu still runs after %u ms",
                     (unsigned long long)ticket, (unsigned)timeout_ms);
    }
    unlock(s);
    return st;
}

/* What waiting for any request finds. */
typedef struct choice {
    zi_stream *first; // of those that are done, the first that was; NULL: none
    bool expected;    // something is in flight that no thread waits for
} choice;

static choice choose(zurt_session *s)
{
    choice c = {NULL, false};
    for (uint32_t i = 0; i < s->n_streams; i++) {
        zi_stream *stream = &s->streams[i];
        if (!stream->ticket || stream->n_waiters)
            continue;
        c.expected = true;
        const bool done = stream->state == ZI_STREAM_DONE;
        if (done && (!c.first || stream->done_number < c.first->done_number))
            c.first = stream;
    }
    return c;
}

zurt_status zurt_session_wait_any(zurt_session *s, uint32_t timeout_ms, uint64_t *ticket)
{
    if (!s)
        return ZURT_E_ARG;
    if (!ticket)
        return zi_fail(s->ctx, ZURT_E_ARG, "wait_any: nowhere to put the ticket");
    *ticket = 0;
    zurt_status st = check_owner(s, "wait_any", in_parent);
    if (st)
        return st;
    const struct timespec deadline = deadline_after(timeout_ms);
    bool in_time = true;
    lock(s);
    choice c = choose(s);
    while (c.expected && !c.first && in_time) {
        in_time = wait_done(s, timeout_ms, &deadline);
        c = choose(s);
    }
    if (c.first) {
        *ticket = c.first->ticket;
        st = collect_done(s, c.first);
    } else if (c.expected) {
        st =
            zi_fail(s->ctx, ZURT_E_TIMEOUT, "no request is done after %u ms", (unsigned)timeout_ms);
    } else {
        st = zi_fail(s->ctx, ZURT_E_ARG,
                     "no request is in flight that no other thread waits for: submit one first");
    }
    unlock(s);
    return st;
}

zurt_status zurt_session_cancel(zurt_session *s, uint64_t ticket)
{
    if (!s)
        return ZURT_E_ARG;
    zurt_status st = check_owner(s, "cancel", in_parent);
    if (st)
        return st;
    lock(s);
    zi_stream *stream = stream_of(s, ticket);
    if (stream)
        zi_stream_cancel(stream);
    else
        st = fail_no_request(s, ticket);
    unlock(s);
    return st;
}

zurt_status zurt_session_completion_fd(zurt_session *s, int *out)
{
    if (!s || !out)
        return ZURT_E_ARG;
    *out = -1;
    zurt_status st = check_owner(s, "completion_fd", in_parent);
    if (st)
        return st;
    lock(s);
    st = zi_done_fd_open(s->ctx, &s->done_fd, s->n_done > 0);
    *out = s->done_fd.fd;
    unlock(s);
    return st;
}
