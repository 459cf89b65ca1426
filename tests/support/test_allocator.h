/* SPDX-License-Identifier: Apache-2.0 */
/** @file An allocator that counts, and refuses the n-th request if asked to. */
#ifndef ZT_TEST_ALLOCATOR_H
#define ZT_TEST_ALLOCATOR_H

#include <stdatomic.h>
#include <stddef.h>

#include <zurt/zurt.h>

typedef struct zt_allocator {
    atomic_size_t n_requests; /**< since creation or the last zt_allocator_arm() */
    atomic_size_t n_live;     /**< given and not released */
    size_t refuse_at;         /**< number of the request to refuse, from 1; 0: none */
} zt_allocator;

/** For zurt_ctx_options.allocator. */
zurt_allocator zt_allocator_of(zt_allocator *self);

/** Counts from 0 again and refuses request `refuse_at` (0: none). */
void zt_allocator_arm(zt_allocator *self, size_t refuse_at);

/** True if the armed refusal happened. */
static inline int zt_allocator_refused(const zt_allocator *self)
{
    return self->refuse_at && atomic_load(&self->n_requests) >= self->refuse_at;
}

/** A ctx that allocates through `self`; NULL on failure. */
zurt_ctx *zt_ctx_create(zt_allocator *self, uint32_t cpu_mask);

#endif
