/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * How a tensor's elements are stored when that is not the order of its own axes.
 *
 * A tensor is cut into atoms: factors of its axes that move as a whole. `size` and `axis` list them
 * in the tensor's order, outermost first; `pos` gives each atom's place in the stored order. So
 * Transpose permutes axes, Reshape cuts and joins atoms, and neither touches an element:
 * [1,C,H,W] stored as NHWC has the atoms 1,C,H,W at places 0,3,1,2; flattened to [1,C*H*W] it has
 * the same atoms on two axes; a channel shuffle cuts C into two atoms and swaps them.
 */
#ifndef ZC_PASSES_LAYOUT_REP_H
#define ZC_PASSES_LAYOUT_REP_H

#include "graph/graph.h"

enum { ZC_MAX_ATOMS = 16 };

typedef struct zc_rep {
    zi_id held;        /**< dense tensor with the elements in stored order; its dims are free */
    bool dequantise;   /**< `held` is a quantised constant, to be dequantised where it is read */
    int8_t quant_axis; /**< axis of scales per slice; -1: none */
    uint8_t n;
    uint8_t axis[ZC_MAX_ATOMS]; /**< never decreasing */
    uint8_t pos[ZC_MAX_ATOMS];  /**< a permutation of 0..n-1 */
    int32_t size[ZC_MAX_ATOMS]; /**< at most ZURT_MAX_RANK of them are not 1 */
} zc_rep;

/** One atom per axis; `stored[k]` is the axis at place k, NULL: the tensor's own order.
 *  No scales per slice. */
zc_rep zc_rep_make(zi_id held, int32_t rank, const int32_t *dims, const int32_t *stored);

/** As Transpose: axis i is what axis perm[i] was. */
void zc_rep_transpose(zc_rep *r, int32_t rank, const int32_t *perm);

/** As Reshape; false, and unchanged, where atoms cannot say it. */
bool zc_rep_reshape(zc_rep *r, int32_t rank, const int32_t *dims);

/** The axes in the order in which they begin in store; false if one is scattered there: not in
 *  one piece, or its atoms not in order. */
bool zc_rep_axis_order(const zc_rep *r, int32_t rank, int32_t *order);

/** Atoms larger than 1 of the given axes (-1: none), in that order; returns their number. */
int32_t zc_rep_atoms(const zc_rep *r, int32_t rank, const int32_t *axes, uint8_t *atoms);

/** Places of `count` atoms counted among themselves: 0..count-1. */
void zc_rep_ranks(const zc_rep *r, const uint8_t *atoms, int32_t count, uint8_t *ranks);

#endif
