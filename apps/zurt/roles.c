/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps outputs from being inputs, or each other, under whatever names. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* A file: its inode, or what it will be called in which folder. */
typedef struct identity {
    dev_t device;
    ino_t inode;
    char name[NAME_MAX + 1]; // "" if it exists
} identity;

static bool identify(const char *path, identity *out)
{
    struct stat info;
    *out = (identity){0};
    if (stat(path, &info) == 0) {
        out->device = info.st_dev;
        out->inode = info.st_ino;
        return true;
    }
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    const char *name = path + n;
    if (n >= sizeof(folder) || strlen(name) >= sizeof(out->name))
        return false;
    if (n) {
        memcpy(folder, path, n);
        folder[n] = 0;
    }
    memcpy(out->name, name, strlen(name) + 1);
    if (stat(folder, &info) != 0)
        return false; // it will fail when it is opened
    out->device = info.st_dev;
    out->inode = info.st_ino;
    return true;
}

static bool is_same(const identity *a, const identity *b)
{
    return a->device == b->device && a->inode == b->inode && strcmp(a->name, b->name) == 0;
}

/* ---- inputs ---- */

/* Whether `path` is the existing output, or a folder with it inside. */
static bool names_output(const char *path, const char *output)
{
    struct stat read;
    struct stat written;
    if (stat(output, &written) != 0 || stat(path, &read) != 0)
        return false;
    if (!S_ISDIR(read.st_mode))
        return read.st_dev == written.st_dev && read.st_ino == written.st_ino;
    char folder[PATH_MAX];
    char file[PATH_MAX];
    if (!realpath(path, folder) || !realpath(output, file))
        return false;
    size_t n = strlen(folder);
    return strncmp(file, folder, n) == 0 && (file[n] == '/' || folder[n - 1] == '/');
}

/* The same for the part [first, last) of an input's name. */
static bool part_names_output(const char *first, const char *last, const char *output)
{
    char part[PATH_MAX];
    size_t n = (size_t)(last - first);
    if (n == 0 || n >= sizeof(part))
        return false;
    memcpy(part, first, n);
    part[n] = 0;
    return names_output(part, output);
}

/* FILE, KIND:FILE[,FILE], KIND:FILE#N, NAME=FILE, NAME=DATA,NAME=DATA: every part that could be a
 * file's name. */
static bool is_read(const char *input, const char *output)
{
    for (const char *first = input; *first; first++) {
        if (first > input && !strchr(":=,", first[-1]))
            continue;
        for (const char *last = first + 1;; last++) {
            if ((!*last || *last == ',' || *last == '#') && part_names_output(first, last, output))
                return true;
            if (!*last)
                break;
        }
    }
    return false;
}

int cli_reads(cli *c, const char *input)
{
    return cli_list_add(&c->reads, input) ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

/* ---- outputs ---- */

static int check_stdout(cli *c)
{
    if (c->json)
        return cli_usage(c, "--json and an output named '-' both want stdout");
    if (c->stdout_taken)
        return cli_usage(c, "only one output at a time can be '-', stdout");
    c->stdout_taken = true;
    return EXIT_DONE;
}

/* Two outputs of one name would end as one file. */
static int check_others(cli *c, const char *path)
{
    identity mine;
    if (!identify(path, &mine))
        return EXIT_DONE;
    for (size_t i = 0; i < c->writes.n; i++) {
        identity other;
        if (identify(c->writes.items[i], &other) && is_same(&mine, &other))
            return cli_usage(c, "%s is written twice, also as %s: give them two names", path,
                             c->writes.items[i]);
    }
    return cli_list_add(&c->writes, path) ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

int cli_check_path(cli *c, const char *path, bool force)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return EXIT_DONE;
    if (!S_ISREG(info.st_mode))
        return cli_fail(c, ZURT_E_IO, "%s: exists and is not a regular file; '-' writes to stdout",
                        path);
    for (size_t i = 0; i < c->reads.n; i++) {
        if (is_read(c->reads.items[i], path))
            return cli_usage(c, "%s is what the command reads (%s); write to another file", path,
                             c->reads.items[i]);
    }
    return force ? EXIT_DONE : cli_fail(c, ZURT_E_IO, "%s: exists; --force overwrites it", path);
}

int cli_check_output(cli *c, const char *path, bool force)
{
    if (strcmp(path, "-") == 0)
        return check_stdout(c);
    int code = cli_check_path(c, path, force);
    return code == EXIT_DONE ? check_others(c, path) : code;
}
