/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe sees through the linker's --wrap. */
#include "xrt/pretend_board.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool zt_node_is_refused;
bool zt_xrt_is_absent;
const char *zt_coreutil;

static const char node[] = "/dev/dri/renderD128";

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_glob64(const char *pattern, int flags, int (*error)(const char *, int), glob_t *out);
void __wrap_globfree64(glob_t *g);
ssize_t __wrap_readlink(const char *path, char *out, size_t size);
void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);

void *__wrap_dlopen(const char *name, int flags)
{
    const bool meant = strstr(name, "libxrt_coreutil") != NULL;
    if (meant && zt_xrt_is_absent)
        return NULL;
    return __real_dlopen(meant && zt_coreutil ? zt_coreutil : name, flags);
}

int __wrap_access(const char *path, int mode)
{
    if (strcmp(path, node) != 0)
        return __real_access(path, mode);
    errno = EACCES;
    return zt_node_is_refused ? -1 : 0;
}

int __wrap_glob64(const char *pattern, int flags, int (*error)(const char *, int), glob_t *out)
{
    static char *paths[] = {(char *)node, NULL};
    (void)flags, (void)error;
    if (strncmp(pattern, "/dev/dri/", 9) != 0)
        return GLOB_NOMATCH;
    *out = (glob_t){.gl_pathc = 1, .gl_pathv = paths};
    return 0;
}

void __wrap_globfree64(glob_t *g)
{
    *g = (glob_t){0};
}

ssize_t __wrap_readlink(const char *path, char *out, size_t size)
{
    static const char driver[] = "../../../bus/platform/drivers/zocl-drm";
    (void)path;
    size_t n = sizeof(driver) - 1 < size ? sizeof(driver) - 1 : size;
    memcpy(out, driver, n);
    return (ssize_t)n;
}

bool zt_board_xclbin(const char *emulated, char *path_template)
{
    enum { AT_MODE = 332, FLAT = 0, MAX_BYTES = 1 << 20 };
    static uint8_t bytes[MAX_BYTES];
    FILE *in = fopen(emulated, "rb");
    size_t n = in ? fread(bytes, 1, MAX_BYTES, in) : 0;
    int fd = mkstemp(path_template);
    bytes[AT_MODE] = FLAT;
    bool written = n > AT_MODE && fd >= 0 && write(fd, bytes, n) == (ssize_t)n;
    if (in)
        fclose(in);
    if (fd >= 0)
        close(fd);
    return written;
}

static bool copy_core(const char *from, const char *to)
{
    static const char word[] = "zocl";
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    if (in && out) {
        for (int c; (c = getc(in)) != EOF;)
            putc(c, out);
        fputs(word, out);
    }
    bool copied = in && out && !ferror(in) && !ferror(out);
    if (in)
        fclose(in);
    if (out)
        copied &= fclose(out) == 0;
    return copied;
}

bool zt_set_xrt_folder(char *path_template, const char *libraries)
{
    char core[64];
    char path[PATH_MAX];
    if (!mkdtemp(path_template))
        return false;
    snprintf(core, sizeof(core), "%s/lib", path_template);
    if (mkdir(core, 0700) != 0)
        return false;
    snprintf(core, sizeof(core), "%s/lib/libxrt_core.so.2", path_template);
    snprintf(path, sizeof(path), "%s/libxrt_core.so.2", libraries);
    return copy_core(path, core) && setenv("XILINX_XRT", path_template, 1) == 0;
}

void zt_remove_xrt_folder(const char *folder)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/lib/libxrt_core.so.2", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/lib", folder);
    rmdir(path);
    rmdir(folder);
}
