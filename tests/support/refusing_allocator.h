/* SPDX-License-Identifier: Apache-2.0 */
/** @file An allocator that counts what lives and refuses the n-th request. */
#ifndef TEST_SUPPORT_REFUSING_ALLOCATOR_H
#define TEST_SUPPORT_REFUSING_ALLOCATOR_H

#include <stdlib.h>

#include <zurt/zurt.h>

typedef struct refusing {
    size_t requests; /**< so far */
    size_t refuse;   /**< the request to refuse, from 1; 0: none */
    size_t live;     /**< objects not yet released */
} refusing;

static inline void *refusing_alloc(void *self, size_t size, size_t align)
{
    refusing *r = self;
    if (++r->requests == r->refuse)
        return NULL;
    size_t unit = align < sizeof(void *) ? sizeof(void *) : align;
    void *p = aligned_alloc(unit, (size / unit + 1) * unit);
    r->live += p != NULL;
    return p;
}

static inline void refusing_release(void *self, void *ptr)
{
    refusing *r = self;
    r->live -= ptr != NULL;
    free(ptr);
}

static inline zurt_allocator refusing_allocator(refusing *r)
{
    return (zurt_allocator){refusing_alloc, refusing_release, r};
}

#endif
