/* SPDX-License-Identifier: Apache-2.0 */
/** @file Files beside a model that hold its tensors: opened once each, alive as long as the graph.
 */
#ifndef ZC_WEIGHT_FILES_H
#define ZC_WEIGHT_FILES_H

#include "base/bytes.h"
#include "base/ctx.h"

typedef struct zc_weight_files zc_weight_files;

/** For the model at that path; opens nothing yet. ZURT_E_IO, ZURT_E_NOMEM. */
zurt_status zc_weight_files_create(zurt_ctx *ctx, const char *model_path, zc_weight_files **out);
/** NULL is allowed. What borrows from the files must be gone. */
void zc_weight_files_destroy(zc_weight_files *files);

/**
 * The bytes of the file at `location`, relative to the model's folder: a copy if it is small, else
 * a mapping, which reads memory from the file as it is needed.
 *
 * @param location as the model states it: not trusted.
 * @param opened   *opened becomes true if it was not open before.
 * @return ZURT_OK; ZURT_E_FORMAT: absolute, or it leads out of the folder, by ".." or by a symbolic
 *         link; or an empty file; ZURT_E_IO: cannot be read; ZURT_E_NOMEM.
 */
zurt_status zc_weight_files_find(zurt_ctx *ctx, zc_weight_files *files, const char *location,
                                 zi_bytes *out, bool *opened);

#endif
