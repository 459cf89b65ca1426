/* SPDX-License-Identifier: Apache-2.0 */
/** @file From a graph node to ONNX nodes, by family. Private to emit/. */
#ifndef ZC_EMIT_ONNX_OPS_H
#define ZC_EMIT_ONNX_OPS_H

#include "emit/onnx_layout.h"

/** Each adds what the node computes and ends in zo_finish(); failures go to b->st. */
void zo_emit_conv(zo_builder *b, const zi_node *n);
void zo_emit_conv_transpose(zo_builder *b, const zi_node *n);
void zo_emit_fully_connected(zo_builder *b, const zi_node *n);
void zo_emit_pool(zo_builder *b, const zi_node *n);
void zo_emit_resize(zo_builder *b, const zi_node *n);
void zo_emit_blocks(zo_builder *b, const zi_node *n);
void zo_emit_inputs_in_order(zo_builder *b, const zi_node *n);
void zo_emit_map(zo_builder *b, const zi_node *n);
void zo_emit_lut(zo_builder *b, const zi_node *n);
void zo_emit_reduce(zo_builder *b, const zi_node *n);
void zo_emit_along_axis(zo_builder *b, const zi_node *n);
void zo_emit_split(zo_builder *b, const zi_node *n);
void zo_emit_slice(zo_builder *b, const zi_node *n);
void zo_emit_pad(zo_builder *b, const zi_node *n);
void zo_emit_transpose(zo_builder *b, const zi_node *n);
void zo_emit_shape(zo_builder *b, const zi_node *n);
void zo_emit_gather(zo_builder *b, const zi_node *n);
void zo_emit_top_k(zo_builder *b, const zi_node *n);
void zo_emit_cum_sum(zo_builder *b, const zi_node *n);
void zo_emit_recurrent(zo_builder *b, const zi_node *n);
void zo_emit_non_max_suppression(zo_builder *b, const zi_node *n);
void zo_emit_grid_sample(zo_builder *b, const zi_node *n);
void zo_emit_indexed(zo_builder *b, const zi_node *n);
void zo_emit_cast(zo_builder *b, const zi_node *n);
void zo_emit_quantise(zo_builder *b, const zi_node *n);
void zo_emit_dequantise(zo_builder *b, const zi_node *n);

static inline const zi_tensor *zo_tensor_in(const zo_builder *b, const zi_node *n, uint32_t i)
{
    return &b->g->tensors[n->in[i]];
}

static inline const zi_tensor *zo_tensor_out(const zo_builder *b, const zi_node *n, uint32_t i)
{
    return &b->g->tensors[n->out[i]];
}

#endif
