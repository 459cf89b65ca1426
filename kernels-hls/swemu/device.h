/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The device process: what stands in for a board when XRT runs in sw_emu. Memory, compute units
 * and the call loop share what is declared here.
 *
 * A fatal error is printed and ends the process by a signal: the shim notices only children that
 * were killed, and waits for ever for one that just exits.
 */
#ifndef SWEMU_DEVICE_H
#define SWEMU_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** From the environment: SWEMU_TRACE, SWEMU_POLL_US, SWEMU_WATCHDOG_MS. */
typedef struct device_options {
    bool trace;           /**< one line a call on stderr */
    uint32_t poll_us;     /**< how long a status read waits for a busy unit */
    uint32_t watchdog_ms; /**< a kernel that runs longer ends the process; 0: no limit */
} device_options;

extern device_options device_opt;

/** Says why, then dies by SIGKILL. */
_Noreturn void device_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void device_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- memory: one reserved window; device address a is at window + a ---- */

/** Reserves the window; later calls keep the first size. */
void memory_init(uint64_t bytes);
/** Makes [address, address + size) usable; the host chose the address. False if it overlaps a
 *  buffer or leaves the window. */
bool memory_alloc(uint64_t address, uint64_t size);
void memory_free(uint64_t address);
void memory_free_all(void);
/**
 * Name of a file in which the host keeps its copies of buffers, each at the buffer's address; made
 * when first asked for. Nothing of it is device memory.
 */
const char *memory_host_file(void);
/** Host address of a range inside one buffer; NULL if it is not. */
uint8_t *memory_at(uint64_t address, uint64_t size);

/* ---- compute units, as the xclbin's XML names them ---- */

/** Loads kernels and units: the XML file and the shared object with the kernels' functions. False,
 *  with the reason on stderr, leaves none loaded. */
bool units_load(const char *xml_path, const char *object_path);
/** Writes registers; bit 0 of word 0 starts the unit. */
void units_write(uint64_t address, const uint8_t *bytes, size_t size);
/** Reads a register; word 0 is 1 while the unit runs, 6 (done, idle) else. */
uint32_t units_read(uint64_t address);

#endif
