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

/** One convolution of those that a node is made of; in the node's arena. */
typedef struct zi_conv_plan zi_conv_plan;

/**
 * zi_conv_prepare() of a convolution of the node's input with weights of its own.
 *
 * @param shape its out_c is the node's, or a multiple: all of the node's channels several times,
 *              each time with the same bias, scale and zero point.
 * @param w     as zk_conv_s8_args or zk_conv_f32_args; NULL: the node's, given at run time. Lives
 *              as long as the node.
 */
zurt_status zi_conv_plan_make(zurt_ctx *ctx, zi_prepared *p, const zk_conv_shape *shape,
                              const void *w, zi_conv_plan **out);
size_t zi_conv_plan_scratch(const zi_conv_plan *plan);

/** zi_conv_run() of it: to args->out[0]. */
void zi_conv_plan_run(const zi_prepared *p, const zi_conv_plan *plan, const zi_op_args *args);

/** Of Conv and ConvTranspose. */
zk_conv_shape zi_conv_shape_of(const zi_prepared *p);

#endif
