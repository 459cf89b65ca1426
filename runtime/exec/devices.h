/* SPDX-License-Identifier: Apache-2.0 */
/** @file The back ends of this build and which of them a session uses. */
#ifndef ZI_EXEC_DEVICES_H
#define ZI_EXEC_DEVICES_H

#include <stdbool.h>

#include "backend/backend.h"

/** One line per back end: the only list. */
typedef struct zi_device_row {
    zurt_device device;
    const zi_backend_vtable *vtable;
    bool automatic; /**< ZURT_DEVICE_AUTO tries to open it, in the order of the rows */
    /** Whether it could be opened, with this xclbin or NULL; NULL: it always can be. */
    zurt_status (*look)(zurt_ctx *ctx, const char *xclbin);
} zi_device_row;

/** @param n number of rows. */
const zi_device_row *zi_device_rows(size_t *n);

/** The row that is always there. */
const zi_backend_vtable *zi_device_cpu(void);

#define ZI_MAX_ACCELERATORS 4

/** What stands beside the CPU, which is always there. */
typedef struct zi_accelerators {
    const zi_backend_vtable *candidates[ZI_MAX_ACCELERATORS]; /**< the first that opens is used */
    uint32_t n;
    bool required; /**< fail if none opens; else an absent device (ZURT_E_DEVICE) is passed over */
    bool expected; /**< this is a board that has a PL: that it is passed over is said */
} zi_accelerators;

/** The candidates for a choice of the public API. */
zi_accelerators zi_accelerators_for(zurt_device device);

#endif
