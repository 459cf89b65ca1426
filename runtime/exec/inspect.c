/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a model for a board, and the one of a session. */
#include "exec/session.h"
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

zurt_status zurt_session_plan(const zurt_session *s, zurt_plan **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!s)
        return ZURT_E_ARG;
    const zi_device *d = &s->devices[0];
    const zi_caps *caps = d->vtable->caps(d->backend);
    return zi_plan_report_of(s->ctx, s->schedule->partition, &caps, out);
}
