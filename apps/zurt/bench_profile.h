/* SPDX-License-Identifier: Apache-2.0 */
/** @file Where the time of a request went: a row for each node on the CPU and each launch of the
 * PL, which is broken down by modelled cycles. */
#ifndef APP_BENCH_PROFILE_H
#define APP_BENCH_PROFILE_H

#include "json.h"
#include "target.h"

/** "profile": an array; empty without a profile. */
void profile_json(json_writer *j, const target *t, const zurt_plan *plan);
void profile_print(const target *t, const zurt_plan *plan);

#endif
