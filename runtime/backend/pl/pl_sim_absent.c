/* SPDX-License-Identifier: Apache-2.0 */
/* In place of pl_sim.c and pl_engine.c in a build without the engine's sources, a board's. */
#include "backend/pl/pl_engine.h"

zurt_status zi_pl_look_sim(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_DEVICE,
                   "this zurt was built without the simulator, which is for hosts; build with "
                   "-DZURT_SIM=ON");
}

zurt_status zi_pl_open_sim(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out)
{
    (void)config;
    *out = NULL;
    return zi_pl_look_sim(ctx);
}

bool zi_pl_engine_get(const char *board, zi_pl_engine *out)
{
    (void)board;
    (void)out;
    return false;
}
