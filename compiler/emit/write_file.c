/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

/* ".", a process id, ".", a counter, ".tmp" and the terminator. */
#define SUFFIX_BYTES 48
#define MAX_TRIES    100

/* mkstemp would give mode 0600, where the user's umask should decide. */
static int open_temporary(const char *path, char *name, size_t size)
{
    int fd = -1;
    for (int i = 0; fd < 0 && i < MAX_TRIES; i++) {
        snprintf(name, size, "%s.%ld.%d.tmp", path, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* 0 or errno. */
static int fill(int fd, const uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        }
    }
    return fsync(fd) ? errno : 0;
}

zurt_status zc_write_file(zurt_ctx *ctx, const char *path, const void *bytes, size_t size)
{
    struct stat s;
    if (stat(path, &s) == 0 && !S_ISREG(s.st_mode)) // renaming would replace a device
        return zi_fail(ctx, ZURT_E_IO, "%s: exists and is not a regular file", path);
    size_t name_size = strlen(path) + SUFFIX_BYTES;
    char *name = zi_zalloc(&ctx->allocator, name_size);
    if (!name)
        return zi_fail(ctx, ZURT_E_NOMEM, "%s: out of memory", path);
    zurt_status st = ZURT_OK;
    int fd = open_temporary(path, name, name_size);
    if (fd < 0) {
        st = zi_fail(ctx, ZURT_E_IO, "%s: cannot create: %s", name, strerror(errno));
    } else {
        int error = fill(fd, bytes, size);
        if (close(fd) && !error)
            error = errno;
        if (!error && rename(name, path))
            error = errno;
        if (error) {
            unlink(name);
            st = zi_fail(ctx, ZURT_E_IO, "%s: cannot write: %s", path, strerror(error));
        }
    }
    zi_free(&ctx->allocator, name);
    return st;
}
