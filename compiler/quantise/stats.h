/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a float graph's tensors looked like over the calibration samples. */
#ifndef ZC_QUANTISE_STATS_H
#define ZC_QUANTISE_STATS_H

#include <zurt/compile.h>

#include "quantise/hist.h"
#include "quantise/sample_split.h"

/** What the channels of a tensor, its last axis, held. */
typedef struct zc_channel_sum {
    int32_t n_channels; /**< 0: not watched */
    uint64_t n_values;  /**< per channel */
    double *sum;
    float *reach; /**< largest absolute value */
} zc_channel_sum;

/** Arrays of n tensors. */
typedef struct zc_stats {
    size_t n;
    zc_hist **hist;           /**< of every computed f32 tensor and input; else NULL */
    zc_channel_sum *channels; /**< of the inputs of layers with weights */
    zc_split split;
    size_t n_inputs;
    float *reach; /**< [n_samples][n_inputs]: largest absolute value of an input */
} zc_stats;

/**
 * Runs the graph over the samples that calibrate, and looks at the inputs of all. Memory does not
 * grow with their number, but for `reach`.
 * @param out zc_stats_destroy() it, also after a failure.
 * @return ZURT_OK; ZURT_E_NOMEM; what the executor or the sample function return.
 */
zurt_status zc_stats_collect(zurt_ctx *ctx, const zi_graph *g, const zurt_quantize_options *options,
                             zc_stats *out);
void zc_stats_destroy(zurt_ctx *ctx, zc_stats *stats);

/** Buffers for every input or output of a graph, for a sample function or an executor. */
typedef struct zc_buffers {
    size_t n;
    zurt_span *spans;
    zurt_view *views; /**< the same memory */
} zc_buffers;

/** ZURT_E_NOMEM. Destroy also after a failure. */
zurt_status zc_buffers_create(zurt_ctx *ctx, const zi_graph *g, const zi_id *tensors, size_t n,
                              zc_buffers *out);
void zc_buffers_destroy(zurt_ctx *ctx, zc_buffers *b);

#endif
