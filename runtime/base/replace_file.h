/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A file appears whole or not at all: written under another name beside it, then renamed. What
 * libzurt-compiler's file functions and the zurt command share; needs nothing of libzurt.
 */
#ifndef ZI_BASE_REPLACE_FILE_H
#define ZI_BASE_REPLACE_FILE_H

#include <stddef.h>
#include <sys/types.h>

enum { ZI_REPLACE_MAX_PATH = 4096 };

/** Beside errno's values: what a path may not be. */
enum {
    ZI_REPLACE_NOT_REGULAR = -1, /**< a device, FIFO, socket or folder */
    ZI_REPLACE_DANGLING = -2     /**< a symbolic link to nothing */
};

typedef struct zi_replacement {
    int fd;                         /**< of the temporary; -1: none */
    char path[ZI_REPLACE_MAX_PATH]; /**< the file itself, symbolic links followed */
    char temporary[ZI_REPLACE_MAX_PATH];
} zi_replacement;

/**
 * Creates the temporary for `path`, with the mode and owner of the file that it will replace; a new
 * file gets 0666 less the umask. What a symbolic link names is replaced, not the link.
 * @return 0, errno or ZI_REPLACE_*; then nothing is left behind.
 */
int zi_replace_begin(const char *path, zi_replacement *out);

/**
 * Syncs the temporary and gives it its name, then syncs the folder: on return 0 the file is whole
 * even if the power fails next. Closes fd in any case.
 * @return 0 or errno; then the temporary is gone and the old file, if any, is as it was.
 */
int zi_replace_commit(zi_replacement *r);

/** Removes the temporary and closes fd, if there is one. */
void zi_replace_abandon(zi_replacement *r);

/** What a result of the above means. */
const char *zi_replace_error(int error);

#endif
