/* SPDX-License-Identifier: Apache-2.0 */
/** @file How a family of ops plugs into ops.c. Private to ops/. */
#ifndef ZI_OPS_IMPL_H
#define ZI_OPS_IMPL_H

#include "ops/ops.h"

/** Common head of every prepared node; an impl's own state follows it in one struct. */
struct zi_prepared {
    const struct zi_op_impl *impl;
    zurt_allocator allocator;
    zi_arena arena; /**< the impl's tables and packed weights; freed with the node */
    const zi_graph *graph;
    const zi_node *node;
    const zk_table *kernels;
    uint32_t n_threads;
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

/** Tensor of an input or output; NULL for an absent optional input or past the end. */
static inline const zi_tensor *zi_in(const zi_graph *g, const zi_node *n, uint32_t i)
{
    return i < n->n_in && n->in[i] != ZI_NONE ? &g->tensors[n->in[i]] : NULL;
}

static inline const zi_tensor *zi_out(const zi_graph *g, const zi_node *n, uint32_t i)
{
    return i < n->n_out ? &g->tensors[n->out[i]] : NULL;
}

#endif
