/* SPDX-License-Identifier: Apache-2.0 */
/** @file What `quantize` and `compile` share: import, calibration, the report. */
#ifndef APP_CONVERT_H
#define APP_CONVERT_H

#include "report.h"
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
    cli_list texts; /* owned: names of keep_float that stood in files */
    bool force;
    bool percentile_given;
    data_source data; /**< calib, once it is opened */
    size_t batch;     /**< elements of it that make one calibration sample */
} convert_options;

/** What a command makes of a graph. */
typedef struct conversion {
    const char *suffix; /**< OUT's name must end so */
    bool float_io;      /**< inputs and outputs are float, whatever --io says */
    zurt_status (*emit)(zurt_ctx *ctx, const zurt_graph *graph, void **bytes, size_t *size);
    /** Before a file says that what is in it can be used. */
    zurt_status (*check)(zurt_ctx *ctx, const void *bytes, size_t size);
    const char *refusal; /**< what it is if the check fails */
} conversion;

/** The whole command: reads its arguments, imports, calibrates and quantises (a QDQ model is taken
 *  as it is), writes the file and the report, and prints the summary. */
int convert_command(cli *c, int argc, char **argv, const conversion *kind);

/** Name of a calibration sample, or what stands for it; `self` are the options. */
const char *convert_sample_name(void *self, size_t sample, char *text);

/** Samples of DATA by what they did; each run takes a batch of them. */
report_counts convert_count(const convert_options *o, const zurt_quant_report *report);

/** The summary of a conversion: one JSON object, or lines. */
void convert_summary(cli *c, const convert_options *o, const zurt_graph *source,
                     const zurt_graph *out, const zurt_quant_report *report);

#endif
