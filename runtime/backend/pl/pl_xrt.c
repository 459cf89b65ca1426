/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PL through XRT's native C API.
 *
 * XRT has one engine per device and process, so the sessions of a process share a device: `slots`.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/pl/pl_port_impl.h"
#include "backend/pl/pl_probe.h"
#include "backend/pl/pl_self_test.h"
#include "backend/pl/pl_xrt_api.h"
#include "backend/pl/xclbin.h"
#include "base/alloc.h"
#include "base/thread.h"

enum {
    MAX_SLOTS = 4,
    DEVICE_NAME_BYTES = 32,
    DEFAULT_TIMEOUT_MS = 10000,
    POLL_NS = 20000,    // sw_emu: XRT's own wait spins and knows no limit
    END_WAIT_MS = 2000, // for a killed device process to be noticed
    ARG_STEPS = 0,
    ARG_SEGMENTS = 1,
    ARG_WEIGHTS = 2,
    ARG_ACT_R = 6,
    ARG_ACT_W = 7
};

/* A device of this process; one for all sessions that open it. */
typedef struct slot {
    uint32_t holders; // 0: free
    char name[DEVICE_NAME_BYTES];
    bool emulated;
    bool lost;               // guarded by slots_lock too
    unsigned (*count)(void); // of the cured shim: devices lost in this process; NULL elsewhere
    unsigned count_at_open;
    xuid_t uuid;
    xrtDeviceHandle device;
    xrtKernelHandle kernel;
    xrtMemoryGroup group;
    char note[ZI_ERROR_BYTES];
} slot;

typedef struct xrt_device {
    zi_pl_device base;
    slot *s;
    zi_xclbin xclbin;
} xrt_device;

typedef struct xrt_buf {
    zi_buf base;
    xrtBufferHandle handle;
} xrt_buf;

typedef struct xrt_run {
    zi_pl_run base;
    xrtRunHandle handle;
} xrt_run;

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER; // of the slots' use and of xrt
static slot slots[MAX_SLOTS];
static zi_xrt_api xrt;

/* ---- a device that failed ---- */

static bool is_lost(slot *s)
{
    pthread_mutex_lock(&slots_lock);
    s->lost |= s->count && s->count() != s->count_at_open;
    bool lost = s->lost;
    pthread_mutex_unlock(&slots_lock);
    return lost;
}

static void mark_lost(slot *s)
{
    pthread_mutex_lock(&slots_lock);
    s->lost = true;
    pthread_mutex_unlock(&slots_lock);
}

static zurt_status fail_lost(const slot *s, char *error)
{
    return zi_pl_fail(error, ZURT_E_DEVICE, "%s; close the sessions that use it and open it again",
                      s->emulated ? "sw_emu: the device process has ended" : "the PL has failed");
}

static slot *slot_of(const zi_pl_device *device)
{
    return ((const xrt_device *)device)->s;
}

/* ---- buffers ---- */

static zurt_status wrap(zi_pl_device *device, xrtBufferHandle handle, size_t bytes, zi_buf **out,
                        char *error)
{
    xrt_buf *b = zi_zalloc(&device->allocator, sizeof(*b));
    uint8_t *host = b ? xrt.bo_map(handle) : NULL;
    if (!host) {
        zurt_status st = b ? ZURT_E_DEVICE : ZURT_E_NOMEM;
        zi_free(&device->allocator, b);
        xrt.bo_free(handle);
        return zi_pl_fail(error, st, "XRT: cannot map a buffer of %zu bytes", bytes);
    }
    *b = (xrt_buf){{device, host, bytes}, handle};
    *out = &b->base;
    return ZURT_OK;
}

static zurt_status xrt_buf_create(zi_pl_device *device, size_t bytes, zi_buf **out, char *error)
{
    slot *s = slot_of(device);
    if (is_lost(s))
        return fail_lost(s, error);
    xrtBufferHandle handle = xrt.bo_alloc(s->device, bytes, XRT_BO_FLAGS_CACHEABLE, s->group);
    if (is_lost(s)) {
        if (handle)
            xrt.bo_free(handle);
        return fail_lost(s, error);
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
    slot *s = slot_of(device);
    if (s->emulated)
        return zi_pl_fail(error, ZURT_E_UNSUPPORTED, "sw_emu has no dma-bufs; that needs a board");
    xrtBufferHandle handle = xrt.bo_import(s->device, fd);
    if (!handle)
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "XRT: cannot import the dma-buf %d; it must be contiguous", fd);
    return wrap(device, handle, xrt.bo_size(handle), out, error);
}

static zurt_status xrt_buf_export(const zi_buf *buf, int *out_fd, char *error)
{
    if (slot_of(buf->device)->emulated)
        return zi_pl_fail(error, ZURT_E_UNSUPPORTED, "sw_emu has no dma-bufs; that needs a board");
    *out_fd = xrt.bo_export(((const xrt_buf *)buf)->handle);
    if (*out_fd < 0)
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot export a buffer of %zu bytes",
                          buf->bytes);
    return ZURT_OK;
}

static void xrt_buf_destroy(zi_buf *buf)
{
    xrt.bo_free(((xrt_buf *)buf)->handle);
    zi_free(&buf->device->allocator, buf);
}

static zurt_status sync_range(zi_buf *buf, enum xclBOSyncDirection direction, size_t offset,
                              size_t bytes, char *error)
{
    slot *s = slot_of(buf->device);
    int failed = xrt.bo_sync(((xrt_buf *)buf)->handle, direction, bytes, offset);
    if (is_lost(s))
        return fail_lost(s, error);
    if (failed) {
        mark_lost(s);
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
    slot *s = slot_of(device);
    if (is_lost(s))
        return fail_lost(s, error);
    xrt_run *r = zi_zalloc(&device->allocator, sizeof(*r));
    if (!r)
        return zi_pl_fail(error, ZURT_E_NOMEM, "XRT: no memory for a run");
    r->base.device = device;
    r->handle = xrt.run_open(s->kernel);
    if (!r->handle) {
        zi_free(&device->allocator, r);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot open a run of the engine");
    }
    *out = &r->base;
    return ZURT_OK;
}

static void xrt_run_destroy(zi_pl_run *run)
{
    xrt.run_close(((xrt_run *)run)->handle);
    zi_free(&run->device->allocator, run);
}

static xrtBufferHandle handle_of(const zi_buf *buf)
{
    return ((const xrt_buf *)buf)->handle;
}

static zurt_status xrt_run_start(zi_pl_run *run, const zi_pl_launch *l, char *error)
{
    slot *s = slot_of(run->device);
    xrtRunHandle handle = ((xrt_run *)run)->handle;
    if (is_lost(s))
        return fail_lost(s, error);
    int failed = xrt.run_set_arg(handle, ARG_STEPS, handle_of(l->steps));
    failed |= xrt.run_set_arg(handle, ARG_SEGMENTS, (int)l->n_segments);
    for (int i = 0; i < 4; i++)
        failed |= xrt.run_set_arg(handle, ARG_WEIGHTS + i, handle_of(l->weights[i]));
    failed |= xrt.run_set_arg(handle, ARG_ACT_R, handle_of(l->act_r));
    failed |= xrt.run_set_arg(handle, ARG_ACT_W, handle_of(l->act_w));
    if (failed)
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "XRT: the engine does not take its arguments; the "
                          "overlay is of another version");
    if (xrt.run_start(handle)) {
        mark_lost(s);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: cannot start the engine");
    }
    return ZURT_OK;
}

static uint64_t now_ms(void)
{
    return zi_now_ns() / 1000000u;
}

static bool is_final(enum ert_cmd_state state)
{
    return state == ERT_CMD_STATE_COMPLETED || state == ERT_CMD_STATE_ERROR ||
           state == ERT_CMD_STATE_ABORT || state == ERT_CMD_STATE_NORESPONSE ||
           state == ERT_CMD_STATE_SKERROR || state == ERT_CMD_STATE_SKCRASHED;
}

/* The state at the latest after timeout_ms. */
static enum ert_cmd_state await(slot *s, xrtRunHandle handle, uint32_t timeout_ms)
{
    const uint64_t start = now_ms();
    for (;;) {
        enum ert_cmd_state state = xrt.run_state(handle);
        uint64_t waited = now_ms() - start;
        if (is_final(state) || waited >= timeout_ms)
            return state;
        if (s->emulated)
            zi_sleep_ns(POLL_NS);
        else
            xrt.run_wait_for(handle, (unsigned)(timeout_ms - waited));
    }
}

static zurt_status give_up(slot *s, uint32_t timeout_ms, char *error)
{
    mark_lost(s);
    if (!s->emulated)
        return zi_pl_fail(error, ZURT_E_TIMEOUT,
                          "no answer from the PL within %u ms; load the overlay again (xmutil "
                          "unloadapp, xmutil loadapp zurt-kv260)",
                          timeout_ms);
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
    slot *s = slot_of(run->device);
    xrtRunHandle handle = ((xrt_run *)run)->handle;
    enum ert_cmd_state state = await(s, handle, timeout_ms);
    if (is_lost(s)) // the shim called the run done when it lost the device
        return fail_lost(s, error);
    if (!is_final(state))
        return give_up(s, timeout_ms, error);
    xrt.run_wait(handle); // returns at once; XRT wants it before the next start
    if (state != ERT_CMD_STATE_COMPLETED) {
        mark_lost(s);
        return zi_pl_fail(error, ZURT_E_DEVICE, "XRT: the launch ended in state %d", (int)state);
    }
    return ZURT_OK;
}

/* ---- open and close ---- */

static void release(slot *s)
{
    pthread_mutex_lock(&slots_lock);
    if (--s->holders == 0) {
        if (s->kernel)
            xrt.kernel_close(s->kernel);
        if (s->device)
            xrt.device_close(s->device);
        *s = (slot){0};
    }
    pthread_mutex_unlock(&slots_lock);
}

static void xrt_close(zi_pl_device *device)
{
    xrt_device *d = (xrt_device *)device;
    if (d->s)
        release(d->s);
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
                                       : "sw_emu; run it as scripts/swemu-env zurt ...");
    uint32_t version = x->caps.caps.engine_version;
    if (version != config->engine_version)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "the overlay's engine has version %u, this zurt drives %u; install the "
                       "overlay that came with it",
                       version, config->engine_version);
    return ZURT_OK;
}

/* XRT loads it by itself, and ends the program if it cannot. It stays loaded, as with XRT. */
static zurt_status load_shim(zurt_ctx *ctx, slot *s, const char *path)
{
    void *shim = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!shim)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT would end the program: %s. Install XRT anew, or mend XILINX_XRT",
                       dlerror());
    void *symbol = dlsym(shim, "swemu_devices_lost");
    memcpy(&s->count, &symbol, sizeof(symbol));
    s->count_at_open = s->count ? s->count() : 0;
    return ZURT_OK;
}

/* With the lock held. Everything from XRT's handles on; the slot holds what was opened. */
static zurt_status open_slot(zurt_ctx *ctx, slot *s, const zi_pl_place *place, const zi_xclbin *x)
{
    s->emulated = place->emulated;
    zurt_status st = load_shim(ctx, s, place->shim);
    if (st)
        return st;
    s->device = strchr(s->name, ':') ? xrt.device_open_bdf(s->name)
                                     : xrt.device_open((unsigned)strtoul(s->name, NULL, 10));
    if (!s->device)
        return zi_fail(ctx, ZURT_E_DEVICE, "XRT: no device '%s'", s->name);
    // the bytes that were checked, not the file's name: it may have changed
    if (xrt.device_load(s->device, (const struct axlf *)(const void *)x->file.data) != 0 ||
        xrt.device_uuid(s->device, s->uuid) != 0)
        return zi_fail(ctx, ZURT_E_DEVICE, "XRT: the device refused the xclbin%s",
                       place->emulated ? "" : "; is the overlay loaded that it belongs to?");
    s->kernel = xrt.kernel_open(s->device, s->uuid, x->kernel);
    if (!s->kernel)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT: cannot open the engine %s alone; does another program use it?",
                       x->kernel);
    int group = xrt.kernel_group(s->kernel, ARG_ACT_R);
    s->group = group < 0 ? 0 : (xrtMemoryGroup)group;
    return ZURT_OK;
}

/* With the lock held: the slot of a device that is open, or a free one. */
static zurt_status take_slot(zurt_ctx *ctx, const char *name, const uint8_t *uuid, slot **out)
{
    slot *free_slot = NULL;
    for (int i = 0; i < MAX_SLOTS; i++) {
        slot *s = &slots[i];
        if (!s->holders) {
            free_slot = s;
        } else if (strcmp(s->name, name) == 0) {
            if (s->lost || (s->count && s->count() != s->count_at_open))
                return fail_lost(s, ctx->error);
            if (memcmp(s->uuid, uuid, sizeof(s->uuid)) != 0)
                return zi_fail(ctx, ZURT_E_DEVICE,
                               "device %s is open in this program with another xclbin", name);
            *out = s;
            return ZURT_OK;
        }
    }
    if (!free_slot)
        return zi_fail(ctx, ZURT_E_LIMIT, "more than %d devices open", MAX_SLOTS);
    *free_slot = (slot){0};
    snprintf(free_slot->name, sizeof(free_slot->name), "%s", name);
    *out = free_slot;
    return ZURT_OK;
}

static zurt_status attach(zurt_ctx *ctx, xrt_device *d, const char *name, const zi_pl_place *place,
                          bool *first)
{
    pthread_mutex_lock(&slots_lock);
    slot *s = NULL;
    zurt_status st = zi_xrt_load(ctx, &xrt);
    if (!st)
        st = take_slot(ctx, name, d->xclbin.uuid, &s);
    if (!st) {
        d->s = s;
        *first = s->holders++ == 0;
        if (*first)
            st = open_slot(ctx, s, place, &d->xclbin);
        s->lost |= st != ZURT_OK; // another thread may find it before it is closed
    }
    pthread_mutex_unlock(&slots_lock);
    return st;
}

/* The remark is the first one's, for those that come later; they may be here before it is made. */
static void settle(xrt_device *d, bool first, bool failed)
{
    pthread_mutex_lock(&slots_lock);
    d->s->lost |= failed;
    memcpy(first ? d->s->note : d->base.note, first ? d->base.note : d->s->note, ZI_ERROR_BYTES);
    pthread_mutex_unlock(&slots_lock);
}

zurt_status zi_pl_open_xrt(zurt_ctx *ctx, const zi_pl_config *config, zi_pl_device **out)
{
    *out = NULL;
    const char *name = config->device ? config->device : "0";
    char path[ZI_PATH_BYTES];
    zi_pl_place place;
    if (strlen(name) >= DEVICE_NAME_BYTES || name[strspn(name, "0123456789abcdefABCDEF:.")])
        return zi_fail(ctx, ZURT_E_ARG, "device '%.40s': want an index or 0000:00:00.0", name);
    zurt_status st = zi_pl_probe(ctx, &place);
    if (!st)
        st = zi_pl_find_xclbin(ctx, config->xclbin, path);
    if (st)
        return st;
    xrt_device *d = zi_zalloc(&ctx->allocator, sizeof(*d));
    if (!d)
        return zi_fail(ctx, ZURT_E_NOMEM, "XRT: no memory for a device");
    bool first = false;
    d->base = (zi_pl_device){&port, ctx->allocator, &d->xclbin.caps.caps,
                             place.emulated ? ZI_PL_NS_SIMULATED : ZI_PL_NS_BOARD, ""};
    st = zi_xclbin_open(ctx, path, &d->xclbin);
    if (!st)
        st = check_xclbin(ctx, &d->xclbin, &place, config);
    if (!st)
        st = attach(ctx, d, name, &place, &first);
    if (!st && first)
        st = zi_pl_self_test(ctx, &d->base,
                             config->timeout_ms ? config->timeout_ms : DEFAULT_TIMEOUT_MS,
                             d->base.note);
    if (d->s)
        settle(d, first, st != ZURT_OK);
    if (st)
        xrt_close(&d->base);
    else
        *out = &d->base;
    return st;
}
