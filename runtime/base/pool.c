/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One job at a time: a caller that finds the workers taken does its work itself, so that callers
 * never wait for each other. A job has seats for as many workers as there are threads left beside
 * those that compute already. `unclaimed` counts down the tasks nobody has taken: whoever lowers it
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
    SPIN_NS = 50000,  // longer than the gap between two ops of a network, shorter than a time slice
    SPINS_A_LOOK = 64 // between looks at the clock
};

struct zi_pool {
    zurt_allocator allocator;
    pid_t owner; // process whose threads the workers are
    uint32_t n_threads;
    uint32_t n_workers; // started
    bool spins;         // before it sleeps

    atomic_uint callers; // that have entered
    atomic_bool taken;   // by the caller whose job the workers help with
    zi_task_fn *fn;      // the job: written by that caller, while no task is unfinished
    void *arg;
    uint32_t n_tasks;
    atomic_uint seats; // of workers that may still join the job
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

/* Between what is announced and what is then looked at. The atomics are sequentially consistent as
 * they are; but qemu-user (7.2, on x86) lets an acquiring load pass a releasing store, and a thread
 * then sleeps for ever. A barrier costs a Cortex-A53 a few cycles. */
static void announce(void)
{
#if defined(__aarch64__)
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

static bool caller_sleeps(zi_pool *p)
{
    announce();
    return atomic_load(&p->caller_sleeps);
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
        if (atomic_fetch_sub(&p->unfinished, 1) == 1 && caller_sleeps(p)) {
            pthread_mutex_lock(&p->mutex);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->mutex);
        }
    }
}

static bool take_seat(zi_pool *p)
{
    uint32_t seats = atomic_load(&p->seats);
    while (seats && !atomic_compare_exchange_weak(&p->seats, &seats, seats - 1))
        ;
    return seats > 0;
}

typedef bool condition_fn(zi_pool *p);

static bool has_work(zi_pool *p)
{
    return (atomic_load(&p->unclaimed) && atomic_load(&p->seats)) || atomic_load(&p->stop);
}

static bool is_done(zi_pool *p)
{
    return !atomic_load(&p->unfinished);
}

/* Sleeping and waking take longer than many an op: what is waited for is mostly about to come. */
static bool spin_until(zi_pool *p, condition_fn *condition)
{
    if (!p->spins)
        return condition(p);
    const uint64_t start = zi_now_ns();
    do {
        for (int i = 0; i < SPINS_A_LOOK; i++) {
            if (condition(p))
                return true;
            relax();
        }
    } while (zi_now_ns() - start < SPIN_NS);
    return false;
}

static void wait_for_work(zi_pool *p)
{
    if (spin_until(p, has_work))
        return;
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleepers, 1);
    announce();
    while (!has_work(p))
        pthread_cond_wait(&p->work, &p->mutex);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->mutex);
}

static void wait_until_done(zi_pool *p)
{
    if (spin_until(p, is_done))
        return;
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->caller_sleeps, true);
    announce();
    while (!is_done(p))
        pthread_cond_wait(&p->done, &p->mutex);
    atomic_store(&p->caller_sleeps, false);
    pthread_mutex_unlock(&p->mutex);
}

static void wake_workers(zi_pool *p, uint32_t most)
{
    announce();
    const uint32_t sleepers = atomic_load(&p->sleepers);
    if (!sleepers)
        return;
    pthread_mutex_lock(&p->mutex);
    for (uint32_t i = 0; i < sleepers && i < most; i++)
        pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->mutex);
}

static void *worker_main(void *arg)
{
    zi_pool *p = arg;
    while (!atomic_load(&p->stop)) {
        if (take_seat(p))
            help(p);
        wait_for_work(p);
    }
    return NULL;
}

/* Workers that may help a caller: threads beside those of all callers. */
static uint32_t free_workers(zi_pool *p)
{
    const uint32_t callers = atomic_load(&p->callers);
    const uint32_t free = callers < p->n_threads ? p->n_threads - (callers ? callers : 1) : 0;
    return free < p->n_workers ? free : p->n_workers;
}

static void run_pool(void *self, zi_task_fn *fn, void *arg, uint32_t n_tasks)
{
    zi_pool *p = self;
    uint32_t seats = free_workers(p);
    seats = n_tasks <= seats ? n_tasks - 1 : seats; // the caller takes one
    if (n_tasks < 2 || !seats || atomic_exchange(&p->taken, true)) {
        if (n_tasks)
            fn(arg, 0, 1);
        return;
    }
    assert(!atomic_load(&p->unclaimed) && !atomic_load(&p->unfinished));
    p->fn = fn;
    p->arg = arg;
    p->n_tasks = n_tasks;
    atomic_store(&p->unfinished, n_tasks);
    atomic_store(&p->seats, seats);
    atomic_store(&p->unclaimed, n_tasks); // publishes the job
    wake_workers(p, seats);
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
    p->spins = n_threads <= zi_cpu_count(); // else spinning only delays the others
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

void zi_pool_enter(zi_pool *pool)
{
    atomic_fetch_add(&pool->callers, 1);
}

void zi_pool_leave(zi_pool *pool)
{
    atomic_fetch_sub(&pool->callers, 1);
}
