/* SPDX-License-Identifier: Apache-2.0 */
/** @file What is behind the public zurt_board: a capability table with an owner. */
#ifndef ZI_PLAN_BOARD_H
#define ZI_PLAN_BOARD_H

#include "plan/caps_io.h"

struct zurt_board {
    zurt_allocator allocator;
    zi_caps_record record; /**< caps.name points into it */
    uint32_t link_khz;     /**< as zurt_board_info has it */
};

/** Copies a table. ZURT_E_NOMEM; ZURT_E_ARG: its name is longer than 31 bytes. */
zurt_status zi_board_create(zurt_ctx *ctx, const zi_caps *caps, zurt_board **out);

#endif
