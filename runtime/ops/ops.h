/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Nodes on host memory: checks a node, prepares it once (multipliers, tables, packed weights),
 * then runs it through the kernel table. The CPU back end, constant folding, the float executor
 * and the quantiser's own int8 evaluation all compute through here, so they cannot disagree.
 *
 * One file per family (conv.c, pool.c, binary.c, ...), each exporting zi_op_impl rows; ops.c has
 * the table from op to row.
 */
#ifndef ZI_OPS_OPS_H
#define ZI_OPS_OPS_H

#include <stddef.h>

#include "base/ctx.h"
#include "base/parallel.h"
#include "graph/graph.h"
#include "kernels/kernels.h"

/** A node ready to run; immutable, may run on several threads at once with separate scratch. */
typedef struct zi_prepared zi_prepared;

/** What one run needs. Pointers are dense tensors in the node's order; absent inputs are NULL.
 *  Where the op is MAP or BINARY, out[0] may equal an input with as many elements of the same
 *  size; VIEW ops may have out[0] == in[0]. Nothing else may overlap. Alignment is that of the
 *  element type. */
typedef struct zi_op_args {
    const void *const *in;
    void *const *out;
    void *scratch; /**< zi_op_scratch_bytes() bytes, ZI_ALIGN; one per concurrent run */
    const zi_parallel *parallel;
} zi_op_args;

/**
 * Says whether ops can compute this node with its tensors' types and shapes.
 * @return ZURT_OK; ZURT_E_UNSUPPORTED with node, op and remedy in the message.
 */
zurt_status zi_op_check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n);

/**
 * Checks and prepares a node. The graph must stay alive and unchanged while *out lives
 * (constants are used in place).
 * @param n_threads largest zi_parallel.n_threads it will run with.
 * @return ZURT_OK; ZURT_E_UNSUPPORTED; ZURT_E_NOMEM; ZURT_E_LIMIT.
 */
zurt_status zi_op_prepare(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                          const zk_table *kernels, uint32_t n_threads, zi_prepared **out);

size_t zi_op_scratch_bytes(const zi_prepared *p);

/** Computes; cannot fail, allocates nothing. */
void zi_op_run(const zi_prepared *p, const zi_op_args *args);

/** NULL is allowed. */
void zi_op_destroy(zi_prepared *p);

/** True if the op computes on s8 tensors natively (used by the quantiser and docs/ops.md). */
bool zi_op_has_int8(zi_op op);

#endif
