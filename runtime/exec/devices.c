/* SPDX-License-Identifier: Apache-2.0 */
/* The list of back ends. */
#include "exec/devices.h"

#include "backend/cpu/backend_cpu.h"
#include "backend/pl/pl.h"
#include "backend/pl/pl_overlay.h"

static const zi_device_row rows[] = {
    {ZURT_DEVICE_XRT, &zi_backend_xrt, true, zi_pl_look_board},
    {ZURT_DEVICE_SIM, &zi_backend_sim, false, zi_pl_look_engine},
    {ZURT_DEVICE_CPU, &zi_backend_cpu, false, NULL},
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

_Static_assert(N_ROWS <= ZI_MAX_ACCELERATORS + 1, "every row but the CPU's is a candidate");

const zi_device_row *zi_device_rows(size_t *n)
{
    *n = N_ROWS;
    return rows;
}

const zi_backend_vtable *zi_device_cpu(void)
{
    return &zi_backend_cpu;
}

zurt_status zurt_device_probe(zurt_ctx *ctx, zurt_device device, const char *xclbin)
{
    if (!ctx)
        return ZURT_E_ARG;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].device == device)
            return rows[i].look ? rows[i].look(ctx, xclbin) : ZURT_OK;
    }
    return zi_fail(ctx, ZURT_E_ARG, "probe: device %d is none that can be asked for", (int)device);
}

zi_accelerators zi_accelerators_for(zurt_device device)
{
    zi_accelerators a = {.required = device == ZURT_DEVICE_XRT || device == ZURT_DEVICE_SIM,
                         .expected = zi_pl_is_board("")};
    for (size_t i = 0; i < N_ROWS; i++) {
        bool wanted = device == ZURT_DEVICE_AUTO ? rows[i].automatic : rows[i].device == device;
        if (wanted && rows[i].device != ZURT_DEVICE_CPU)
            a.candidates[a.n++] = rows[i].vtable;
    }
    return a;
}
