/* SPDX-License-Identifier: Apache-2.0 */
/* Noise in dB. */
#include "quantise/noise.h"

double zc_noise_db(zc_noise p)
{
    if (!(p.noise > 0.0))
        return (double)INFINITY;
    return p.signal > 0.0 ? 10.0 * log10(p.signal / p.noise) : -(double)INFINITY;
}

double zc_noise_mean_db(const zc_noise *parts, size_t n)
{
    zc_noise mean = {0};
    for (size_t i = 0; i < n; i++) {
        if (!(parts[i].signal > 0.0))
            continue;
        mean.signal += 1.0;
        mean.noise += fmin(parts[i].noise / parts[i].signal, 1.0);
    }
    return mean.signal > 0.0 ? zc_noise_db(mean) : (double)NAN;
}
