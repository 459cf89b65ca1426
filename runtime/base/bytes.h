/* SPDX-License-Identifier: Apache-2.0 */
/** @file Bounded views of bytes and little-endian fields in them. */
#ifndef ZI_BASE_BYTES_H
#define ZI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Borrowed bytes. */
typedef struct zi_bytes {
    const uint8_t *data;
    size_t size;
} zi_bytes;

/** The part [offset, offset + size); false if it is not inside `b`. */
static inline bool zi_bytes_sub(zi_bytes b, uint64_t offset, uint64_t size, zi_bytes *out)
{
    if (offset > b.size || size > b.size - offset)
        return false;
    out->data = b.data + offset;
    out->size = (size_t)size;
    return true;
}

static inline uint32_t zi_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t zi_get_u64(const uint8_t *p)
{
    return (uint64_t)zi_get_u32(p) | (uint64_t)zi_get_u32(p + 4) << 32;
}

static inline void zi_put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void zi_put_u64(uint8_t *p, uint64_t v)
{
    zi_put_u32(p, (uint32_t)v);
    zi_put_u32(p + 4, (uint32_t)(v >> 32));
}

#endif
