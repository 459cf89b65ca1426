/* SPDX-License-Identifier: Apache-2.0 */
/* A model is not trusted, so what it names is opened only inside its own folder: a model from
 * elsewhere must not bring /etc/passwd or a neighbour's weights into what is made of it. */
#include "weight_files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"

typedef struct weight_file {
    char *path; /* resolved; from the allocator */
    zi_file file;
} weight_file;

struct zc_weight_files {
    zurt_allocator allocator;
    char *folder; /* resolved, ends with '/' */
    weight_file *files;
    size_t n, capacity;
};

static char *copy_text(const zurt_allocator *allocator, const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b);
    char *out = zi_alloc_aligned(allocator, na + nb + 1);
    if (out) {
        memcpy(out, a, na);
        memcpy(out + na, b, nb + 1);
    }
    return out;
}

static zurt_status no_memory(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "external data: out of memory");
}

/* The path without links, with `end` behind it; from the allocator. */
static zurt_status resolve(zurt_ctx *ctx, const char *path, const char *end, char **out)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
    *out = copy_text(&ctx->allocator, real, real[1] ? end : ""); // "/" ends with a slash
    return *out ? ZURT_OK : no_memory(ctx);
}

zurt_status zc_weight_files_create(zurt_ctx *ctx, const char *model_path, zc_weight_files **out)
{
    *out = zi_zalloc(&ctx->allocator, sizeof(**out));
    if (!*out)
        return no_memory(ctx);
    (*out)->allocator = ctx->allocator;
    char *folder = copy_text(&ctx->allocator, model_path, "");
    zurt_status st = folder ? ZURT_OK : no_memory(ctx);
    if (!st) {
        char *slash = strrchr(folder, '/');
        if (slash)
            slash[1] = 0;
        st = resolve(ctx, slash ? folder : ".", "/", &(*out)->folder);
    }
    zi_free(&ctx->allocator, folder);
    if (st) {
        zc_weight_files_destroy(*out);
        *out = NULL;
    }
    return st;
}

void zc_weight_files_destroy(zc_weight_files *files)
{
    if (!files)
        return;
    const zurt_allocator allocator = files->allocator;
    for (size_t i = 0; i < files->n; i++) {
        zi_file_close(&files->files[i].file);
        zi_free(&allocator, files->files[i].path);
    }
    zi_free(&allocator, files->files);
    zi_free(&allocator, files->folder);
    zi_free(&allocator, files);
}

/* True if a component of the path is "..". */
static bool climbs(const char *path)
{
    for (const char *p = path; *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.')
            return true;
        p += n;
    }
    return false;
}

static zurt_status add(zurt_ctx *ctx, zc_weight_files *files, char *path, zi_bytes *out)
{
    void *array = files->files;
    if (!zi_grow(&files->allocator, &array, &files->capacity, files->n, sizeof(*files->files)))
        return no_memory(ctx);
    files->files = array;
    zi_file file;
    zurt_status st = zi_file_open(ctx, path, UINT64_MAX, ZI_COPY_BYTES, &file);
    if (st) {
        zi_file_close(&file);
        return st;
    }
    *out = file.bytes;
    files->files[files->n++] = (weight_file){path, file};
    return ZURT_OK;
}

static zurt_status find_resolved(zurt_ctx *ctx, zc_weight_files *files, char *path, zi_bytes *out,
                                 bool *opened)
{
    if (strncmp(path, files->folder, strlen(files->folder)) != 0)
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "a symbolic link that leads out of the model's folder; copy the file beside "
                       "the model");
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->files[i].path, path) == 0) {
            *out = files->files[i].file.bytes;
            return ZURT_OK;
        }
    }
    *opened = true;
    return add(ctx, files, path, out);
}

zurt_status zc_weight_files_find(zurt_ctx *ctx, zc_weight_files *files, const char *location,
                                 zi_bytes *out, bool *opened)
{
    *opened = false;
    if (!*location)
        return zi_fail(ctx, ZURT_E_FORMAT, "no file is named");
    if (location[0] == '/' || climbs(location))
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "'%.120s' is outside the model's folder; put the file beside the model and "
                       "save the model with its plain name",
                       location);
    char *path = NULL;
    char *named = copy_text(&ctx->allocator, files->folder, location);
    zurt_status st = named ? resolve(ctx, named, "", &path) : no_memory(ctx);
    zi_free(&ctx->allocator, named);
    if (!st)
        st = find_resolved(ctx, files, path, out, opened);
    if (st || !*opened)
        zi_free(&ctx->allocator, path);
    return st && st != ZURT_E_NOMEM ? zi_fail_prefix(ctx, st, "'%.120s': ", location) : st;
}
