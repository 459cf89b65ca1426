/* SPDX-License-Identifier: Apache-2.0 */
/** @file numpy broadcasting, reduced to runs along which every operand steps by 0 or 1. */
#ifndef ZI_OPS_BROADCAST_H
#define ZI_OPS_BROADCAST_H

#include "graph/graph.h"

enum { ZI_BROADCAST_MAX_IN = 3, ZI_BROADCAST_RUN = 1024 };

typedef struct zi_broadcast {
    int32_t rank; /**< after merging; at least 1 */
    int64_t dims[ZURT_MAX_RANK];
    int64_t stride[ZI_BROADCAST_MAX_IN][ZURT_MAX_RANK]; /**< elements */
    uint32_t n_in;
    int64_t elems;
    size_t step[ZI_BROADCAST_MAX_IN]; /**< along a run: 0 or 1 */
} zi_broadcast;

/** Shapes are what infer allows: every input dim is 1 or the output's. */
void zi_broadcast_init(zi_broadcast *b, const zi_tensor *out, const zi_tensor *const *in,
                       uint32_t n_in);

/** n elements from element `out` of the output on and in[i] of input i; n <= ZI_BROADCAST_RUN. */
typedef void zi_broadcast_run_fn(const void *self, const int64_t *in, int64_t out, size_t n);

/** Calls fn for every run of the output elements [begin, end). */
void zi_broadcast_walk(const zi_broadcast *b, int64_t begin, int64_t end, zi_broadcast_run_fn *fn,
                       const void *self);

#endif
