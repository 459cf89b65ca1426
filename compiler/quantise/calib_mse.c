/* SPDX-License-Identifier: Apache-2.0 */
#include "quantise/calib.h"

/** Adding and subtracting it rounds a double to the nearest integer, half to even. */
#define ROUNDER 6755399441055744.0

static double square_error(const zc_calib_points *p, zc_range r)
{
    zc_qparam q = zc_qparam_from_range(r.lo, r.hi);
    double scale = (double)q.scale, inverse = 1.0 / scale, sum = 0.0;
    double lo = -128.0 - q.zero_point, hi = 127.0 - q.zero_point;
    for (size_t i = 0; i < p->n; i++) {
        double v = p->value[i], level = v * inverse;
        level = level < lo ? lo : level > hi ? hi : level;
        double e = v - scale * ((level + ROUNDER) - ROUNDER);
        sum += p->count[i] * e * e;
    }
    return sum;
}

zc_range zc_calib_mse(const zc_hist *h)
{
    return zc_calib_search(h, square_error);
}
