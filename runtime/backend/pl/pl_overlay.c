/* SPDX-License-Identifier: Apache-2.0 */
/* What the device tree says of board and fabric, held against the names of installed overlays. */
#include "backend/pl/pl_overlay.h"

#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/pl/pl_probe.h"

#define ALL_XCLBINS  "/lib/firmware/xilinx/zurt-*/zurt-*.xclbin"
#define ALL_REGIONS  "/proc/device-tree/*/firmware-name"
#define COMPATIBLE   "/proc/device-tree/compatible"
#define PREFIX       "zurt-"
#define PREFIX_CHARS (sizeof(PREFIX) - 1)

enum { APP_BYTES = 64, PROPERTY_BYTES = 1024 };

/* What each board's device tree has among its compatible strings. The KV260's names the carrier
 * card in some kernels, in others, Linux 6.1 among them, only the module on it: the starter kit's
 * or the one of production. Neither is on another board that has an overlay. */
static const struct {
    const char *in_compatible;
    const char *board;
} boards[] = {
    {"-sk-kv260", "kv260"},
    {"-smk-k26", "kv260"},
    {"-sm-k26", "kv260"},
    {"-zcu104", "zcu104"},
};

typedef struct overlays {
    const char *root;
    glob_t files;
    const char *board;               /* NULL: not known */
    char compatible[PROPERTY_BYTES]; /* its first string, for messages */
    const char *fitting;             /* path of the best */
    const char *foreign;             /* path of one for another board */
    size_t n_fitting;
} overlays;

static bool in_root(char *out, const char *root, const char *path)
{
    int n = snprintf(out, ZI_PATH_BYTES, "%s%s", root, path);
    return n > 0 && n < ZI_PATH_BYTES;
}

/* APP of .../APP/APP.xclbin; false where folder and file have different names. */
static bool app_of(const char *path, char *out)
{
    const char *file = strrchr(path, '/');
    const char *folder = file;
    const char *dot = strrchr(path, '.');
    if (!file || !dot || dot < file)
        return false;
    const size_t n = (size_t)(dot - file) - 1;
    while (folder > path && folder[-1] != '/')
        folder--;
    if (n >= APP_BYTES || (size_t)(file - folder) != n || strncmp(folder, file + 1, n) != 0)
        return false;
    snprintf(out, APP_BYTES, "%.*s", (int)n, file + 1);
    return true;
}

/* A property of the device tree, whose strings end with 0 each. How many bytes; 0: not there. */
static size_t read_property(const char *path, char *out)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const ssize_t n = read(fd, out, PROPERTY_BYTES - 1);
    close(fd);
    out[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

/* The board's own name comes first, what it is compatible with after it. */
static void find_board(overlays *o)
{
    char path[ZI_PATH_BYTES];
    char *text = o->compatible;
    const size_t n = in_root(path, o->root, COMPATIBLE) ? read_property(path, text) : 0;
    for (size_t at = 0; at < n && !o->board; at += strlen(text + at) + 1) {
        for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]) && !o->board; i++)
            o->board = strstr(text + at, boards[i].in_compatible) ? boards[i].board : NULL;
    }
}

/* Whether the app was made for the board: zurt-BOARD, or zurt-BOARD-x. */
static bool is_for(const char *app, const char *board)
{
    const size_t n = strlen(board);
    const char *rest = app + PREFIX_CHARS;
    return strncmp(rest, board, n) == 0 && (rest[n] == 0 || rest[n] == '-');
}

/* Whether it was made for another board than this one. */
static bool is_foreign(const char *app, const char *board)
{
    bool named = false;
    for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++)
        named = named || is_for(app, boards[i].board);
    return board && named && !is_for(app, board);
}

/* Whether bitstream is the app's, as firmware-name has it: APP.bit.bin or APP.bin, with or without
 * a folder. */
static bool is_bitstream_of(const char *bitstream, const char *app)
{
    const char *base = strrchr(bitstream, '/');
    base = base ? base + 1 : bitstream;
    const size_t n = strlen(app);
    return strncmp(base, app, n) == 0 &&
           (strcmp(base + n, ".bit.bin") == 0 || strcmp(base + n, ".bin") == 0);
}

/* The overlay of the app in the fabric; NULL: something else is there, or nothing. */
static const char *find_loaded(const overlays *o)
{
    char pattern[ZI_PATH_BYTES];
    glob_t regions = {0};
    const char *found = NULL;
    if (!in_root(pattern, o->root, ALL_REGIONS) || glob(pattern, 0, NULL, &regions) != 0)
        return NULL;
    for (size_t r = 0; r < regions.gl_pathc && !found; r++) {
        char bitstream[PROPERTY_BYTES];
        if (!read_property(regions.gl_pathv[r], bitstream))
            continue;
        for (size_t i = 0; i < o->files.gl_pathc && !found; i++) {
            char app[APP_BYTES];
            if (app_of(o->files.gl_pathv[i], app) && is_bitstream_of(bitstream, app))
                found = o->files.gl_pathv[i];
        }
    }
    globfree(&regions);
    return found;
}

/* Looks at every overlay; one that is named for the board and nothing else beats the others. */
static void sort_out(overlays *o)
{
    bool exact = false;
    for (size_t i = 0; i < o->files.gl_pathc && !exact; i++) {
        char app[APP_BYTES];
        const char *path = o->files.gl_pathv[i];
        if (!app_of(path, app))
            continue;
        if (is_foreign(app, o->board)) {
            o->foreign = path;
            continue;
        }
        exact = o->board && strcmp(app + PREFIX_CHARS, o->board) == 0;
        o->n_fitting = exact ? 1 : o->n_fitting + 1;
        o->fitting = path;
    }
}

static zurt_status choose(zurt_ctx *ctx, overlays *o, char *out)
{
    const char *loaded = find_loaded(o);
    sort_out(o);
    if (!loaded && o->n_fitting > 1)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "%zu overlays may be for this board ('%s'), %s among them, and none is "
                       "loaded: load one (xmutil loadapp NAME), or name one by --xclbin or "
                       "ZURT_XCLBIN",
                       o->n_fitting, o->compatible, o->fitting);
    if (!loaded && !o->fitting && o->foreign)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "no overlay for this board, a %s: %s is another's; build zurt-%s "
                       "(docs/first-light.md), or name one by --xclbin or ZURT_XCLBIN",
                       o->board, o->foreign, o->board);
    if (!loaded && !o->fitting)
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "no xclbin: name one by --xclbin or ZURT_XCLBIN, or install zurt's firmware "
                       "in /lib/firmware/xilinx (none is published yet: docs/first-light.md)");
    snprintf(out, ZI_PATH_BYTES, "%s", loaded ? loaded : o->fitting);
    return ZURT_OK;
}

bool zi_pl_is_board(const char *root)
{
    overlays o = {.root = root};
    find_board(&o);
    return o.board != NULL;
}

zurt_status zi_pl_choose_overlay(zurt_ctx *ctx, const char *root, char *out)
{
    char pattern[ZI_PATH_BYTES];
    overlays o = {.root = root};
    if (!in_root(pattern, root, ALL_XCLBINS))
        return zi_fail(ctx, ZURT_E_ARG, "root: a path too long");
    const bool any = glob(pattern, 0, NULL, &o.files) == 0;
    if (!any)
        o.files = (glob_t){0};
    find_board(&o);
    zurt_status st = choose(ctx, &o, out);
    if (any)
        globfree(&o.files);
    return st;
}
