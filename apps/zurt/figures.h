/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a plan says of the time of a run, as inspect and bench print it. All modelled. */
#ifndef APP_FIGURES_H
#define APP_FIGURES_H

#include <stddef.h>

#include <zurt/zurt.h>

#include "json.h"

enum { FIGURES_BYTES = 96 };

/** Milliseconds of one run: at best, at worst. */
double figures_ms_low(const zurt_plan_totals *t);
double figures_ms_high(const zurt_plan_totals *t);
double figures_pl_ms(const zurt_plan_totals *t);
/** Frames a second of a time; 0 for none. */
double figures_fps(double ms, size_t batch);
/** Share of the time that is the PL's, at worst: 0..1. */
double figures_pl_time_share(const zurt_plan_totals *t);
/** Share of the array's multiply-accumulates that is used while it runs, 0..1. */
double figures_utilisation(const zurt_plan_totals *t);

/** "1.23 to 4.56 ms, 219 to 813 fps"; FIGURES_BYTES. */
void figures_range(const zurt_plan_totals *t, size_t batch, char *out);

/** "0.05 to 0.20 ms: 50 to 200 us each" of the launches, of which there are some; FIGURES_BYTES. */
void figures_launches(const zurt_plan_totals *t, char *out);

/** The members of an object: "cycles", "ms", "fps", "ms_low" and so on. Ref: docs/commands.md. */
void figures_json(json_writer *j, const zurt_plan_totals *t, size_t batch);

#endif
