/* SPDX-License-Identifier: Apache-2.0 */
/* The contiguous memory that the PL's buffers come from. */
#include <inttypes.h>

#include "doctor_root.h"

enum { MIB = 1 << 20 };

void doctor_cma(doctor *d)
{
    char text[DOCTOR_TEXT_BYTES];
    uint64_t total = 0, left = 0;
    if (!doctor_read(d, "/proc/meminfo", text, sizeof(text)))
        return;
    if (!doctor_meminfo(text, "CmaTotal", &total) || total == 0) {
        doctor_find(d, DOCTOR_CMA_NONE, "CmaTotal is 0");
        return;
    }
    doctor_meminfo(text, "CmaFree", &left);
    const double need = (double)d->totals.device_bytes / MIB;
    if (need > (double)total / MIB)
        doctor_find(d, DOCTOR_CMA_SMALL, "the model needs %.1f MiB, the pool has %" PRIu64 " MiB",
                    need, total / MIB);
    else if (need > (double)left / MIB)
        doctor_find(d, DOCTOR_CMA_TAKEN,
                    "the model needs %.1f MiB, %" PRIu64 " of %" PRIu64 " MiB are free", need,
                    left / MIB, total / MIB);
    else if (need > 0)
        doctor_ok(d, "%" PRIu64 " of %" PRIu64 " MiB are free, the model needs %.1f", left / MIB,
                  total / MIB, need);
    else
        doctor_ok(d, "%" PRIu64 " of %" PRIu64 " MiB are free", left / MIB, total / MIB);
}
