/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what a context holds. The size stands before each allocation, since release() is not told
 * it.
 */
#include "base/heap.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/size.h"

typedef struct alloc_head {
    size_t total;  // of the whole allocation
    size_t before; // from its start to what was given out
} alloc_head;

static bool take(zi_heap *h, size_t bytes)
{
    size_t used = atomic_load(&h->used), sum;
    do {
        if (!zi_size_add(used, bytes, &sum) || sum > atomic_load(&h->limit)) {
            atomic_store(&h->refused, true);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&h->used, &used, sum));
    return true;
}

static void *heap_alloc(void *self, size_t size, size_t align)
{
    zi_heap *h = self;
    const size_t before = align > sizeof(alloc_head) ? align : sizeof(alloc_head);
    size_t total;
    if (!zi_size_add(size, before, &total) || !take(h, total))
        return NULL;
    unsigned char *p = h->source.alloc(h->source.self, total, before);
    if (!p) {
        atomic_fetch_sub(&h->used, total);
        return NULL;
    }
    alloc_head *head = (alloc_head *)(void *)(p + before) - 1;
    *head = (alloc_head){total, before};
    return p + before;
}

static void heap_release(void *self, void *ptr)
{
    zi_heap *h = self;
    if (!ptr)
        return;
    const alloc_head head = ((alloc_head *)ptr)[-1];
    h->source.release(h->source.self, (unsigned char *)ptr - head.before);
    atomic_fetch_sub(&h->used, head.total);
}

void zi_heap_init(zi_heap *heap, const zurt_allocator *source)
{
    heap->source = *source;
    atomic_init(&heap->used, 0);
    atomic_init(&heap->limit, SIZE_MAX);
    atomic_init(&heap->refused, false);
}

zurt_allocator zi_heap_allocator(zi_heap *heap)
{
    return (zurt_allocator){heap_alloc, heap_release, heap};
}

zi_budget zi_budget_begin(zurt_ctx *ctx, size_t max_bytes)
{
    const zi_budget b = {max_bytes ? max_bytes : ZURT_MAX_BYTES_DEFAULT,
                         atomic_load(&ctx->heap.limit)};
    size_t limit;
    if (!zi_size_add(atomic_load(&ctx->heap.used), b.max_bytes, &limit))
        limit = SIZE_MAX;
    atomic_store(&ctx->heap.limit, limit < b.limit_before ? limit : b.limit_before);
    atomic_store(&ctx->heap.refused, false);
    return b;
}

size_t zi_budget_left(const zurt_ctx *ctx)
{
    const size_t limit = atomic_load(&ctx->heap.limit), used = atomic_load(&ctx->heap.used);
    return limit > used ? limit - used : 0;
}

zurt_status zi_budget_end(zurt_ctx *ctx, const zi_budget *b, zurt_status st)
{
    atomic_store(&ctx->heap.limit, b->limit_before);
    if (st != ZURT_E_NOMEM || !atomic_load(&ctx->heap.refused))
        return st;
    return zi_fail_suffix(ctx, ZURT_E_LIMIT,
                          "; max_bytes allows %zu: raise it (--max-memory) or use a smaller model, "
                          "batch or input",
                          b->max_bytes);
}
