/* SPDX-License-Identifier: Apache-2.0 */
/* In place of pl_xrt.c in a build without XRT's headers. */
#include "backend/pl/pl_port.h"

zurt_status zi_pl_look_xrt(zurt_ctx *ctx, const zi_pl_config *config)
{
    (void)config;
    return zi_fail(ctx, ZURT_E_DEVICE,
                   "this zurt was built without XRT; install libxrt-dev and uuid-dev and build "
                   "with -DZURT_XRT=ON");
}

zurt_status zi_pl_open_xrt(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out)
{
    *out = NULL;
    return zi_pl_look_xrt(ctx, config);
}
