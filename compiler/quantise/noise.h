/* SPDX-License-Identifier: Apache-2.0 */
/** @file Signal and quantisation noise, summed up and in dB. */
#ifndef ZC_QUANTISE_NOISE_H
#define ZC_QUANTISE_NOISE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/** Sums of squares: of float's values, and of what int8 differs from them by. All zeros: none. */
typedef struct zc_noise {
    double signal, noise;
} zc_noise;

/** Adds one value. What is infinite or no number in float is neither, where int8 has the same; else
 *  the noise is infinite. */
static inline void zc_noise_add(zc_noise *p, double real, double held)
{
    const bool finite = isfinite(real) && isfinite(held);
    const bool same = real == held || (isnan(real) && isnan(held));
    if (finite) {
        p->signal += real * real;
        p->noise += (real - held) * (real - held);
    } else if (!same) {
        p->noise = (double)INFINITY;
    }
}

/** Signal to noise: INFINITY without noise, -INFINITY where there is noise alone. */
double zc_noise_db(zc_noise p);

/**
 * Of the mean over `n` parts, channels or outputs, of noise to signal, at most 1 each: a large part
 * must not hide that small ones are lost. A part without signal has no say; NAN: none has one.
 */
double zc_noise_mean_db(const zc_noise *parts, size_t n);

#endif
