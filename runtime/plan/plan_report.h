/* SPDX-License-Identifier: Apache-2.0 */
/** @file What is behind the public zurt_plan. */
#ifndef ZI_PLAN_PLAN_REPORT_H
#define ZI_PLAN_PLAN_REPORT_H

#include "plan/plan.h"

/** Plans `g`, which must outlive *out, for a built-in board. Errors: zurt_plan_create(). */
zurt_status zi_plan_report_create(zurt_ctx *ctx, const zi_graph *g, const char *board,
                                  zurt_plan **out);

#endif
