/* SPDX-License-Identifier: Apache-2.0 */
/** @file Runs of binary operators on f32 and on integers raised to s64. */
#ifndef ZI_OPS_BINARY_RUNS_H
#define ZI_OPS_BINARY_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "graph/op.h"

/** Steps are 0 or 1; `out` is float, or bytes 0 and 1 for comparisons. */
typedef void zi_binary_f32_fn(const float *a, size_t a_step, const float *b, size_t b_step,
                              void *out, size_t n);

/** NULL if the op does not take f32. */
zi_binary_f32_fn *zi_binary_f32(zi_op op);

/** x, y, out: n elements; comparisons and logic give 0 and 1. */
void zi_binary_ints(zi_op op, const int64_t *x, const int64_t *y, int64_t *out, size_t n);

#endif
