/* SPDX-License-Identifier: Apache-2.0 */
/** @file What `quantize` and `compile` share: import, calibration, the report. */
#ifndef APP_CONVERT_H
#define APP_CONVERT_H

#include "target.h"

typedef struct convert_options {
    target_options target;
    zurt_quantize_options quantize;
    const char *model;
    const char *calib;
    const char *output;
    const char *report; /**< .json or text */
    size_t samples;     /**< at most so many of DATA */
    cli_list keep_float;
    bool force;
    bool percentile_given;
    data_source data; /**< calib, opened by convert_graph() */
    size_t batch;     /**< elements of it that make one calibration sample */
} convert_options;

/** Reads the arguments, as cli_parse() does; OUT must be named with `suffix`. convert_free() in any
 *  case. */
int convert_parse(cli *c, int argc, char **argv, const char *suffix, convert_options *o);
void convert_free(convert_options *o);

/**
 * Imports, calibrates and quantises; a QDQ model is taken as it is. *out is the int8 graph with
 * its metadata, *source what it came from (destroy it after *out). Writes o->report.
 */
int convert_graph(cli *c, convert_options *o, zurt_graph **source, zurt_graph **out,
                  zurt_quant_report **report);

/** Name of a calibration sample, or what stands for it; `self` are the options. */
const char *convert_sample_name(void *self, size_t sample, char *text);

/** How many samples of DATA so many runs took: each took a batch, and the last one may have begun
 *  DATA again. */
size_t convert_n_samples(const convert_options *o, size_t n_runs);

/** The summary of a conversion: one JSON object, or lines. */
void convert_summary(cli *c, const convert_options *o, const zurt_graph *source,
                     const zurt_graph *out, const zurt_quant_report *report);

#endif
