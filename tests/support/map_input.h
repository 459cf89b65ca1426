/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Inputs of the fuzz target `map`, for the target, its mutator and the program that makes its
 * corpus. The engine that a file is mapped for stands where the header's check sum would: that is
 * made right before the file is loaded.
 */
#ifndef ZT_MAP_INPUT_H
#define ZT_MAP_INPUT_H

#include <string.h>

#include "model/format.h"
#include "support/bytes_source.h"

/** How the engine differs from a board's. */
typedef struct zt_map_knobs {
    bool zcu104;
    uint32_t rows;       /**< of the scratchpad; 0: the board's */
    uint32_t ring_shift; /**< the weight ring has 1 / 2^this of the board's */
} zt_map_knobs;

static inline zt_map_knobs zt_map_knobs_pick(zt_source *s)
{
    zt_map_knobs k = {.zcu104 = zt_one_in(s, 2)};
    if (!zt_one_in(s, 4))
        k.rows = 20 + zt_pick(s, 256) * (1 + zt_pick(s, 8));
    if (zt_one_in(s, 4))
        k.ring_shift = zt_pick(s, 7);
    return k;
}

static inline bool zt_map_input_is_file(const uint8_t *data, size_t size)
{
    return size >= ZI_HEADER_BYTES && memcmp(data, ZI_MAGIC, ZI_MAGIC_BYTES) == 0;
}

/** `file` has a whole header. */
static inline zt_map_knobs zt_map_knobs_of_file(const uint8_t *file)
{
    zt_source s = zt_source_bytes(file + ZI_H_CRC, 4);
    return zt_map_knobs_pick(&s);
}

#endif
