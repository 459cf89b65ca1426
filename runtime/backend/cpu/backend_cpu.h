/* SPDX-License-Identifier: Apache-2.0 */
/** @file The CPU: runs every op through ops/, each node one step. */
#ifndef ZI_BACKEND_CPU_BACKEND_CPU_H
#define ZI_BACKEND_CPU_BACKEND_CPU_H

#include "backend/backend.h"

extern const zi_backend_vtable zi_backend_cpu;

#endif
