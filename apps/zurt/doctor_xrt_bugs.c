/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of zocl that were reported and matter to zurt, by release. Ref: the issues and pull
 * requests of github.com/Xilinx/XRT. 2.13: 2022.1, 2.14: 2022.2, 2.15 and 2.16: 2023.1 and .2, 2.17
 * and 2.18: 2024.1 and .2, 2.19 and 2.20: 2025.1 and .2, 2.23: 2026.1.
 */
#include "doctor.h"

static const doctor_bug bugs[] = {
    {"XRT #8164", 13, 17,
     "on boards whose device tree reserves memory, buffers may be taken for ones outside of the "
     "CMA "
     "pool",
     "zocl of 2.18 or later, or no reserved-memory node for zocl"},
    {"XRT #9737", 16, 16,
     "the interrupt controller in the PL may stay switched off, and then each launch takes 500 ms",
     "see launch-stall: the self-test measures it"},
    {"XRT #9114", 19, 19,
     "small buffers may come from a CMA region that the engine does not reach, if there are "
     "several",
     "one CMA region, or zocl with #9120 (2025.1 updates, 2.20)"},
    {"XRT #9552", 13, 22,
     "sizes in requests may overflow, so who may open the node can harm the kernel",
     "let only users that you trust into the group render, or zocl of 2.23 or later"},
};

const doctor_bug *doctor_bug_at(size_t i)
{
    return i < sizeof(bugs) / sizeof(bugs[0]) ? &bugs[i] : NULL;
}
