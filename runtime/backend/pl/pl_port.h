/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The narrow way from the PL back end to a PL: open, buffers, runs. Two ports: XRT (pl_xrt.c, on
 * the board or in sw_emu) and the kernel's sources in this process (pl_sim.c).
 *
 * A buffer has a host side and a device side, which differ until cache maintenance makes them
 * agree. The CPU may touch the host side only between zi_buf_cpu_begin() and zi_buf_cpu_end(),
 * which do it. On the sim port the host side is inaccessible elsewhere, and the device side is a
 * copy, so that a forgotten pair faults or gives wrong results.
 *
 * Errors: functions with a ctx store their text there; those that run on other threads take
 * `error`, ZI_ERROR_BYTES.
 */
#ifndef ZI_BACKEND_PL_PORT_H
#define ZI_BACKEND_PL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "plan/plan.h"

typedef struct zi_pl_device zi_pl_device;
typedef struct zi_pl_run zi_pl_run;
typedef struct zi_buf zi_buf;

/** The engine. Ref: zk_engine() of kernels-hls/engine. */
typedef void zi_pl_kernel_fn(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                             const void *w2, const void *w3, const void *act_r, void *act_w);

/** What an engine in simulation counts. */
typedef struct zi_pl_counts {
    int64_t steps;
    int64_t iterations; /**< of its loop: those that the step lists say */
    int64_t wrong;      /**< steps that needed more or fewer, addresses outside, banks that met */
} zi_pl_counts;

/** What the sim port runs. */
typedef struct zi_pl_engine {
    const zi_caps *caps;
    zi_pl_kernel_fn *kernel;
    zi_pl_counts (*take_counts)(void); /**< since the last call; NULL: it does not count */
} zi_pl_engine;

typedef struct zi_pl_config {
    const char *device;         /**< index or BDF ("0000:00:00.0"); NULL: index 0 */
    const char *xclbin;         /**< XRT. NULL: $ZURT_XCLBIN, then the firmware folder */
    const zi_pl_engine *engine; /**< sim; borrowed, outlives the device */
    const char *faults;         /**< sim, see pl_sim.h. NULL: $ZURT_SIM_FAULT */
    uint32_t engine_version;    /**< wanted of the xclbin's capability table */
    uint32_t timeout_ms;        /**< of the launch that tests the device when it is opened */
} zi_pl_config;

/**
 * Opens a PL, loads the xclbin if XRT has another, and launches the engine once with no work.
 * Sessions of one process share a device.
 *
 * @return ZURT_OK; ZURT_E_DEVICE: absent, not permitted, or not an overlay of zurt's;
 *         ZURT_E_FORMAT, ZURT_E_VERSION, ZURT_E_IO: the xclbin; ZURT_E_TIMEOUT: it does not
 *         answer; ZURT_E_NOMEM. The text says what mends it.
 */
zurt_status zi_pl_open_xrt(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out);

/** What zi_pl_open_xrt() asks before it opens anything: the driver, the environment, the xclbin. */
zurt_status zi_pl_look_xrt(zurt_ctx *ctx, const zi_pl_config *config);
/** As zi_pl_open_xrt(). ZURT_E_ARG: `faults` is not understood. */
zurt_status zi_pl_open_sim(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out);
/** Whether the engine's sources are in this build: ZURT_OK or ZURT_E_DEVICE. */
zurt_status zi_pl_look_sim(zurt_ctx *ctx);
/** All its buffers and runs are gone. NULL is allowed. */
void zi_pl_close(zi_pl_device *device);

/** Time limit of a launch of so many modelled cycles: timeout_ms, and what they may take. */
uint32_t zi_pl_time_limit(const zi_pl_device *device, uint32_t timeout_ms, uint64_t cycles);

/** Capability table: the xclbin's, or the sim engine's. Borrowed. */
const zi_caps *zi_pl_caps(const zi_pl_device *device);

/** Remark made when it was opened, e.g. that its interrupt is broken; "" if none. Borrowed. */
const char *zi_pl_note(const zi_pl_device *device);

/* ---- buffers ---- */

typedef enum zi_buf_access { ZI_READ = 1, ZI_WRITE = 2, ZI_READ_WRITE = 3 } zi_buf_access;

/** Ranges for the CPU begin at multiples of this: a cache line has one owner at a time. */
#define ZI_BUF_LINE ((size_t)64)

/**
 * A cacheable buffer, contiguous for the device; contents unspecified.
 *
 * @return ZURT_OK; ZURT_E_ARG: bytes 0; ZURT_E_DEVICE: it failed, or has no room (the text has the
 *         remedy); ZURT_E_NOMEM: the allocator refused.
 */
zurt_status zi_buf_create(zurt_ctx *ctx, zi_pl_device *device, size_t bytes, zi_buf **out);
/** A dma-buf of another driver (camera, display); the fd stays the caller's.
 *  ZURT_E_UNSUPPORTED: the port has none. */
zurt_status zi_buf_import(zurt_ctx *ctx, zi_pl_device *device, int fd, zi_buf **out);
/** The buffer as a dma-buf; the fd is the caller's to close. ZURT_E_UNSUPPORTED; ZURT_E_DEVICE. */
zurt_status zi_buf_export(zurt_ctx *ctx, const zi_buf *buf, int *out_fd);
/** No run uses it any more, or its device has failed. NULL is allowed. */
void zi_buf_destroy(zi_buf *buf);
size_t zi_buf_bytes(const zi_buf *buf);

/**
 * Gives [offset, offset + bytes) to the CPU. With ZI_READ it holds what the device wrote; with
 * ZI_WRITE alone it is unspecified, and all of it must be written.
 *
 * @param offset a multiple of ZI_BUF_LINE. Ranges given out at the same time share no line, and
 *               no run that uses the buffer is in flight.
 * @param out    address of `offset`; valid until the end.
 * @return ZURT_OK; ZURT_E_ARG: the range; ZURT_E_DEVICE: the transfer failed.
 * Any thread. Allocates nothing.
 */
zurt_status zi_buf_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                             void **out, char *error);
/** Takes it back, with the arguments of the begin; after ZI_WRITE the device sees what was
 *  written. Must follow every successful begin. Errors as there. */
zurt_status zi_buf_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                           char *error);

/* ---- runs ---- */

/** n_epochs of a launch that writes the engine's identity to act_w: pl_self_test.c. */
#define ZI_PL_IDENTIFY (-1)

/** Arguments of the engine; all buffers are of the run's device. */
typedef struct zi_pl_launch {
    zi_buf *steps;
    int32_t n_epochs; /**< 0: no work; ZI_PL_IDENTIFY */
    zi_buf *weights[4];
    zi_buf *act_r;
    zi_buf *act_w; /**< may be act_r */
} zi_pl_launch;

/** What a launch needs; made beforehand, used again and again. ZURT_E_NOMEM; ZURT_E_DEVICE. */
zurt_status zi_pl_run_create(zurt_ctx *ctx, zi_pl_device *device, zi_pl_run **out);
/** Not in flight, or its device has failed. NULL is allowed. */
void zi_pl_run_destroy(zi_pl_run *run);

/** Starts a launch; several runs queue, and the engine does one at a time in any order. The buffers
 *  stay as they are until it is waited for. ZURT_E_ARG; ZURT_E_DEVICE. Any thread. */
zurt_status zi_pl_run_start(zi_pl_run *run, const zi_pl_launch *launch, char *error);

/**
 * Waits for a started run.
 *
 * @return ZURT_OK; ZURT_E_DEVICE: it failed; ZURT_E_TIMEOUT: not done after timeout_ms. After an
 *         error the device is lost: every call on it fails until it is closed and opened again.
 */
zurt_status zi_pl_run_wait(zi_pl_run *run, uint32_t timeout_ms, char *error);

#endif
