/* SPDX-License-Identifier: Apache-2.0 */
/* First fit, decreasing: chunks by their largest weight, each into the first bin that has room; and
 * again with the order disturbed, as bins are few and luck counts. Lists of chunks go through the
 * table of offsets: nothing is allocated. */
#include <arm_neon.h>
#include <string.h>

#include "kernels/neon/conv_s8_neon_gemm_bins.h"

enum { LANES = ZK_NEON_CHANNELS * ZK_NEON_CHUNK, NONE = -1 };

/* By how much a chunk's largest weight, 128 at most, is changed for its place in the order. */
enum { NOISE = 32, KEYS = 128 + NOISE };

/* Attempts for one block, so that they place CHUNKS in all. */
enum { MOST_ATTEMPTS = 16, CHUNKS = 512 };

/* Cycles: of the end of a bin, and of leaving a loop over several of one size. */
enum { BIN_CYCLES = 24, LOOP_CYCLES = 8 };

/* Bins that are tried; beyond that the search costs more than it finds. */
enum { OPEN = 24 };

typedef struct bin {
    uint8x16_t sum[2]; /* of |w|, lane by lane, at most 255 */
    int32_t chunk[ZK_NEON_BIN];
    int32_t n;
} bin;

/* The state of a search. */
typedef struct search {
    int32_t *next;                 /* of each chunk in its list */
    int32_t list[ZK_NEON_BIN + 1]; /* of chunks in closed bins of each size, one after the other */
    int32_t bins[ZK_NEON_BIN + 1]; /* how many of each size */
    bin open[OPEN];
    int32_t n_open;
} search;

static uint8x16_t magnitudes(const int8_t *w)
{
    return vreinterpretq_u8_s8(vabsq_s8(vld1q_s8(w))); // 128 of -128
}

/* Adds a chunk to a bin if it has room. */
static bool add(bin *b, int32_t chunk, const int8_t *w)
{
    const uint8x16_t low = magnitudes(w), high = magnitudes(w + LANES / 2);
    const uint8x16_t sum_low = vaddq_u8(b->sum[0], low), sum_high = vaddq_u8(b->sum[1], high);
    const uint8x16_t beyond = vorrq_u8(vcltq_u8(sum_low, low), vcltq_u8(sum_high, high));
    if (b->n == ZK_NEON_BIN || vmaxvq_u8(beyond))
        return false;
    b->sum[0] = sum_low;
    b->sum[1] = sum_high;
    b->chunk[b->n++] = chunk;
    return true;
}

static void close_bin(search *s, int32_t index)
{
    const bin *b = &s->open[index];
    for (int32_t i = 0; i < b->n; i++) {
        s->next[b->chunk[i]] = s->list[b->n];
        s->list[b->n] = b->chunk[i];
    }
    s->bins[b->n]++;
    s->n_open--;
    memmove(s->open + index, s->open + index + 1, sizeof(bin) * (size_t)(s->n_open - index));
}

static void place(search *s, int32_t chunk, const int8_t *w)
{
    int32_t i = 0;
    while (i < s->n_open && !add(&s->open[i], chunk, w))
        i++;
    if (i == s->n_open) {
        if (i == OPEN)
            close_bin(s, 0); // which has been tried most often
        i = s->n_open++;
        s->open[i] = (bin){.n = 0};
        add(&s->open[i], chunk, w);
    }
    if (s->open[i].n == ZK_NEON_BIN)
        close_bin(s, i);
}

/* A number below NOISE; of attempt 0, which has no noise, 0. */
static int32_t noise(int32_t attempt, int32_t chunk)
{
    const uint32_t mixed = (uint32_t)(attempt * 7919 + chunk) * 2654435761u;
    return attempt ? (int32_t)(mixed >> 16) % NOISE : 0;
}

static void find_bins(search *s, int32_t attempt, int32_t n, const int8_t *w)
{
    int32_t by_key[KEYS + 1];
    for (int32_t i = 0; i <= KEYS; i++)
        by_key[i] = NONE;
    for (int32_t i = 0; i <= ZK_NEON_BIN; i++) {
        s->list[i] = NONE;
        s->bins[i] = 0;
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        const int8_t *chunk = w + (int64_t)i * LANES;
        const int32_t key = vmaxvq_u8(vmaxq_u8(magnitudes(chunk), magnitudes(chunk + LANES / 2))) +
                            noise(attempt, i);
        s->next[i] = by_key[key];
        by_key[key] = i;
    }
    for (int32_t key = KEYS; key >= 0; key--) {
        for (int32_t i = by_key[key]; i != NONE;) {
            const int32_t next = s->next[i];
            place(s, i, w + (int64_t)i * LANES);
            i = next;
        }
    }
    while (s->n_open)
        close_bin(s, s->n_open - 1);
}

static int32_t cycles_of(const search *s)
{
    int32_t cycles = 0;
    for (int32_t i = 1; i <= ZK_NEON_BIN; i++)
        cycles += s->bins[i] * BIN_CYCLES + (s->bins[i] > 1 ? LOOP_CYCLES : 0);
    return cycles;
}

/* The attempt that costs least. */
static void find_best(search *s, int32_t n, const int8_t *w)
{
    const int32_t attempts = CHUNKS / n < MOST_ATTEMPTS ? CHUNKS / n : MOST_ATTEMPTS;
    int32_t best = 0, least = 0;
    for (int32_t i = 0; i < attempts; i++) {
        find_bins(s, i, n, w);
        const int32_t cycles = cycles_of(s);
        if (i == 0 || cycles < least) {
            least = cycles;
            best = i;
        }
    }
    if (best + 1 < attempts || !attempts)
        find_bins(s, best, n, w);
}

/* Size of the bin that comes first. A loop over two bins is left at one time in two, which is hard
 * to predict: it had better be one. */
static int32_t first_size(const search *s)
{
    int32_t size = ZK_NEON_BIN;
    for (int32_t i = 1; i <= ZK_NEON_BIN; i++) {
        if (s->bins[i] == 2)
            return i;
        size = s->bins[i] ? i : size;
    }
    return size;
}

/* Numbers up to `most` chunks of the list of a size, from `rank` on; returns the number after. */
static int32_t number(search *s, int32_t size, int32_t most, int32_t rank)
{
    for (; most && s->list[size] != NONE; most--) {
        const int32_t chunk = s->list[size];
        s->list[size] = s->next[chunk];
        s->next[chunk] = rank++;
    }
    return rank;
}

/* Moves chunk i to place rank[i], for all i; then rank[i] is the chunk that came to place i. */
static void arrange(int32_t *rank, int32_t n, int8_t *w)
{
    int8_t carried[LANES], next_carried[LANES];
    for (int32_t begin = 0; begin < n; begin++) {
        if (rank[begin] < 0) // its cycle is done
            continue;
        int32_t from = begin, to = rank[begin];
        memcpy(carried, w + (int64_t)begin * LANES, LANES);
        do {
            const int32_t next = rank[to];
            memcpy(next_carried, w + (int64_t)to * LANES, LANES);
            memcpy(w + (int64_t)to * LANES, carried, LANES);
            memcpy(carried, next_carried, LANES);
            rank[to] = ~from;
            from = to;
            to = next;
        } while (from != begin);
    }
    for (int32_t i = 0; i < n; i++)
        rank[i] = ~rank[i];
}

void zk_neon_fill_bins(zk_neon_block *block, int64_t n_chunks, int8_t *w)
{
    const int32_t n = (int32_t)n_chunks;
    search s = {.next = block->offsets};
    find_best(&s, n, w);
    block->first = first_size(&s);
    s.bins[block->first]--;
    int32_t rank = number(&s, block->first, block->first, 0);
    for (int32_t size = ZK_NEON_BIN; size > 0; size--) {
        rank = number(&s, size, n, rank);
        block->bins[ZK_NEON_BIN - size] = s.bins[size];
    }
    int32_t next = 0;
    for (int32_t size = 1; size <= ZK_NEON_BIN; size++) {
        block->next[ZK_NEON_BIN - size] = (uint8_t)next;
        next = s.bins[size] ? ZK_NEON_BIN + size : next;
    }
    block->second = next;
    arrange(block->offsets, n, w);
    for (int32_t i = 0; i < n; i++)
        block->offsets[i] *= ZK_NEON_CHUNK;
    block->offsets[n] = block->offsets[0];
    block->offsets[n + 1] = block->offsets[n > 1];
    memcpy(w + n_chunks * LANES, w, LANES);
}
