/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The model's memory: two levels of cache, a few misses in flight, a prefetcher that follows
 * streams of lines, and a bus to memory. All times in cycles.
 */
#ifndef A53_CACHE_H
#define A53_CACHE_H

#include <stdbool.h>
#include <stdint.h>

enum { A53_LINE = 64, A53_MISSES = 3, A53_STREAMS = 8, A53_AHEAD = 4 };

typedef struct a53_line {
    uint64_t number;  /**< address / A53_LINE */
    int64_t arrives;  /**< may be in the future: on its way */
    int64_t last_use; /**< not a time: the order of uses */
} a53_line;

typedef struct a53_level {
    uint32_t ways, sets;
    a53_line *lines; /**< [sets][ways] */
} a53_level;

typedef struct a53_stream {
    uint64_t line;
    int64_t last_use;
} a53_stream;

typedef struct a53_cache {
    a53_level l1, l2;
    int64_t l2_free, memory_free;
    int64_t misses[A53_MISSES]; /**< when each slot is free again */
    a53_stream streams[A53_STREAMS];
    int64_t uses;
} a53_cache;

/** False without memory. */
bool a53_cache_init(a53_cache *c, uint32_t l2_bytes);

/** When line `number`, asked for at `now`, is there. */
int64_t a53_cache_access(a53_cache *c, uint64_t number, int64_t now);

#endif
