/* SPDX-License-Identifier: Apache-2.0 */
/* Draws choices from bytes, as long as there are some. */
#include "support/bytes_source.h"

zt_source zt_source_bytes(const uint8_t *data, size_t size)
{
    static const uint8_t nothing = 0;
    return (zt_source){.data = data ? data : &nothing, .size = data ? size : 0};
}

zt_source zt_source_seed(uint64_t seed)
{
    return (zt_source){.state = seed};
}

bool zt_source_has_more(const zt_source *s)
{
    return !s->data || s->pos < s->size;
}

uint32_t zt_pick(zt_source *s, uint32_t n)
{
    if (!s->data)
        return (uint32_t)((zt_random(&s->state) >> 40) % n);
    return s->pos < s->size ? s->data[s->pos++] % n : 0;
}

int32_t zt_pick_range(zt_source *s, int32_t lo, int32_t hi)
{
    return lo + (int32_t)zt_pick(s, (uint32_t)(hi - lo) + 1);
}

uint64_t zt_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
