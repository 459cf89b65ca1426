/* SPDX-License-Identifier: Apache-2.0 */
/** @file The step engine as a back end: through XRT, or its sources in this process. */
#ifndef ZI_BACKEND_PL_PL_H
#define ZI_BACKEND_PL_PL_H

#include "backend/backend.h"

/** A board, or sw_emu. */
extern const zi_backend_vtable zi_backend_xrt;
/** C simulation; $ZURT_SIM_BOARD names the configuration: kv260 (default) or zcu104. */
extern const zi_backend_vtable zi_backend_sim;

#endif
