/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a machine, and what is in them. */
#include "doctor_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TREE_DEPTH = 12 };

bool doctor_path(const doctor *d, const char *path, char *out)
{
    int n = snprintf(out, DOCTOR_PATH_BYTES, "%s%s", d->root, path);
    return n >= 0 && n < DOCTOR_PATH_BYTES;
}

bool doctor_stat(const doctor *d, const char *path, struct stat *out)
{
    char full[DOCTOR_PATH_BYTES];
    return doctor_path(d, path, full) && stat(full, out) == 0;
}

bool doctor_exists(const doctor *d, const char *path)
{
    struct stat st;
    return doctor_stat(d, path, &st);
}

ssize_t doctor_read_bytes(const doctor *d, const char *path, char *out, size_t size)
{
    char full[DOCTOR_PATH_BYTES];
    size_t n = 0;
    if (!doctor_path(d, path, full)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO of others must not stop it
    if (fd < 0)
        return -1;
    for (ssize_t got = 1; got > 0 && n<size - 1; n += got> 0 ? (size_t)got : 0) {
        got = read(fd, out + n, size - 1 - n);
        if (got < 0 && n == 0) {
            int reason = errno;
            close(fd);
            errno = reason;
            return -1;
        }
    }
    close(fd);
    out[n] = 0;
    return (ssize_t)n;
}

bool doctor_read(const doctor *d, const char *path, char *out, size_t size)
{
    ssize_t n = doctor_read_bytes(d, path, out, size);
    if (n < 0)
        return false;
    n = (ssize_t)strlen(out); // the device tree's strings end with a NUL
    while (n > 0 && strchr(" \t\r\n", out[n - 1]))
        out[--n] = 0;
    return true;
}

bool doctor_read_number(const doctor *d, const char *path, uint64_t *out)
{
    char text[64], *end;
    if (!doctor_read(d, path, text, sizeof(text)))
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return end != text && errno == 0 && text[0] != '-';
}

bool doctor_link_name(const doctor *d, const char *path, char *out, size_t size)
{
    char full[DOCTOR_PATH_BYTES], target[DOCTOR_PATH_BYTES];
    if (!doctor_path(d, path, full))
        return false;
    ssize_t n = readlink(full, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = 0;
    const char *slash = strrchr(target, '/');
    snprintf(out, size, "%s", slash ? slash + 1 : target);
    return true;
}

/* The root as a pattern that matches itself. */
static bool escape(const char *root, char *out, size_t size)
{
    size_t n = 0;
    for (; *root && n + 2 < size; root++) {
        if (strchr("*?[]\\", *root))
            out[n++] = '\\';
        out[n++] = *root;
    }
    out[n] = 0;
    return !*root;
}

doctor_paths doctor_glob(const doctor *d, const char *pattern)
{
    char root[DOCTOR_PATH_BYTES], full[2 * DOCTOR_PATH_BYTES];
    doctor_paths p = {0};
    if (!escape(d->root, root, sizeof(root)))
        return p;
    snprintf(full, sizeof(full), "%s%s", root, pattern);
    if (glob(full, 0, NULL, &p.g) != 0)
        return p;
    p.items = calloc(p.g.gl_pathc + 1, sizeof(*p.items));
    for (size_t i = 0; p.items && i < p.g.gl_pathc; i++)
        p.items[p.n++] = p.g.gl_pathv[i] + strlen(d->root);
    return p;
}

void doctor_paths_free(doctor_paths *p)
{
    free(p->items);
    globfree(&p->g);
    *p = (doctor_paths){0};
}

bool doctor_meminfo(const char *text, const char *key, uint64_t *out)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *end;
        if (strncmp(line, key, n) != 0 || line[n] != ':')
            continue;
        *out = strtoull(line + n + 1, &end, 10) * 1024;
        return end != line + n + 1;
    }
    return false;
}

bool doctor_strings_have(const char *bytes, size_t size, const char *prefix)
{
    size_t n = strlen(prefix);
    for (size_t at = 0; at + n <= size;) {
        if (strncmp(bytes + at, prefix, n) == 0)
            return true;
        at += strnlen(bytes + at, size - at) + 1;
    }
    return false;
}

static bool search_tree(const doctor *d, const char *prefix, char *path, int depth)
{
    char full[DOCTOR_PATH_BYTES], bytes[512];
    size_t length = strlen(path);
    if (length + 12 >= DOCTOR_PATH_BYTES || depth > TREE_DEPTH)
        return false;
    memcpy(path + length, "/compatible", 12);
    ssize_t n = doctor_read_bytes(d, path, bytes, sizeof(bytes));
    path[length] = 0;
    if (n > 0 && doctor_strings_have(bytes, (size_t)n, prefix))
        return true;
    DIR *folder = doctor_path(d, path, full) ? opendir(full) : NULL;
    bool found = false;
    for (const struct dirent *e; folder && !found && (e = readdir(folder));) {
        if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
            continue;
        if (length + 1 + strlen(e->d_name) >= DOCTOR_PATH_BYTES)
            continue;
        snprintf(path + length, DOCTOR_PATH_BYTES - length, "/%s", e->d_name);
        found = search_tree(d, prefix, path, depth + 1);
        if (!found)
            path[length] = 0;
    }
    if (folder)
        closedir(folder);
    return found;
}

bool doctor_tree_find(const doctor *d, const char *prefix, char *out)
{
    snprintf(out, DOCTOR_PATH_BYTES, "/proc/device-tree");
    return search_tree(d, prefix, out, 0);
}

bool doctor_runs(const doctor *d, const char *name)
{
    doctor_paths p = doctor_glob(d, "/proc/[0-9]*/comm");
    bool found = false;
    for (size_t i = 0; i < p.n && !found; i++) {
        char comm[DOCTOR_NAME_BYTES];
        found = doctor_read(d, p.items[i], comm, sizeof(comm)) && strcmp(comm, name) == 0;
    }
    doctor_paths_free(&p);
    return found;
}
