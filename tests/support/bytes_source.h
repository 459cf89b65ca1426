/* SPDX-License-Identifier: Apache-2.0 */
/** @file Choices read from bytes: a fuzzer's input, or a stream from a seed. */
#ifndef ZT_BYTES_SOURCE_H
#define ZT_BYTES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct zt_source {
    const uint8_t *data; /**< NULL: an endless stream from `state` */
    size_t size;
    size_t pos;
    uint64_t state;
} zt_source;

zt_source zt_source_bytes(const uint8_t *data, size_t size);
zt_source zt_source_seed(uint64_t seed);

/** False once the bytes are used up. */
bool zt_source_has_more(const zt_source *s);
/** 0..n-1; 0 when the bytes are used up. n in 1..256. */
uint32_t zt_pick(zt_source *s, uint32_t n);
/** lo..hi, both included. */
int32_t zt_pick_range(zt_source *s, int32_t lo, int32_t hi);
/** True once in `n` on average. */
static inline bool zt_one_in(zt_source *s, uint32_t n)
{
    return zt_pick(s, n) == n - 1;
}

/** SplitMix64: the next of an endless stream. */
uint64_t zt_random(uint64_t *state);

#endif
