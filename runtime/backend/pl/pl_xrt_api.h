/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The functions of XRT that zurt calls: the only file that includes XRT's headers. The library is
 * loaded at run time, so that libzurt works without it.
 */
#ifndef ZI_BACKEND_PL_XRT_API_H
#define ZI_BACKEND_PL_XRT_API_H

#include <stdbool.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "base/ctx.h"

typedef struct zi_xrt_api {
    bool loaded;
    xrtDeviceHandle (*device_open)(unsigned index);
    xrtDeviceHandle (*device_open_bdf)(const char *bdf);
    int (*device_close)(xrtDeviceHandle);
    int (*device_load)(xrtDeviceHandle, const struct axlf *);
    int (*device_uuid)(xrtDeviceHandle, xuid_t);
    xrtKernelHandle (*kernel_open)(xrtDeviceHandle, const xuid_t, const char *);
    int (*kernel_close)(xrtKernelHandle);
    int (*kernel_group)(xrtKernelHandle, int);
    xrtBufferHandle (*bo_alloc)(xrtDeviceHandle, size_t, xrtBufferFlags, xrtMemoryGroup);
    xrtBufferHandle (*bo_import)(xrtDeviceHandle, xclBufferExportHandle);
    xclBufferExportHandle (*bo_export)(xrtBufferHandle);
    int (*bo_free)(xrtBufferHandle);
    size_t (*bo_size)(xrtBufferHandle);
    void *(*bo_map)(xrtBufferHandle);
    int (*bo_sync)(xrtBufferHandle, enum xclBOSyncDirection, size_t, size_t);
    xrtRunHandle (*run_open)(xrtKernelHandle);
    int (*run_set_arg)(xrtRunHandle, int, ...);
    int (*run_start)(xrtRunHandle);
    enum ert_cmd_state (*run_wait)(xrtRunHandle);
    enum ert_cmd_state (*run_wait_for)(xrtRunHandle, unsigned ms);
    enum ert_cmd_state (*run_state)(xrtRunHandle);
    int (*run_close)(xrtRunHandle);
} zi_xrt_api;

/** Fills the table, once; for the life of the program. ZURT_E_DEVICE: no XRT, or too old. */
zurt_status zi_xrt_load(zurt_ctx *ctx, zi_xrt_api *api);

#endif
