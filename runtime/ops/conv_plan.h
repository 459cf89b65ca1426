/* SPDX-License-Identifier: Apache-2.0 */
/** @file What Conv, ConvTranspose and FullyConnected share once their geometry is known. */
#ifndef ZI_OPS_CONV_PLAN_H
#define ZI_OPS_CONV_PLAN_H

#include "ops/impl.h"

/** Checks types, quantisation and weights: all f32, or s8 with constant s8 weights and s32 bias. */
zurt_status zi_conv_check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n);

/** Multipliers, packed weights and scratch for a node that passed the check. */
zurt_status zi_conv_prepare(zurt_ctx *ctx, zi_prepared *p, const zk_conv_shape *shape);

/** Splits pixels, rows or channels over the threads and calls the kernel. */
void zi_conv_run(const zi_prepared *p, const zi_op_args *args);

#endif
