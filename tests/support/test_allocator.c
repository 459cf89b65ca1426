/* SPDX-License-Identifier: Apache-2.0 */
/* Counts allocations, and refuses the one that is asked for. */
#include "support/test_allocator.h"

#include "base/alloc.h"

static void *counted_alloc(void *self, size_t size, size_t align)
{
    zt_allocator *a = self;
    if (atomic_fetch_add(&a->n_requests, 1) + 1 == a->refuse_at)
        return NULL;
    zurt_allocator heap = zi_default_allocator();
    void *p = heap.alloc(heap.self, size, align);
    if (p)
        atomic_fetch_add(&a->n_live, 1);
    return p;
}

static void counted_release(void *self, void *ptr)
{
    zt_allocator *a = self;
    if (ptr)
        atomic_fetch_sub(&a->n_live, 1);
    zurt_allocator heap = zi_default_allocator();
    heap.release(heap.self, ptr);
}

zurt_allocator zt_allocator_of(zt_allocator *self)
{
    return (zurt_allocator){counted_alloc, counted_release, self};
}

void zt_allocator_arm(zt_allocator *self, size_t refuse_at)
{
    atomic_store(&self->n_requests, 0);
    self->refuse_at = refuse_at;
}

zurt_ctx *zt_ctx_create(zt_allocator *self, uint32_t cpu_mask)
{
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    options.allocator = zt_allocator_of(self);
    options.cpu_mask = cpu_mask;
    zurt_ctx *ctx = NULL;
    zurt_ctx_create(&options, &ctx);
    return ctx;
}
