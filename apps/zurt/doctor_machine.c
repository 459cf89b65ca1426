/* SPDX-License-Identifier: Apache-2.0 */
/* Which machine it is, and whether it is seen from inside a container. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_root.h"

#define FIRMWARE "/lib/firmware/xilinx/zurt-*"

static bool has_firmware(const doctor *d)
{
    doctor_paths p = doctor_glob(d, FIRMWARE);
    bool found = p.n > 0;
    doctor_paths_free(&p);
    return found;
}

/* A K26 is a KV260 for a bitstream: the carrier's pins are none of the engine's. */
static const char *board_of(const char *compatible, size_t size)
{
    static const char *const boards[][2] = {{"xlnx,zynqmp-sk-kv260", "kv260"},
                                            {"xlnx,zynqmp-smk-k26", "kv260"},
                                            {"xlnx,zynqmp-sm-k26", "kv260"},
                                            {"xlnx,zynqmp-zcu104", "zcu104"}};
    for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
        if (doctor_strings_have(compatible, size, boards[i][0]))
            return boards[i][1];
    }
    return "";
}

/* Where XRT would find the process that stands for the PL. */
static void look_at_emulation(doctor *d, const char *mode)
{
    static const char *const folders[] = {"generic_pcie", "zynqu"}; // of amd64, of arm64
    const char *vitis = getenv("XILINX_VITIS");
    if (strcmp(mode, "sw_emu") != 0) {
        doctor_find(d, DOCTOR_EMULATION_MODE, "XCL_EMULATION_MODE is '%s'", mode);
        return;
    }
    for (size_t i = 0; vitis && i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[DOCTOR_PATH_BYTES];
        snprintf(path, sizeof(path), "%s/data/emulation/unified/cpu_em/%s/model/genericpciemodel",
                 vitis, folders[i]);
        if (doctor_exists(d, path)) {
            doctor_ok(d, "XRT's software emulation: %s", path);
            return;
        }
    }
    doctor_find(d, DOCTOR_EMULATION_INCOMPLETE, "XILINX_VITIS is '%s'", vitis ? vitis : "");
}

/* A Zynq UltraScale+ by what else the kernel shows. */
static bool shows_zynqmp(const doctor *d)
{
    char family[DOCTOR_NAME_BYTES];
    return doctor_exists(d, "/sys/module/zocl") ||
           (doctor_read(d, "/sys/devices/soc0/family", family, sizeof(family)) &&
            strstr(family, "ZynqMP"));
}

/* Fills machine, board, kernel, tree_hidden; true: a Zynq UltraScale+. */
static bool identify(doctor *d)
{
    char compatible[512];
    if (!doctor_read(d, "/proc/sys/kernel/osrelease", d->kernel, sizeof(d->kernel)))
        snprintf(d->kernel, sizeof(d->kernel), "of an unknown release");
    if (!doctor_read(d, "/proc/device-tree/model", d->machine, sizeof(d->machine)))
        d->machine[0] = 0;
    const ssize_t n =
        doctor_read_bytes(d, "/proc/device-tree/compatible", compatible, sizeof(compatible));
    d->tree_hidden = n <= 0 && shows_zynqmp(d);
    if (n <= 0 || !doctor_strings_have(compatible, (size_t)n, "xlnx,zynqmp"))
        return d->tree_hidden;
    snprintf(d->board, sizeof(d->board), "%s", board_of(compatible, (size_t)n));
    return true;
}

void doctor_machine(doctor *d)
{
    const char *mode = getenv("XCL_EMULATION_MODE");
    const bool zynqmp = identify(d);
    d->place = mode ? DOCTOR_EMULATION : zynqmp ? DOCTOR_BOARD : DOCTOR_PC;
    d->wanted = mode || d->xclbin || has_firmware(d);
    if (d->tree_hidden)
        doctor_find(d, DOCTOR_TREE_HIDDEN, "no /proc/device-tree/compatible, Linux %s", d->kernel);
    else if (zynqmp && !d->board[0])
        doctor_find(d, DOCTOR_BOARD_OTHER, "%s", d->machine);
    else if (zynqmp)
        doctor_ok(d, "%s, Linux %s", d->machine[0] ? d->machine : d->board, d->kernel);
    if (zynqmp && mode)
        doctor_find(d, DOCTOR_EMULATION_ON_BOARD, "XCL_EMULATION_MODE is '%s'", mode);
    if (mode)
        look_at_emulation(d, mode);
    else if (!zynqmp)
        doctor_find(d, DOCTOR_NO_BOARD, "%s%sLinux %s", d->machine, d->machine[0] ? ", " : "",
                    d->kernel);
}

void doctor_container(doctor *d)
{
    static const char *const marks[] = {"/.dockerenv", "/run/.containerenv",
                                        "/run/systemd/container"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (doctor_exists(d, marks[i])) {
            doctor_find(d, DOCTOR_CONTAINER, "%s is there", marks[i]);
            return;
        }
    }
    doctor_ok(d, "none");
}
