/* SPDX-License-Identifier: Apache-2.0 */
/** @file Results of eval, read back from the JSON that it printed. */
#ifndef APP_MERGE_READ_H
#define APP_MERGE_READ_H

#include "eval_result.h"

/** A sample of "files". */
typedef struct merge_row {
    uint64_t sample;
    char *file;    /**< NULL: none */
    int32_t label; /**< -1: not known */
    int32_t predicted;
} merge_row;

/** One file; everything in it is its own. */
typedef struct merge_part {
    const char *path;
    char *model, *device, *data; /**< what `result` points to */
    eval_result result;
    merge_row *rows;
    size_t n_rows;
} merge_part;

/**
 * Reads a result and checks that its numbers fit each other; EXIT_DONE or stated, with the file and
 * the key. merge_part_free() in any case. A matrix that eval left out, as too large, has no counts
 * and more rows than JSON_MAX_ROWS.
 */
int merge_read(cli *c, const char *path, merge_part *out);
void merge_part_free(merge_part *p);

#endif
