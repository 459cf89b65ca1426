/* SPDX-License-Identifier: Apache-2.0 */
/* The capability table of an xclbin, for planning without the device; and which xclbin it would be.
 */
#include <stdio.h>
#include <string.h>

#include "backend/pl/pl_overlay.h"
#include "backend/pl/pl_probe.h"
#include "backend/pl/xclbin.h"
#include "codegen/engine_caps.h"
#include "plan/board.h"

zurt_status zurt_board_load_xclbin(zurt_ctx *ctx, const char *path, zurt_board **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !path)
        return ZURT_E_ARG;
    zi_xclbin x;
    zurt_status st = zi_xclbin_open(ctx, path, &x);
    if (!st)
        st = zi_caps_take_engine(ctx, &x.caps.caps);
    if (!st)
        st = zi_board_create(ctx, &x.caps.caps, out);
    if (!st)
        (*out)->link_khz = x.link_khz;
    zi_xclbin_close(&x);
    return st;
}

zurt_status zurt_board_find_xclbin(zurt_ctx *ctx, const char *root, char *out, size_t size)
{
    char path[ZI_PATH_BYTES];
    if (out && size)
        out[0] = 0;
    if (!ctx || !root || !out)
        return ZURT_E_ARG;
    zurt_status st = zi_pl_choose_overlay(ctx, root, path);
    if (!st && strlen(path) >= size)
        st = zi_fail(ctx, ZURT_E_ARG, "no room for a path of %zu bytes", strlen(path));
    if (!st)
        snprintf(out, size, "%s", path);
    return st;
}
