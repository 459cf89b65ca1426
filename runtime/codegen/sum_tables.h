/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A quantised Add without a multiplier: two tables, a sum, a shift. The engine has them for its
 * residuals (zk_step.h); their equality with docs/arithmetic.md is proved pair by pair.
 */
#ifndef ZI_CODEGEN_SUM_TABLES_H
#define ZI_CODEGEN_SUM_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/** A quantised Add. Ref: docs/arithmetic.md, "Binary operators". */
typedef struct zi_add_numbers {
    int32_t multiplier[2], shift[2]; /**< of the operands */
    int32_t out_multiplier, out_shift;
    int32_t zero[2];
    int32_t lo, hi; /**< clamp of the result, less its zero point */
} zi_add_numbers;

/** result = (sum + (sum < 0 ? down : up)) >> shift, sum = term[0][a + 128] + term[1][b + 128]. */
typedef struct zi_sum_tables {
    int32_t term[2][256];
    int32_t shift, up, down;
} zi_sum_tables;

/** The result, less its zero point, as docs/arithmetic.md has it; a and b are int8 values. */
int32_t zi_add_exact(const zi_add_numbers *n, int32_t a, int32_t b);

/**
 * Finds tables whose clamped result is zi_add_exact() for every pair of operands.
 * @return false: none was found, which takes scales in rare, nearly rational proportions, or the
 * sums are so many output steps that the engine's fraction bits do not fit: shift is then less than
 * ZK_ADD_SHIFT_MIN.
 */
bool zi_sum_tables_make(const zi_add_numbers *n, zi_sum_tables *out);

#endif
