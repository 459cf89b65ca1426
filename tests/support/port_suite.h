/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What every port of the PL does, as pl_port.h says it: cases that run on any, with the test
 * kernel. A new port is one more zt_port; what one port alone does stays in a test of its own.
 */
#ifndef ZT_PORT_SUITE_H
#define ZT_PORT_SUITE_H

#include "support/pl_fixture.h"

/** What becomes of the first launch. */
typedef enum zt_port_fault {
    ZT_PORT_SOUND,
    ZT_PORT_HANGS,
    ZT_PORT_FAILS /**< as when an engine dies in it */
} zt_port_fault;

/** What happens to a CPU that touches a buffer outside of begin and end. */
typedef enum zt_port_outside {
    ZT_OUTSIDE_FAULTS, /**< it gets SIGSEGV */
    ZT_OUTSIDE_STALE   /**< it sees old bytes, and the device does not see its own */
} zt_port_outside;

/** What devices opened at the same time are to each other. */
typedef enum zt_port_sharing {
    ZT_SHARE_NOTHING,
    ZT_SHARE_DEVICE /**< while one is lost, none can be opened */
} zt_port_sharing;

/** In which order queued runs are done. */
typedef enum zt_port_order { ZT_ORDER_OF_STARTS, ZT_ORDER_ANY } zt_port_order;

/** A port under test: how it is opened, and what pl_port.h leaves to it. */
typedef struct zt_port {
    const char *name;
    /** Opens a device with the test kernel, zt_pl_caps(), on pl->ctx. */
    zurt_status (*open)(zt_pl *pl, zt_port_fault fault);
    /** Before the first launch of a prepared device; NULL: open() has seen to it. */
    zurt_status (*arm)(zt_pl *pl, zt_port_fault fault);
    zt_port_outside outside;
    zt_port_sharing sharing;
    zt_port_order order;
    size_t too_large_bytes;     /**< of a buffer for which the device has no room; 0: the allocator
                                     alone says when there is none */
    const char *too_large_says; /**< part of the text that refuses it */
} zt_port;

/** Runs the cases on a port, as cmocka_run_group_tests() does: the number of failures. */
int zt_port_suite(const zt_port *port);

#endif
