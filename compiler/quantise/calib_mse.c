/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "ops/lut.h"
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

static double square_error_through(const zc_calib_points *p, zc_range r)
{
    zc_qparam q = zc_qparam_from_range(r.lo, r.hi);
    double level[256], sum = 0.0;
    for (int i = 0; i < 256; i++)
        zi_map_real(p->op, &p->attr, (double)q.scale * (i - 128 - q.zero_point), &level[i]);
    for (size_t i = 0; i < p->n; i++) {
        double e = p->mapped[i] - level[zc_qparam_quantise(q, p->value[i]) + 128];
        sum += p->count[i] * e * e;
    }
    return sum;
}

zc_range zc_calib_mse(const zc_hist *h)
{
    return zc_calib_search(h, square_error, ZI_OP_NONE, NULL);
}

zc_range zc_calib_mse_through(const zc_hist *h, zi_op op, const zi_attr_unary *attr)
{
    return zc_calib_search(h, square_error_through, op, attr);
}

double zc_calib_sqnr_through(const zc_hist *h, zc_qparam p, zi_op op, const zi_attr_unary *attr)
{
    double signal = 0.0, noise = 0.0;
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        double v = zc_hist_value(h, i), n = (double)h->bin[i], real = 0.0, held = 0.0;
        if (!h->bin[i])
            continue;
        zi_map_real(op, attr, v, &real);
        zi_map_real(op, attr, (double)p.scale * (zc_qparam_quantise(p, v) - p.zero_point), &held);
        signal += n * real * real;
        noise += n * (real - held) * (real - held);
    }
    return noise > 0.0 ? 10.0 * log10(signal / noise) : (double)INFINITY;
}
