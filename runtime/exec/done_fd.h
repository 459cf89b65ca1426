/* SPDX-License-Identifier: Apache-2.0 */
/** @file A descriptor that poll() finds readable while answers wait to be collected. */
#ifndef ZI_EXEC_DONE_FD_H
#define ZI_EXEC_DONE_FD_H

#include <stdbool.h>

#include "base/ctx.h"

/** Not thread-safe: the session's mutex guards it. */
typedef struct zi_done_fd {
    int fd; /**< -1: nobody has asked for one */
} zi_done_fd;

/** None yet. */
static inline zi_done_fd zi_done_fd_none(void)
{
    return (zi_done_fd){-1};
}

/** Opens it, if it is not; readable at once if `readable`. ZURT_OK; ZURT_E_IO. */
zurt_status zi_done_fd_open(zurt_ctx *ctx, zi_done_fd *d, bool readable);
/** Makes it readable; nothing while there is none. */
void zi_done_fd_raise(const zi_done_fd *d);
/** Makes it unreadable; nothing while there is none. */
void zi_done_fd_clear(const zi_done_fd *d);
/** None is allowed. */
void zi_done_fd_close(zi_done_fd *d);

#endif
