/* SPDX-License-Identifier: Apache-2.0 */
/** @file Copies from a strided view to a dense array: every op that only rearranges elements. */
#ifndef ZI_OPS_NDCOPY_H
#define ZI_OPS_NDCOPY_H

#include <stddef.h>
#include <stdint.h>

#include "ops/ops.h"

enum { ZI_NDCOPY_MAX = 2 * ZURT_MAX_RANK };

typedef struct zi_ndcopy_axis {
    int64_t dim;
    int64_t in;  /**< bytes to step in the input; 0 repeats, negative walks back */
    int64_t out; /**< bytes to step in the output */
} zi_ndcopy_axis;

typedef struct zi_ndcopy {
    int64_t width;  /**< bytes of a piece: an element, or more where they are neighbours in both */
    int64_t offset; /**< of the input's byte that comes first */
    int64_t elems;
    int32_t n_outer;
    zi_ndcopy_axis outer[ZI_NDCOPY_MAX];
    zi_ndcopy_axis lines; /**< the axis along which the input is dense, unless pieces are */
    zi_ndcopy_axis run;   /**< the output's last axis, but for what is in a piece */
    int64_t tile;         /**< pieces of a run that are copied by one task */
} zi_ndcopy;

/**
 * Merges axes that step alike.
 *
 * @param rank   at most ZI_NDCOPY_MAX.
 * @param dims   of the dense output; any may be 0, and then nothing else is looked at.
 * @param stride where each output axis steps in the input, in elements.
 */
void zi_ndcopy_init(zi_ndcopy *c, size_t elem, int32_t rank, const int64_t *dims,
                    const int64_t *stride, int64_t offset);

/** `in` and `out` do not overlap. `p`: of the node whose copy it is. */
void zi_ndcopy_run(const zi_ndcopy *c, const zi_prepared *p, const zi_op_args *args, const void *in,
                   void *out);

#endif
