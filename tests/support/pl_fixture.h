/* SPDX-License-Identifier: Apache-2.0 */
/** @file A PL device with the buffers of the test kernel, on either port. */
#ifndef ZT_PL_FIXTURE_H
#define ZT_PL_FIXTURE_H

#include "backend/pl/pl_port.h"
#include "support/pl_test_kernel.h"

#define ZT_PL_BYTES 4096

/** Capability table of the test kernel, engine version 7. */
const zi_caps *zt_pl_caps(void);

typedef struct zt_pl {
    zurt_ctx *ctx;
    zi_pl_device *device;
    zi_buf *steps;
    zi_buf *weights[4];
    zi_buf *act; /**< ZT_PL_BYTES of input, as many of output */
    zi_pl_run *run;
    char error[ZI_ERROR_BYTES];
} zt_pl;

/** Buffers and a run on an open device; weights are 1, 2, 3, 4, the input counts up. */
zurt_status zt_pl_prepare(zt_pl *pl);
/** Frees them and closes the device. */
void zt_pl_finish(zt_pl *pl);

/** Writes the step. */
zurt_status zt_pl_step(zt_pl *pl, zt_command command, int32_t ms, int32_t value);
zurt_status zt_pl_start(zt_pl *pl);
/** Starts and waits. */
zurt_status zt_pl_launch(zt_pl *pl, uint32_t timeout_ms);
/** Bytes of the output that are not what ZT_ADD computes. */
uint32_t zt_pl_differences(zt_pl *pl);
/** Fills [offset, offset + bytes) of a buffer with value + step * i. */
zurt_status zt_pl_fill(zt_pl *pl, zi_buf *buf, size_t offset, size_t bytes, int value, int step);

#endif
