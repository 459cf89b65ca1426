/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Which XRT a program gets, and what it is built for, as its files tell. No XRT headers.
 */
#ifndef ZI_BACKEND_PL_XRT_FIND_H
#define ZI_BACKEND_PL_XRT_FIND_H

#include "backend/pl/pl_probe.h"

/** What a libxrt_core drives. */
typedef enum zi_xrt_build {
    ZI_XRT_UNKNOWN, /**< says neither; XRT itself will tell */
    ZI_XRT_EDGE,    /**< zocl, the driver of Zynq and Kria boards */
    ZI_XRT_PCIE     /**< xocl, that of Alveo cards: on a board it finds no device at all */
} zi_xrt_build;

typedef struct zi_xrt_found {
    void *handle;                 /**< of libxrt_coreutil, as dlopen() gives it; never unloaded */
    char coreutil[ZI_PATH_BYTES]; /**< its path */
    char core[ZI_PATH_BYTES];     /**< of the libxrt_core that belongs to it */
    char version[16];             /**< "2.13.0", from the file's name; "" if that does not say */
    zi_xrt_build build;
} zi_xrt_found;

/**
 * Loads libxrt_coreutil: from $XILINX_XRT/lib, where AMD's packages put it, or where the loader
 * looks. ZURT_E_DEVICE: XRT is not installed, or cannot be loaded.
 */
zurt_status zi_xrt_find_library(zurt_ctx *ctx, zi_xrt_found *out);

/**
 * As zi_xrt_find_library(), and finds libxrt_core: in $XILINX_XRT/lib, or beside libxrt_coreutil,
 * where every package puts it. XRT before 2.25 looks only in the first of these and aborts the
 * program if it is not there; but not if it is loaded already. ZURT_E_DEVICE: it is in neither.
 */
zurt_status zi_xrt_find(zurt_ctx *ctx, zi_xrt_found *out);

/** Looks into a libxrt_core. */
zi_xrt_build zi_xrt_build_of(const char *core);

#endif
