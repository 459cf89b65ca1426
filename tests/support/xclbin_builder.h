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

#endif
