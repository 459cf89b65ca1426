/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the environment, the driver and the files that XRT needs, before XRT does. */
#include "backend/pl/pl_probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/pl/pl_overlay.h"
#include "backend/pl/pl_xrt_find.h"

#if defined(__aarch64__)
#define DEFAULT_ROOT "/usr" // where XRT's arm64 build looks if XILINX_XRT is not set
#define MODEL_FOLDER "zynqu"
#else
#define DEFAULT_ROOT "" // no default: XRT ends the program
#define MODEL_FOLDER "generic_pcie"
#endif

#define MODEL_PATH "data/emulation/unified/cpu_em/" MODEL_FOLDER "/model/genericpciemodel"

static const char model_name[] = "/genericpciemodel";

static bool join(char *out, const char *folder, const char *rest)
{
    int n = snprintf(out, ZI_PATH_BYTES, "%s/%s", folder, rest);
    return n > 0 && n < ZI_PATH_BYTES;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

/* Debian's own library for amd64 writes to freed memory when a program is loaded. */
static zurt_status refuse_debian_shim(zurt_ctx *ctx, const char *path)
{
#if defined(__x86_64__)
    // zurt-swemu, the package, has the cured one in a folder below it
    static const char folder[] = "/usr/lib/x86_64-linux-gnu/";
    char real[PATH_MAX];
    if (realpath(path, real) && strncmp(real, folder, strlen(folder)) == 0 &&
        !strchr(real + strlen(folder), '/'))
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "sw_emu: %s is Debian's library, which corrupts memory; use zurt's cured "
                       "one: " ZI_PL_EMULATE,
                       path);
#else
    (void)ctx;
    (void)path;
#endif
    return ZURT_OK;
}

static zurt_status probe_emulation(zurt_ctx *ctx, char *shim)
{
    static const char library[] = "lib/libxrt_swemu.so.2";
    char model[ZI_PATH_BYTES];
    const char *root = getenv("XILINX_XRT") ? getenv("XILINX_XRT") : DEFAULT_ROOT;
    const char *vitis = environment("XILINX_VITIS");
    if (!root[0] || !join(shim, root, library) || access(shim, R_OK) != 0)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT would end the program: no %s below XILINX_XRT ('%s'); run it "
                       "as " ZI_PL_EMULATE,
                       library, root);
    if (!vitis[0] || !join(model, vitis, MODEL_PATH) || access(model, X_OK) != 0)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "sw_emu: no device process below XILINX_VITIS ('%s'); run it "
                       "as " ZI_PL_EMULATE,
                       vitis);
    return refuse_debian_shim(ctx, shim);
}

/* Whether the DRM node belongs to XRT's zocl driver. */
static bool is_zocl(const char *node)
{
    char link[ZI_PATH_BYTES];
    char target[ZI_PATH_BYTES];
    snprintf(link, sizeof(link), "/sys/class/drm/%s/device/driver", node);
    ssize_t n = readlink(link, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = 0;
    const char *base = strrchr(target, '/');
    return strncmp(base ? base + 1 : target, "zocl", 4) == 0;
}

static zurt_status probe_node(zurt_ctx *ctx)
{
    glob_t nodes;
    zurt_status st = ZURT_E_DEVICE;
    bool found = false;
    if (glob("/dev/dri/renderD*", 0, NULL, &nodes) == 0) {
        for (size_t i = 0; i < nodes.gl_pathc && st; i++) {
            const char *path = nodes.gl_pathv[i];
            if (!is_zocl(strrchr(path, '/') + 1))
                continue;
            found = true;
            if (access(path, R_OK | W_OK) == 0)
                st = ZURT_OK;
            else
                zi_fail(ctx, st,
                        "%s: %s; add the user to the group 'render' (usermod -aG render USER), and "
                        "if the node is root's alone: zurt doctor has the udev rule",
                        path, strerror(errno));
        }
        globfree(&nodes);
    }
    if (!found)
        zi_fail(ctx, st,
                "no PL: no render node of the zocl driver in /dev/dri. On a board: load the module "
                "zocl and " ZI_PL_OVERLAY ". Without one: " ZI_PL_EMULATE ", or --device sim");
    return st;
}

/* A build of XRT for cards would say that there is no device, and not why. */
static zurt_status probe_xrt(zurt_ctx *ctx, char *shim)
{
    zi_xrt_found xrt;
    zurt_status st = zi_xrt_find(ctx, &xrt);
    if (st)
        return st;
    if (xrt.build == ZI_XRT_PCIE)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT %s is built for PCIe cards and does not know zocl: %.200s (libxrt2 of "
                       "Debian and Ubuntu is such a one); install " ZI_PL_EDGE_XRT,
                       xrt.version, xrt.core);
    memcpy(shim, xrt.core, ZI_PATH_BYTES);
    return ZURT_OK;
}

zurt_status zi_pl_probe(zurt_ctx *ctx, zi_pl_place *out)
{
    const char *mode = getenv("XCL_EMULATION_MODE");
    *out = (zi_pl_place){.emulated = mode != NULL};
    if (mode && strcmp(mode, "sw_emu") != 0)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XCL_EMULATION_MODE is '%s'; zurt knows sw_emu, and none for the board",
                       mode);
    if (mode)
        return probe_emulation(ctx, out->shim);
    zurt_status st = probe_node(ctx); // the likelier fault first: most machines have no PL
    return st ? st : probe_xrt(ctx, out->shim);
}

zurt_status zi_pl_find_xclbin(zurt_ctx *ctx, const char *asked, char *out)
{
    const char *path = asked ? asked : getenv("ZURT_XCLBIN");
    if (!path)
        return zi_pl_choose_overlay(ctx, "", out);
    int n = snprintf(out, ZI_PATH_BYTES, "%s", path);
    if (n <= 0 || n >= ZI_PATH_BYTES)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "the xclbin's path, from --xclbin or ZURT_XCLBIN, has %d bytes; 1 to %d are "
                       "possible",
                       n, ZI_PATH_BYTES - 1);
    return ZURT_OK;
}

/* ---- device processes ---- */

/* A small file of /proc; false if the process has gone. */
static bool read_proc(const char *pid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, size - 1);
    close(fd);
    out[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* Our child, and named as XRT names its device process. */
static bool is_device_process(const char *pid)
{
    char text[1024];
    if (!read_proc(pid, "stat", text, sizeof(text)))
        return false;
    const char *after_name = strrchr(text, ')'); // the name may hold anything
    long parent = 0;
    if (!after_name || sscanf(after_name, ") %*c %ld", &parent) != 1 || parent != (long)getpid())
        return false;
    if (!read_proc(pid, "cmdline", text, sizeof(text)))
        return false;
    size_t n = strlen(text);
    size_t suffix = sizeof(model_name) - 1;
    return n >= suffix && strcmp(text + n - suffix, model_name) == 0;
}

size_t zi_pl_kill_emulation(void)
{
    size_t killed = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    for (const struct dirent *e; (e = readdir(proc));) {
        if (!isdigit((unsigned char)e->d_name[0]) || !is_device_process(e->d_name))
            continue;
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        killed += kill(pid, SIGKILL) == 0;
    }
    closedir(proc);
    return killed;
}
