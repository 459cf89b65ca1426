/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the functions of libxrt_coreutil. */
#include "backend/pl/pl_xrt_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "backend/pl/pl_xrt_find.h"

static const struct {
    size_t member;
    const char *name;
} symbols[] = {
    {offsetof(zi_xrt_api, device_open), "xrtDeviceOpen"},
    {offsetof(zi_xrt_api, device_open_bdf), "xrtDeviceOpenByBDF"},
    {offsetof(zi_xrt_api, device_close), "xrtDeviceClose"},
    {offsetof(zi_xrt_api, device_load), "xrtDeviceLoadXclbin"},
    {offsetof(zi_xrt_api, device_uuid), "xrtDeviceGetXclbinUUID"},
    {offsetof(zi_xrt_api, kernel_open), "xrtPLKernelOpenExclusive"},
    {offsetof(zi_xrt_api, kernel_close), "xrtKernelClose"},
    {offsetof(zi_xrt_api, kernel_group), "xrtKernelArgGroupId"},
    {offsetof(zi_xrt_api, bo_alloc), "xrtBOAlloc"},
    {offsetof(zi_xrt_api, bo_import), "xrtBOImport"},
    {offsetof(zi_xrt_api, bo_export), "xrtBOExport"},
    {offsetof(zi_xrt_api, bo_free), "xrtBOFree"},
    {offsetof(zi_xrt_api, bo_size), "xrtBOSize"},
    {offsetof(zi_xrt_api, bo_map), "xrtBOMap"},
    {offsetof(zi_xrt_api, bo_sync), "xrtBOSync"},
    {offsetof(zi_xrt_api, run_open), "xrtRunOpen"},
    {offsetof(zi_xrt_api, run_set_arg), "xrtRunSetArg"},
    {offsetof(zi_xrt_api, run_start), "xrtRunStart"},
    {offsetof(zi_xrt_api, run_wait), "xrtRunWait"},
    {offsetof(zi_xrt_api, run_wait_for), "xrtRunWaitFor"},
    {offsetof(zi_xrt_api, run_state), "xrtRunState"},
    {offsetof(zi_xrt_api, run_close), "xrtRunClose"},
};

/* Never unloaded: XRT has threads and objects that live until the program ends. */
zurt_status zi_xrt_load(zurt_ctx *ctx, zi_xrt_api *api)
{
    if (api->loaded)
        return ZURT_OK;
    zi_xrt_found xrt;
    zurt_status st = zi_xrt_find_library(ctx, &xrt);
    if (st)
        return st;
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *symbol = dlsym(xrt.handle, symbols[i].name);
        if (!symbol)
            return zi_fail(ctx, ZURT_E_DEVICE, "XRT has no %s; zurt needs 2.13 or later",
                           symbols[i].name);
        memcpy((char *)api + symbols[i].member, &symbol, sizeof(symbol));
    }
    api->loaded = true;
    return ZURT_OK;
}
