/* SPDX-License-Identifier: Apache-2.0 */
/* The PL through XRT's native C API. */
#include <string.h>
#include <unistd.h>

#include "backend/pl/pl_port_impl.h"
#include "backend/pl/pl_probe.h"
#include "backend/pl/pl_self_test.h"
#include "backend/pl/pl_xrt_slot.h"
#include "base/alloc.h"
#include "base/thread.h"

enum {
    DEFAULT_TIMEOUT_MS = 10000,
    POLL_NS = 20000,    // sw_emu: XRT's own wait spins and knows no limit
    END_WAIT_MS = 2000, // for a killed device process to be noticed
    ARG_STEPS = 0,
    ARG_EPOCHS = 1,
    ARG_WEIGHTS = 2,
    ARG_ACT_R = 6,
    ARG_ACT_W = 7
};

typedef struct xrt_device {
    zi_pl_device base;
    zi_xrt_slot *s;
    zi_xclbin xclbin;
} xrt_device;

typedef struct xrt_buf {
    zi_buf base;
    xrtBufferHandle handle;
} xrt_buf;

typedef struct xrt_run {
    zi_pl_run base;
    xrtRunHandle handle;
    bool started; // and not waited for to its end
} xrt_run;

static zi_xrt_slot *slot_of(const zi_pl_device *device)
{
    return ((const xrt_device *)device)->s;
}

/* ---- buffers ---- */

static zurt_status wrap(zi_pl_device *device, xrtBufferHandle handle, size_t bytes, zi_buf **out,
                        char *error)
{
    xrt_buf *b = zi_zalloc(&device->allocator, sizeof(*b));
    uint8_t *host = b ? zi_xrt()->bo_map(handle) : NULL;
    if (!host) {
        zurt_status st = b ? ZURT_E_DEVICE : ZURT_E_NOMEM;
        zi_free(&device->allocator, b);
        zi_xrt()->bo_free(handle);
        return zi_pl_fail(error, st, "XRT: cannot map a buffer of %zu bytes", bytes);
    }
    *b = (xrt_buf){{device, host, bytes}, handle};
    *out = &b->base;
    return ZURT_OK;
}

static zurt_status xrt_buf_create(zi_pl_device *device, size_t bytes, zi_buf **out, char *error)
{
    zi_xrt_slot *s = slot_of(device);
    if (zi_xrt_slot_is_lost(s))
        return zi_xrt_slot_fail(s, error);
    xrtBufferHandle handle = zi_xrt()->bo_alloc(s->device, bytes, XRT_BO_FLAGS_CACHEABLE, s->group);
    if (zi_xrt_slot_is_lost(s)) {
        if (handle)
            zi_xrt()->bo_free(handle);
        return zi_xrt_slot_fail(s, error);
    }
    if (!handle)
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "XRT: no room for a buffer of %zu bytes; on the board it comes from the "
                          "CMA pool: raise cma= on the kernel's command line",
                          bytes);
    return wrap(device, handle, bytes, out, error);
}

static zurt_status xrt_buf_import(zi_pl_device *device, int fd, zi_buf **out, char *error)
{
    zi_xrt_slot *s = slot_of(device);
    if (s->emulated)
        return zi_pl_fail(error, ZURT_E_UNSUPPORTED, "sw_emu has no dma-bufs; that needs a board");
    xrtBufferHandle handle = zi_xrt()->bo_import(s->device, fd);
    if (!handle)
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "XRT: cannot import the dma-buf %d; it must be contiguous", fd);
    return wrap(device, handle, zi_xrt()->bo_size(handle), out, error);
}

static zurt_status xrt_buf_export(const zi_buf *buf, int *out_fd, char *error)
{
    if (slot_of(buf->device)->emulated)
        return zi_pl_fail(error, ZURT_E_UNSUPPORTED, "sw_emu has no dma-bufs; that needs a board");
    *out_fd = zi_xrt()->bo_export(((const xrt_buf *)buf)->handle);
    if (*out_fd < 0)
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot export a buffer of %zu bytes",
                          buf->bytes);
    return ZURT_OK;
}

static void xrt_buf_destroy(zi_buf *buf)
{
    zi_xrt_slot_free_bo(slot_of(buf->device), ((xrt_buf *)buf)->handle);
    zi_free(&buf->device->allocator, buf);
}

static zurt_status sync_range(zi_buf *buf, enum xclBOSyncDirection direction, size_t offset,
                              size_t bytes, char *error)
{
    zi_xrt_slot *s = slot_of(buf->device);
    int failed = zi_xrt()->bo_sync(((xrt_buf *)buf)->handle, direction, bytes, offset);
    if (zi_xrt_slot_is_lost(s))
        return zi_xrt_slot_fail(s, error);
    if (failed) {
        zi_xrt_slot_lose(s);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot sync bytes %zu + %zu of a buffer",
                          offset, bytes);
    }
    return ZURT_OK;
}

static zurt_status xrt_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                 char *error)
{
    if (!(access & ZI_READ) || bytes == 0)
        return ZURT_OK;
    return sync_range(buf, XCL_BO_SYNC_BO_FROM_DEVICE, offset, bytes, error);
}

static zurt_status xrt_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                               char *error)
{
    if (!(access & ZI_WRITE) || bytes == 0)
        return ZURT_OK;
    return sync_range(buf, XCL_BO_SYNC_BO_TO_DEVICE, offset, bytes, error);
}

/* ---- runs ---- */

static zurt_status xrt_run_create(zi_pl_device *device, zi_pl_run **out, char *error)
{
    zi_xrt_slot *s = slot_of(device);
    if (zi_xrt_slot_is_lost(s))
        return zi_xrt_slot_fail(s, error);
    xrt_run *r = zi_zalloc(&device->allocator, sizeof(*r));
    if (!r)
        return zi_pl_fail(error, ZURT_E_NOMEM, "XRT: no memory for a run");
    r->base.device = device;
    r->handle = zi_xrt()->run_open(s->kernel);
    if (!r->handle) {
        zi_free(&device->allocator, r);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot open a run of the engine");
    }
    *out = &r->base;
    return ZURT_OK;
}

static void xrt_run_destroy(zi_pl_run *run)
{
    const xrt_run *r = (const xrt_run *)run;
    zi_xrt_slot_close_run(slot_of(run->device), r->handle, r->started);
    zi_free(&run->device->allocator, run);
}

static xrtBufferHandle handle_of(const zi_buf *buf)
{
    return ((const xrt_buf *)buf)->handle;
}

static zurt_status xrt_run_start(zi_pl_run *run, const zi_pl_launch *l, char *error)
{
    zi_xrt_slot *s = slot_of(run->device);
    xrtRunHandle handle = ((xrt_run *)run)->handle;
    if (zi_xrt_slot_is_lost(s))
        return zi_xrt_slot_fail(s, error);
    int failed = zi_xrt()->run_set_arg(handle, ARG_STEPS, handle_of(l->steps));
    failed |= zi_xrt()->run_set_arg(handle, ARG_EPOCHS, (int)l->n_epochs);
    for (int i = 0; i < 4; i++)
        failed |= zi_xrt()->run_set_arg(handle, ARG_WEIGHTS + i, handle_of(l->weights[i]));
    failed |= zi_xrt()->run_set_arg(handle, ARG_ACT_R, handle_of(l->act_r));
    failed |= zi_xrt()->run_set_arg(handle, ARG_ACT_W, handle_of(l->act_w));
    if (failed)
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "XRT: the engine does not take its arguments; the "
                          "overlay is of another version");
    if (zi_xrt()->run_start(handle)) {
        zi_xrt_slot_lose(s);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot start the engine");
    }
    ((xrt_run *)run)->started = true;
    return ZURT_OK;
}

static uint64_t now_ms(void)
{
    return zi_now_ns() / 1000000u;
}

/* The state at the latest after timeout_ms. */
static enum ert_cmd_state await(zi_xrt_slot *s, xrtRunHandle handle, uint32_t timeout_ms)
{
    const uint64_t start = now_ms();
    for (;;) {
        enum ert_cmd_state state = zi_xrt()->run_state(handle);
        uint64_t waited = now_ms() - start;
        if (zi_xrt_is_final(state) || waited >= timeout_ms)
            return state;
        if (s->emulated)
            zi_sleep_ns(POLL_NS);
        else
            zi_xrt()->run_wait_for(handle, (unsigned)(timeout_ms - waited));
    }
}

static zurt_status give_up(zi_xrt_slot *s, xrtRunHandle run, uint32_t timeout_ms, char *error)
{
    if (!s->emulated) {
        zi_xrt_slot_keep_run(s, run);
        return zi_pl_fail(error, ZURT_E_TIMEOUT,
                          "no answer from the PL within %u ms; " ZI_PL_RELOAD, timeout_ms);
    }
    zi_xrt_slot_lose(s);
    size_t n = zi_pl_kill_emulation();
    const uint64_t start = now_ms();
    while (s->count && s->count() == s->count_at_open && now_ms() - start < END_WAIT_MS)
        zi_sleep_ns(1000000);
    return zi_pl_fail(error, ZURT_E_TIMEOUT,
                      "sw_emu: no answer within %u ms; %zu device process(es) ended", timeout_ms,
                      n);
}

static zurt_status xrt_run_wait(zi_pl_run *run, uint32_t timeout_ms, char *error)
{
    zi_xrt_slot *s = slot_of(run->device);
    xrtRunHandle handle = ((xrt_run *)run)->handle;
    enum ert_cmd_state state = await(s, handle, timeout_ms);
    if (s->emulated && zi_xrt_slot_is_lost(s)) // its shim calls a run done when it loses the device
        return zi_xrt_slot_fail(s, error);
    if (!zi_xrt_is_final(state))
        return give_up(s, handle, timeout_ms, error);
    zi_xrt()->run_wait(handle); // returns at once; XRT wants it before the next start and the close
    ((xrt_run *)run)->started = false;
    if (state != ERT_CMD_STATE_COMPLETED) {
        zi_xrt_slot_lose(s);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: the launch ended in state %d", (int)state);
    }
    return ZURT_OK;
}

/* ---- open and close ---- */

static void xrt_close(zi_pl_device *device)
{
    xrt_device *d = (xrt_device *)device;
    if (d->s)
        zi_xrt_slot_release(d->s);
    zi_xclbin_close(&d->xclbin);
    zurt_allocator a = device->allocator;
    zi_free(&a, d);
}

static const zi_pl_port port = {
    .close = xrt_close,
    .buf_create = xrt_buf_create,
    .buf_import = xrt_buf_import,
    .buf_export = xrt_buf_export,
    .buf_destroy = xrt_buf_destroy,
    .cpu_begin = xrt_cpu_begin,
    .cpu_end = xrt_cpu_end,
    .run_create = xrt_run_create,
    .run_destroy = xrt_run_destroy,
    .run_start = xrt_run_start,
    .run_wait = xrt_run_wait,
};

static zurt_status check_xclbin(zurt_ctx *ctx, const zi_xclbin *x, const zi_pl_place *place,
                                const zi_pl_config *config)
{
    if ((x->mode == ZI_XCLBIN_MODE_SW_EMU) != place->emulated)
        return zi_fail(ctx, ZURT_E_DEVICE, "the xclbin is for %s",
                       place->emulated ? "a board, and XCL_EMULATION_MODE is sw_emu"
                                       : "sw_emu; run it as " ZI_PL_EMULATE);
    uint32_t version = x->caps.caps.engine_version;
    if (version != config->engine_version)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "the overlay's engine has version %u, this zurt drives %u; build one of "
                       "its own sources (docs/first-light.md), or take the zurt that it is of",
                       version, config->engine_version);
    return ZURT_OK;
}

zurt_status zi_pl_look_xrt(zurt_ctx *ctx, const zi_pl_config *config)
{
    char path[ZI_PATH_BYTES];
    zi_pl_place place;
    zurt_status st = zi_pl_probe(ctx, &place);
    if (!st)
        st = zi_pl_find_xclbin(ctx, config->xclbin, path);
    if (st)
        return st;
    zi_xclbin xclbin = {0};
    st = zi_xclbin_open(ctx, path, &xclbin);
    if (!st)
        st = check_xclbin(ctx, &xclbin, &place, config);
    zi_xclbin_close(&xclbin);
    return st;
}

zurt_status zi_pl_open_xrt(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out)
{
    *out = NULL;
    const char *name = config->device ? config->device : "0";
    char path[ZI_PATH_BYTES];
    zi_pl_place place;
    if (strlen(name) >= ZI_XRT_NAME_BYTES || name[strspn(name, "0123456789abcdefABCDEF:.")])
        return zi_fail(ctx, ZURT_E_ARG, "device '%.40s': want an index or 0000:00:00.0", name);
    zurt_status st = zi_pl_probe(ctx, &place);
    if (!st)
        st = zi_pl_find_xclbin(ctx, config->xclbin, path);
    if (st)
        return st;
    xrt_device *d = zi_zalloc(&ctx->allocator, sizeof(*d));
    if (!d)
        return zi_fail(ctx, ZURT_E_NOMEM, "XRT: no memory for a device");
    bool opened = false;
    d->base = (zi_pl_device){&port,
                             ctx->allocator,
                             &d->xclbin.caps.caps,
                             place.emulated ? ZI_PL_NS_SIMULATED : ZI_PL_NS_BOARD,
                             getpid(),
                             ""};
    st = zi_xclbin_open(ctx, path, &d->xclbin);
    if (!st)
        st = check_xclbin(ctx, &d->xclbin, &place, config);
    if (!st)
        st = zi_xrt_slot_take(ctx, name, &place, &d->xclbin, &d->s, &opened);
    if (!st && opened)
        st = zi_pl_self_test(ctx, &d->base,
                             config->timeout_ms ? config->timeout_ms : DEFAULT_TIMEOUT_MS,
                             d->base.note);
    if (d->s)
        zi_xrt_slot_settle(d->s, opened, st != ZURT_OK, d->base.note);
    if (st)
        xrt_close(&d->base);
    else
        *out = &d->base;
    if (!st && zi_xclbin_clock_differs(&d->xclbin))
        zi_log(ctx, ZURT_LOG_WARNING,
               "xclbin %s: the tools reached %.1f MHz, its capability table says %.1f, for which "
               "times are modelled; package it with make_caps BOARD FILE RQ MHZ",
               path, (double)d->xclbin.link_khz * 1e-3,
               (double)d->xclbin.caps.caps.clock_khz * 1e-3);
    return st;
}
