/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to a file that appears whole or not at all. */
#include "emit/write_file.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "base/replace_file.h"

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
    return 0;
}

zurt_status zc_write_file(zurt_ctx *ctx, const char *path, const void *bytes, size_t size)
{
    zi_replacement file;
    int error = zi_replace_begin(path, &file);
    if (error)
        return zi_fail(ctx, ZURT_E_IO, "%s: cannot create: %s", path, zi_replace_error(error));
    error = fill(file.fd, bytes, size);
    if (error)
        zi_replace_abandon(&file);
    else
        error = zi_replace_commit(&file);
    if (error)
        return zi_fail(ctx, ZURT_E_IO, "%s: cannot write: %s", path, zi_replace_error(error));
    return ZURT_OK;
}
