/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the complete command beside a runtime-only one, and becomes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler_part.h"

/* From the folder of the command; the build states it, so that a tree can be moved. */
static const char beside[] = ZURT_COMPILER_COMMAND;

char *compiler_beside(void)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0)
        return NULL;
    self[n] = 0;
    char *name = strrchr(self, '/');
    if (!name)
        return NULL;
    name[1] = 0;
    size_t bytes = strlen(self) + sizeof(beside);
    char *path = malloc(bytes);
    if (!path)
        return NULL;
    memcpy(path, self, strlen(self));
    memcpy(path + strlen(self), beside, sizeof(beside));
    if (access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

int compiler_instead(cli *c, const char *model)
{
    char *path = compiler_beside();
    if (path) {
        cli_progress_end(c);
        execv(path, c->started_with);
        int code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
        free(path);
        return code;
    }
    return cli_fail(
        c, ZURT_E_UNSUPPORTED,
        "%s%sthis is a board's zurt, which runs .zurt files; install zurt-compiler, or do it "
        "on another machine (zurt compile MODEL.onnx --calib DATA -o MODEL.zurt)",
        model ? model : "", model ? ": " : "");
}
