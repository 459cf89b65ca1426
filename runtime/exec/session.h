/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What a session is made of. Private to exec/, and to tests that bring a back end of their own.
 *
 * A schedule is a partition compiled for the open devices; it is immutable. A stream is the memory
 * and the worker of one request; all share one pool of helpers. The thread that owns the session
 * claims and frees streams; a stream's worker only ever takes it from QUEUED to DONE.
 */
#ifndef ZI_EXEC_SESSION_H
#define ZI_EXEC_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "backend/backend.h"
#include "exec/devices.h"
#include "exec/done_fd.h"
#include "model/model.h"

#define ZI_MAX_STREAMS 16
#define ZI_MAX_THREADS 64

/** An open device. */
typedef struct zi_device {
    const zi_backend_vtable *vtable;
    zi_backend *backend;
} zi_device;

/* ---- schedule ---- */

/** A segment, or one of the two pieces of one whose free nodes are computed while a device works.
 */
typedef struct zi_part {
    zi_segment segment;
    zi_program *program;
    bool on_cpu;
    bool is_free;        /**< need not wait for the device run in flight */
    uint32_t first_step; /**< for profiling */
} zi_part;

typedef struct zi_schedule {
    zurt_allocator allocator;
    const zi_graph *graph;
    const zi_device *devices; /**< as the partition counts them; the session's */
    zi_partition *partition;
    zi_memory_plan *memory;
    zi_part *parts;
    uint32_t n_parts;
    zi_id *callers; /**< tensors in the caller's memory, of each request another */
    uint32_t n_callers;
    uint32_t n_steps;
    size_t cpu_scratch_bytes; /**< the device's, which is used at the same time, follows */
    size_t scratch_bytes;
} zi_schedule;

/** What one run of a schedule works on. */
typedef struct zi_schedule_run {
    uint32_t stream;
    void **tensors; /**< one address per tensor; constants and arena set, the rest by the run */
    void *arena;
    void *scratch;
    const zi_parallel *parallel;
    zi_pool *pool;     /**< of `parallel`, which is told when this run computes; NULL: no pool */
    uint64_t *step_ns; /**< NULL, or n_steps sums */
    char *error;       /**< ZI_ERROR_BYTES */
    const atomic_bool *cancelled; /**< as zi_run.cancelled */
    const zurt_view *in;
    const zurt_span *out;
} zi_schedule_run;

/** Partitions, plans and compiles `graph` for n devices, the last of which is the CPU. */
zurt_status zi_schedule_create(zurt_ctx *ctx, const zi_graph *graph, const zi_device *devices,
                               uint32_t n_devices, zi_schedule **out);
/** Whether the activations of one request fit what is left of max_bytes: before kernels are made,
 *  which take memory too. ZURT_E_LIMIT: the largest tensor is named. */
zurt_status zi_schedule_check_room(zurt_ctx *ctx, const zi_schedule *s);
/** NULL is allowed. */
void zi_schedule_destroy(zi_schedule *s);
/** Fills in the addresses that never change. */
void zi_schedule_bind(const zi_schedule *s, void *arena, void **tensors);
/** Runs the parts in order, then the copies; a device is waited for when its answer, or the device,
 *  is needed. Any thread; allocates nothing. */
zurt_status zi_schedule_execute(const zi_schedule *s, const zi_schedule_run *run);

/* ---- stream ---- */

typedef enum zi_stream_state {
    ZI_STREAM_IDLE = 0,
    ZI_STREAM_CLAIMED = 1, /**< a caller fills in, or computes, its request */
    ZI_STREAM_QUEUED = 2,
    ZI_STREAM_RUNNING = 3, /**< on the worker */
    ZI_STREAM_DONE = 4     /**< to be collected */
} zi_stream_state;

typedef struct zi_stream {
    zurt_session *session;
    uint32_t index;
    void *arena;
    void *scratch;
    void **tensors;          /**< addresses for the main schedule */
    void **fallback_tensors; /**< and for the fallback, if there is one */
    uint64_t *step_ns;       /**< NULL without profiling */
    uint64_t n_runs;         /**< of the main schedule, completed */
    bool fell_back;          /**< the request was answered by the fallback; `failure` says why */
    char failure[ZI_ERROR_BYTES];

    zurt_view *in; /**< the request */
    zurt_span *out;
    zurt_status status;
    char error[ZI_ERROR_BYTES];

    atomic_bool cancelled; /**< computes no further than it must */

    /* Under the session's mutex: */
    zi_stream_state state;
    uint64_t ticket;      /**< of the request that was submitted; 0: none */
    uint32_t n_waiters;   /**< threads that wait for this ticket */
    uint64_t done_number; /**< which request of the session was DONE, in that order */
    bool stop;

    pthread_cond_t queued; /**< or `stop` */
    bool has_cond;
    pthread_t thread;
    bool has_thread;
} zi_stream;

/** Fills a zeroed stream and starts its worker. After a failure destroy it. */
zurt_status zi_stream_init(zurt_ctx *ctx, zurt_session *s, uint32_t index);
/** Lets the worker finish what is queued, then frees all. A zeroed stream is allowed. */
void zi_stream_destroy(zi_stream *stream);
/** Runs the request on the calling thread; sets status and error. */
void zi_stream_execute(zi_stream *stream);
/** Hands the request to the worker; returns its ticket. */
uint64_t zi_stream_queue(zi_stream *stream);
/** Ends a request that was submitted, at once if it has not begun, as soon as it may be otherwise.
 *  Under the session's mutex. */
void zi_stream_cancel(zi_stream *stream);

/* ---- profile ---- */

/** What a profile entry stands for. */
typedef struct zi_profile_step {
    const zi_node *node;
    const char *device;
    uint64_t macs;
    size_t first_node, n_nodes; /**< of the partition's graph */
} zi_profile_step;

/** One row per step of the main schedule, from the ctx's allocator. */
zurt_status zi_profile_create(zurt_ctx *ctx, const zi_schedule *s, zi_profile_step **out);

/* ---- session ---- */

struct zurt_session {
    zurt_ctx *ctx;
    pid_t owner; /**< the process that made it: its workers run there alone */
    const zi_graph *graph;
    char *xclbin;
    zurt_session_options options; /**< zeros replaced by what they stand for */
    zi_device devices[2];         /**< the accelerator if there is one, the CPU last */
    uint32_t n_devices;
    zi_schedule *schedule;
    zi_schedule *fallback; /**< all on the CPU; NULL: none */
    zi_profile_step *profile;
    zi_pool *pool; /**< shared by the streams; of options.helpers, if that is set */
    zi_parallel parallel;
    pthread_mutex_t mutex;
    bool has_mutex;
    pthread_cond_t done; /**< a request is done, or was collected */
    bool has_done;
    uint32_t n_streams; /**< initialised */

    /* Under the mutex: */
    uint32_t n_busy;      /**< streams that are not IDLE */
    uint32_t n_done;      /**< streams that are DONE */
    zi_done_fd done_fd;   /**< readable while n_done > 0 */
    uint64_t n_submitted; /**< the last ticket */
    uint64_t n_finished;  /**< the last done_number */
    uint64_t n_fallbacks; /**< among the answers collected */
    char failure[ZI_ERROR_BYTES];

    zi_stream streams[ZI_MAX_STREAMS];
};

/** Whether a request is in flight, on whatever thread. */
bool zi_session_is_busy(const zurt_session *s);

/** Streams that keep threads and device busy. */
uint32_t zi_session_useful_streams(const zurt_session *s, bool on_device);

/** Whether activations and scratch of all streams, and inputs and outputs of a request, fit what is
 *  left of max_bytes: before they are allocated. With 0 streams in the options as many as fit, of
 *  those that are useful. ZURT_E_LIMIT: not even one does; the largest tensor is named. */
zurt_status zi_session_settle_streams(zurt_session *s, const zi_budget *budget);

/** As zurt_session_create() with a choice of accelerators in place of options.device. */
zurt_status zi_session_create(zurt_ctx *ctx, const zurt_model *model,
                              const zurt_session_options *options,
                              const zi_accelerators *accelerators, zurt_session **out);

#endif
