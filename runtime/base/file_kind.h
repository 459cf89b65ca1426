/* SPDX-License-Identifier: Apache-2.0 */
/** @file Refusal of a file that is of another kind; the kinds are in zurt.h. */
#ifndef ZI_BASE_FILE_KIND_H
#define ZI_BASE_FILE_KIND_H

#include "base/bytes.h"
#include "base/ctx.h"

/** ZURT_OK if the bytes are of the wanted kind or of one that nobody knows; else ZURT_E_FORMAT with
 *  what they are and what to do about it. */
zurt_status zi_file_check_kind(zurt_ctx *ctx, zi_bytes file, zurt_file_kind wanted);

#endif
