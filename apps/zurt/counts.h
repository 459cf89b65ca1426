/* SPDX-License-Identifier: Apache-2.0 */
/** @file A square matrix of counts that is nearly empty: only its filled cells take memory. */
#ifndef APP_COUNTS_H
#define APP_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct count_cell {
    uint32_t row, col;
    uint32_t count; /**< 0: a free place of the table */
} count_cell;

typedef struct counts {
    uint32_t n;        /**< rows and columns */
    count_cell *table; /**< by hash; at most half full */
    size_t capacity;   /**< 0 or a power of two */
    size_t n_cells;
    bool failed; /**< memory was short, or a count too large: the counts are wrong */
} counts;

/** A zeroed counts with `n` set is empty. */
void counts_free(counts *m);
/** Adds `count` at row, col, both below n. What 32 bits do not hold fails. */
void counts_add(counts *m, uint32_t row, uint32_t col, uint32_t count);
uint32_t counts_get(const counts *m, uint32_t row, uint32_t col);

/** The filled cells off the diagonal, the most frequent first, then by row and column; *n of them.
 *  free() the result, which is NULL if there are none or memory is short. */
count_cell *counts_pairs(const counts *m, size_t *n);

#endif
