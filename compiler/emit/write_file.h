/* SPDX-License-Identifier: Apache-2.0 */
/** @file A file appears whole or not at all. */
#ifndef ZC_EMIT_WRITE_FILE_H
#define ZC_EMIT_WRITE_FILE_H

#include <stddef.h>

#include "base/ctx.h"

/**
 * Writes a temporary file beside `path`, syncs it and renames it over `path`. On failure the
 * temporary is gone and `path` untouched.
 * @return ZURT_OK; ZURT_E_IO; ZURT_E_NOMEM.
 */
zurt_status zc_write_file(zurt_ctx *ctx, const char *path, const void *bytes, size_t size);

#endif
