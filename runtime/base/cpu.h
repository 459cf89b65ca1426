/* SPDX-License-Identifier: Apache-2.0 */
/** @file What this CPU can do. */
#ifndef ZI_BASE_CPU_H
#define ZI_BASE_CPU_H

#include <stdint.h>

/** ZURT_CPU_* bits that the CPU and the OS support. */
uint32_t zi_cpu_detect(void);

/** Cores that this process may use, at least 1: those it is allowed to run on, and no more than its
 *  control groups grant it time of. */
uint32_t zi_cpu_count(void);

/** What the control groups grant, in cores, a part of one counting as one; UINT32_MAX: no limit.
 *  `root` stands before every path that is read: "" on this machine. */
uint32_t zi_cpu_quota(const char *root);

#endif
