/* SPDX-License-Identifier: Apache-2.0 */
/** @file From a histogram to a range: one method per file, all behind one function type. */
#ifndef ZC_QUANTISE_CALIB_H
#define ZC_QUANTISE_CALIB_H

#include <zurt/compile.h>

#include "graph/graph.h"
#include "quantise/hist.h"

/** lo <= 0 <= hi. */
typedef struct zc_range {
    double lo, hi;
} zc_range;

/** All values seen. */
zc_range zc_calib_minmax(const zc_hist *h);
/** Cuts (100 - percentile) / 2 percent of the values at each end. */
zc_range zc_calib_percentile(const zc_hist *h, double percentile);
/** Least expected square of the quantisation error. */
zc_range zc_calib_mse(const zc_hist *h);

/** How a reader sees a tensor: as it is (ZI_OP_NONE), or only by a function of it, so that what f
 *  flattens, such as Swish its negative side, needs no levels. */
typedef struct zc_view {
    zi_op op;           /**< as zi_map_real() takes it */
    zi_attr_unary attr; /**< of op */
} zc_view;

#define ZC_VIEWS_MAX 3

/** As zc_calib_mse(), of what n_views, 1 to ZC_VIEWS_MAX, show: the sum of the errors, each by
 *  what its view shows in all. */
zc_range zc_calib_mse_seen(const zc_hist *h, const zc_view *views, size_t n_views);

/** Mean square of what a view shows of the values, zeros among them. */
double zc_view_power(const zc_hist *h, const zc_view *view);
/** Mean square of the error that p leaves of it. */
double zc_view_noise(const zc_hist *h, const zc_view *view, zc_qparam p);

/**
 * Least Kullback-Leibler divergence of the quantised distribution from the true one, over both
 * ends. Ref: S. Migacz, "8-bit inference with TensorRT", GTC 2017, made affine.
 */
zc_range zc_calib_entropy(const zc_hist *h);

/** By `method`; an empty histogram gives {0, 0}. */
zc_range zc_calib_range(const zc_hist *h, zurt_calib_method method, double percentile);
/** "minmax", "percentile", "mse", "entropy"; "?" for another value. */
const char *zc_calib_name(zurt_calib_method method);

/* ---- search over both ends (calib_search.c) ---- */

/** Bins in use, in order of value; zeros are left out: they are exact in every range. */
typedef struct zc_calib_points {
    size_t n;
    double value[ZC_HIST_BINS];
    double count[ZC_HIST_BINS];
    size_t n_views;
    zc_view views[ZC_VIEWS_MAX];
    double weight[ZC_VIEWS_MAX];               /**< of a view's error */
    double mapped[ZC_VIEWS_MAX][ZC_HIST_BINS]; /**< value as a view shows it */
} zc_calib_points;

/** What a range costs; smaller is better. */
typedef double zc_calib_cost_fn(const zc_calib_points *points, zc_range r);

/** The cheapest range inside the one seen, coarse to fine; the views are what `cost` finds in its
 *  points. */
zc_range zc_calib_search(const zc_hist *h, zc_calib_cost_fn *cost, const zc_view *views,
                         size_t n_views);

/** What a view shows of x; false if that is no finite number. */
bool zc_view_map(const zc_view *view, double x, double *out);

#endif
