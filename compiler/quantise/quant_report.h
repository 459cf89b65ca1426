/* SPDX-License-Identifier: Apache-2.0 */
/** @file The report behind zurt_quant_report, and the comparison of two graphs that fills it. */
#ifndef ZC_QUANTISE_QUANT_REPORT_H
#define ZC_QUANTISE_QUANT_REPORT_H

#include "quantise/scheme.h"

/** Everything of a scheme that the report keeps; copied. ZURT_E_NOMEM. */
zurt_status zc_report_create(const zc_scheme *s, zurt_quant_report **out);

/** Adds the layers of the finished graph. ZURT_E_NOMEM. */
zurt_status zc_report_layers(zurt_ctx *ctx, const zi_graph *int8_graph, zurt_quant_report *report);

/** Adds what the samples looked like. ZURT_E_NOMEM. */
zurt_status zc_report_samples(zurt_ctx *ctx, const zc_stats *stats, zurt_quant_report *report);

/** Ranks the layers, and judges the outputs, once their errors are known. ZURT_E_NOMEM. */
zurt_status zc_report_rank(zurt_ctx *ctx, zurt_quant_report *report);
zurt_status zc_report_judge(zurt_ctx *ctx, zurt_quant_report *report);

/** Median of values, which are put in order; NAN of none. */
double zc_median(double *values, size_t n);

/**
 * Runs both graphs over the first options->report_sqnr samples that judge and notes the SQNR of
 * every layer (matched by name), with the errors of all layers before and alone, and of every
 * output.
 * @return ZURT_OK; ZURT_E_NOMEM; what the executors or the sample function return.
 */
zurt_status zc_report_compare(zurt_ctx *ctx, const zi_graph *float_graph,
                              const zi_graph *int8_graph, const zurt_quantize_options *options,
                              zurt_quant_report *report);

struct zurt_quant_report {
    zi_arena arena;
    zurt_quant_tensor *tensors;
    zi_id *ids; /* [n_tensors]: in the float graph */
    size_t n_tensors;
    zurt_quant_layer *layers;
    size_t n_layers;
    bool is_int8;   /* any layer is */
    bool *computes; /* an int8 layer that does more than move values */
    double *output_sqnr;
    zurt_quant_quality *quality; /* [n_outputs] */
    bool *output_fixed;          /* [n_outputs]: an op fixes its range */
    size_t n_outputs;
    zurt_quant_sample *samples;
    size_t n_samples;
    double *sample_sqnr; /* [n_outputs][n_compared] */
    size_t n_compared;
    zc_split split;
    zurt_calib_method method;          /* that ranges were chosen by; not AUTO */
    double method_db[ZURT_CALIB_AUTO]; /* what it and the others scored; NAN: not tried */
    const char **kept;                 /* nodes that the budget left in float */
    size_t n_kept;
    double before_db, after_db, share; /* zurt_quant_control */
    bool is_equalised;                 /* factors were moved between layers */
    size_t n_split;                    /* chains of layers whose channels were split */
    size_t *ranked; /* int8 layers, the one with the largest error of its own first */
    size_t n_ranked;
};

#endif
