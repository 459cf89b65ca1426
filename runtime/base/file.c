/* SPDX-License-Identifier: Apache-2.0 */
/* A check of bytes holds as long as nobody changes them, so whatever is small enough is read into
 * memory of our own before it is looked at. MAP_PRIVATE would not do: a page that was not written
 * still shows what others write to the file. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

static zurt_status check_kind(zurt_ctx *ctx, const struct stat *s, uint64_t most)
{
    if (S_ISDIR(s->st_mode))
        return zi_fail(ctx, ZURT_E_IO, "%s", strerror(EISDIR));
    if (!S_ISREG(s->st_mode))
        return zi_fail(ctx, ZURT_E_IO, "not a regular file");
    if (s->st_size <= 0)
        return zi_fail(ctx, ZURT_E_FORMAT, "the file is empty");
    if ((uint64_t)s->st_size > most || (uint64_t)s->st_size > SIZE_MAX)
        return zi_fail(ctx, ZURT_E_LIMIT, "the file has %" PRIu64 " bytes, at most %" PRIu64,
                       (uint64_t)s->st_size, most);
    return ZURT_OK;
}

static zurt_status map_bytes(zurt_ctx *ctx, int fd, size_t size, zi_file *out)
{
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return zi_fail(ctx, errno == ENOMEM ? ZURT_E_NOMEM : ZURT_E_IO, "cannot map: %s",
                       strerror(errno));
    out->bytes = (zi_bytes){p, size};
    out->mapped = true;
    return ZURT_OK;
}

static zurt_status read_bytes(zurt_ctx *ctx, int fd, size_t size, zi_file *out)
{
    uint8_t *p = zi_alloc_aligned(&ctx->allocator, size);
    if (!p)
        return zi_fail(ctx, ZURT_E_NOMEM, "no memory for the file's %zu bytes", size);
    out->bytes = (zi_bytes){p, size};
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, p + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
        if (n == 0)
            return zi_fail(ctx, ZURT_E_IO,
                           "the file became shorter while it was read: write a new one beside it "
                           "and rename that");
        done += (size_t)n;
    }
    return ZURT_OK;
}

zurt_status zi_file_open(zurt_ctx *ctx, const char *path, uint64_t most, uint64_t copy_bytes,
                         zi_file *out)
{
    *out = (zi_file){.allocator = ctx->allocator};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // nonblocking: it may be a FIFO
    if (fd < 0)
        return zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
    struct stat s;
    zurt_status st = fstat(fd, &s) == 0 ? check_kind(ctx, &s, most)
                                        : zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
    if (!st)
        st = (uint64_t)s.st_size > copy_bytes ? map_bytes(ctx, fd, (size_t)s.st_size, out)
                                              : read_bytes(ctx, fd, (size_t)s.st_size, out);
    close(fd); // a mapping stays
    return st;
}

void zi_file_close(zi_file *file)
{
    if (file->mapped)
        munmap((void *)(uintptr_t)file->bytes.data, file->bytes.size);
    else if (file->bytes.data)
        zi_free(&file->allocator, (void *)(uintptr_t)file->bytes.data);
    *file = (zi_file){.bytes = {NULL, 0}};
}
