/* SPDX-License-Identifier: Apache-2.0 */
/** @file What this CPU can do. */
#ifndef ZI_BASE_CPU_H
#define ZI_BASE_CPU_H

#include <stdint.h>

/** ZURT_CPU_* bits that the CPU and the OS support. */
uint32_t zi_cpu_detect(void);

/** Online cores, at least 1. */
uint32_t zi_cpu_count(void);

#endif
