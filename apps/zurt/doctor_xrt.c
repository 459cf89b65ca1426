/* SPDX-License-Identifier: Apache-2.0 */
/* XRT's libraries: there, of this machine, loadable, of the right build and release. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor_root.h"

#define COREUTIL "libxrt_coreutil.so.2"
/* The last of the functions that zurt needs to have come: since 2.13, of 2022.1. */
#define NEEDED_FUNCTION "xrtPLKernelOpenExclusive"

enum { OLDEST_MINOR = 13, LOAD_SECONDS = 30, ELF_AT_MACHINE = 18, ELF_HEAD = 20 };

#if defined(__aarch64__)
enum { ELF_MACHINE = 183 };
#elif defined(__x86_64__)
enum { ELF_MACHINE = 62 };
#else
enum { ELF_MACHINE = 0 }; // not judged
#endif

int doctor_minor_version(const char *text)
{
    for (; *text; text++) {
        char *end;
        if (strncmp(text, "2.", 2) != 0)
            continue;
        long minor = strtol(text + 2, &end, 10);
        if (end != text + 2 && *end == '.' && minor >= 0 && minor < 1000)
            return (int)minor;
    }
    return -1;
}

/* The first folder of `list`, parted by colons, that has the library. */
static bool find_in(const doctor *d, const char *list, const char *suffix, char *out)
{
    while (list && *list) {
        size_t n = strcspn(list, ":");
        int length = snprintf(out, DOCTOR_PATH_BYTES, "%.*s%s/" COREUTIL, (int)n, list, suffix);
        if (n && length < DOCTOR_PATH_BYTES && doctor_exists(d, out))
            return true;
        list += n + (list[n] == ':');
    }
    return false;
}

static bool is_of_this_machine(const doctor *d, const char *library)
{
    char head[ELF_HEAD + 1];
    ssize_t n = doctor_read_bytes(d, library, head, sizeof(head));
    if (n < ELF_HEAD || memcmp(head, "\177ELF", 4) != 0)
        return true; // damaged: the loader says how
    int machine = (unsigned char)head[ELF_AT_MACHINE] | (unsigned char)head[ELF_AT_MACHINE + 1]
                                                            << 8;
    return ELF_MACHINE == 0 || machine == ELF_MACHINE;
}

/* ---- in a child, which a broken library may end ---- */

typedef enum load_result { LOAD_GOOD, LOAD_BROKEN, LOAD_INCOMPLETE } load_result;

static _Noreturn void load_in_child(const char *name, int pipe)
{
    const struct link_map *map = NULL;
    int null = open("/dev/null", O_WRONLY);
    if (null >= 0) { // XRT may print; what it says there is no result of ours
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    alarm(LOAD_SECONDS);
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    const char *text = library ? name : dlerror();
    if (library && dlinfo(library, RTLD_DI_LINKMAP, &map) == 0)
        text = map->l_name;
    if (write(pipe, text, strlen(text)) < 0 || !library)
        _exit(LOAD_BROKEN);
    _exit(dlsym(library, NEEDED_FUNCTION) ? LOAD_GOOD : LOAD_INCOMPLETE);
}

/* `text` becomes the path of what was loaded, or why it was not. */
static load_result try_load(const char *name, char *text, size_t size)
{
    int ends[2], status = 0;
    snprintf(text, size, "no process to try it in");
    if (pipe(ends) != 0)
        return LOAD_BROKEN;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        load_in_child(name, ends[1]);
    }
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got = 1; child > 0 && got > 0 && n<size - 1; n += got> 0 ? (size_t)got : 0)
        got = read(ends[0], text + n, size - 1 - n);
    close(ends[0]);
    if (child < 0)
        return LOAD_BROKEN;
    text[n] = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        snprintf(text, size, "%s: it ends the program by signal %d", name, WTERMSIG(status));
        return LOAD_BROKEN;
    }
    return (load_result)WEXITSTATUS(status);
}

/* Where the loader finds it; where it is as a rule, though it cannot be loaded from there. */
static bool find_library(const doctor *d, char *out)
{
    static const char usual[] =
        "/usr/lib:/usr/lib64:/usr/lib/aarch64-linux-gnu:/usr/lib/x86_64-linux-gnu:/usr/local/lib:"
        "/lib:/opt/xilinx/xrt/lib";
    if (!doctor_is_elsewhere(d) && try_load(COREUTIL, out, DOCTOR_PATH_BYTES) != LOAD_BROKEN)
        return true;
    return find_in(d, usual, "", out) || find_in(d, getenv("XILINX_XRT"), "/lib", out);
}

/* ---- the driver library ---- */

/* What a libxrt_core drives: each has the name of its own driver in it. */
typedef enum xrt_build { XRT_UNKNOWN, XRT_EDGE, XRT_PCIE } xrt_build;

static xrt_build build_of(const doctor *d, const char *core)
{
    enum { WORD = 4 };
    char full[DOCTOR_PATH_BYTES], part[65536];
    size_t kept = 0; // of the part before: a word may be across both
    xrt_build build = XRT_UNKNOWN;
    int fd = doctor_path(d, core, full) ? open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    for (ssize_t n = 1; fd >= 0 && n > 0 && build != XRT_EDGE;) {
        n = read(fd, part + kept, sizeof(part) - kept);
        const size_t size = kept + (n > 0 ? (size_t)n : 0);
        for (size_t i = 0; i + WORD <= size && build != XRT_EDGE; i++) {
            if (memcmp(part + i, "zocl", WORD) == 0)
                build = XRT_EDGE;
            else if (memcmp(part + i, "xocl", WORD) == 0)
                build = XRT_PCIE; // unless the other follows
        }
        kept = size < WORD - 1 ? size : WORD - 1;
        memmove(part, part + size - kept, kept);
    }
    if (fd >= 0)
        close(fd);
    return build;
}

static void judge_build(doctor *d, const char *core)
{
    static const char *const names[] = {[XRT_UNKNOWN] = "of an unknown build",
                                        [XRT_EDGE] = "edge build",
                                        [XRT_PCIE] = "PCIe build"};
    const xrt_build build = build_of(d, core);
    if (build == XRT_PCIE)
        doctor_find(d, DOCTOR_XRT_PCIE, "%s has the driver xocl in it, and not zocl", core);
    else
        doctor_ok(d, "driver library %s, %s", core, names[build]);
}

/* In $XILINX_XRT/lib, or beside `coreutil`. */
static void look_at_driver(doctor *d, const char *coreutil)
{
    const bool emulated = d->place == DOCTOR_EMULATION;
    const char *root = getenv("XILINX_XRT");
    const char *name = emulated ? "libxrt_swemu.so.2" : "libxrt_core.so.2";
    char path[DOCTOR_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/lib/%s", root ? root : "", name);
    if (!emulated && (!root || !doctor_exists(d, path)))
        snprintf(path, sizeof(path), "%.*s%s", (int)(strlen(coreutil) - sizeof(COREUTIL) + 1),
                 coreutil, name);
    if (!doctor_exists(d, path))
        doctor_find(d, DOCTOR_XRT_DRIVER, "no %s; XILINX_XRT is '%s'", path, root ? root : "");
    else if (emulated)
        doctor_ok(d, "driver library %s", path);
    else
        judge_build(d, path);
}

/* ---- releases ---- */

static void look_at_releases(doctor *d)
{
    char version[DOCTOR_NAME_BYTES];
    if (doctor_read(d, "/sys/module/zocl/version", version, sizeof(version)))
        d->zocl_minor = doctor_minor_version(version);
    if (d->xrt_minor >= 0 && d->zocl_minor >= 0 && d->xrt_minor != d->zocl_minor)
        doctor_find(d, DOCTOR_XRT_ZOCL_DIFFER, "XRT 2.%d, zocl 2.%d", d->xrt_minor, d->zocl_minor);
    if (d->place != DOCTOR_BOARD) // the faults are zocl's
        return;
    const int minor = d->zocl_minor >= 0 ? d->zocl_minor : d->xrt_minor;
    const doctor_bug *bug;
    for (size_t i = 0; minor >= 0 && (bug = doctor_bug_at(i)); i++) {
        if (minor >= bug->first && minor <= bug->last)
            doctor_find(d, DOCTOR_XRT_KNOWN_BUG, "2.%d, %s: %s; %s", minor, bug->issue, bug->what,
                        bug->mend);
    }
}

static void judge_library(doctor *d, const char *library)
{
    char full[DOCTOR_PATH_BYTES], error[DOCTOR_TEXT_BYTES], real[DOCTOR_PATH_BYTES];
    load_result loaded = LOAD_BROKEN;
    snprintf(error, sizeof(error), "its path is too long");
    if (doctor_link_name(d, library, real, sizeof(real)))
        d->xrt_minor = doctor_minor_version(real);
    if (d->xrt_minor >= 0 && d->xrt_minor < OLDEST_MINOR) {
        doctor_find(d, DOCTOR_XRT_OLD, "%s is 2.%d", library, d->xrt_minor);
        return;
    }
    if (doctor_path(d, library, full))
        loaded = try_load(full, error, sizeof(error));
    if (loaded == LOAD_BROKEN)
        doctor_find(d, DOCTOR_XRT_BROKEN, "%s", error);
    else if (loaded == LOAD_INCOMPLETE)
        doctor_find(d, DOCTOR_XRT_INCOMPLETE, "%s has no " NEEDED_FUNCTION, library);
    else if (d->xrt_minor >= 0)
        doctor_ok(d, "XRT 2.%d: %s", d->xrt_minor, library);
    else
        doctor_ok(d, "XRT of an unknown release: %s", library);
}

void doctor_xrt(doctor *d)
{
    char library[DOCTOR_PATH_BYTES];
    const bool there = find_library(d, library);
    if (!there)
        doctor_find(d, DOCTOR_XRT_ABSENT, "no " COREUTIL);
    else if (!is_of_this_machine(d, library))
        doctor_find(d, DOCTOR_XRT_MACHINE, "%s", library);
    else
        judge_library(d, library);
    if (there)
        look_at_driver(d, library);
    look_at_releases(d);
}
