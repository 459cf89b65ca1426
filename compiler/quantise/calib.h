/* SPDX-License-Identifier: Apache-2.0 */
/** @file From a histogram to a range: one method per file, all behind one function type. */
#ifndef ZC_QUANTISE_CALIB_H
#define ZC_QUANTISE_CALIB_H

#include <zurt/compile.h>

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
/** The same of f(x), where f, a unary op, is all that reads the tensor: what f flattens, such as
 *  Swish its negative side, needs no levels. `op` as zi_map_real() takes it. */
zc_range zc_calib_mse_through(const zc_hist *h, zi_op op, const zi_attr_unary *attr);
/** What p leaves, in dB, of f(x); as zc_hist_sqnr(). */
double zc_calib_sqnr_through(const zc_hist *h, zc_qparam p, zi_op op, const zi_attr_unary *attr);
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
    double mapped[ZC_HIST_BINS]; /**< f(value), if there is an op */
    zi_op op;                    /**< ZI_OP_NONE: none */
    zi_attr_unary attr;
} zc_calib_points;

/** What a range costs; smaller is better. */
typedef double zc_calib_cost_fn(const zc_calib_points *points, zc_range r);

/** The cheapest range inside the one seen, coarse to fine. `attr` may be NULL without an op. */
zc_range zc_calib_search(const zc_hist *h, zc_calib_cost_fn *cost, zi_op op,
                         const zi_attr_unary *attr);

#endif
