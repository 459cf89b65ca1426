/* SPDX-License-Identifier: Apache-2.0 */
/** @file From a histogram to a range: one method a file; calib.c has their table. */
#ifndef ZC_QUANTISE_CALIB_H
#define ZC_QUANTISE_CALIB_H

#include <zurt/compile.h>

#include "quantise/calib_view.h"

/** Cuts (100 - percentile) / 2 percent of the values at each end. */
zc_range zc_calib_percentile(const zc_hist *h, double percentile);
/** Least expected square of the quantisation error. */
zc_range zc_calib_mse(const zc_hist *h);
/** Least sum of the squares that n_views, 1 to ZC_VIEWS_MAX, show of the error, each by what its
 *  view shows in all. */
zc_range zc_calib_mse_seen(const zc_hist *h, const zc_view *views, size_t n_views);
/**
 * Least Kullback-Leibler divergence of the quantised distribution from the true one, over both
 * ends. Ref: S. Migacz, "8-bit inference with TensorRT", GTC 2017, made affine.
 */
zc_range zc_calib_entropy(const zc_hist *h);

/** By `method`, minmax being all that was seen; an empty histogram gives {0, 0}. */
zc_range zc_calib_range(const zc_hist *h, zurt_calib_method method, double percentile);
/** "minmax", "percentile", "mse", "entropy"; "?" for another value. */
const char *zc_calib_name(zurt_calib_method method);

#endif
