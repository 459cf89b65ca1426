/* SPDX-License-Identifier: Apache-2.0 */
/** @file Heap memory; base/alloc.c is the only file that calls malloc and free. */
#ifndef ZI_BASE_ALLOC_H
#define ZI_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include <zurt/zurt.h>

/** Alignment of tensors, arenas and weights: one cache line of the A53. */
#define ZI_ALIGN ((size_t)64)

/** The default allocator: malloc and free. */
zurt_allocator zi_default_allocator(void);

/** `size` zeroed bytes, aligned for any type; NULL if refused. size 0 gives a valid pointer. */
void *zi_zalloc(const zurt_allocator *a, size_t size);
/** count * size zeroed bytes; NULL if refused or if the product overflows. */
void *zi_calloc(const zurt_allocator *a, size_t count, size_t size);
/** `size` bytes with ZI_ALIGN, not cleared; NULL if refused. */
void *zi_alloc_aligned(const zurt_allocator *a, size_t size);
/** Copy of a string; NULL if refused or `s` is NULL. */
char *zi_strdup(const zurt_allocator *a, const char *s);
/** Releases any of the above; NULL is allowed. */
void zi_free(const zurt_allocator *a, void *ptr);

/**
 * Makes room for one more element at the end of a growing array.
 *
 * @param array *array is NULL or from this function; may move. New elements are zero.
 * @return false if memory is refused; the array is unchanged then.
 */
bool zi_grow(const zurt_allocator *a, void **array, size_t *capacity, size_t count,
             size_t elem_size);

#endif
