/* SPDX-License-Identifier: Apache-2.0 */
/** @file What is behind the public zurt_plan. */
#ifndef ZI_PLAN_PLAN_REPORT_H
#define ZI_PLAN_PLAN_REPORT_H

#include "plan/plan.h"

/** Plans `g`, which must outlive *out, for a table, borrowed for the call. ZURT_E_NOMEM. */
zurt_status zi_plan_report_create(zurt_ctx *ctx, const zi_graph *g, const zi_caps *caps,
                                  zurt_plan **out);

/** The plan of a partition that is there: borrowed, as are the tables it was made for.
 *  ZURT_E_NOMEM. */
zurt_status zi_plan_report_of(zurt_ctx *ctx, const zi_partition *partition,
                              const zi_caps *const *caps, zurt_plan **out);

/** Hands the planned graph over to the plan: it was made for it, with assumed scales. */
void zi_plan_report_adopt(zurt_plan *plan, zi_graph *g);

#endif
