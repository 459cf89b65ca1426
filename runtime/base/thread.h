/* SPDX-License-Identifier: Apache-2.0 */
/** @file Threads of the library, and the clock they are timed by. */
#ifndef ZI_BASE_THREAD_H
#define ZI_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ctx.h"

/**
 * Starts a thread that blocks every signal, so that the program's handlers run on its own threads.
 * @return ZURT_OK; ZURT_E_IO: the OS gives no more threads.
 */
zurt_status zi_thread_start(zurt_ctx *ctx, pthread_t *out, void *(*fn)(void *), void *arg);

/** Prepares a condition variable whose timed waits use the monotonic clock.
 *  ZURT_OK; ZURT_E_NOMEM. */
zurt_status zi_cond_init(zurt_ctx *ctx, pthread_cond_t *out);

/** Whether this process was forked from `owner`, a getpid(): threads that were started there do not
 * run here, and a lock may be held by one of them for ever. */
bool zi_is_forked(pid_t owner);

/** Monotonic time in nanoseconds. */
uint64_t zi_now_ns(void);

/** Sleeps for so long, or until a signal. */
void zi_sleep_ns(uint64_t ns);

#endif
