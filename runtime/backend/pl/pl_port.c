/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers and runs of a PL, whichever port is behind them. */
#include "backend/pl/pl_port.h"

#include <stdio.h>

#include "backend/pl/pl_port_impl.h"
#include "base/size.h"

zurt_status zi_pl_fail(char *error, zurt_status code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(error, ZI_ERROR_BYTES, fmt, args);
    va_end(args);
    return code;
}

void zi_pl_close(zi_pl_device *device)
{
    if (device)
        device->port->close(device);
}

const zi_caps *zi_pl_caps(const zi_pl_device *device)
{
    return device->caps;
}

const char *zi_pl_note(const zi_pl_device *device)
{
    return device->note;
}

zurt_status zi_buf_create(zurt_ctx *ctx, zi_pl_device *device, size_t bytes, zi_buf **out)
{
    *out = NULL;
    if (bytes == 0)
        return zi_fail(ctx, ZURT_E_ARG, "PL buffer of no bytes");
    return device->port->buf_create(device, bytes, out, zi_error_text(ctx));
}

zurt_status zi_buf_import(zurt_ctx *ctx, zi_pl_device *device, int fd, zi_buf **out)
{
    *out = NULL;
    if (fd < 0)
        return zi_fail(ctx, ZURT_E_ARG, "dma-buf import: fd %d", fd);
    return device->port->buf_import(device, fd, out, zi_error_text(ctx));
}

zurt_status zi_buf_export(zurt_ctx *ctx, const zi_buf *buf, int *out_fd)
{
    *out_fd = -1;
    return buf->device->port->buf_export(buf, out_fd, zi_error_text(ctx));
}

void zi_buf_destroy(zi_buf *buf)
{
    if (buf)
        buf->device->port->buf_destroy(buf);
}

size_t zi_buf_bytes(const zi_buf *buf)
{
    return buf->bytes;
}

/* Whole lines: the last one of the range is the CPU's too. */
static zurt_status whole_lines(const zi_buf *buf, size_t offset, size_t *bytes, char *error)
{
    if (offset % ZI_BUF_LINE)
        return zi_pl_fail(error, ZURT_E_ARG, "CPU access at byte %zu, not a multiple of %zu",
                          offset, ZI_BUF_LINE);
    if (offset > buf->bytes || *bytes > buf->bytes - offset)
        return zi_pl_fail(error, ZURT_E_ARG, "CPU access to bytes %zu + %zu of a buffer of %zu",
                          offset, *bytes, buf->bytes);
    size_t lines;
    if (!zi_size_align(*bytes, ZI_BUF_LINE, &lines) || lines > buf->bytes - offset)
        lines = buf->bytes - offset;
    *bytes = lines;
    return ZURT_OK;
}

zurt_status zi_buf_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                             void **out, char *error)
{
    *out = NULL;
    zurt_status st = whole_lines(buf, offset, &bytes, error);
    if (!st)
        st = buf->device->port->cpu_begin(buf, offset, bytes, access, error);
    if (!st)
        *out = buf->host + offset;
    return st;
}

zurt_status zi_buf_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                           char *error)
{
    zurt_status st = whole_lines(buf, offset, &bytes, error);
    if (!st)
        st = buf->device->port->cpu_end(buf, offset, bytes, access, error);
    return st;
}

zurt_status zi_pl_run_create(zurt_ctx *ctx, zi_pl_device *device, zi_pl_run **out)
{
    *out = NULL;
    return device->port->run_create(device, out, zi_error_text(ctx));
}

void zi_pl_run_destroy(zi_pl_run *run)
{
    if (run)
        run->device->port->run_destroy(run);
}

uint32_t zi_pl_time_limit(const zi_pl_device *device, uint32_t timeout_ms, uint64_t cycles)
{
    const uint64_t most = UINT32_MAX - 1; // UINT32_MAX would be no limit elsewhere
    uint64_t work = cycles < most * 1000 ? cycles * device->ns_per_cycle / 1000000 : most;
    return work + timeout_ms < most ? (uint32_t)(work + timeout_ms) : (uint32_t)most;
}

static bool all_of_device(const zi_pl_launch *l, const zi_pl_device *device)
{
    const zi_buf *const bufs[] = {l->steps,      l->weights[0], l->weights[1], l->weights[2],
                                  l->weights[3], l->act_r,      l->act_w};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++) {
        if (!bufs[i] || bufs[i]->device != device)
            return false;
    }
    return true;
}

zurt_status zi_pl_run_start(zi_pl_run *run, const zi_pl_launch *launch, char *error)
{
    if (run->started)
        return zi_pl_fail(error, ZURT_E_ARG, "launch: the run is in flight already");
    if (launch->n_epochs < ZI_PL_IDENTIFY || !all_of_device(launch, run->device))
        return zi_pl_fail(error, ZURT_E_ARG,
                          "launch: a buffer is missing or of another device, or %d epochs",
                          (int)launch->n_epochs);
    zurt_status st = run->device->port->run_start(run, launch, error);
    run->started = st == ZURT_OK;
    return st;
}

zurt_status zi_pl_run_wait(zi_pl_run *run, uint32_t timeout_ms, char *error)
{
    if (!run->started)
        return zi_pl_fail(error, ZURT_E_ARG, "wait: the run was not started");
    zurt_status st = run->device->port->run_wait(run, timeout_ms, error);
    run->started = false;
    return st;
}
