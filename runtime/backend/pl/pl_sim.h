/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Faults that the sim port injects: "KIND[:N]", the N-th launch (from 1) or every one without N.
 *   slow    the launch takes 300 ms longer
 *   hang    it never ends
 *   error   it ends with an error, and nothing is computed
 *   length  the first transfer from the device after it moves fewer bytes than asked
 */
#ifndef ZI_BACKEND_PL_SIM_H
#define ZI_BACKEND_PL_SIM_H

#include "backend/pl/pl_port.h"

typedef enum zi_sim_fault_kind {
    ZI_SIM_NO_FAULT,
    ZI_SIM_SLOW,
    ZI_SIM_HANG,
    ZI_SIM_ERROR,
    ZI_SIM_LENGTH
} zi_sim_fault_kind;

typedef struct zi_sim_fault {
    zi_sim_fault_kind kind;
    uint32_t launch; /**< 0: every one */
} zi_sim_fault;

/** Reads the text; NULL and "" are no fault. ZURT_E_ARG. */
zurt_status zi_sim_fault_parse(zurt_ctx *ctx, const char *text, zi_sim_fault *out);

#endif
