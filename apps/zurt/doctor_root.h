/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reads a machine's files below a root that may be another folder. A path begins with a slash and
 * has no root in it.
 */
#ifndef APP_DOCTOR_ROOT_H
#define APP_DOCTOR_ROOT_H

#include <glob.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "doctor.h"

/** The path with the root before it; false if it is too long. */
bool doctor_path(const doctor *d, const char *path, char *out);

bool doctor_exists(const doctor *d, const char *path);
bool doctor_stat(const doctor *d, const char *path, struct stat *out);

/** Up to size - 1 bytes and a NUL; how many there were, -1 if it cannot be read (errno). */
ssize_t doctor_read_bytes(const doctor *d, const char *path, char *out, size_t size);
/** As text: without blanks and newlines at its end. */
bool doctor_read(const doctor *d, const char *path, char *out, size_t size);
/** A decimal number that the file begins with. */
bool doctor_read_number(const doctor *d, const char *path, uint64_t *out);

/** The last part of what a symbolic link points to. */
bool doctor_link_name(const doctor *d, const char *path, char *out, size_t size);

/** Paths that match, in order, without the root. */
typedef struct doctor_paths {
    size_t n;
    const char **items;
    glob_t g;
} doctor_paths;
doctor_paths doctor_glob(const doctor *d, const char *pattern);
void doctor_paths_free(doctor_paths *p);

/** "CmaTotal:   1024 kB" of /proc/meminfo, in bytes. */
bool doctor_meminfo(const char *text, const char *key, uint64_t *out);

/** Whether one of the NUL-terminated strings of a property begins with `prefix`. */
bool doctor_strings_have(const char *bytes, size_t size, const char *prefix);
/** The first node of the device tree whose property "compatible" has it. */
bool doctor_tree_find(const doctor *d, const char *prefix, char *out);

/** Whether a program of this name runs. */
bool doctor_runs(const doctor *d, const char *name);

#endif
