/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reads xclbin files: bounds first, since XRT has no checks and crashes on a truncated one. Needs
 * nothing of XRT.
 */
#ifndef ZI_BACKEND_PL_XCLBIN_H
#define ZI_BACKEND_PL_XCLBIN_H

#include "base/file.h"
#include "plan/caps_io.h"

/** Sections that zurt reads. */
typedef enum zi_xclbin_kind {
    ZI_XCLBIN_BITSTREAM = 0,
    ZI_XCLBIN_XML = 2,
    ZI_XCLBIN_MEMORY = 6,
    ZI_XCLBIN_CONNECTIVITY = 7,
    ZI_XCLBIN_UNITS = 8,
    ZI_XCLBIN_CLOCKS = 11,
    ZI_XCLBIN_USER = 16, /**< the capability table */
    ZI_XCLBIN_GROUP_MEMORY = 26,
    ZI_XCLBIN_GROUP_CONNECTIVITY = 27
} zi_xclbin_kind;

#define ZI_XCLBIN_MODE_SW_EMU 5
#define ZI_XCLBIN_NAME_BYTES  64

/** An xclbin whose structure was checked. Not to be copied: `caps` points into itself. */
typedef struct zi_xclbin {
    zi_bytes file; /**< the bytes that were checked */
    zi_file owned; /**< where they are, if they were read here */
    uint32_t n_sections;
    uint32_t mode;                       /**< XCLBIN_MODE of XRT */
    uint8_t uuid[16];                    /**< tells xclbins apart */
    char platform[ZI_XCLBIN_NAME_BYTES]; /**< "" if absent */
    char unit[ZI_XCLBIN_NAME_BYTES];     /**< "kernel:instance" of the engine */
    char kernel[ZI_XCLBIN_NAME_BYTES];   /**< the part before the colon */
    uint32_t link_khz; /**< the kernels' clock as the linker reached it; 0: not said */
    zi_caps_record caps;
} zi_xclbin;

/** Whether the tools reached another clock than the capability table has, by more than 1 %. */
bool zi_xclbin_clock_differs(const zi_xclbin *x);

/**
 * Checks an xclbin in memory and reads its capability table.
 *
 * @param file borrowed; must outlive `out`.
 * @return ZURT_OK; ZURT_E_FORMAT: truncated or damaged; ZURT_E_VERSION: a table of another
 *         version; ZURT_E_DEVICE: not an overlay of zurt's (no table or no engine).
 */
zurt_status zi_xclbin_parse(zurt_ctx *ctx, zi_bytes file, zi_xclbin *out);

/** As parse, of a file; zi_xclbin_close() it, also after a failure. ZURT_E_IO too. */
zurt_status zi_xclbin_open(zurt_ctx *ctx, const char *path, zi_xclbin *out);
void zi_xclbin_close(zi_xclbin *x);

/** Section of a kind; false if there is none. */
bool zi_xclbin_section(const zi_xclbin *x, zi_xclbin_kind kind, zi_bytes *out);

#endif
