/* SPDX-License-Identifier: Apache-2.0 */
/** @file Rules of the layout pass, one per kind of op. Private to passes/layout*.c. */
#ifndef ZC_PASSES_LAYOUT_OPS_H
#define ZC_PASSES_LAYOUT_OPS_H

#include "passes/layout.h"

/** Writes an old node anew. `*done` is false, and nothing written, if the rule does not apply:
 *  then the node reads its inputs in their own order. */
typedef zurt_status zc_layout_rule(zc_layout *l, const zi_node *n, bool *done);

/** The tensor that will hold output `i` with its axes in stored `order`: the output itself where
 *  that is its own order. */
zurt_status zc_layout_output(zc_layout *l, const zi_node *n, uint32_t i, const int32_t *order,
                             zi_id *out);
/** Appends a copy of `n` with other operands and attributes, and infers it. */
zurt_status zc_layout_copy(zc_layout *l, const zi_node *n, const zi_id *in, const zi_id *out,
                           const zi_attr *attr);

/* layout_ops.c */
zc_layout_rule zc_layout_transpose, zc_layout_reshape, zc_layout_unary, zc_layout_elementwise;
zc_layout_rule zc_layout_concat, zc_layout_fully_connected;
/* layout_axes.c */
zc_layout_rule zc_layout_axes, zc_layout_gather;

#endif
