/* SPDX-License-Identifier: Apache-2.0 */
/** @file A machine that looks as if it had a board: a render node of zocl. Link with the options of
 *  pretend_board.c (tests/xrt/CMakeLists.txt). */
#ifndef ZT_PRETEND_BOARD_H
#define ZT_PRETEND_BOARD_H

#include <stdbool.h>

extern bool zt_node_is_refused; /**< the user may not use it */
extern bool zt_xrt_is_absent;   /**< no libxrt_coreutil */
extern const char *zt_coreutil; /**< the library that is found instead of it; NULL: itself */

/** A copy of an emulation's xclbin as if for a board; unlink it. False: not written. */
bool zt_board_xclbin(const char *emulated, char *path_template);

/** Sets XILINX_XRT to a new folder whose lib has a copy of the libxrt_core in the folder
 *  `libraries`, but for a board: what it drives, zurt tells by a word in it. */
bool zt_set_xrt_folder(char *path_template, const char *libraries);
void zt_remove_xrt_folder(const char *path);

#endif
