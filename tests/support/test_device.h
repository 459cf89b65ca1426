/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A back end that plays an accelerator: it takes int8 segments whole, keeps their inner tensors in
 * memory of its own, and can refuse to open, fail a run, or hold runs until it is told to go on.
 */
#ifndef ZT_TEST_DEVICE_H
#define ZT_TEST_DEVICE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "backend/backend.h"

/** Settings and counters of the one device; set them before a session is created. */
typedef struct zt_device_control {
    zurt_status open_with; /**< not OK: open() fails with it */
    uint64_t ops[2];       /**< of its capability table */
    uint32_t room;         /**< streams that its memory holds, else fail_with; 0: any */
    uint32_t fail_every;   /**< every n-th wait() fails; 0: none */
    zurt_status fail_with;
    bool hold; /**< wait() takes `gate` first */
    sem_t gate;
    void (*on_submit)(void *self); /**< NULL: nothing is to be seen; called as submit() begins */
    void (*on_wait)(void *self);   /**< as wait() begins */
    void *self;
    atomic_uint n_submits;
    atomic_uint n_waits;
    atomic_uint n_programs; /**< alive */
} zt_device_control;

extern zt_device_control zt_device;

/** All int8 ops, no failure, nothing held. */
void zt_device_reset(void);

extern const zi_backend_vtable zt_backend_device;

#endif
