/* SPDX-License-Identifier: Apache-2.0 */
/** @file Makes the check sums of a changed `.zurt` right again, so that what is behind them is
 *  reached by tests and fuzzers. */
#ifndef TEST_SUPPORT_RESEAL_H
#define TEST_SUPPORT_RESEAL_H

#include "base/crc32c.h"
#include "model/format.h"

static inline void reseal(uint8_t *file, size_t size)
{
    if (size < ZI_HEADER_BYTES)
        return;
    size_t n = zi_get_u32(file + ZI_H_N_SECTIONS);
    if (n > ZI_MAX_SECTIONS || size - ZI_HEADER_BYTES < n * ZI_SECTION_BYTES)
        return;
    for (size_t i = 0; i < n; i++) {
        uint8_t *entry = file + ZI_HEADER_BYTES + i * ZI_SECTION_BYTES;
        zi_bytes part;
        if (zi_bytes_sub((zi_bytes){file, size}, zi_get_u64(entry + ZI_S_OFFSET),
                         zi_get_u64(entry + ZI_S_BYTES), &part))
            zi_put_u32(entry + ZI_S_CRC, zi_crc32c(0, part.data, part.size));
    }
    uint32_t crc = zi_crc32c(0, file, ZI_H_CRC);
    crc = zi_crc32c(crc, file + ZI_HEADER_BYTES, n * ZI_SECTION_BYTES);
    zi_put_u32(file + ZI_H_CRC, crc);
}

#endif
