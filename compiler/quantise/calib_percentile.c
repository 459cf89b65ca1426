/* SPDX-License-Identifier: Apache-2.0 */
/* The range without the outermost values. */
#include "quantise/calib.h"

/** Value below which `count` of all values lie, zeros among them; from either end. */
static double value_at(const zc_hist *h, double count, bool from_top)
{
    double passed = 0.0;
    bool zeros_passed = h->n_zeros == 0;
    for (size_t k = 0; k < ZC_HIST_BINS; k++) {
        size_t i = from_top ? ZC_HIST_BINS - 1 - k : k;
        double v = zc_hist_value(h, i);
        if (!zeros_passed && (from_top ? v < 0.0 : v > 0.0)) {
            zeros_passed = true;
            passed += (double)h->n_zeros;
            if (passed > count)
                return 0.0;
        }
        passed += (double)h->bin[i];
        if (passed > count)
            return v;
    }
    return 0.0;
}

zc_range zc_calib_percentile(const zc_hist *h, double percentile)
{
    zc_range seen = zc_hist_seen(h);
    double total = (double)h->n_values + (double)h->n_zeros;
    double cut = total * (100.0 - percentile) / 200.0;
    if (cut < 1.0)
        return seen; // not one value may be cut
    double lo = value_at(h, cut, false), hi = value_at(h, cut, true);
    return (zc_range){lo > seen.lo ? (lo < 0.0 ? lo : 0.0) : seen.lo,
                      hi < seen.hi ? (hi > 0.0 ? hi : 0.0) : seen.hi};
}
