/* SPDX-License-Identifier: Apache-2.0 */
/** @file Where the rows or columns of a resized image come from: one table per axis. */
#ifndef ZI_OPS_RESIZE_AXIS_H
#define ZI_OPS_RESIZE_AXIS_H

#include "base/arena.h"
#include "graph/graph.h"
#include "kernels/elementwise.h"

enum { ZI_RESIZE_TAPS = 4, ZI_RESIZE_BITS = ZK_BILINEAR_BITS };

typedef struct zi_resize_tap {
    int32_t index[ZI_RESIZE_TAPS]; /**< input row or column, clamped to the image */
    float weight[ZI_RESIZE_TAPS];  /**< sum 1 */
    int32_t fixed[ZI_RESIZE_TAPS]; /**< weight * 2^11, sum exactly 2^11; linear only */
    bool outside;                  /**< TF_CROP_AND_RESIZE: the extrapolation value */
} zi_resize_tap;

typedef struct zi_resize_axis {
    int32_t n_taps; /**< nearest 1, linear 2, cubic 4 */
    int32_t out;
    zi_resize_tap *taps; /**< [out] */
} zi_resize_axis;

/**
 * Makes the table of axis 0 (h) or 1 (w), in double.
 * @return false if memory is refused.
 */
bool zi_resize_axis_init(zi_resize_axis *r, zi_arena *arena, const zi_attr_resize *a, int axis,
                         int32_t in);

#endif
