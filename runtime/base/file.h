/* SPDX-License-Identifier: Apache-2.0 */
/** @file The bytes of a file: a copy of our own, which nobody else can change, or a mapping. */
#ifndef ZI_BASE_FILE_H
#define ZI_BASE_FILE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/ctx.h"

/** Largest file that is copied by default; docs/format.md, "Files that change". */
#define ZI_COPY_BYTES ((uint64_t)64 << 20)

typedef struct zi_file {
    zurt_allocator allocator;
    zi_bytes bytes; /**< ZI_ALIGN */
    bool mapped;    /**< whoever changes or shortens the file changes the bytes, or ends the program
                         when they are read */
} zi_file;

/**
 * Reads a regular file, or maps it if it has more than `copy_bytes`.
 *
 * @param most larger files are refused; above 2^63 is no limit.
 * @param out  zi_file_close() it, also after a failure.
 * @return ZURT_OK; ZURT_E_IO; ZURT_E_FORMAT: empty; ZURT_E_LIMIT: too large; ZURT_E_NOMEM.
 * The text does not name the file: prefix it.
 */
zurt_status zi_file_open(zurt_ctx *ctx, const char *path, uint64_t most, uint64_t copy_bytes,
                         zi_file *out);
/** A zeroed or failed one is allowed. */
void zi_file_close(zi_file *file);

#endif
