/* SPDX-License-Identifier: Apache-2.0 */
/** @file The program's end, when XRT would abort it. Private to pl_xrt_slot.c. */
#ifndef ZI_BACKEND_PL_XRT_END_H
#define ZI_BACKEND_PL_XRT_END_H

#include <stdbool.h>

/**
 * From now on, if `wanted` says so when the program exits, it ends before the destructors of what
 * XRT has made so far run, with the exit status that it asked for. Call it again when XRT has made
 * more; the same `wanted` each time.
 */
void zi_xrt_end_first(bool (*wanted)(void));

#endif
