/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"
#include "plan/board.h"
#include "plan/plan_report.h"

zurt_status zurt_plan_create(zurt_ctx *ctx, const zurt_model *model, const zurt_board *board,
                             zurt_plan **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !model || !board)
        return ZURT_E_ARG;
    return zi_plan_report_create(ctx, model->graph, &board->record.caps, out);
}
