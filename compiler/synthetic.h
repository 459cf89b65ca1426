/* SPDX-License-Identifier: Apache-2.0 */
/** @file Inputs for a graph when there are no samples: pictures of clouds, the same everywhere. */
#ifndef ZC_SYNTHETIC_H
#define ZC_SYNTHETIC_H

#include <zurt/compile.h>

/** Whose inputs to make up. */
typedef struct zc_synthetic {
    const zurt_graph *graph; /**< its normalisation is applied */
} zc_synthetic;

/**
 * A zurt_sample_fn over a zc_synthetic: a picture [N,H,W,C] has the slopes of a photograph (as
 * much contrast in every octave, channels that resemble each other); another float input is
 * uniform noise; one of another type is 0.
 * @return ZURT_OK.
 */
zurt_status zc_synthetic_fill(void *self, size_t index, const zurt_span *inputs, size_t n_inputs);

#endif
