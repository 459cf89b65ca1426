/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What must be true before XRT is called: it aborts or exits where it could have failed. And the
 * device processes of its software emulation. No XRT headers.
 */
#ifndef ZI_BACKEND_PL_PROBE_H
#define ZI_BACKEND_PL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

/** What runs a program in software emulation, as messages say it. */
#define ZI_PL_EMULATE "zurt-swemu-env zurt ... (in the source tree: scripts/swemu-env)"

/** What gives a board its engine. */
#define ZI_PL_OVERLAY                                                                              \
    "an overlay with zurt's engine (none is published yet: docs/first-light.md says how to build " \
    "one; then xmutil loadapp NAME)"

/** What ends whatever the engine still does: no driver resets it. */
#define ZI_PL_RELOAD "load the overlay again (xmutil unloadapp, xmutil loadapp NAME)"

/** The XRT that a board needs where its distribution has none. */
#define ZI_PL_EDGE_XRT                                                                             \
    "AMD's or Canonical's for Zynq and Kria, and name its folder by XILINX_XRT if it is not found"

#define ZI_PATH_BYTES 512

typedef struct zi_pl_place {
    bool emulated;            /**< XCL_EMULATION_MODE is sw_emu */
    char shim[ZI_PATH_BYTES]; /**< the library that XRT will load by itself */
} zi_pl_place;

/** ZURT_OK: XRT may be called; ZURT_E_DEVICE, with the remedy. Reads environment and files, and for
 *  a board loads libxrt_coreutil. */
zurt_status zi_pl_probe(zurt_ctx *ctx, zi_pl_place *out);

/**
 * Path of the xclbin: `asked`, else $ZURT_XCLBIN, else what zi_pl_choose_overlay() finds.
 * ZURT_E_DEVICE: none, or a path of no length or too long.
 */
zurt_status zi_pl_find_xclbin(zurt_ctx *ctx, const char *asked, char *out);

/** Ends this process's emulation devices by SIGKILL; how many there were. */
size_t zi_pl_kill_emulation(void);

#endif
