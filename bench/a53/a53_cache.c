/* SPDX-License-Identifier: Apache-2.0 */
/* Caches of the A53 model: 32 KiB in four ways, then the second level in sixteen. */
#include "a53_cache.h"

#include <stdlib.h>

enum { L1_BYTES = 32 * 1024, L1_WAYS = 4, L2_WAYS = 16 };
enum { L2_LATENCY = 13, L2_OCCUPIED = 4, MEMORY_LATENCY = 160, MEMORY_OCCUPIED = 20 };

static bool level_init(a53_level *level, uint32_t bytes, uint32_t ways)
{
    level->ways = ways;
    level->sets = bytes / (ways * A53_LINE);
    const size_t n = (size_t)level->sets * ways;
    level->lines = calloc(n, sizeof(*level->lines));
    for (size_t i = 0; level->lines && i < n; i++)
        level->lines[i].number = UINT64_MAX;
    return level->lines;
}

bool a53_cache_init(a53_cache *c, uint32_t l2_bytes)
{
    *c = (a53_cache){0};
    for (int i = 0; i < A53_STREAMS; i++)
        c->streams[i].line = UINT64_MAX - 1;
    return level_init(&c->l1, L1_BYTES, L1_WAYS) && level_init(&c->l2, l2_bytes, L2_WAYS);
}

static a53_line *find(const a53_level *level, uint64_t number)
{
    a53_line *set = level->lines + number % level->sets * level->ways;
    for (uint32_t i = 0; i < level->ways; i++) {
        if (set[i].number == number)
            return &set[i];
    }
    return NULL;
}

/* In place of the line that was not used for longest. */
static a53_line *fill(a53_cache *c, const a53_level *level, uint64_t number, int64_t arrives)
{
    a53_line *set = level->lines + number % level->sets * level->ways;
    a53_line *oldest = set;
    for (uint32_t i = 1; i < level->ways; i++) {
        if (set[i].last_use < oldest->last_use)
            oldest = &set[i];
    }
    *oldest = (a53_line){number, arrives, ++c->uses};
    return oldest;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When a line that the first level lacks reaches it. */
static int64_t fetch(a53_cache *c, uint64_t number, int64_t now)
{
    a53_line *line = find(&c->l2, number);
    if (line) {
        const int64_t start = later(now, c->l2_free);
        c->l2_free = start + L2_OCCUPIED;
        line->last_use = ++c->uses;
        return later(start + L2_LATENCY, line->arrives);
    }
    const int64_t start = later(now, c->memory_free);
    c->memory_free = start + MEMORY_OCCUPIED;
    fill(c, &c->l2, number, start + MEMORY_LATENCY);
    return start + MEMORY_LATENCY;
}

/* A line behind one that was touched: its stream goes on, and lines ahead are fetched. */
static bool follow(a53_cache *c, uint64_t number, int64_t now)
{
    for (int i = 0; i < A53_STREAMS; i++) {
        a53_stream *s = &c->streams[i];
        if (s->line + 1 != number)
            continue;
        s->line = number;
        s->last_use = ++c->uses;
        for (uint64_t ahead = number + 1; ahead <= number + A53_AHEAD; ahead++) {
            if (!find(&c->l1, ahead))
                fill(c, &c->l1, ahead, fetch(c, ahead, now));
        }
        return true;
    }
    return false;
}

static void prefetch(a53_cache *c, uint64_t number, int64_t now, bool miss)
{
    a53_stream *oldest = c->streams;
    for (int i = 0; i < A53_STREAMS; i++) {
        if (c->streams[i].line == number)
            return;
        if (c->streams[i].last_use < oldest->last_use)
            oldest = &c->streams[i];
    }
    if (!follow(c, number, now) && miss)
        *oldest = (a53_stream){number, ++c->uses};
}

int64_t a53_cache_access(a53_cache *c, uint64_t number, int64_t now)
{
    a53_line *line = find(&c->l1, number);
    const bool miss = !line;
    int64_t arrives = now;
    if (line) {
        line->last_use = ++c->uses;
        arrives = later(now, line->arrives);
    } else {
        int64_t *slot = c->misses;
        for (int i = 1; i < A53_MISSES; i++) {
            if (c->misses[i] < *slot)
                slot = &c->misses[i];
        }
        arrives = fetch(c, number, later(now, *slot));
        *slot = arrives;
        fill(c, &c->l1, number, arrives);
    }
    prefetch(c, number, now, miss);
    return arrives;
}
