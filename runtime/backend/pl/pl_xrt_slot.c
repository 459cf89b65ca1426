/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may use a device of XRT's, and what must outlive its users.
 *
 * No MMU stands between the engine and the memory of a board: if a launch was given up, the engine
 * may still write to its buffers, so they are not given back to the kernel before XRT says that the
 * launch has ended. XRT 2.13 cannot reset the PL of a Zynq; what resets it is to load the overlay
 * anew. In sw_emu the device process is killed, and its memory with it.
 */
#include "backend/pl/pl_xrt_slot.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/pl/pl_port_impl.h"
#include "backend/pl/pl_xrt_end.h"
#include "base/alloc.h"
#include "base/thread.h"

enum { MAX_SLOTS = 4, ARG_ACT_R = 6, END_WAIT_MS = 2000, POLL_NS = 20000 };

struct zi_xrt_kept {
    zi_xrt_kept *next;
    xrtRunHandle run; // NULL: a buffer
    xrtBufferHandle bo;
};

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER; // of the slots and of `xrt`
static zi_xrt_slot slots[MAX_SLOTS];
static zi_xrt_api xrt;
static _Atomic pid_t owner; // the process that uses XRT; 0: none yet

const zi_xrt_api *zi_xrt(void)
{
    return &xrt;
}

/* ---- a device that failed ---- */

/* XRT's state is the parent's: its threads are not here, and its connection is not to be shared.
 * Asked before the lock is taken, which a thread of the parent may have held. */
static bool is_forked(void)
{
    return owner && zi_is_forked(owner);
}

static bool has_failed(const zi_xrt_slot *s)
{
    return s->lost || (s->count && s->count() != s->count_at_open);
}

bool zi_xrt_slot_is_lost(zi_xrt_slot *s)
{
    if (is_forked())
        return true;
    pthread_mutex_lock(&slots_lock);
    s->lost = has_failed(s);
    bool lost = s->lost;
    pthread_mutex_unlock(&slots_lock);
    return lost;
}

void zi_xrt_slot_lose(zi_xrt_slot *s)
{
    pthread_mutex_lock(&slots_lock);
    s->lost = true;
    pthread_mutex_unlock(&slots_lock);
}

static zurt_status fail_forked(char *error)
{
    return zi_pl_fail(
        error, ZURT_E_DEVICE,
        "XRT was opened before this process was forked and works in the parent alone: "
        "fork first, or start the child by exec");
}

/* With the lock held. */
static bool may_be_at_work(const zi_xrt_slot *s)
{
    return s->kept || s->forgot;
}

/* With the lock held. */
static zurt_status fail_locked(const zi_xrt_slot *s, char *error)
{
    if (may_be_at_work(s))
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "the PL still works on a launch that was given up; end this program "
                          "and " ZI_PL_RELOAD);
    return zi_pl_fail(error, ZURT_E_DEVICE, "%s; close the sessions that use it and open it again",
                      s->emulated ? "sw_emu: the device process has ended" : "the PL has failed");
}

zurt_status zi_xrt_slot_fail(const zi_xrt_slot *s, char *error)
{
    if (is_forked())
        return fail_forked(error);
    pthread_mutex_lock(&slots_lock);
    zurt_status st = fail_locked(s, error);
    pthread_mutex_unlock(&slots_lock);
    return st;
}

/* ---- what a launch that was given up may still use ---- */

bool zi_xrt_is_final(enum ert_cmd_state state)
{
    return state == ERT_CMD_STATE_COMPLETED || state == ERT_CMD_STATE_ERROR ||
           state == ERT_CMD_STATE_ABORT || state == ERT_CMD_STATE_NORESPONSE ||
           state == ERT_CMD_STATE_SKERROR || state == ERT_CMD_STATE_SKCRASHED;
}

/* Whether XRT must not end: its runs are at work, or are the parent's. */
static bool xrt_must_not_end(void)
{
    bool must_not = is_forked();
    for (int i = 0; i < MAX_SLOTS && !must_not; i++)
        must_not = may_be_at_work(&slots[i]);
    return must_not;
}

/* With the lock held. */
static void keep(zi_xrt_slot *s, xrtRunHandle run, xrtBufferHandle bo)
{
    const zurt_allocator a = zi_default_allocator(); // it outlives every ctx
    zi_xrt_kept *k = zi_zalloc(&a, sizeof(*k));
    if (!k) {
        s->forgot = true;
        return;
    }
    *k = (zi_xrt_kept){s->kept, run, bo};
    s->kept = k;
}

void zi_xrt_slot_keep_run(zi_xrt_slot *s, xrtRunHandle run)
{
    pthread_mutex_lock(&slots_lock);
    s->lost = true;
    keep(s, run, NULL);
    zi_xrt_end_first(xrt_must_not_end);
    pthread_mutex_unlock(&slots_lock);
}

void zi_xrt_slot_free_bo(zi_xrt_slot *s, xrtBufferHandle bo)
{
    if (is_forked())
        return;
    pthread_mutex_lock(&slots_lock);
    bool kept = may_be_at_work(s);
    if (s->kept)
        keep(s, NULL, bo);
    pthread_mutex_unlock(&slots_lock);
    if (!kept)
        xrt.bo_free(bo);
}

/* XRT 2.25 aborts the program if a run is closed that was not waited for; so wait for what has
 * ended, or ends at once: the cured shim calls a launch done when it loses the device process. */
static bool has_ended(const zi_xrt_slot *s, xrtRunHandle run)
{
    const uint64_t limit = s->emulated ? (uint64_t)END_WAIT_MS * 1000000u : 0;
    const uint64_t start = zi_now_ns();
    while (!zi_xrt_is_final(xrt.run_state(run))) {
        if (zi_now_ns() - start >= limit)
            return false;
        zi_sleep_ns(POLL_NS);
    }
    xrt.run_wait(run);
    return true;
}

void zi_xrt_slot_close_run(zi_xrt_slot *s, xrtRunHandle run, bool started)
{
    if (is_forked())
        return;
    pthread_mutex_lock(&slots_lock);
    bool kept = s->forgot;
    for (const zi_xrt_kept *k = s->kept; k; k = k->next)
        kept |= k->run == run;
    pthread_mutex_unlock(&slots_lock);
    if (kept)
        return;
    if (started && !has_ended(s, run) && !s->emulated) // there the process is killed
        zi_xrt_slot_keep_run(s, run);
    else
        xrt.run_close(run);
}

/* With the lock held. Gives back what was kept once every run of it has ended. */
static void free_kept(zi_xrt_slot *s)
{
    if (s->forgot)
        return;
    for (const zi_xrt_kept *k = s->kept; k; k = k->next) {
        if (k->run && !zi_xrt_is_final(xrt.run_state(k->run)))
            return;
    }
    const zurt_allocator a = zi_default_allocator();
    while (s->kept) {
        zi_xrt_kept *k = s->kept;
        s->kept = k->next;
        if (k->run) {
            xrt.run_wait(k->run);
            xrt.run_close(k->run);
        } else {
            xrt.bo_free(k->bo);
        }
        zi_free(&a, k);
    }
}

/* ---- open and close; with the lock held ---- */

/* XRT loads it by itself, and ends the program if it cannot. It stays loaded, as with XRT. */
static zurt_status load_shim(zurt_ctx *ctx, zi_xrt_slot *s, const char *path)
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

static zurt_status open_device(zurt_ctx *ctx, zi_xrt_slot *s, const zi_pl_place *place,
                               const zi_xclbin *x)
{
    zurt_status st = load_shim(ctx, s, place->shim);
    if (st)
        return st;
    s->emulated = place->emulated;
    s->device = strchr(s->name, ':') ? xrt.device_open_bdf(s->name)
                                     : xrt.device_open((unsigned)strtoul(s->name, NULL, 10));
    if (!s->device)
        return zi_fail(ctx, ZURT_E_DEVICE, "XRT: no device '%s'", s->name);
    // the bytes that were checked, in memory of our own
    if (xrt.device_load(s->device, (const struct axlf *)(const void *)x->file.data) != 0 ||
        xrt.device_uuid(s->device, s->uuid) != 0)
        return zi_fail(ctx, ZURT_E_DEVICE, "XRT: the device refused the xclbin%s",
                       place->emulated ? "" : "; is the overlay loaded that it belongs to?");
    return ZURT_OK;
}

static zurt_status open_kernel(zurt_ctx *ctx, zi_xrt_slot *s, const zi_xclbin *x)
{
    s->kernel = xrt.kernel_open(s->device, s->uuid, x->kernel);
    if (!s->kernel)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT: cannot open the engine %s alone; does another program use it?",
                       x->kernel);
    int group = xrt.kernel_group(s->kernel, ARG_ACT_R);
    s->group = group < 0 ? 0 : (xrtMemoryGroup)group;
    return ZURT_OK;
}

/* Whether a device that was idle is still there: nobody would have noticed. */
static bool answers(const zi_xrt_slot *s)
{
    enum { BYTES = 4096 };
    xrtBufferHandle bo = xrt.bo_alloc(s->device, BYTES, XRT_BO_FLAGS_CACHEABLE, s->group);
    if (bo)
        xrt.bo_free(bo);
    return bo && !has_failed(s);
}

static void close_device(zi_xrt_slot *s)
{
    if (s->kernel)
        xrt.kernel_close(s->kernel);
    if (s->device)
        xrt.device_close(s->device);
    *s = (zi_xrt_slot){0};
}

/* For its first session. A device that is open already is used again, unless another program has
 * loaded another overlay meanwhile, this one wants another, or it has gone. */
static zurt_status open_slot(zurt_ctx *ctx, zi_xrt_slot *s, const zi_pl_place *place,
                             const zi_xclbin *x, bool *opened)
{
    const bool same = s->device && memcmp(s->uuid, x->uuid, sizeof(s->uuid)) == 0;
    if (same && open_kernel(ctx, s, x) == ZURT_OK && answers(s))
        return ZURT_OK;
    zi_xrt_slot anew = {.holders = s->holders};
    memcpy(anew.name, s->name, sizeof(anew.name));
    close_device(s);
    *s = anew;
    *opened = true;
    zurt_status st = open_device(ctx, s, place, x);
    return st ? st : open_kernel(ctx, s, x);
}

/* An idle device that failed is closed as soon as nothing of it is needed any more. */
static void clean_up(zi_xrt_slot *s)
{
    if (s->holders || !s->device || !has_failed(s))
        return;
    free_kept(s);
    if (!may_be_at_work(s))
        close_device(s);
}

static zi_xrt_slot *find_slot(const char *name)
{
    for (int i = 0; i < MAX_SLOTS; i++) {
        clean_up(&slots[i]);
        if (slots[i].name[0] && strcmp(slots[i].name, name) == 0)
            return &slots[i];
    }
    return NULL;
}

/* A slot for another device: a free one, or that of an idle device. */
static zi_xrt_slot *new_slot(const char *name)
{
    zi_xrt_slot *found = NULL;
    for (int i = 0; i < MAX_SLOTS; i++) {
        zi_xrt_slot *s = &slots[i];
        const bool idle = s->device && !s->holders && !may_be_at_work(s);
        if (!s->name[0] || (idle && !found))
            found = s;
        if (!s->name[0])
            break;
    }
    if (!found)
        return NULL;
    close_device(found);
    snprintf(found->name, sizeof(found->name), "%s", name);
    return found;
}

static zurt_status take_locked(zurt_ctx *ctx, const char *name, const zi_pl_place *place,
                               const zi_xclbin *x, zi_xrt_slot **out, bool *opened)
{
    zurt_status st = zi_xrt_load(ctx, &xrt);
    if (st)
        return st;
    owner = getpid();
    zi_xrt_slot *s = find_slot(name);
    if (!s)
        s = new_slot(name);
    if (!s)
        return zi_fail(ctx, ZURT_E_LIMIT, "more than %d devices open", MAX_SLOTS);
    if (has_failed(s))
        return fail_locked(s, zi_error_text(ctx));
    if (s->holders && memcmp(s->uuid, x->uuid, sizeof(s->uuid)) != 0)
        return zi_fail(ctx, ZURT_E_DEVICE, "device %s is open in this program with another xclbin",
                       name);
    *out = s;
    if (s->holders++ == 0)
        st = open_slot(ctx, s, place, x, opened);
    s->lost |= st != ZURT_OK; // another thread may find it before it is released
    return st;
}

zurt_status zi_xrt_slot_take(zurt_ctx *ctx, const char *name, const zi_pl_place *place,
                             const zi_xclbin *xclbin, zi_xrt_slot **out, bool *opened)
{
    *out = NULL;
    *opened = false;
    if (is_forked())
        return fail_forked(zi_error_text(ctx));
    pthread_mutex_lock(&slots_lock);
    zurt_status st = take_locked(ctx, name, place, xclbin, out, opened);
    pthread_mutex_unlock(&slots_lock);
    return st;
}

void zi_xrt_slot_settle(zi_xrt_slot *s, bool opened, bool failed, char *note)
{
    pthread_mutex_lock(&slots_lock);
    if (opened) // and launched for a test: XRT has made all that it makes
        zi_xrt_end_first(xrt_must_not_end);
    s->lost |= failed;
    memcpy(opened ? s->note : note, opened ? note : s->note, ZI_ERROR_BYTES);
    pthread_mutex_unlock(&slots_lock);
}

void zi_xrt_slot_release(zi_xrt_slot *s)
{
    if (is_forked())
        return;
    pthread_mutex_lock(&slots_lock);
    if (--s->holders == 0) {
        if (has_failed(s) && !s->device) {
            close_device(s); // it never opened
        } else if (has_failed(s)) {
            s->lost = true;
            clean_up(s);
        } else {
            xrt.kernel_close(s->kernel);
            s->kernel = NULL;
        }
    }
    pthread_mutex_unlock(&slots_lock);
}
