/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a PL with the test kernel, on either port. */
#include "support/pl_fixture.h"

#include <string.h>

const zi_caps *zt_pl_caps(void)
{
    static const zi_caps caps = {
        .kind = ZI_CAPS_PL,
        .name = "test",
        .engine_version = 7,
        .pixel_parallel = 8,
        .in_parallel = 16,
        .out_parallel = 16,
        .requant_parallel = 32,
        .scratchpad_words = 1024,
        .ring_beats = 1024,
        .max_taps = 256,
        .clock_khz = 300000,
        .ddr_bytes_per_us = 12000,
        .ops = {0x123456789abcdef0u, 0x0fedcba987654321u},
    };
    return &caps;
}

zurt_status zt_pl_fill(zt_pl *pl, zi_buf *buf, size_t offset, size_t bytes, int value, int step)
{
    void *p;
    zurt_status st = zi_buf_cpu_begin(buf, offset, bytes, ZI_WRITE, &p, pl->error);
    if (st)
        return st;
    for (size_t i = 0; i < bytes; i++)
        ((int8_t *)p)[i] = (int8_t)(value + step * (int)(i % 128));
    return zi_buf_cpu_end(buf, offset, bytes, ZI_WRITE, pl->error);
}

zurt_status zt_pl_step(zt_pl *pl, zt_command command, int32_t ms, int32_t value)
{
    const int32_t step[4] = {command, ZT_PL_BYTES, ms, value};
    void *p;
    zurt_status st = zi_buf_cpu_begin(pl->steps, 0, sizeof(step), ZI_WRITE, &p, pl->error);
    if (st)
        return st;
    memcpy(p, step, sizeof(step));
    return zi_buf_cpu_end(pl->steps, 0, sizeof(step), ZI_WRITE, pl->error);
}

zurt_status zt_pl_prepare(zt_pl *pl)
{
    zurt_status st = zi_buf_create(pl->ctx, pl->device, 64, &pl->steps);
    for (int i = 0; i < 4 && !st; i++) {
        st = zi_buf_create(pl->ctx, pl->device, ZT_PL_BYTES, &pl->weights[i]);
        if (!st)
            st = zt_pl_fill(pl, pl->weights[i], 0, ZT_PL_BYTES, i + 1, 0);
    }
    if (!st)
        st = zi_buf_create(pl->ctx, pl->device, (size_t)2 * ZT_PL_BYTES, &pl->act);
    if (!st)
        st = zt_pl_fill(pl, pl->act, 0, ZT_PL_BYTES, 0, 1);
    if (!st)
        st = zt_pl_fill(pl, pl->act, ZT_PL_BYTES, ZT_PL_BYTES, 0, 0);
    if (!st)
        st = zi_pl_run_create(pl->ctx, pl->device, &pl->run);
    if (!st)
        st = zt_pl_step(pl, ZT_ADD, 0, 0);
    return st;
}

void zt_pl_finish(zt_pl *pl)
{
    zi_pl_run_destroy(pl->run);
    zi_buf_destroy(pl->steps);
    for (int i = 0; i < 4; i++)
        zi_buf_destroy(pl->weights[i]);
    zi_buf_destroy(pl->act);
    zi_pl_close(pl->device);
    *pl = (zt_pl){.ctx = pl->ctx};
}

zurt_status zt_pl_start(zt_pl *pl)
{
    const zi_pl_launch launch = {
        .steps = pl->steps,
        .n_epochs = 1,
        .weights = {pl->weights[0], pl->weights[1], pl->weights[2], pl->weights[3]},
        .act_r = pl->act,
        .act_w = pl->act,
    };
    return zi_pl_run_start(pl->run, &launch, pl->error);
}

zurt_status zt_pl_launch(zt_pl *pl, uint32_t timeout_ms)
{
    zurt_status st = zt_pl_start(pl);
    return st ? st : zi_pl_run_wait(pl->run, timeout_ms, pl->error);
}

uint32_t zt_pl_differences(zt_pl *pl)
{
    void *p;
    if (zi_buf_cpu_begin(pl->act, ZT_PL_BYTES, ZT_PL_BYTES, ZI_READ, &p, pl->error))
        return UINT32_MAX;
    uint32_t n = 0;
    for (int i = 0; i < ZT_PL_BYTES; i++)
        n += ((const int8_t *)p)[i] != (int8_t)(i % 128 + 1 + 2 + 3 + 4);
    if (zi_buf_cpu_end(pl->act, ZT_PL_BYTES, ZT_PL_BYTES, ZI_READ, pl->error))
        return UINT32_MAX;
    return n;
}
