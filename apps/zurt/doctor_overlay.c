/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the PL, what could be, and who puts it there. */
#include <stdio.h>
#include <string.h>

#include "doctor_root.h"

#define OVERLAYS "/sys/kernel/config/device-tree/overlays"
#define FIRMWARE "/lib/firmware/xilinx/"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add_word(char *list, size_t size, const char *word)
{
    size_t n = strlen(list);
    snprintf(list + n, size - n, "%s%s", n ? ", " : "", word);
}

static bool has_file(const doctor *d, const char *name, const char *suffix)
{
    char path[DOCTOR_PATH_BYTES];
    snprintf(path, sizeof(path), FIRMWARE "%s/%s%s", name, name, suffix);
    return doctor_exists(d, path);
}

/* Whether all files of a folder are there. */
static void judge_folder(doctor *d, const char *name)
{
    char missing[512] = "", shell[DOCTOR_PATH_BYTES];
    snprintf(shell, sizeof(shell), FIRMWARE "%s/shell.json", name);
    if (!has_file(d, name, ".bit.bin") && !has_file(d, name, ".bin"))
        add_word(missing, sizeof(missing), "bitstream (.bit.bin)");
    if (!has_file(d, name, ".dtbo"))
        add_word(missing, sizeof(missing), "device-tree overlay (.dtbo)");
    if (!has_file(d, name, ".xclbin"))
        add_word(missing, sizeof(missing), "xclbin");
    if (!doctor_exists(d, shell))
        add_word(missing, sizeof(missing), "shell.json");
    if (missing[0])
        doctor_find(d, DOCTOR_FIRMWARE_INCOMPLETE, FIRMWARE "%s lacks: %s", name, missing);
    else
        doctor_ok(d, FIRMWARE "%s is complete", name);
}

/* NAME of the bitstream NAME.bit.bin or NAME.bin that a region of the device tree has. */
static bool find_loaded(const doctor *d, char *name, size_t size)
{
    doctor_paths p = doctor_glob(d, "/proc/device-tree/*/firmware-name");
    bool found = false;
    for (size_t i = 0; i < p.n && !found; i++) {
        char file[DOCTOR_PATH_BYTES];
        if (!doctor_read(d, p.items[i], file, sizeof(file)))
            continue;
        const char *base = base_name(file);
        const char *end = strstr(base, ".bi"); // .bit.bin, .bin
        found = end && end > base && (size_t)(end - base) < size;
        if (found)
            snprintf(name, size, "%.*s", (int)(end - base), base);
    }
    doctor_paths_free(&p);
    return found;
}

/* Folders of zurt's. The one to use is that of the xclbin that a session would take; where this is
 * missing, that of the board, or the only one. */
static size_t look_at_folders(doctor *d)
{
    char wanted[DOCTOR_NAME_BYTES], xclbin[DOCTOR_PATH_BYTES];
    doctor_paths p = doctor_glob(d, FIRMWARE "zurt-*");
    snprintf(wanted, sizeof(wanted), "zurt-%s", d->board);
    for (size_t i = 0; i < p.n; i++) {
        const char *name = base_name(p.items[i]);
        judge_folder(d, name);
        if (p.n == 1 || strcmp(name, wanted) == 0)
            snprintf(d->firmware, sizeof(d->firmware), "%s", name);
    }
    if (zurt_board_find_xclbin(d->ctx, d->root, xclbin, sizeof(xclbin)) == ZURT_OK) {
        *strrchr(xclbin, '/') = 0; // .../APP/APP.xclbin
        snprintf(d->firmware, sizeof(d->firmware), "%.*s", DOCTOR_NAME_BYTES - 1,
                 base_name(xclbin));
    }
    size_t n = p.n;
    doctor_paths_free(&p);
    return n;
}

/* True if the PL holds a bitstream. */
static bool look_at_manager(doctor *d)
{
    char state[DOCTOR_NAME_BYTES], path[DOCTOR_PATH_BYTES];
    doctor_paths p = doctor_glob(d, "/sys/class/fpga_manager/*");
    bool operating = false;
    if (p.n == 0)
        doctor_find(d, DOCTOR_FPGA_MANAGER, "nothing in /sys/class/fpga_manager");
    for (size_t i = 0; i < p.n; i++) {
        snprintf(path, sizeof(path), "%s/state", p.items[i]);
        if (!doctor_read(d, path, state, sizeof(state)))
            continue;
        if (strstr(state, "error"))
            doctor_find(d, DOCTOR_FPGA_FAILED, "%s: '%s'", p.items[i], state);
        operating = operating || strcmp(state, "operating") == 0;
    }
    doctor_paths_free(&p);
    return operating;
}

/* An overlay's own name or the file it came from has the folder's name in it. */
static bool is_ours(const doctor *d, const char *overlay)
{
    char path[DOCTOR_PATH_BYTES], source[DOCTOR_PATH_BYTES];
    if (strstr(base_name(overlay), d->firmware))
        return true;
    snprintf(path, sizeof(path), "%s/path", overlay);
    return doctor_read(d, path, source, sizeof(source)) && strstr(source, d->firmware);
}

static void look_at_overlays(doctor *d, bool operating)
{
    char path[DOCTOR_PATH_BYTES], status[DOCTOR_NAME_BYTES], loaded[DOCTOR_NAME_BYTES];
    char others[512] = "";
    bool failed = false;
    bool ours = find_loaded(d, loaded, sizeof(loaded)) && strcmp(loaded, d->firmware) == 0;
    doctor_paths p = doctor_glob(d, OVERLAYS "/*");
    for (size_t i = 0; i < p.n; i++) {
        snprintf(path, sizeof(path), "%s/status", p.items[i]);
        if (doctor_read(d, path, status, sizeof(status)) && strcmp(status, "applied") != 0) {
            doctor_find(d, DOCTOR_OVERLAY_FAILED, "%s: '%s'", base_name(p.items[i]), status);
            failed = true;
        } else if (d->firmware[0] && is_ours(d, p.items[i])) {
            ours = true;
        } else {
            add_word(others, sizeof(others), base_name(p.items[i]));
        }
    }
    const bool at_boot = p.n == 0 && operating && doctor_tree_find(d, "xlnx,zocl", path);
    doctor_paths_free(&p);
    if (ours)
        doctor_ok(d, "%s is loaded", d->firmware);
    else if (others[0] && d->wanted && d->firmware[0])
        doctor_find(d, DOCTOR_OVERLAY_OTHER, "%s", others);
    else if (others[0])
        doctor_ok(d, "loaded: %s", others);
    else if (at_boot)
        doctor_ok(d, "the PL was loaded at boot");
    else if (d->firmware[0] && !failed)
        doctor_find(d, DOCTOR_OVERLAY_NOT_LOADED, "%s", d->firmware);
}

static void look_at_dfx(doctor *d, size_t n_folders)
{
    const bool there = doctor_exists(d, "/usr/bin/dfx-mgrd");
    const bool left = doctor_exists(d, "/tmp/dfx-mgrd.socket") ||
                      doctor_exists(d, "/run/dfx-mgrd.socket") ||
                      doctor_exists(d, "/var/run/dfx-mgrd.socket");
    // where processes of others are hidden (hidepid), init is too
    const bool told = doctor_is_elsewhere(d) || doctor_exists(d, "/proc/1/comm");
    if (there && told && !doctor_runs(d, "dfx-mgrd"))
        doctor_find(d, DOCTOR_DFX_STOPPED, "no process dfx-mgrd%s",
                    left ? "; its socket is left over" : "");
    else if (there && told)
        doctor_ok(d, "dfx-mgr runs%s", left ? "" : ", without its socket in /run or /tmp");
    else if (n_folders && !there)
        doctor_find(d, DOCTOR_DFX_ABSENT, "no /usr/bin/dfx-mgrd");
}

void doctor_firmware(doctor *d)
{
    const size_t n = look_at_folders(d);
    if (n == 0 && !d->xclbin)
        doctor_find(d, DOCTOR_NO_OVERLAY, "no zurt-* in " FIRMWARE);
    const bool operating = look_at_manager(d);
    look_at_overlays(d, operating);
    look_at_dfx(d, n);
}
