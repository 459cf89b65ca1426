/* SPDX-License-Identifier: Apache-2.0 */
/** @file The quantisation report as JSON or text. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <zurt/compile.h>

/** Name of a sample; `text` has DATA_NAME_BYTES for it. */
typedef const char *report_name_fn(void *self, size_t sample, char *text);

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json,
                  report_name_fn *name, void *name_self);

#endif
