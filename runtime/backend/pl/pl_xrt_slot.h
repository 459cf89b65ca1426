/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The devices that this process has open in XRT. XRT has one engine per device and process, so the
 * sessions of a process share a slot. A slot's device stays open after its last session: every
 * close of it leaves a thread of XRT's behind. Its kernel does not, so that other programs can have
 * the engine. Private to pl_xrt.c.
 */
#ifndef ZI_BACKEND_PL_XRT_SLOT_H
#define ZI_BACKEND_PL_XRT_SLOT_H

#include "backend/pl/pl_probe.h"
#include "backend/pl/pl_xrt_api.h"
#include "backend/pl/xclbin.h"

#define ZI_XRT_NAME_BYTES 32

typedef struct zi_xrt_kept zi_xrt_kept;

typedef struct zi_xrt_slot {
    uint32_t holders;             /**< sessions; 0: idle, or free if there is no device */
    char name[ZI_XRT_NAME_BYTES]; /**< as it was asked for */
    bool emulated;
    bool lost;
    unsigned (*count)(void); /**< of the cured shim: devices lost in this process; NULL elsewhere */
    unsigned count_at_open;
    xuid_t uuid;
    xrtDeviceHandle device;
    xrtKernelHandle kernel; /**< NULL while idle */
    xrtMemoryGroup group;
    zi_xrt_kept *kept; /**< runs that may still be at work, and the buffers of their time */
    bool forgot;       /**< no memory to note one of them: nothing of the device is given back */
    char note[ZI_ERROR_BYTES];
} zi_xrt_slot;

/** XRT's functions; loaded once a slot was taken. */
const zi_xrt_api *zi_xrt(void);

/**
 * Takes the slot of a device; opens it and its engine if no session has.
 *
 * @param out    zi_xrt_slot_release() it, also after a failure unless it is NULL.
 * @param opened set if the device was opened: test it. Then zi_xrt_slot_settle().
 */
zurt_status zi_xrt_slot_take(zurt_ctx *ctx, const char *name, const zi_pl_place *place,
                             const zi_xclbin *xclbin, zi_xrt_slot **out, bool *opened);
/** Keeps the remark of who opened it, and that it failed, and tells the remark to those that come
 *  later. */
void zi_xrt_slot_settle(zi_xrt_slot *s, bool opened, bool failed, char *note);
void zi_xrt_slot_release(zi_xrt_slot *s);

/** True if nothing can be done with it any more: it failed, or belongs to the parent process. */
bool zi_xrt_slot_is_lost(zi_xrt_slot *s);
void zi_xrt_slot_lose(zi_xrt_slot *s);
zurt_status zi_xrt_slot_fail(const zi_xrt_slot *s, char *error);

/** A run that was given up: the PL may still write to the buffers of the device. */
void zi_xrt_slot_keep_run(zi_xrt_slot *s, xrtRunHandle run);
/** Frees a buffer; not before every run that was given up has ended. */
void zi_xrt_slot_free_bo(zi_xrt_slot *s, xrtBufferHandle bo);
/** Closes a run, unless it was kept. One that was started and not waited for to its end is kept if
 *  it may still be at work. */
void zi_xrt_slot_close_run(zi_xrt_slot *s, xrtRunHandle run, bool started);

/** Whether a state is a run's last. */
bool zi_xrt_is_final(enum ert_cmd_state state);

#endif
