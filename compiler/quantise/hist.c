/* SPDX-License-Identifier: Apache-2.0 */
/* A histogram that widens its bins as values arrive. */
#include "quantise/hist.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/** Widths stay where float arithmetic is exact and never overflows. */
#define MIN_EXPONENT (-110)

/** Index of x's bin; beyond 2^60, far from any bin in use, just some large number. */
static int64_t bin_index(double x, int exponent)
{
    const double limit = ldexp(1.0, 60);
    double i = floor(ldexp(x, -exponent));
    return (int64_t)(i < -limit ? -limit : i > limit ? limit : i);
}

/** Smallest exponent, from `exponent` up, with which [min, max] needs at most all bins. */
static int exponent_for(float min, float max, int exponent)
{
    while (floor(ldexp((double)max, -exponent)) - floor(ldexp((double)min, -exponent)) >=
           (double)ZC_HIST_BINS)
        exponent++;
    return exponent;
}

static int first_exponent(float min, float max)
{
    double span = fmax((double)max - (double)min, fmax(fabs((double)min), fabs((double)max)) / 64);
    int e;
    frexp(span / ZC_HIST_BINS, &e);
    e = e - 1 < MIN_EXPONENT ? MIN_EXPONENT : e - 1;
    return e;
}

/** Makes [min, max] fit: wider bins, at least 2^min_exponent, or the same ones moved. */
static void make_room(zc_hist *h, float min, float max, int min_exponent)
{
    if (!h->n_values) {
        h->exponent = exponent_for(min, max, min_exponent);
        int64_t lo = bin_index((double)min, h->exponent);
        h->first = lo - (ZC_HIST_BINS - (bin_index((double)max, h->exponent) - lo + 1)) / 2;
        return;
    }
    if (h->exponent >= min_exponent && bin_index((double)min, h->exponent) >= h->first &&
        bin_index((double)max, h->exponent) < h->first + ZC_HIST_BINS)
        return;
    min = min < h->min ? min : h->min;
    max = max > h->max ? max : h->max;
    int exponent = h->exponent > min_exponent ? h->exponent : min_exponent;
    exponent = exponent_for(min, max, exponent);
    int up = exponent - h->exponent;
    int64_t lo = bin_index((double)min, exponent), hi = bin_index((double)max, exponent);
    int64_t first = lo - (ZC_HIST_BINS - (hi - lo + 1)) / 2;
    uint64_t old[ZC_HIST_BINS];
    memcpy(old, h->bin, sizeof(old));
    memset(h->bin, 0, sizeof(h->bin));
    for (int64_t i = 0; i < ZC_HIST_BINS; i++) {
        if (!old[i])
            continue;
        h->bin[bin_index((double)(h->first + i), up) - first] += old[i];
    }
    h->first = first;
    h->exponent = exponent;
}

void zc_hist_add(zc_hist *h, const float *x, size_t n)
{
    float min = INFINITY, max = -INFINITY;
    size_t n_zeros = 0, n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) {
            n_bad++;
            continue;
        }
        n_zeros += x[i] == 0.0f;
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
    }
    bool seen = h->n_values + h->n_zeros > 0;
    h->n_zeros += n_zeros;
    h->n_bad += n_bad;
    if (!(min <= max))
        return;
    if (n_zeros + n_bad < n) {
        make_room(h, min, max, h->n_values ? h->exponent : first_exponent(min, max));
        float scale = ldexpf(1.0f, -h->exponent);
        double first = (double)h->first;
        for (size_t i = 0; i < n; i++) {
            if (x[i] == 0.0f || (n_bad && !isfinite(x[i])))
                continue;
            int32_t at = (int32_t)((double)(x[i] * scale) - first);
            h->bin[at]++;
        }
        h->n_values += n - n_zeros - n_bad;
    }
    h->min = seen && h->min < min ? h->min : min;
    h->max = seen && h->max > max ? h->max : max;
}

void zc_hist_merge(zc_hist *to, const zc_hist *from)
{
    if (!from->n_values && !from->n_zeros) {
        to->n_bad += from->n_bad;
        return;
    }
    bool seen = to->n_values + to->n_zeros > 0;
    if (from->n_values)
        make_room(to, from->min, from->max, from->exponent);
    for (size_t i = 0; from->n_values && i < ZC_HIST_BINS; i++) {
        if (!from->bin[i])
            continue;
        double low = ldexp((double)(from->first + (int64_t)i), from->exponent);
        to->bin[bin_index(low, to->exponent) - to->first] += from->bin[i];
    }
    to->n_values += from->n_values;
    to->n_zeros += from->n_zeros;
    to->n_bad += from->n_bad;
    to->min = seen && to->min < from->min ? to->min : from->min;
    to->max = seen && to->max > from->max ? to->max : from->max;
}

zc_range zc_hist_seen(const zc_hist *h)
{
    return (zc_range){h->min < 0.0f ? (double)h->min : 0.0, h->max > 0.0f ? (double)h->max : 0.0};
}

double zc_hist_value(const zc_hist *h, size_t bin)
{
    return ldexp((double)(h->first + (int64_t)bin) + 0.5, h->exponent);
}

/** Counts `n` values at `bound`, which may lie outside every bin in use. */
static void put(zc_hist *h, double bound, uint64_t n)
{
    float x = (float)bound;
    if (x == 0.0f) {
        h->n_zeros += n;
        return;
    }
    make_room(h, x, x, h->n_values ? h->exponent : first_exponent(x, x));
    h->bin[bin_index((double)x, h->exponent) - h->first] += n;
    h->n_values += n;
}

static float clamped(float x, double lo, double hi)
{
    return (double)x < lo ? (float)lo : (double)x > hi ? (float)hi : x;
}

void zc_hist_clip(zc_hist *h, double lo, double hi)
{
    assert(lo <= 0.0 && hi >= 0.0);
    uint64_t below = 0, above = 0;
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        double v = zc_hist_value(h, i);
        if (v >= lo && v <= hi)
            continue;
        *(v < lo ? &below : &above) += h->bin[i];
        h->bin[i] = 0;
    }
    h->n_values -= below + above;
    h->min = clamped(h->min, lo, hi);
    h->max = clamped(h->max, lo, hi);
    if (below)
        put(h, lo, below);
    if (above)
        put(h, hi, above);
}
