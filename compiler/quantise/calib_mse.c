/* SPDX-License-Identifier: Apache-2.0 */
/* The range with the least squared error. */
#include <math.h>

#include "quantise/calib.h"
#include "quantise/calib_search.h"

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

static double square_error_seen(const zc_calib_points *p, zc_range r)
{
    zc_qparam q = zc_qparam_from_range(r.lo, r.hi);
    double all = 0.0;
    for (size_t k = 0; k < p->n_views; k++) {
        double level[256], sum = 0.0;
        for (int i = 0; i < 256; i++) {
            if (!zc_view_map(&p->views[k], (double)q.scale * (i - 128 - q.zero_point), &level[i]))
                level[i] = (double)INFINITY;
        }
        for (size_t i = 0; i < p->n; i++) {
            if (isnan(p->mapped[k][i]))
                continue;
            double e = p->mapped[k][i] - level[zc_qparam_quantise(q, p->value[i]) + 128];
            sum += p->count[i] * e * e;
        }
        all += p->weight[k] * sum;
    }
    return all;
}

zc_range zc_calib_mse(const zc_hist *h)
{
    return zc_calib_search(h, square_error, NULL, 0);
}

zc_range zc_calib_mse_seen(const zc_hist *h, const zc_view *views, size_t n_views)
{
    bool plain = n_views == 1 && views[0].op == ZI_OP_NONE;
    return plain ? zc_calib_mse(h) : zc_calib_search(h, square_error_seen, views, n_views);
}
