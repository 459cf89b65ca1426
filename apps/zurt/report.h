/* SPDX-License-Identifier: Apache-2.0 */
/** @file The quantisation report as JSON or text. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <zurt/compile.h>

/** Name of a sample; `text` has DATA_NAME_BYTES for it. */
typedef const char *report_name_fn(void *self, size_t sample, char *text);

/** What the report does not know of its samples. */
typedef struct report_samples {
    report_name_fn *name;
    void *self;        /**< of `name` */
    size_t n;          /**< calibrated with: of one run there may be several */
    size_t n_compared; /**< of them compared with float */
} report_samples;

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json,
                  const report_samples *samples);

enum { REPORT_DB_BYTES = 32 };
/** An SQNR in decibels as text, `unit` behind a figure: "no difference" for infinity, "-" if there
 *  is none. The result may be `text`. */
const char *report_db(double db, int decimals, const char *unit, char text[REPORT_DB_BYTES]);

#endif
