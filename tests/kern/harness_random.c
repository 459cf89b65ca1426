/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers, and the choices of a fuzzer in their place. */
#include <string.h>

#include "kern.h"

static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DULL;
}

kern_rng kern_seeded(uint64_t seed)
{
    kern_rng r = {.state = seed * 0x9E3779B97F4A7C15ULL + 0x1234567};
    r.state = r.state ? r.state : 1;
    for (int i = 0; i < 4; i++)
        next(&r.state);
    return r;
}

kern_rng kern_from_bytes(const uint8_t *bytes, size_t n)
{
    uint64_t seed = n;
    for (size_t i = 0; i < n; i++)
        seed = (seed ^ bytes[i]) * 0x100000001B3ULL;
    kern_rng r = kern_seeded(seed);
    r.bytes = bytes;
    r.n_bytes = n;
    return r;
}

/* Two bytes are a choice: there are few that have more ways. */
uint32_t kern_u32(kern_rng *r)
{
    if (r->n_bytes < 2)
        return (uint32_t)(next(&r->state) >> 32);
    const uint32_t v = r->bytes[0] | (uint32_t)r->bytes[1] << 8;
    r->bytes += 2;
    r->n_bytes -= 2;
    return v | v << 16;
}

int64_t kern_int(kern_rng *r, int64_t lo, int64_t hi)
{
    return lo + (int64_t)(kern_u32(r) % (uint64_t)(hi - lo + 1));
}

static float in_range(uint32_t v, float lo, float hi)
{
    return lo + (hi - lo) * ((float)(v >> 8) / 16777216.0f);
}

float kern_f32(kern_rng *r, float lo, float hi)
{
    return in_range(kern_u32(r), lo, hi);
}

bool kern_chance(kern_rng *r, uint32_t percent)
{
    return kern_u32(r) % 100 < percent;
}

/* Numbers of a sequence that begins at one choice. */
static kern_rng bulk(kern_rng *r)
{
    return kern_seeded(kern_u32(r) ^ (uint64_t)kern_u32(r) << 32);
}

void kern_fill(kern_rng *r, void *out, size_t bytes)
{
    kern_rng b = bulk(r);
    uint8_t *p = out;
    for (; bytes >= 8; bytes -= 8, p += 8) {
        const uint64_t v = next(&b.state);
        memcpy(p, &v, 8);
    }
    const uint64_t v = next(&b.state);
    memcpy(p, &v, bytes);
}

void kern_fill_f32(kern_rng *r, float *out, size_t n, float lo, float hi)
{
    kern_rng b = bulk(r);
    for (size_t i = 0; i < n; i++)
        out[i] = in_range((uint32_t)(next(&b.state) >> 32), lo, hi);
}
