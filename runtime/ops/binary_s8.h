/* SPDX-License-Identifier: Apache-2.0 */
/** @file Quantised binary operators. Ref: docs/arithmetic.md, "Binary operators". */
#ifndef ZI_OPS_BINARY_S8_H
#define ZI_OPS_BINARY_S8_H

#include "ops/impl.h"

typedef struct zi_binary_s8 {
    zi_op op;
    zk_binary_s8_fn *kernel; /**< Add, Sub, Mul */
    zk_binary_s8 params;
    int8_t a_table[256], b_table[256]; /**< Min, Max: both operands in the output's scale */
} zi_binary_s8;

/**
 * Computes the node's numbers; its three tensors are s8 with one scale each.
 * @return ZURT_OK; ZURT_E_UNSUPPORTED: no int8 form, or scales too far apart.
 */
zurt_status zi_binary_s8_params(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                                zi_binary_s8 *out);

/** As zi_binary_s8_params(), and picks the kernel. */
zurt_status zi_binary_s8_init(zurt_ctx *ctx, const zi_prepared *p, zi_binary_s8 *out);

/** Steps are 0 or 1; out may be a or b. */
void zi_binary_s8_run(const zi_binary_s8 *s, const int8_t *a, size_t a_step, const int8_t *b,
                      size_t b_step, int8_t *out, size_t n);

#endif
