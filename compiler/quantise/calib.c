/* SPDX-License-Identifier: Apache-2.0 */
/* The table of methods. */
#include "quantise/calib.h"

zc_range zc_calib_range(const zc_hist *h, zurt_calib_method method, double percentile)
{
    switch (method) {
    case ZURT_CALIB_PERCENTILE:
        return zc_calib_percentile(h, percentile);
    case ZURT_CALIB_MSE:
        return zc_calib_mse(h);
    case ZURT_CALIB_ENTROPY:
        return zc_calib_entropy(h);
    case ZURT_CALIB_MINMAX:
    case ZURT_CALIB_AUTO: // never asked for: it has become one of the others
        break;
    }
    return zc_hist_seen(h);
}

const char *zc_calib_name(zurt_calib_method method)
{
    static const char *const names[] = {"minmax", "percentile", "mse", "entropy"};
    return (unsigned)method < 4 ? names[method] : "?";
}
