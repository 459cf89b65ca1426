/* SPDX-License-Identifier: Apache-2.0 */
/** @file How an op spreads its work over threads, without knowing them. */
#ifndef ZI_BASE_PARALLEL_H
#define ZI_BASE_PARALLEL_H

#include <stdint.h>

#include <zurt/zurt.h>

/** Does part `task` of `n_tasks`; parts are independent and may run at once in any order. */
typedef void zi_task_fn(void *arg, uint32_t task, uint32_t n_tasks);

typedef struct zi_parallel {
    /** Runs fn for tasks 0..n-1 of n, which is n_tasks, or 1 where nobody helps: cutting work up
     *  costs. Returns when all are done. Allocates nothing. */
    void (*run)(void *self, zi_task_fn *fn, void *arg, uint32_t n_tasks);
    void *self;
    uint32_t n_threads; /**< sensible number of tasks, >= 1 */
} zi_parallel;

/** All tasks one after the other on the calling thread. */
zi_parallel zi_parallel_serial(void);

/** A pool of n_threads - 1 waiting threads; the caller of run() is the last one. */
typedef struct zi_pool zi_pool;

/** @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_IO: the OS gives no more threads. n_threads 1..64. */
zurt_status zi_pool_create(zurt_ctx *ctx, uint32_t n_threads, zi_pool **out);
/** No run() may be under way. NULL is allowed. */
void zi_pool_destroy(zi_pool *pool);
/** For any number of callers at once: one has the workers, the others do their work themselves.
 *  A task must not run() on the pool that runs it. */
zi_parallel zi_pool_parallel(zi_pool *pool);
/** The calling thread computes from now on until it leaves, whether in run() or not: as long as it
 *  does, one worker fewer helps the others, so that no more than n_threads compute at once. */
void zi_pool_enter(zi_pool *pool);
void zi_pool_leave(zi_pool *pool);

/** The share [*begin, *end) of n items that falls to `task`. */
static inline void zi_task_range(uint32_t task, uint32_t n_tasks, int64_t n, int64_t *begin,
                                 int64_t *end)
{
    *begin = n * task / n_tasks;
    *end = n * (task + (int64_t)1) / n_tasks;
}

#endif
