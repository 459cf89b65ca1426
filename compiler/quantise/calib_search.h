/* SPDX-License-Identifier: Apache-2.0 */
/** @file The cheapest range, by trying. Private to the methods of calib.h. */
#ifndef ZC_QUANTISE_CALIB_SEARCH_H
#define ZC_QUANTISE_CALIB_SEARCH_H

#include "quantise/calib_view.h"

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

#endif
