/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One job at a time: a caller that finds the workers taken does its tasks itself, so that callers
 * never wait for each other. `unclaimed` counts down the tasks nobody has taken: whoever lowers it
 * from r owns task n_tasks - r of the current job. The job cannot end before that task is done, so
 * its other fields are read after the claim, and a worker that comes late simply finds nothing to
 * claim or helps with the next job.
 *
 * Sleep and wake: a sleeper first announces itself, then looks; a waker first changes the counter,
 * then looks for sleepers. Both orders are sequentially consistent, so one sees the other.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/parallel.h"
#include "base/thread.h"

enum {
    MAX_THREADS = 64,
    SPINS = 4000 // about 20 to 50 us: longer than the gap between two ops of a network
};

struct zi_pool {
    zurt_allocator allocator;
    pid_t owner; // process whose threads the workers are
    uint32_t n_threads;
    uint32_t n_workers; // started
    uint32_t spins;

    atomic_bool taken; // by the caller whose job the workers help with
    zi_task_fn *fn;    // the job: written by that caller, while no task is unfinished
    void *arg;
    uint32_t n_tasks;
    _Alignas(64) atomic_uint unclaimed;
    _Alignas(64) atomic_uint unfinished;

    _Alignas(64) pthread_mutex_t mutex;
    bool has_mutex;
    bool has_work_cond;
    bool has_done_cond;
    pthread_cond_t work;
    pthread_cond_t done;
    atomic_uint sleepers; // workers that wait for `work`, or are about to
    atomic_bool caller_sleeps;
    atomic_bool stop;
    pthread_t workers[MAX_THREADS - 1];
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

// Takes tasks of the current job until none is left.
static void help(zi_pool *p)
{
    for (;;) {
        uint32_t left = atomic_load(&p->unclaimed);
        do {
            if (left == 0)
                return;
        } while (!atomic_compare_exchange_weak(&p->unclaimed, &left, left - 1));
        p->fn(p->arg, p->n_tasks - left, p->n_tasks);
        if (atomic_fetch_sub(&p->unfinished, 1) == 1 && atomic_load(&p->caller_sleeps)) {
            pthread_mutex_lock(&p->mutex);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->mutex);
        }
    }
}

static void wait_for_work(zi_pool *p)
{
    for (uint32_t i = 0; i < p->spins; i++) {
        if (atomic_load(&p->unclaimed) || atomic_load(&p->stop))
            return;
        relax();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleepers, 1);
    while (!atomic_load(&p->unclaimed) && !atomic_load(&p->stop))
        pthread_cond_wait(&p->work, &p->mutex);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->mutex);
}

static void wait_until_done(zi_pool *p)
{
    for (uint32_t i = 0; i < p->spins; i++) {
        if (!atomic_load(&p->unfinished))
            return;
        relax();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->caller_sleeps, true);
    while (atomic_load(&p->unfinished))
        pthread_cond_wait(&p->done, &p->mutex);
    atomic_store(&p->caller_sleeps, false);
    pthread_mutex_unlock(&p->mutex);
}

static void wake_workers(zi_pool *p)
{
    if (!atomic_load(&p->sleepers))
        return;
    pthread_mutex_lock(&p->mutex);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->mutex);
}

static void *worker_main(void *arg)
{
    zi_pool *p = arg;
    while (!atomic_load(&p->stop)) {
        help(p);
        wait_for_work(p);
    }
    return NULL;
}

static void run_pool(void *self, zi_task_fn *fn, void *arg, uint32_t n_tasks)
{
    zi_pool *p = self;
    if (p->n_workers == 0 || n_tasks < 2 || atomic_exchange(&p->taken, true)) {
        for (uint32_t task = 0; task < n_tasks; task++)
            fn(arg, task, n_tasks);
        return;
    }
    assert(!atomic_load(&p->unclaimed) && !atomic_load(&p->unfinished));
    p->fn = fn;
    p->arg = arg;
    p->n_tasks = n_tasks;
    atomic_store(&p->unfinished, n_tasks);
    atomic_store(&p->unclaimed, n_tasks); // publishes the job
    wake_workers(p);
    help(p);
    wait_until_done(p);
    atomic_store(&p->taken, false);
}

static zurt_status start(zurt_ctx *ctx, zi_pool *p)
{
    if (pthread_mutex_init(&p->mutex, NULL))
        return zi_fail(ctx, ZURT_E_NOMEM, "thread pool: no memory for a mutex");
    p->has_mutex = true;
    zurt_status st = zi_cond_init(ctx, &p->work);
    p->has_work_cond = !st;
    if (!st) {
        st = zi_cond_init(ctx, &p->done);
        p->has_done_cond = !st;
    }
    for (uint32_t i = 1; !st && i < p->n_threads; i++) {
        st = zi_thread_start(ctx, &p->workers[p->n_workers], worker_main, p);
        if (!st)
            p->n_workers++;
    }
    return st;
}

zurt_status zi_pool_create(zurt_ctx *ctx, uint32_t n_threads, zi_pool **out)
{
    *out = NULL;
    if (n_threads < 1 || n_threads > MAX_THREADS)
        return zi_fail(ctx, ZURT_E_ARG, "thread pool: %u threads, 1 to %d are possible", n_threads,
                       MAX_THREADS);
    zi_pool *p = zi_alloc_aligned(&ctx->allocator, sizeof(*p));
    if (!p)
        return zi_fail(ctx, ZURT_E_NOMEM, "thread pool: need %zu bytes", sizeof(*p));
    *p = (zi_pool){.allocator = ctx->allocator, .owner = getpid(), .n_threads = n_threads};
    p->spins = n_threads <= zi_cpu_count() ? SPINS : 0; // else spinning only delays the others
    zurt_status st = start(ctx, p);
    if (st) {
        zi_pool_destroy(p);
        return st;
    }
    *out = p;
    return ZURT_OK;
}

static void end_workers(zi_pool *p)
{
    if (p->n_workers) {
        pthread_mutex_lock(&p->mutex);
        atomic_store(&p->stop, true);
        pthread_cond_broadcast(&p->work);
        pthread_mutex_unlock(&p->mutex);
        for (uint32_t i = 0; i < p->n_workers; i++)
            pthread_join(p->workers[i], NULL);
    }
    if (p->has_done_cond)
        pthread_cond_destroy(&p->done);
    if (p->has_work_cond)
        pthread_cond_destroy(&p->work);
    if (p->has_mutex)
        pthread_mutex_destroy(&p->mutex);
}

void zi_pool_destroy(zi_pool *p)
{
    if (!p)
        return;
    if (!zi_is_forked(p->owner)) // there are no workers, and what they hold is held for ever
        end_workers(p);
    zurt_allocator allocator = p->allocator;
    zi_free(&allocator, p);
}

zi_parallel zi_pool_parallel(zi_pool *pool)
{
    return (zi_parallel){run_pool, pool, pool->n_threads};
}
