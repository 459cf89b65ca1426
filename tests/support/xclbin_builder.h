/* SPDX-License-Identifier: Apache-2.0 */
/** @file A small xclbin in memory: one engine, one bank, the test kernel's capability table. */
#ifndef ZT_XCLBIN_BUILDER_H
#define ZT_XCLBIN_BUILDER_H

#include <string.h>

#include "plan/caps_io.h"
#include "support/pl_fixture.h"

enum {
    ZT_XCLBIN_SECTIONS = 4,
    ZT_XCLBIN_HEADERS = 456, /**< offset of the section headers, 40 bytes each */
    ZT_XCLBIN_UNITS_AT = 640,
    ZT_XCLBIN_MEMORY_AT = 736,
    ZT_XCLBIN_LINKS_AT = 784,
    ZT_XCLBIN_CAPS_AT = 800,
    ZT_XCLBIN_BYTES = 912
};

static inline void zt_xclbin_section(uint8_t *x, int i, uint32_t kind, uint64_t at, uint64_t size)
{
    uint8_t *header = x + ZT_XCLBIN_HEADERS + (size_t)40 * (size_t)i;
    zi_put_u32(header, kind);
    zi_put_u64(header + 24, at);
    zi_put_u64(header + 32, size);
}

/** Fills ZT_XCLBIN_BYTES; false if the table cannot be written. */
static inline bool zt_xclbin_build(zurt_ctx *ctx, uint8_t *x)
{
    memset(x, 0, ZT_XCLBIN_BYTES);
    memcpy(x, "xclbin2", 8);
    zi_put_u64(x + 304, ZT_XCLBIN_BYTES);
    x[332] = 5;
    memcpy(x + 352, "xilinx_test_1", 13);
    memcpy(x + 416, "0123456789abcdef", 16);
    zi_put_u32(x + 448, ZT_XCLBIN_SECTIONS);
    zt_xclbin_section(x, 0, 8, ZT_XCLBIN_UNITS_AT, 88);
    zt_xclbin_section(x, 1, 6, ZT_XCLBIN_MEMORY_AT, 48);
    zt_xclbin_section(x, 2, 7, ZT_XCLBIN_LINKS_AT, 16);
    zt_xclbin_section(x, 3, 16, ZT_XCLBIN_CAPS_AT, ZI_CAPS_BYTES);
    zi_put_u32(x + ZT_XCLBIN_UNITS_AT, 1);
    zi_put_u32(x + ZT_XCLBIN_UNITS_AT + 8, 1);
    memcpy(x + ZT_XCLBIN_UNITS_AT + 24, "zk_engine_test:zk_engine_test_1", 32);
    zi_put_u32(x + ZT_XCLBIN_MEMORY_AT, 1);
    zi_put_u32(x + ZT_XCLBIN_LINKS_AT, 1);
    return zi_caps_encode(ctx, zt_pl_caps(), x + ZT_XCLBIN_CAPS_AT) == ZURT_OK;
}

/** Bytes that a further section adds. */
#define ZT_XCLBIN_MORE(size) (40 + ((size) + 7) / 8 * 8)

/** Adds a section to a file of ZT_XCLBIN_BYTES, which grows by ZT_XCLBIN_MORE(size). */
static inline void zt_xclbin_add(uint8_t *x, uint32_t kind, const uint8_t *data, size_t size)
{
    const size_t headers_end = ZT_XCLBIN_HEADERS + 40 * ZT_XCLBIN_SECTIONS;
    memmove(x + headers_end + 40, x + headers_end, ZT_XCLBIN_BYTES - headers_end);
    for (int i = 0; i < ZT_XCLBIN_SECTIONS; i++) {
        uint8_t *at = x + ZT_XCLBIN_HEADERS + (size_t)40 * (size_t)i + 24;
        zi_put_u64(at, zi_get_u64(at) + 40);
    }
    memset(x + headers_end, 0, 40);
    memset(x + ZT_XCLBIN_BYTES + 40, 0, ZT_XCLBIN_MORE(size) - 40);
    memcpy(x + ZT_XCLBIN_BYTES + 40, data, size);
    zt_xclbin_section(x, ZT_XCLBIN_SECTIONS, kind, ZT_XCLBIN_BYTES + 40, size);
    zi_put_u64(x + 304, ZT_XCLBIN_BYTES + ZT_XCLBIN_MORE(size));
    zi_put_u32(x + 448, ZT_XCLBIN_SECTIONS + 1);
}

enum { ZT_XCLBIN_CLOCKS_BYTES = 2 + 2 * 136 };

/** A list of two clocks, section kind 11: the system's, and that of the kernels. */
static inline void zt_xclbin_clocks(uint8_t *s, uint32_t mhz)
{
    memset(s, 0, ZT_XCLBIN_CLOCKS_BYTES);
    s[0] = 2;
    s[2] = 99;
    s[4] = 3; // CT_SYSTEM
    s[2 + 136] = (uint8_t)mhz;
    s[2 + 137] = (uint8_t)(mhz >> 8);
    s[2 + 138] = 1; // CT_DATA
}

#endif
