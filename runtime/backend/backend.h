/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What a back end is: one vtable, every entry mandatory ("cannot" is ZURT_E_UNSUPPORTED).
 * How to write one: docs/porting-a-backend.md. It is done when it passes tests/conf.
 *
 * The session hands a back end whole segments of the graph. A segment's tensors come and go in
 * host memory (dense, NHWC); a device's own buffers, layouts and cache maintenance are its affair.
 */
#ifndef ZI_BACKEND_BACKEND_H
#define ZI_BACKEND_BACKEND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/ctx.h"
#include "base/parallel.h"
#include "graph/graph.h"
#include "plan/plan.h"

typedef struct zi_backend zi_backend; /**< an open device */
typedef struct zi_program zi_program; /**< a segment compiled for it */

typedef struct zi_backend_config {
    const char *xclbin; /**< NULL: the back end's own search */
    uint32_t threads;   /**< largest number of threads a run may use */
    uint32_t streams;   /**< largest number of runs in flight */
    uint32_t timeout_ms;
} zi_backend_config;

/** One run of one program. Lives until its wait() returns, or its submit() fails. */
typedef struct zi_run {
    uint32_t stream;             /**< 0..streams-1; two runs in flight never share one */
    void *const *tensors;        /**< address of the segment's inputs and outputs, by tensor id,
                                      aligned to their element; of every tensor for the CPU.
                                      Constants are read from the graph. Else may be NULL */
    void *scratch;               /**< program_needs() bytes, ZI_ALIGN; the run's alone until its
                                      wait() returns */
    const zi_parallel *parallel; /**< threads of this run */
    uint64_t *step_ns;           /**< NULL, or one sum per step of the program: add to it */
    char *error;                 /**< filled on failure, ZI_ERROR_BYTES; the ctx belongs to
                                      another thread and is out of reach */
    /** Asked between steps by zi_is_cancelled(); a run that stops so returns zi_cancelled(). What
     *  cannot stop half way, as a launch, goes on to its end. */
    const atomic_bool *cancelled;
} zi_run;

/** Whether the request's answer is no longer wanted. */
static inline bool zi_is_cancelled(const atomic_bool *cancelled)
{
    return cancelled && atomic_load_explicit(cancelled, memory_order_relaxed);
}

/** What a request that was cancelled comes to; `error` has ZI_ERROR_BYTES. */
static inline zurt_status zi_cancelled(char *error)
{
    snprintf(error, ZI_ERROR_BYTES, "cancelled: the outputs are not whole");
    return ZURT_E_CANCELLED;
}

typedef struct zi_program_needs {
    size_t scratch_bytes; /**< per run in flight */
    uint32_t n_steps;     /**< for profiling; at least 1 */
} zi_program_needs;

typedef struct zi_backend_vtable {
    const char *name; /**< "cpu", "xrt", "sim" */
    /** ZURT_E_DEVICE: absent, so that ZURT_DEVICE_AUTO may pass it over; other errors are not. */
    zurt_status (*open)(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out);
    void (*close)(zi_backend *backend);                /**< NULL is allowed */
    const zi_caps *(*caps)(const zi_backend *backend); /**< borrowed */
    /** Graph and segment are borrowed: they outlive the program. */
    zurt_status (*program_create)(zurt_ctx *ctx, zi_backend *backend, const zi_graph *graph,
                                  const zi_segment *segment, zi_program **out);
    void (*program_destroy)(zi_program *program); /**< NULL is allowed */
    zi_program_needs (*program_needs)(const zi_program *program);
    /** Node that step i stands for (a device step may stand for several: the last). Steps are in
     *  the order of the nodes and cover the segment. */
    zi_id (*program_step)(const zi_program *program, uint32_t i);
    /** Starts a run; any thread, and up to config.streams runs at once. Allocates nothing. */
    zurt_status (*submit)(zi_program *program, const zi_run *run);
    /** Finishes it; same thread as its submit, which may have computed on the CPU in between; not
     *  called if that failed. The outputs are in host memory when it returns ZURT_OK. ZURT_E_DEVICE
     *  and ZURT_E_TIMEOUT let the session fall back to the CPU, if it was asked to: nothing may
     *  write the tensors after they are returned. */
    zurt_status (*wait)(zi_program *program, const zi_run *run);
} zi_backend_vtable;

#endif
