/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, and the geometry of ConvTranspose. */
#include "ops/conv_plan.h"

zk_conv_shape zi_conv_shape_of(const zi_prepared *p)
{
    const zi_attr_conv *a = &p->node->attr.conv;
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_tensor *w = zi_node_in(p->graph, p->node, 1);
    const zi_tensor *y = zi_node_out(p->graph, p->node, 0);
    return (zk_conv_shape){
        .batch = x->dims[0],
        .in_h = x->dims[1],
        .in_w = x->dims[2],
        .in_c = x->dims[3],
        .out_h = y->dims[1],
        .out_w = y->dims[2],
        .out_c = y->dims[3],
        .kernel_h = w->dims[1],
        .kernel_w = w->dims[2],
        .stride_h = a->stride[0],
        .stride_w = a->stride[1],
        .dilation_h = a->dilation[0],
        .dilation_w = a->dilation[1],
        .pad_top = a->pad[0],
        .pad_left = a->pad[1],
        .groups = a->groups,
        .transposed = p->node->op == ZI_OP_ConvTranspose,
    };
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zk_conv_shape shape = zi_conv_shape_of(p);
    return zi_conv_prepare(ctx, p, &shape);
}

const zi_op_impl zi_impl_conv = {zi_conv_check, prepare, zi_conv_run, true};
