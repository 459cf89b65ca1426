/* SPDX-License-Identifier: Apache-2.0 */
/* A 1x1 convolution over a row of as many pixels as the input has vectors. */
#include "ops/conv_plan.h"

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if (zi_dims_product(x->dims, 0, x->rank - 1) > INT32_MAX)
        return zi_unsupported(ctx, g, n, "more than %d vectors", (int)INT32_MAX);
    return zi_conv_check(ctx, g, n);
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_tensor *w = zi_node_in(p->graph, p->node, 1);
    const int32_t rows = (int32_t)zi_dims_product(x->dims, 0, x->rank - 1);
    const zk_conv_shape shape = {
        .batch = 1,
        .in_h = 1,
        .in_w = rows,
        .in_c = w->dims[1],
        .out_h = 1,
        .out_w = rows,
        .out_c = w->dims[0],
        .kernel_h = 1,
        .kernel_w = 1,
        .stride_h = 1,
        .stride_w = 1,
        .dilation_h = 1,
        .dilation_w = 1,
        .groups = 1,
    };
    return zi_conv_prepare(ctx, p, &shape);
}

const zi_op_impl zi_impl_fully_connected = {
    .check = check, .prepare = prepare, .run = zi_conv_run, .int8 = true};
