/* SPDX-License-Identifier: Apache-2.0 */
/* Splits a real scale into a multiplier and a shift. */
#include "quant/scale.h"

#include <math.h>

#include "quant/requant.h"

bool zi_multiplier_from_real(double real, zi_multiplier *out)
{
    if (!(real >= 0.0) || !isfinite(real))
        return false;
    *out = (zi_multiplier){0, 0};
    if (real == 0.0)
        return true;
    int shift;
    double fraction = frexp(real, &shift); // in [0.5, 1)
    int64_t fixed = (int64_t)round(fraction * (double)((int64_t)1 << 31));
    if (fixed == ((int64_t)1 << 31)) {
        fixed /= 2;
        shift++;
    }
    if (shift < ZI_SHIFT_MIN)
        return true;
    if (shift > ZI_SHIFT_MAX)
        return false;
    out->multiplier = (int32_t)fixed;
    out->shift = shift;
    return true;
}

int32_t zi_quantize(float x, float scale, int32_t zero_point, int32_t lo, int32_t hi)
{
    float q = rintf(x / scale); // default rounding mode: half to even
    if (isnan(q))
        return zero_point;
    q += (float)zero_point;
    if (q <= (float)lo)
        return lo;
    if (q >= (float)hi)
        return hi;
    return (int32_t)q;
}

static int32_t bound(float x, float scale, int32_t zero_point)
{
    double q = round((double)x / (double)scale) + zero_point;
    return q <= -128.0 ? -128 : q >= 127.0 ? 127 : (int32_t)q;
}

void zi_clamp_bounds(float lo, float hi, float scale, int32_t zero_point, int32_t *q_lo,
                     int32_t *q_hi)
{
    *q_lo = bound(lo, scale, zero_point);
    *q_hi = bound(hi, scale, zero_point);
}
