/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Which of the installed overlays is this board's: an image may carry one for each board that it
 * boots on.
 */
#ifndef ZI_BACKEND_PL_OVERLAY_H
#define ZI_BACKEND_PL_OVERLAY_H

#include <stdbool.h>

#include "base/ctx.h"

/** Whether /proc/device-tree/compatible below `root` names a board that zurt has an engine for. */
bool zi_pl_is_board(const char *root);

/**
 * Chooses among the files /lib/firmware/xilinx/APP/APP.xclbin whose APP begins with "zurt-": the
 * app that is in the fabric (firmware-name of the device tree's FPGA regions); else zurt-BOARD of
 * the board that /proc/device-tree/compatible names, else the only zurt-BOARD-x; else, on a board
 * that is not known, the only one there is.
 *
 * @param root  what the paths begin with; "" for the machine's own.
 * @param out   path of the xclbin, ZI_PATH_BYTES.
 * @return ZURT_OK; ZURT_E_DEVICE, with the remedy: none is installed, none is for this board, or
 *         several and nothing tells which. Reads files only. Ref: UG1630, firmware of Kria.
 */
zurt_status zi_pl_choose_overlay(zurt_ctx *ctx, const char *root, char *out);

#endif
