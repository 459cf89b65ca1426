/* SPDX-License-Identifier: Apache-2.0 */
/** @file What is tried on a PL before it is trusted. */
#ifndef ZI_BACKEND_PL_SELF_TEST_H
#define ZI_BACKEND_PL_SELF_TEST_H

#include "backend/pl/pl_port.h"

/**
 * Launches without work, then asks the engine who it is and holds that against the device's
 * capability table: a program made for another engine would give wrong results.
 *
 * @param note ZI_ERROR_BYTES; a remark if every launch takes about the half second after which
 *             zocl looks for itself, since an interrupt does not arrive; else unchanged.
 * @return ZURT_OK; ZURT_E_TIMEOUT: no answer; ZURT_E_DEVICE: it failed, or is another engine;
 *         ZURT_E_NOMEM.
 */
zurt_status zi_pl_self_test(zurt_ctx *ctx, zi_pl_device *device, uint32_t timeout_ms, char *note);

#endif
