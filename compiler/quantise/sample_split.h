/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which samples calibrate and which judge: the one definition. */
#ifndef ZC_QUANTISE_SAMPLE_SPLIT_H
#define ZC_QUANTISE_SAMPLE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include <zurt/compile.h>

/** The last of every `hold_out` samples judges; 0: none. */
typedef struct zc_split {
    size_t n_samples;
    size_t hold_out;
} zc_split;

/** Too few samples are not split: calibration needs them all. */
static inline zc_split zc_split_of(const zurt_quantize_options *o)
{
    bool enough = o->n_samples >= ZURT_QUANT_SPLIT_LEAST && o->n_samples >= o->hold_out;
    return (zc_split){o->n_samples, enough ? o->hold_out : 0};
}

static inline bool zc_split_is_held(zc_split s, size_t sample)
{
    return s.hold_out && sample % s.hold_out == s.hold_out - 1;
}

/** Samples that judge: the held-out ones, or all where there are none. */
static inline size_t zc_split_n_judges(zc_split s)
{
    return s.hold_out ? s.n_samples / s.hold_out : s.n_samples;
}

/** The k-th of them. */
static inline size_t zc_split_judge(zc_split s, size_t k)
{
    return s.hold_out ? k * s.hold_out + s.hold_out - 1 : k;
}

#endif
