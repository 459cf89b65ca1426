/* SPDX-License-Identifier: Apache-2.0 */
/** @file A tensor as its readers see it, and what int8 leaves of that. */
#ifndef ZC_QUANTISE_CALIB_VIEW_H
#define ZC_QUANTISE_CALIB_VIEW_H

#include "graph/graph.h"
#include "quantise/hist.h"

/** How a reader sees a tensor: as it is (ZI_OP_NONE), or only by a function of it, so that what f
 *  flattens, such as Swish its negative side, needs no levels. */
typedef struct zc_view {
    zi_op op;           /**< as zi_unary_real() takes it */
    zi_attr_unary attr; /**< of op */
} zc_view;

#define ZC_VIEWS_MAX 3

/** What a view shows of x; false if that is no finite number. */
bool zc_view_map(const zc_view *view, double x, double *out);

/** Mean square of what a view shows of the values, zeros among them. */
double zc_view_power(const zc_hist *h, const zc_view *view);
/** Mean square of the error that p leaves of it. */
double zc_view_noise(const zc_hist *h, const zc_view *view, zc_qparam p);

#endif
