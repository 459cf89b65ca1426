/* SPDX-License-Identifier: Apache-2.0 */
/* zurt_import_onnx_*: reads, translates, optimises, lowers QDQ to int8. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file_kind.h"
#include "graph_handle.h"
#include "import/onnx/onnx_import.h"
#include "passes/passes.h"
#include "quantise/quantise.h"

static zurt_status import(zurt_ctx *ctx, zi_bytes file, const zurt_import_options *options,
                          zurt_graph **out)
{
    zi_graph *g = NULL;
    size_t source_nodes = 0;
    zurt_status st = zi_file_check_kind(ctx, file, ZURT_FILE_ONNX);
    if (!st)
        st = zc_onnx_import(ctx, file, options, &g, &source_nodes);
    if (!st && !options->keep_structure)
        st = zc_passes_run(ctx, g);
    if (!st && !options->keep_structure)
        st = zc_qdq_to_int8(ctx, g);
    if (st) {
        zi_graph_destroy(g);
        return st;
    }
    st = zc_graph_wrap(ctx, g, out);
    if (!st)
        (*out)->source_nodes = source_nodes;
    return st;
}

static zurt_status check_options(zurt_ctx *ctx, const zurt_import_options *options)
{
    if (options->size != sizeof(*options))
        return zi_fail(ctx, ZURT_E_ARG, "import: options.size is not set");
    if (options->batch < 0 || options->height < 0 || options->width < 0 ||
        options->batch > ZI_MAX_DIM || options->height > ZI_MAX_DIM || options->width > ZI_MAX_DIM)
        return zi_fail(ctx, ZURT_E_ARG, "import: batch, height or width out of range");
    if (options->n_bindings && !options->bindings)
        return zi_fail(ctx, ZURT_E_ARG, "import: no bindings where %zu are announced",
                       options->n_bindings);
    return ZURT_OK;
}

zurt_status zurt_import_onnx_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                                 const zurt_import_options *options, zurt_graph **out)
{
    static const zurt_import_options defaults = ZURT_IMPORT_OPTIONS_INIT;
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || (!bytes && size))
        return ZURT_E_ARG;
    if (!options)
        options = &defaults;
    zurt_status st = check_options(ctx, options);
    return st ? st : import(ctx, (zi_bytes){bytes, size}, options, out);
}

static zurt_status io_failed(zurt_ctx *ctx, const char *path)
{
    return zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(errno));
}

/* Reads a whole file; *bytes is from the ctx's allocator. */
static zurt_status read_all(zurt_ctx *ctx, FILE *f, const char *path, void **bytes, size_t *size)
{
    struct stat info;
    if (fstat(fileno(f), &info) != 0)
        return io_failed(ctx, path);
    if (!S_ISREG(info.st_mode))
        return zi_fail(ctx, ZURT_E_IO, "%s: not a regular file", path);
    if ((uintmax_t)info.st_size > ZC_ONNX_MAX_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "%s: %jd bytes, limit %zu", path, (intmax_t)info.st_size,
                       ZC_ONNX_MAX_BYTES);
    *bytes = zi_alloc_aligned(&ctx->allocator, (size_t)info.st_size);
    if (!*bytes)
        return zi_fail(ctx, ZURT_E_NOMEM, "%s: need %jd bytes", path, (intmax_t)info.st_size);
    *size = fread(*bytes, 1, (size_t)info.st_size, f);
    return ferror(f) ? io_failed(ctx, path) : ZURT_OK;
}

zurt_status zurt_import_onnx_file(zurt_ctx *ctx, const char *path,
                                  const zurt_import_options *options, zurt_graph **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !path)
        return ZURT_E_ARG;
    FILE *f = fopen(path, "rb");
    if (!f)
        return io_failed(ctx, path);
    void *bytes = NULL;
    size_t size = 0;
    zurt_status st = read_all(ctx, f, path, &bytes, &size);
    fclose(f);
    if (!st) {
        st = zurt_import_onnx_mem(ctx, bytes, size, options, out);
        if (st)
            zi_fail_prefix(ctx, st, "%s: ", path);
    }
    zi_free(&ctx->allocator, bytes);
    return st;
}
