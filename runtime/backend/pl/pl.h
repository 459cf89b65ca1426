/* SPDX-License-Identifier: Apache-2.0 */
/** @file The step engine as a back end: through XRT, or its sources in this process. */
#ifndef ZI_BACKEND_PL_PL_H
#define ZI_BACKEND_PL_PL_H

#include "backend/backend.h"
#include "backend/pl/pl_port.h"

/** A board, or sw_emu. */
extern const zi_backend_vtable zi_backend_xrt;
/** C simulation; $ZURT_SIM_BOARD names the configuration: kv260 (default) or zcu104. */
extern const zi_backend_vtable zi_backend_sim;

/** Whether zi_backend_xrt could be opened, without opening it; as zi_pl_look_xrt(). */
zurt_status zi_pl_look_board(zurt_ctx *ctx, const char *xclbin);
/** Whether this build has zi_backend_sim: ZURT_OK or ZURT_E_DEVICE. */
zurt_status zi_pl_look_engine(zurt_ctx *ctx, const char *xclbin);

/** Opens C simulation of an engine that the caller describes: tests give it a small scratchpad. */
zurt_status zi_pl_open_engine(zurt_ctx *ctx, const zi_backend_config *config,
                              const zi_pl_engine *engine, zi_backend **out);

#endif
