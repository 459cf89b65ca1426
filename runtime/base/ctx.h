/* SPDX-License-Identifier: Apache-2.0 */
/** @file The context behind zurt_ctx, and how a failure is stated. */
#ifndef ZI_BASE_CTX_H
#define ZI_BASE_CTX_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <zurt/zurt.h>

#include "base/heap.h"

#if defined(__GNUC__)
#define ZI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define ZI_PRINTF(fmt, args)
#endif

/** Longest error text kept, with its terminator; longer ones are cut. */
#define ZI_ERROR_BYTES 512

/** Contexts of which a thread keeps the texts of failures; the one not used for longest goes. */
#define ZI_ERROR_TEXTS 4

struct zurt_ctx {
    zurt_allocator allocator; /**< of `heap` */
    zi_heap heap;
    zurt_log_fn *log;
    void *log_self;
    uint32_t cpu; /* features that kernels may use */
    uint64_t id;  /* no other context of this process ever has it: an address is used again */
    /** The calling thread's text: a function of the library that made the context, since each
     * shared library that holds this file has thread-local texts of its own. */
    char *(*error_text)(const zurt_ctx *ctx);
};

/** The text of this thread's last failure on a context, ZI_ERROR_BYTES, to be read and written;
 *  "" before the first. It stays until the thread has failed on ZI_ERROR_TEXTS other contexts. */
static inline char *zi_error_text(const zurt_ctx *ctx)
{
    return ctx->error_text(ctx);
}

/**
 * Stores the text of a failure and returns its code. Called once, by the deepest function that
 * knows the cause; callers pass the code on. Say what, where and the remedy:
 * "node 12 'conv3': stride 3, the PL takes 1 or 2".
 */
zurt_status zi_fail(zurt_ctx *ctx, zurt_status code, const char *fmt, ...) ZI_PRINTF(3, 4);

/** Puts words in front of the stored text, e.g. the file's name; returns `code`. */
zurt_status zi_fail_prefix(zurt_ctx *ctx, zurt_status code, const char *fmt, ...) ZI_PRINTF(3, 4);

/** Puts words behind the stored text, e.g. a remedy; returns `code`. */
zurt_status zi_fail_suffix(zurt_ctx *ctx, zurt_status code, const char *fmt, ...) ZI_PRINTF(3, 4);

/** Sends one line to the log callback, if there is one. */
void zi_log(zurt_ctx *ctx, zurt_log_level level, const char *fmt, ...) ZI_PRINTF(3, 4);

#endif
