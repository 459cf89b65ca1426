/* SPDX-License-Identifier: Apache-2.0 */
/** @file Bump allocator: many small objects with one lifetime, freed together. */
#ifndef ZI_BASE_ARENA_H
#define ZI_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include <zurt/zurt.h>

typedef struct zi_arena_chunk zi_arena_chunk;

typedef struct zi_arena {
    zurt_allocator allocator;
    zi_arena_chunk *head;
} zi_arena;

void zi_arena_init(zi_arena *arena, const zurt_allocator *allocator);
/** Frees every object; the arena may be used again. */
void zi_arena_clear(zi_arena *arena);
/** `size` zeroed bytes aligned to 16 (to ZI_ALIGN from 4 KiB up); NULL if refused. */
void *zi_arena_alloc(zi_arena *arena, size_t size);
/** count * size zeroed bytes; NULL if refused or on overflow. */
void *zi_arena_calloc(zi_arena *arena, size_t count, size_t size);
/** Copies of bytes and of a string (NULL gives ""); NULL if refused. */
void *zi_arena_memdup(zi_arena *arena, const void *bytes, size_t size);
char *zi_arena_strdup(zi_arena *arena, const char *s);
/** A copy of at most n bytes of a string, ended by a NUL; NULL if refused. */
char *zi_arena_strndup(zi_arena *arena, const char *s, size_t n);
/** A formatted string; NULL if refused. */
char *zi_arena_printf(zi_arena *arena, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
char *zi_arena_vprintf(zi_arena *arena, const char *fmt, va_list args);

#endif
