/* SPDX-License-Identifier: Apache-2.0 */
/** @file How a family of ops plugs into ops.c. Private to ops/. */
#ifndef ZI_OPS_IMPL_H
#define ZI_OPS_IMPL_H

#include <stdatomic.h>

#include "ops/ops.h"

/** Common head of every prepared node; an impl's own state follows it in one struct. */
struct zi_prepared {
    const struct zi_op_impl *impl;
    zurt_allocator allocator;
    zi_arena arena; /**< the impl's tables and packed weights; freed with the node */
    const zi_graph *graph;
    const zi_node *node;
    const zk_table *kernels;
    uint32_t n_threads;   /**< tasks that may run at once */
    size_t scratch_bytes; /**< set by prepare; 0 by default */
    void *state;          /**< impl's own, in `arena` */
};

typedef struct zi_op_impl {
    /** As zi_op_check(); arity, shapes and types of outputs are already checked by infer. */
    zurt_status (*check)(zurt_ctx *ctx, const zi_graph *g, const zi_node *n);
    /** Fills p->state and p->scratch_bytes. On failure the caller frees the arena. */
    zurt_status (*prepare)(zurt_ctx *ctx, zi_prepared *p);
    void (*run)(const zi_prepared *p, const zi_op_args *args);
    bool int8; /**< computes on s8 */
} zi_op_impl;

/** Check of ops that only move elements: one type, and one scale and zero point or none. */
zurt_status zi_check_moved(zurt_ctx *ctx, const zi_graph *g, const zi_node *n);

/** Fails a node: "node 3 'add' (Add): " and the text. */
#define zi_unsupported(ctx, g, n, ...) zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, __VA_ARGS__)

/** For prepare: the node's own text for refused memory. */
zurt_status zi_op_nomem(zurt_ctx *ctx, const zi_prepared *p);

/** Elements below which one more task costs more than it gains. */
#define ZI_OP_GRAIN 8192

/** Runs fn over `work` elements' worth of parts: a few tasks for each thread, so that a slow one
 *  does not hold up the rest; fewer if it is little. At most `n_threads` of them run at once. */
void zi_op_parallel(const zi_op_args *args, zi_task_fn *fn, void *arg, int64_t work);
/** Runs fn over `work` elements' worth of parts as zi_op_parallel() does, where the work is cut
 * into `parts` already: no more tasks than there are. */
void zi_op_parallel_parts(const zi_op_args *args, zi_task_fn *fn, void *arg, int64_t work,
                          uint32_t parts);

/** Parts of the scratch, one for each thread; a task takes one while it runs. All zero: all free.
 *  Tasks outnumber threads: a part for each task would be more memory, and cold in the cache. */
typedef struct zi_slots {
    atomic_uint_least64_t taken; /**< bit i: part i; 64 threads are the most there can be */
} zi_slots;

/** Index of a free part; there is one as long as no more tasks run at once than there are parts. */
uint32_t zi_slots_take(zi_slots *slots);
void zi_slots_give(zi_slots *slots, uint32_t slot);

/** Product of dims [from, to); INT64_MAX if it is larger, as it may be beside a dim of 0. */
int64_t zi_dims_product(const int32_t *dims, int32_t from, int32_t to);

/** s8 with one scale and zero point. */
bool zi_is_qs8(const zi_tensor *t);
/** s32, s64, u8, s8 or bool without quantisation. */
bool zi_is_plain_int(const zi_tensor *t);

/** The rows of the table in ops.c, one per family or op. */
extern const zi_op_impl zi_impl_conv;
extern const zi_op_impl zi_impl_conv_transpose;
extern const zi_op_impl zi_impl_fully_connected;
extern const zi_op_impl zi_impl_matmul;
extern const zi_op_impl zi_impl_recurrent; /**< LSTM, GRU, RNN */
extern const zi_op_impl zi_impl_pool;
extern const zi_op_impl zi_impl_binary;    /**< Pow, comparisons, logic */
extern const zi_op_impl zi_impl_binary_s8; /**< those that compute on s8 too */
extern const zi_op_impl zi_impl_where;
extern const zi_op_impl zi_impl_unary;
extern const zi_op_impl zi_impl_unary_s8; /**< Relu, Clip: unary with s8 */
extern const zi_op_impl zi_impl_lut;
extern const zi_op_impl zi_impl_reduce;
extern const zi_op_impl zi_impl_reduce_s8;
extern const zi_op_impl zi_impl_arg;
extern const zi_op_impl zi_impl_softmax;
extern const zi_op_impl zi_impl_log_softmax;
extern const zi_op_impl zi_impl_concat;
extern const zi_op_impl zi_impl_split;
extern const zi_op_impl zi_impl_strided; /**< Slice, Transpose, Expand, Tile, depth and space */
extern const zi_op_impl zi_impl_pad;
extern const zi_op_impl zi_impl_reshape;
extern const zi_op_impl zi_impl_gather;
extern const zi_op_impl zi_impl_gather_elements;
extern const zi_op_impl zi_impl_gather_nd;
extern const zi_op_impl zi_impl_scatter_elements;
extern const zi_op_impl zi_impl_top_k;
extern const zi_op_impl zi_impl_cum_sum;
extern const zi_op_impl zi_impl_grid_sample;
extern const zi_op_impl zi_impl_non_max_suppression;
extern const zi_op_impl zi_impl_pool_indices;
extern const zi_op_impl zi_impl_resize;
extern const zi_op_impl zi_impl_cast;
extern const zi_op_impl zi_impl_quantize;
extern const zi_op_impl zi_impl_dequantize;

#endif
