/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of growing size, handed out from the front. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"

enum { CHUNK_BYTES = 64 * 1024, BIG_BYTES = 4096, SMALL_ALIGN = 16 };

struct zi_arena_chunk {
    zi_arena_chunk *next;
    size_t used;
    size_t size;
    size_t pad; // keeps the payload aligned
};

void zi_arena_init(zi_arena *arena, const zurt_allocator *allocator)
{
    arena->allocator = *allocator;
    arena->head = NULL;
}

void zi_arena_clear(zi_arena *arena)
{
    for (zi_arena_chunk *b = arena->head; b;) {
        zi_arena_chunk *next = b->next;
        zi_free(&arena->allocator, b);
        b = next;
    }
    arena->head = NULL;
}

static zi_arena_chunk *new_chunk(zi_arena *arena, size_t payload)
{
    size_t bytes;
    if (!zi_size_add(payload, ZI_ALIGN, &bytes)) // header, padded to ZI_ALIGN
        return NULL;
    zi_arena_chunk *b = zi_alloc_aligned(&arena->allocator, bytes);
    if (!b)
        return NULL;
    *b = (zi_arena_chunk){NULL, 0, payload, 0};
    return b;
}

void *zi_arena_alloc(zi_arena *arena, size_t size)
{
    size_t rounded;
    if (!zi_size_align(size ? size : 1, SMALL_ALIGN, &rounded))
        return NULL;
    zi_arena_chunk *b = arena->head;
    if (rounded >= BIG_BYTES) { // a chunk of its own, behind the one being filled
        b = new_chunk(arena, rounded);
        if (!b)
            return NULL;
        if (arena->head) {
            b->next = arena->head->next;
            arena->head->next = b;
        } else {
            arena->head = b;
        }
    } else if (!b || b->size - b->used < rounded) {
        b = new_chunk(arena, CHUNK_BYTES);
        if (!b)
            return NULL;
        b->next = arena->head;
        arena->head = b;
    }
    uint8_t *p = (uint8_t *)b + ZI_ALIGN + b->used;
    b->used += rounded;
    memset(p, 0, rounded);
    return p;
}

void *zi_arena_calloc(zi_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return zi_size_mul(count, size, &bytes) ? zi_arena_alloc(arena, bytes) : NULL;
}

void *zi_arena_memdup(zi_arena *arena, const void *bytes, size_t size)
{
    void *p = zi_arena_alloc(arena, size);
    if (p && size)
        memcpy(p, bytes, size);
    return p;
}

char *zi_arena_strndup(zi_arena *arena, const char *s, size_t n)
{
    const char *end = n ? memchr(s, 0, n) : NULL;
    if (end)
        n = (size_t)(end - s);
    char *p = n < SIZE_MAX ? zi_arena_alloc(arena, n + 1) : NULL;
    if (p && n)
        memcpy(p, s, n);
    return p;
}

char *zi_arena_strdup(zi_arena *arena, const char *s)
{
    return zi_arena_memdup(arena, s ? s : "", s ? strlen(s) + 1 : 1);
}

char *zi_arena_vprintf(zi_arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *p = n >= 0 ? zi_arena_alloc(arena, (size_t)n + 1) : NULL;
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *zi_arena_printf(zi_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *p = zi_arena_vprintf(arena, fmt, args);
    va_end(args);
    return p;
}
