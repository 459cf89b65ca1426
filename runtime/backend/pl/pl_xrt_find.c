/* SPDX-License-Identifier: Apache-2.0 */
/* Finds XRT's libraries and tells a build for boards from one for cards. */
#include "backend/pl/pl_xrt_find.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char coreutil_name[] = "libxrt_coreutil.so.2";
static const char core_name[] = "libxrt_core.so.2";

/* FOLDER/lib/NAME, or FOLDER/NAME if lib is "". */
static bool is_at(char *out, const char *folder, const char *lib, const char *name)
{
    const int n = snprintf(out, ZI_PATH_BYTES, "%s%s/%s", folder, lib, name);
    return n > 0 && n < ZI_PATH_BYTES && access(out, R_OK) == 0;
}

zurt_status zi_xrt_find_library(zurt_ctx *ctx, zi_xrt_found *out)
{
    const char *root = getenv("XILINX_XRT");
    *out = (zi_xrt_found){0};
    const bool is_named = root && is_at(out->coreutil, root, "/lib", coreutil_name);
    out->handle = dlopen(is_named ? out->coreutil : coreutil_name, RTLD_NOW | RTLD_LOCAL);
    if (!out->handle && is_named)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT cannot be loaded: %s. Install it anew, or mend "
                       "XILINX_XRT",
                       dlerror());
    if (!out->handle)
        return zi_fail(
            ctx, ZURT_E_DEVICE,
            "XRT is not installed: no libxrt_coreutil.so.2. Debian 12 and 13, Ubuntu "
            "24.04 to 25.10: apt-get install libxrt1. Later ones have no XRT for boards: "
            "install " ZI_PL_EDGE_XRT);
    return ZURT_OK;
}

/* The number behind ".so." of the file that a library's name stands for. */
static void read_version(const char *path, char *out, size_t size)
{
    char real[PATH_MAX];
    const char *found = realpath(path, real) ? strstr(real, ".so.") : NULL;
    const char *version = found ? found + 4 : "";
    if (strlen(version) < size && version[strspn(version, "0123456789.")] == 0)
        memcpy(out, version, strlen(version) + 1);
}

static bool contains(const void *bytes, size_t size, const char *word)
{
    return memmem(bytes, size, word, strlen(word)) != NULL;
}

/* Each build has the name of its own driver in it, and no other tells them apart: the class names
 * are not a promise. */
zi_xrt_build zi_xrt_build_of(const char *core)
{
    zi_xrt_build build = ZI_XRT_UNKNOWN;
    struct stat about;
    const int fd = open(core, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return build;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        const size_t size = (size_t)about.st_size;
        void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED) {
            if (contains(bytes, size, "zocl"))
                build = ZI_XRT_EDGE;
            else if (contains(bytes, size, "xocl"))
                build = ZI_XRT_PCIE;
            munmap(bytes, size);
        }
    }
    close(fd);
    return build;
}

zurt_status zi_xrt_find(zurt_ctx *ctx, zi_xrt_found *out)
{
    zurt_status st = zi_xrt_find_library(ctx, out);
    if (st)
        return st;
    const char *root = getenv("XILINX_XRT");
    const struct link_map *map = NULL;
    char folder[ZI_PATH_BYTES] = "";
    if (dlinfo(out->handle, RTLD_DI_LINKMAP, &map) == 0 && strlen(map->l_name) < ZI_PATH_BYTES) {
        memcpy(out->coreutil, map->l_name, strlen(map->l_name) + 1);
        memcpy(folder, out->coreutil, sizeof(folder));
        char *slash = strrchr(folder, '/');
        *(slash ? slash : folder) = 0;
    }
    if (!(root && is_at(out->core, root, "/lib", core_name)) &&
        !(folder[0] && is_at(out->core, folder, "", core_name)))
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "XRT is not whole: no libxrt_core.so.2 in %.150s, nor in lib below "
                       "XILINX_XRT ('%.100s'); install it anew",
                       folder, root ? root : "");
    read_version(out->core, out->version, sizeof(out->version));
    out->build = zi_xrt_build_of(out->core);
    return ZURT_OK;
}
