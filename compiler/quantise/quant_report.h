/* SPDX-License-Identifier: Apache-2.0 */
/** @file The report behind zurt_quant_report, and the comparison of two graphs that fills it. */
#ifndef ZC_QUANTISE_QUANT_REPORT_H
#define ZC_QUANTISE_QUANT_REPORT_H

#include "quantise/scheme.h"

/** Everything of a scheme that the report keeps; copied. ZURT_E_NOMEM. */
zurt_status zc_report_create(const zc_scheme *s, zurt_quant_report **out);

/** Adds the layers of the finished graph. ZURT_E_NOMEM. */
zurt_status zc_report_layers(zurt_ctx *ctx, const zi_graph *int8_graph, zurt_quant_report *report);

/**
 * Runs both graphs over the first options->report_sqnr samples and notes the SQNR of every layer
 * (matched by name) and of every output. A layer's number holds the errors of all layers before.
 * @return ZURT_OK; ZURT_E_NOMEM; what the executors or the sample function return.
 */
zurt_status zc_report_compare(zurt_ctx *ctx, const zi_graph *float_graph,
                              const zi_graph *int8_graph, const zurt_quantize_options *options,
                              zurt_quant_report *report);

struct zurt_quant_report {
    zi_arena arena;
    zurt_quant_tensor *tensors;
    size_t n_tensors;
    zurt_quant_layer *layers;
    size_t n_layers;
    double *output_sqnr;
    size_t n_outputs;
};

#endif
