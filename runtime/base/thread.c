/* SPDX-License-Identifier: Apache-2.0 */
/* Starts threads that take no signals, and tells the time. */
#include "base/thread.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

zurt_status zi_thread_start(zurt_ctx *ctx, pthread_t *out, void *(*fn)(void *), void *arg)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); // inherited by the new thread
    int err = pthread_create(out, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err)
        return zi_fail(ctx, ZURT_E_IO,
                       "cannot start a thread: error %d; ask for fewer threads or streams", err);
    return ZURT_OK;
}

zurt_status zi_cond_init(zurt_ctx *ctx, pthread_cond_t *out)
{
    pthread_condattr_t attr;
    int err = pthread_condattr_init(&attr);
    if (!err) {
        err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        if (!err)
            err = pthread_cond_init(out, &attr);
        pthread_condattr_destroy(&attr);
    }
    return err ? zi_fail(ctx, ZURT_E_NOMEM, "condition variable: error %d", err) : ZURT_OK;
}

uint64_t zi_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void zi_sleep_ns(uint64_t ns)
{
    const struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    nanosleep(&t, NULL);
}

bool zi_is_forked(pid_t owner)
{
    return owner != getpid();
}
