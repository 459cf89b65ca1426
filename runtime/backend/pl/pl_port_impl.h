/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a port implements; pl_port.c checks arguments before it calls. Private to pl/. */
#ifndef ZI_BACKEND_PL_PORT_IMPL_H
#define ZI_BACKEND_PL_PORT_IMPL_H

#include <sys/types.h>

#include "backend/pl/pl_port.h"

typedef struct zi_pl_port {
    void (*close)(zi_pl_device *device);
    zurt_status (*buf_create)(zi_pl_device *device, size_t bytes, zi_buf **out, char *error);
    zurt_status (*buf_import)(zi_pl_device *device, int fd, zi_buf **out, char *error);
    zurt_status (*buf_export)(const zi_buf *buf, int *out_fd, char *error);
    void (*buf_destroy)(zi_buf *buf);
    /** The range is inside the buffer, in whole lines except at its end. */
    zurt_status (*cpu_begin)(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                             char *error);
    zurt_status (*cpu_end)(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                           char *error);
    zurt_status (*run_create)(zi_pl_device *device, zi_pl_run **out, char *error);
    void (*run_destroy)(zi_pl_run *run);
    zurt_status (*run_start)(zi_pl_run *run, const zi_pl_launch *launch, char *error);
    zurt_status (*run_wait)(zi_pl_run *run, uint32_t timeout_ms, char *error);
} zi_pl_port;

/** A modelled cycle takes 3 ns on a board; a simulated one a few us on an idle machine. */
enum { ZI_PL_NS_BOARD = 10, ZI_PL_NS_SIMULATED = 20000 };

/* First member of each port's own type. */

struct zi_pl_device {
    const zi_pl_port *port;
    zurt_allocator allocator;
    const zi_caps *caps;
    uint32_t ns_per_cycle; /**< how long a modelled cycle may take: ZI_PL_NS_... */
    pid_t owner;           /**< process that opened it */
    char note[ZI_ERROR_BYTES];
};

struct zi_buf {
    zi_pl_device *device;
    uint8_t *host; /**< the CPU's view */
    size_t bytes;
};

struct zi_pl_run {
    zi_pl_device *device;
    bool started;
};

/** Stores a failure's text, ZI_ERROR_BYTES; returns the code. */
zurt_status zi_pl_fail(char *error, zurt_status code, const char *fmt, ...) ZI_PRINTF(3, 4);

#endif
