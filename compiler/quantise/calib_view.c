/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader's function makes of a tensor's values, and of the error that int8 leaves of them.
 */
#include <math.h>

#include "ops/lut.h"
#include "quantise/calib_view.h"

bool zc_view_map(const zc_view *view, double x, double *out)
{
    if (view->op == ZI_OP_NONE)
        *out = x;
    else if (!zi_unary_real(view->op, &view->attr, x, out))
        return false;
    return isfinite(*out);
}

double zc_view_power(const zc_hist *h, const zc_view *view)
{
    double y, sum = 0.0, n = (double)h->n_values + (double)h->n_zeros;
    if (h->n_zeros && zc_view_map(view, 0.0, &y))
        sum += (double)h->n_zeros * y * y;
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        if (h->bin[i] && zc_view_map(view, zc_hist_value(h, i), &y))
            sum += (double)h->bin[i] * y * y;
    }
    return n > 0.0 ? sum / n : 0.0;
}

double zc_view_noise(const zc_hist *h, const zc_view *view, zc_qparam p)
{
    double sum = 0.0, n = (double)h->n_values + (double)h->n_zeros;
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        double v = zc_hist_value(h, i), real, held;
        if (!h->bin[i] || !zc_view_map(view, v, &real))
            continue;
        if (!zc_view_map(view, (double)p.scale * (zc_qparam_quantise(p, v) - p.zero_point), &held))
            return (double)INFINITY;
        sum += (double)h->bin[i] * (real - held) * (real - held);
    }
    return n > 0.0 ? sum / n : 0.0;
}
