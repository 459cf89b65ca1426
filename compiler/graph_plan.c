/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_handle.h"
#include "plan/plan_report.h"

zurt_status zurt_graph_plan(zurt_ctx *ctx, const zurt_graph *graph, const char *board,
                            zurt_plan **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !graph || !board)
        return ZURT_E_ARG;
    return zi_plan_report_create(ctx, graph->g, board, out);
}
