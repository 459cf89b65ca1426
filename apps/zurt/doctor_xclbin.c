/* SPDX-License-Identifier: Apache-2.0 */
/* The xclbin that would be used, its capability table, and the clock that this promises. */
#include <stdio.h>
#include <string.h>

#include "doctor_root.h"

#define PL_CLOCK "/sys/kernel/debug/clk/pl0_ref"

/* The one that a session would take. */
static void choose(doctor *d)
{
    if (zurt_board_find_xclbin(d->ctx, d->root, d->xclbin_file, sizeof(d->xclbin_file)) == ZURT_OK)
        return;
    doctor_paths p = doctor_glob(d, "/lib/firmware/xilinx/zurt-*/zurt-*.xclbin");
    if (p.n)
        doctor_find(d, DOCTOR_XCLBIN_UNSETTLED, "%s", zurt_ctx_error(d->ctx));
    else if (d->wanted)
        doctor_find(d, DOCTOR_XCLBIN_ABSENT, "none in /lib/firmware/xilinx/zurt-*");
    doctor_paths_free(&p);
}

void doctor_xclbin(doctor *d)
{
    zurt_board_info info;
    if (d->xclbin)
        snprintf(d->xclbin_file, sizeof(d->xclbin_file), "%s", d->xclbin);
    else
        choose(d);
    if (!d->xclbin_file[0])
        return;
    if (zurt_board_load_xclbin(d->ctx, d->xclbin_file, &d->table) != ZURT_OK) {
        doctor_find(d, DOCTOR_XCLBIN_REFUSED, "%s", zurt_ctx_error(d->ctx));
        return;
    }
    zurt_board_info_get(d->table, &info);
    const bool here = d->place == DOCTOR_BOARD && d->board[0];
    const bool ours = strcmp(info.name, "kv260") == 0 || strcmp(info.name, "zcu104") == 0;
    if (here && ours && strcmp(info.name, d->board) != 0)
        doctor_find(d, DOCTOR_XCLBIN_OTHER_BOARD, "%s is of %s, this is a %s", d->xclbin_file,
                    info.name, d->board);
    else
        doctor_ok(d, "%s: '%s', engine version %u, %u MACs a cycle, %.0f MHz", d->xclbin_file,
                  info.name, (unsigned)info.engine_version, (unsigned)info.macs_per_cycle,
                  (double)info.clock_khz * 1e-3);
}

/* ---- clock ---- */

int doctor_compare_clocks(uint64_t asked, uint64_t seen)
{
    const uint64_t slack = asked / 100;
    return seen + slack < asked ? -1 : seen > asked + slack;
}

/* What the overlay asks of the PL's first clock, in Hz; 0: nothing. */
static uint64_t asked_clock(const doctor *d)
{
    static const char *const patterns[] = {"/proc/device-tree/clocking0/assigned-clock-rates",
                                           "/proc/device-tree/*/clocking0/assigned-clock-rates"};
    uint64_t rate = 0;
    for (size_t k = 0; k < sizeof(patterns) / sizeof(patterns[0]) && !rate; k++) {
        doctor_paths p = doctor_glob(d, patterns[k]);
        char bytes[8];
        if (p.n && doctor_read_bytes(d, p.items[0], bytes, sizeof(bytes)) >= 4) {
            for (int i = 0; i < 4; i++)
                rate = rate << 8 | (unsigned char)bytes[i];
        }
        doctor_paths_free(&p);
    }
    return rate;
}

void doctor_clock(doctor *d)
{
    uint64_t rate, enabled = 1;
    zurt_board_info info = {0};
    if (d->table)
        zurt_board_info_get(d->table, &info);
    if (!doctor_read_number(d, PL_CLOCK "/clk_rate", &rate)) {
        doctor_find(d, DOCTOR_CLOCK_HIDDEN, "no " PL_CLOCK "/clk_rate for this user");
        return;
    }
    const uint64_t asked = asked_clock(d);
    const int order = asked ? doctor_compare_clocks(asked, rate) : 0;
    if (doctor_read_number(d, PL_CLOCK "/clk_enable_count", &enabled) && enabled == 0)
        doctor_find(d, DOCTOR_CLOCK_OFF, "pl0_ref is not enabled");
    if (order)
        doctor_find(d, order < 0 ? DOCTOR_CLOCK_SLOW : DOCTOR_CLOCK_FAST,
                    "the overlay asks for %.1f MHz, pl0_ref has %.1f MHz", (double)asked * 1e-6,
                    (double)rate * 1e-6);
    else if (enabled)
        doctor_ok(d, "pl0_ref has %.1f MHz%s", (double)rate * 1e-6,
                  asked ? ", as the overlay asks" : "; the overlay asks for none");
    if (info.link_khz && doctor_compare_clocks(info.clock_khz, info.link_khz))
        doctor_find(d, DOCTOR_CLOCK_PROMISE,
                    "the tools reached %.1f MHz, the table promises %.1f MHz",
                    (double)info.link_khz * 1e-3, (double)info.clock_khz * 1e-3);
    if (info.clock_khz && doctor_compare_clocks((uint64_t)info.clock_khz * 1000, rate))
        doctor_ok(d,
                  "the table promises %.1f MHz: right if the design makes that of pl0_ref "
                  "(clock wizard)",
                  (double)info.clock_khz * 1e-3);
}
