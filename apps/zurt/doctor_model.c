/* SPDX-License-Identifier: Apache-2.0 */
/* What of the model the PL would compute. */
#include <inttypes.h>

#include "doctor.h"

/* On the board of the xclbin, or on this one as it is built in. */
static zurt_status plan(doctor *d)
{
    zurt_board *builtin = NULL;
    zurt_plan *made = NULL;
    zurt_status st = d->table ? ZURT_OK : zurt_board_builtin(d->ctx, d->board, &builtin);
    if (!st)
        st = zurt_plan_create(d->ctx, d->loaded, d->table ? d->table : builtin, &made);
    if (!st)
        d->totals = zurt_plan_totals_get(made);
    zurt_plan_destroy(made);
    zurt_board_destroy(builtin);
    return st;
}

void doctor_model(doctor *d)
{
    if (!d->loaded || (!d->table && !d->board[0]) || plan(d) != ZURT_OK)
        return;
    const zurt_plan_totals *t = &d->totals;
    const double share = t->macs ? 100.0 * (double)t->pl_macs / (double)t->macs : 100.0;
    if (share < 99.0)
        doctor_find(d, DOCTOR_MODEL_ON_CPU,
                    "the PL computes %.1f %% of %.1f MMAC, %" PRIu32 " nodes are on the CPU", share,
                    (double)t->macs * 1e-6, t->cpu_nodes);
    else
        doctor_ok(d, "the PL computes %.1f %% of %.1f MMAC in %" PRIu32 " launch%s", share,
                  (double)t->macs * 1e-6, t->launches, t->launches == 1 ? "" : "es");
}
