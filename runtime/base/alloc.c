/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned and checked allocation through the user's allocator. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

static void *default_alloc(void *self, size_t size, size_t align)
{
    (void)self;
    if (align <= _Alignof(max_align_t))
        return malloc(size ? size : 1);
    size_t rounded; // aligned_alloc wants a multiple
    if (!zi_size_align(size ? size : 1, align, &rounded))
        return NULL;
    return aligned_alloc(align, rounded);
}

static void default_release(void *self, void *ptr)
{
    (void)self;
    free(ptr);
}

zurt_allocator zi_default_allocator(void)
{
    return (zurt_allocator){default_alloc, default_release, NULL};
}

void *zi_zalloc(const zurt_allocator *a, size_t size)
{
    void *p = a->alloc(a->self, size ? size : 1, _Alignof(max_align_t));
    if (p)
        memset(p, 0, size);
    return p;
}

void *zi_calloc(const zurt_allocator *a, size_t count, size_t size)
{
    size_t bytes;
    return zi_size_mul(count, size, &bytes) ? zi_zalloc(a, bytes) : NULL;
}

void *zi_alloc_aligned(const zurt_allocator *a, size_t size)
{
    return a->alloc(a->self, size ? size : 1, ZI_ALIGN);
}

char *zi_strdup(const zurt_allocator *a, const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *copy = zi_zalloc(a, n);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

void zi_free(const zurt_allocator *a, void *ptr)
{
    if (ptr)
        a->release(a->self, ptr);
}

bool zi_grow(const zurt_allocator *a, void **array, size_t *capacity, size_t count,
             size_t elem_size)
{
    if (count < *capacity)
        return true;
    size_t wanted;
    if (!zi_size_mul(*capacity ? *capacity : 8, 2, &wanted))
        return false;
    void *grown = zi_calloc(a, wanted, elem_size);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *array, count * elem_size);
    zi_free(a, *array);
    *array = grown;
    *capacity = wanted;
    return true;
}
