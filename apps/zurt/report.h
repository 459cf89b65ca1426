/* SPDX-License-Identifier: Apache-2.0 */
/** @file The quantisation report as JSON or text. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <zurt/compile.h>

#include "json.h"

/** Name of a sample; `text` has DATA_NAME_BYTES for it. */
typedef const char *report_name_fn(void *self, size_t sample, char *text);

/** Samples by what they did. */
typedef struct report_counts {
    size_t calibrated;
    size_t held_out; /**< they judge and did not calibrate; 0: calibration's own judge */
    size_t compared; /**< with float, of those that judge */
} report_counts;

/** What the report does not know of its samples. */
typedef struct report_samples {
    report_name_fn *name;
    void *self; /**< of `name` */
    report_counts counts;
} report_samples;

/** How many calibrated and how many others judged, as a line; then what was chosen by that. */
void report_write_choice(FILE *file, const zurt_quant_report *report, const report_counts *n);

/** The same as members of a JSON object: "samples_held_out" to "methods". */
void report_json_choice(json_writer *j, const zurt_quant_report *report, const report_counts *n);

/** A method as --method has it. */
const char *report_method_name(zurt_calib_method method);

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json,
                  const report_samples *samples);

enum { REPORT_DB_BYTES = 32 };
/** An SQNR in decibels as text, `unit` behind a figure: "no difference" for infinity, "-" if there
 *  is none. The result may be `text`. */
const char *report_db(double db, int decimals, const char *unit, char text[REPORT_DB_BYTES]);

#endif
