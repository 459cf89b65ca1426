/* SPDX-License-Identifier: Apache-2.0 */
/** @file Shape and type rules: one function per kind of op. Private to graph/. */
#ifndef ZI_GRAPH_INFER_H
#define ZI_GRAPH_INFER_H

#include "graph/graph.h"

/** Rule of an op: arity and ids are checked before, mandatory inputs are there. */
typedef zurt_status zi_infer_fn(zurt_ctx *ctx, zi_graph *g, zi_node *n);

/** Gives output `i` its type and dims. ZURT_E_LIMIT: a dim or the bytes go beyond the limits;
 *  ZURT_E_FORMAT: a negative dim. */
zurt_status zi_infer_set(zurt_ctx *ctx, zi_graph *g, const zi_node *n, uint32_t i, zurt_dtype dtype,
                         int32_t rank, const int64_t *dims);
/** Output 0 gets the shape of input 0 and a type. */
zurt_status zi_infer_same(zurt_ctx *ctx, zi_graph *g, const zi_node *n, zurt_dtype dtype);
/** ZURT_E_FORMAT unless 0 <= axis < rank. */
zurt_status zi_infer_check_axis(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, int32_t axis,
                                int32_t rank);
/** numpy broadcasting of `dims` (rank *rank) with another tensor's, in place. */
zurt_status zi_infer_broadcast(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                               const zi_tensor *with, int64_t *dims, int32_t *rank);

/** Constant indices in input i must lie within an axis of `dim`; others are the kernel's affair. */
zurt_status zi_infer_check_indices(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, uint32_t i,
                                   int32_t dim);

/* infer_spatial.c */
zi_infer_fn zi_infer_conv, zi_infer_conv_transpose, zi_infer_pool, zi_infer_resize;
zi_infer_fn zi_infer_depth_to_space, zi_infer_space_to_depth, zi_infer_grid_sample;
/* infer_reduce.c */
zi_infer_fn zi_infer_fully_connected, zi_infer_matmul, zi_infer_reduce, zi_infer_arg;
zi_infer_fn zi_infer_softmax;
/* infer_move.c */
zi_infer_fn zi_infer_concat, zi_infer_split, zi_infer_slice, zi_infer_pad, zi_infer_transpose;
zi_infer_fn zi_infer_reshape, zi_infer_gather, zi_infer_expand, zi_infer_tile;
/* infer_rnn.c */
zi_infer_fn zi_infer_rnn;
/* infer_index.c */
zi_infer_fn zi_infer_top_k, zi_infer_cum_sum, zi_infer_gather_elements, zi_infer_scatter_elements;
zi_infer_fn zi_infer_gather_nd, zi_infer_non_max_suppression;

#endif
