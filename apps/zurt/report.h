/* SPDX-License-Identifier: Apache-2.0 */
/** @file The quantisation report as JSON or text. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <zurt/compile.h>

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json);

#endif
