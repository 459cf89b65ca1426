/* SPDX-License-Identifier: Apache-2.0 */
/** @file What `zurt bench` measured, and how it says so. */
#ifndef APP_BENCH_REPORT_H
#define APP_BENCH_REPORT_H

#include "target.h"

typedef struct bench_options {
    target_options target;
    const char *model;
    size_t warmup;
    size_t runs;    /**< 0: by time */
    double seconds; /**< when runs is 0 */
    bool csv;
} bench_options;

typedef struct bench_result {
    uint64_t *latency_ns; /**< one per request, sorted at the end */
    size_t n;
    size_t capacity;
    uint64_t elapsed_ns;
} bench_result;

/** Prints percentiles and what they were measured on, as text, CSV or JSON; sorts the latencies.
 *  EXIT_DONE or stated. */
int bench_report(cli *c, const bench_options *o, const target *t, bench_result *r);

#endif
