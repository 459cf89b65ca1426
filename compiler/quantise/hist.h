/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Streamed histogram of one tensor: constant memory whatever the number of values.
 *
 * The bin width is a power of two and bins are aligned to it, so that a range that grows merges
 * bins exactly, and histograms of different widths add up exactly. Exact zeros, which every
 * quantisation holds without error, are counted apart.
 */
#ifndef ZC_QUANTISE_HIST_H
#define ZC_QUANTISE_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quantise/qparam.h"

#define ZC_HIST_BINS 4096

typedef struct zc_hist {
    uint64_t bin[ZC_HIST_BINS]; /**< bin i: values in [first + i, first + i + 1) * 2^exponent */
    int64_t first;
    int exponent;
    uint64_t n_values; /**< in bins */
    uint64_t n_zeros;
    uint64_t n_bad; /**< NaN or infinite */
    float min, max; /**< exact, of finite values; 0 if there are none */
} zc_hist;

/** Zeroed memory is an empty histogram. */
void zc_hist_add(zc_hist *h, const float *x, size_t n);

/** Adds what `from` has seen. */
void zc_hist_merge(zc_hist *to, const zc_hist *from);

/**
 * Moves what lies outside [lo, hi] to the bounds: how a reader that clamps sees the tensor.
 * lo <= 0 <= hi, so that zeros stay; either bound may lie anywhere beside what was seen.
 */
void zc_hist_clip(zc_hist *h, double lo, double hi);

/** lo <= 0 <= hi. */
typedef struct zc_range {
    double lo, hi;
} zc_range;

/** What was seen, zero included; {0, 0} of an empty histogram. */
zc_range zc_hist_seen(const zc_hist *h);

/** Middle of a bin. */
double zc_hist_value(const zc_hist *h, size_t bin);

#endif
