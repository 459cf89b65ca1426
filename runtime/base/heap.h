/* SPDX-License-Identifier: Apache-2.0 */
/** @file The heap of a context: every byte is counted, and a limit holds while something is made.
 */
#ifndef ZI_BASE_HEAP_H
#define ZI_BASE_HEAP_H

#include <stdatomic.h>
#include <stddef.h>

#include <zurt/zurt.h>

/** At a fixed address: allocators point to it. */
typedef struct zi_heap {
    zurt_allocator source;
    atomic_size_t used;  /**< bytes given out, with what it takes to count them */
    atomic_size_t limit; /**< of `used`; SIZE_MAX: none */
    atomic_bool refused; /**< by the limit, since it was set */
} zi_heap;

void zi_heap_init(zi_heap *heap, const zurt_allocator *source);
/** Takes from the source, within the limit; any thread. */
zurt_allocator zi_heap_allocator(zi_heap *heap);

/** The limit's end of what one call may take; zi_budget_end() it. */
typedef struct zi_budget {
    size_t max_bytes;
    size_t limit_before;
} zi_budget;

/** From here on at most max_bytes more; 0: ZURT_MAX_BYTES_DEFAULT. The ctx's thread. */
zi_budget zi_budget_begin(zurt_ctx *ctx, size_t max_bytes);
/** Bytes that are left of it. */
size_t zi_budget_left(const zurt_ctx *ctx);
/** @return `st`; but ZURT_E_LIMIT, with the limit added to the text, if that is why memory was
 *          refused. */
zurt_status zi_budget_end(zurt_ctx *ctx, const zi_budget *b, zurt_status st);

#endif
