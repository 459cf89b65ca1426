/* SPDX-License-Identifier: Apache-2.0 */
/** @file A file appears whole or not at all. */
#ifndef ZC_EMIT_WRITE_FILE_H
#define ZC_EMIT_WRITE_FILE_H

#include <stddef.h>

#include "base/ctx.h"

/**
 * Replaces `path` as zi_replace_begin() says. On failure it is untouched and nothing is left.
 * @return ZURT_OK; ZURT_E_IO.
 */
zurt_status zc_write_file(zurt_ctx *ctx, const char *path, const void *bytes, size_t size);

#endif
