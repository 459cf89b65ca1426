/* SPDX-License-Identifier: Apache-2.0 */
/* Tells poll() of finished requests by an eventfd. */
#include "exec/done_fd.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

zurt_status zi_done_fd_open(zurt_ctx *ctx, zi_done_fd *d, bool readable)
{
    if (d->fd >= 0)
        return ZURT_OK;
    d->fd = eventfd(readable, EFD_CLOEXEC | EFD_NONBLOCK);
    return d->fd >= 0 ? ZURT_OK
                      : zi_fail(ctx, ZURT_E_IO, "completion_fd: no descriptor: %s; close some",
                                strerror(errno));
}

/* Neither can fail: the count is 0 or 1, and both are called in turns. */
void zi_done_fd_raise(const zi_done_fd *d)
{
    if (d->fd >= 0)
        (void)eventfd_write(d->fd, 1);
}

void zi_done_fd_clear(const zi_done_fd *d)
{
    eventfd_t count;
    if (d->fd >= 0)
        (void)eventfd_read(d->fd, &count);
}

void zi_done_fd_close(zi_done_fd *d)
{
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}
