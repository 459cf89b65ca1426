/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces a file in one step, whatever ends the process meanwhile. */
#include "base/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TRIES = 100 };

/* The file that `path` names; `*old` is what stands there, or has mode 0 if nothing does. */
static int resolve(const char *path, char *out, struct stat *old)
{
    *old = (struct stat){0};
    if (stat(path, old) != 0) {
        struct stat link;
        if (errno != ENOENT)
            return errno;
        if (lstat(path, &link) == 0)
            return ZI_REPLACE_DANGLING;
        if (strlen(path) >= ZI_REPLACE_MAX_PATH)
            return ENAMETOOLONG;
        memcpy(out, path, strlen(path) + 1);
        return 0;
    }
    if (!S_ISREG(old->st_mode)) // renaming would replace a device by a file
        return ZI_REPLACE_NOT_REGULAR;
    char whole[PATH_MAX];
    if (!realpath(path, whole))
        return errno;
    if (strlen(whole) >= ZI_REPLACE_MAX_PATH)
        return ENAMETOOLONG;
    memcpy(out, whole, strlen(whole) + 1);
    return 0;
}

/* mkstemp would give mode 0600, where the user's umask should decide. */
static int create(zi_replacement *r)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        int n = snprintf(r->temporary, sizeof(r->temporary), "%s.%ld.%d.tmp", r->path,
                         (long)getpid(), i);
        if (n < 0 || (size_t)n >= sizeof(r->temporary))
            return ENAMETOOLONG;
        r->fd = open(r->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (r->fd >= 0)
            return 0;
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

/* As the old file: its owner where we may, its mode in any case. */
static int take_over(int fd, const struct stat *old)
{
    struct stat now;
    mode_t mode = old->st_mode & 07777;
    if (fstat(fd, &now) != 0)
        return errno;
    bool same_owner = now.st_uid == old->st_uid && now.st_gid == old->st_gid;
    if (!same_owner && fchown(fd, old->st_uid, old->st_gid) != 0)
        mode &= 0777; // set-id bits are not for another owner
    return fchmod(fd, mode) != 0 && errno != EPERM ? errno : 0; // FAT has no modes to give
}

int zi_replace_begin(const char *path, zi_replacement *out)
{
    struct stat old;
    out->fd = -1;
    out->temporary[0] = 0;
    int error = resolve(path, out->path, &old);
    if (!error)
        error = create(out);
    if (!error && old.st_mode)
        error = take_over(out->fd, &old);
    if (error)
        zi_replace_abandon(out);
    return error;
}

/* A rename is only durable once its folder is. */
static int sync_folder(const char *path)
{
    char folder[ZI_REPLACE_MAX_PATH];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (slash && n == 0)
        n = 1; // the root
    memcpy(folder, slash ? path : ".", slash ? n : 1);
    folder[slash ? n : 1] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return 0;                                         // one that may be written, but not read
    int error = fsync(fd) != 0 && errno == EIO ? EIO : 0; // others: it has no such thing
    close(fd);
    return error;
}

int zi_replace_commit(zi_replacement *r)
{
    int error = fsync(r->fd) != 0 ? errno : 0;
    if (close(r->fd) != 0 && !error)
        error = errno;
    r->fd = -1;
    if (!error && rename(r->temporary, r->path) != 0)
        error = errno;
    if (error)
        unlink(r->temporary);
    r->temporary[0] = 0;
    return error ? error : sync_folder(r->path);
}

void zi_replace_abandon(zi_replacement *r)
{
    if (r->fd < 0)
        return;
    close(r->fd);
    unlink(r->temporary);
    r->fd = -1;
    r->temporary[0] = 0;
}

const char *zi_replace_error(int error)
{
    if (error == ZI_REPLACE_NOT_REGULAR)
        return "exists and is not a regular file";
    if (error == ZI_REPLACE_DANGLING)
        return "is a symbolic link to a file that does not exist";
    return strerror(error);
}
