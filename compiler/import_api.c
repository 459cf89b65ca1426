/* SPDX-License-Identifier: Apache-2.0 */
/* zurt_import_*: reads, translates, optimises, lowers QDQ to int8. */
#include <stddef.h>

#include "base/file.h"
#include "base/file_kind.h"
#include "base/options.h"
#include "graph_handle.h"
#include "import/onnx/onnx_import.h"
#include "import/tflite/tflite_import.h"
#include "passes/passes.h"
#include "quantise/quantise.h"

/** Formats that a caller takes. */
typedef enum formats { ONNX_ALONE, ANY_FORMAT } formats;

/* Translates, by the format that the bytes have. */
static zurt_status translate(zurt_ctx *ctx, zi_bytes file, formats take, zc_weight_files *files,
                             const zurt_import_options *options, zi_graph **g, size_t *source_nodes)
{
    if (take == ANY_FORMAT && zurt_file_kind_of(file.data, file.size) == ZURT_FILE_TFLITE)
        return zc_tflite_import(ctx, file, options, g, source_nodes);
    zurt_status st = zi_file_check_kind(ctx, file, ZURT_FILE_ONNX);
    return st ? st : zc_onnx_import_beside(ctx, file, files, options, g, source_nodes);
}

/* Takes `files` over, also on failure. */
static zurt_status import(zurt_ctx *ctx, zi_bytes file, formats take, zc_weight_files *files,
                          const zurt_import_options *options, zurt_graph **out)
{
    zi_graph *g = NULL;
    size_t source_nodes = 0;
    zurt_status st = translate(ctx, file, take, files, options, &g, &source_nodes);
    if (!st && !options->keep_structure)
        st = zc_passes_run(ctx, g);
    if (!st && !options->keep_structure)
        st = zc_qdq_to_int8(ctx, g);
    if (st)
        zi_graph_destroy(g);
    else
        st = zc_graph_wrap(ctx, g, out);
    if (st) {
        zc_weight_files_destroy(files);
        return st;
    }
    (*out)->files = files;
    (*out)->source_nodes = source_nodes;
    return ZURT_OK;
}

static zurt_status take_options(zurt_ctx *ctx, const zurt_import_options *in,
                                zurt_import_options *options)
{
    if (!zi_options_take(options, sizeof(*options), offsetof(zurt_import_options, shapes), in))
        return zi_fail(ctx, ZURT_E_ARG,
                       "import options: size is %zu, this library knows %zu; start from "
                       "ZURT_IMPORT_OPTIONS_INIT",
                       in->size, sizeof(*options));
    if (options->batch < 0 || options->height < 0 || options->width < 0 ||
        options->batch > ZI_MAX_DIM || options->height > ZI_MAX_DIM || options->width > ZI_MAX_DIM)
        return zi_fail(ctx, ZURT_E_ARG, "import: batch, height or width out of range");
    if (options->n_bindings && !options->bindings)
        return zi_fail(ctx, ZURT_E_ARG, "import: no bindings where %zu are announced",
                       options->n_bindings);
    if (options->n_shapes && !options->shapes)
        return zi_fail(ctx, ZURT_E_ARG, "import: no shapes where %zu are announced",
                       options->n_shapes);
    for (size_t i = 0; i < options->n_shapes; i++) {
        const zurt_input_shape *s = &options->shapes[i];
        if (!s->name || s->rank < 0 || s->rank > ZURT_MAX_RANK)
            return zi_fail(ctx, ZURT_E_ARG, "import: shape %zu: no name, or a bad rank", i);
        for (int32_t k = 0; k < s->rank; k++) {
            if (s->dims[k] < 1 || s->dims[k] > ZI_MAX_DIM)
                return zi_fail(ctx, ZURT_E_ARG, "import: shape of '%.80s': dim %d is %d", s->name,
                               (int)k, (int)s->dims[k]);
        }
    }
    return ZURT_OK;
}

/* Takes `files` over, also on failure. */
static zurt_status import_bytes(zurt_ctx *ctx, zi_bytes file, formats take, zc_weight_files *files,
                                const zurt_import_options *options, zurt_graph **out)
{
    static const zurt_import_options defaults = ZURT_IMPORT_OPTIONS_INIT;
    if (!options)
        options = &defaults;
    zurt_import_options taken;
    zurt_status st = take_options(ctx, options, &taken);
    if (!st)
        return import(ctx, file, take, files, &taken, out);
    zc_weight_files_destroy(files);
    return st;
}

static zurt_status import_mem(zurt_ctx *ctx, const void *bytes, size_t size, formats take,
                              const zurt_import_options *options, zurt_graph **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || (!bytes && size))
        return ZURT_E_ARG;
    return import_bytes(ctx, (zi_bytes){bytes, size}, take, NULL, options, out);
}

static zurt_status import_file(zurt_ctx *ctx, const char *path, formats take,
                               const zurt_import_options *options, zurt_graph **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !path)
        return ZURT_E_ARG;
    zi_file file; // copied whatever its size: what is checked first is unpacked later
    zc_weight_files *files = NULL;
    zurt_status st = zi_file_open(ctx, path, ZC_ONNX_MAX_BYTES, ZC_ONNX_MAX_BYTES, &file);
    if (!st)
        st = zc_weight_files_create(ctx, path, &files);
    if (!st)
        st = import_bytes(ctx, file.bytes, take, files, options, out);
    zi_file_close(&file);
    return st ? zi_fail_prefix(ctx, st, "%s: ", path) : ZURT_OK;
}

zurt_status zurt_import_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                            const zurt_import_options *options, zurt_graph **out)
{
    return import_mem(ctx, bytes, size, ANY_FORMAT, options, out);
}

zurt_status zurt_import_file(zurt_ctx *ctx, const char *path, const zurt_import_options *options,
                             zurt_graph **out)
{
    return import_file(ctx, path, ANY_FORMAT, options, out);
}

zurt_status zurt_import_onnx_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                                 const zurt_import_options *options, zurt_graph **out)
{
    return import_mem(ctx, bytes, size, ONNX_ALONE, options, out);
}

zurt_status zurt_import_onnx_file(zurt_ctx *ctx, const char *path,
                                  const zurt_import_options *options, zurt_graph **out)
{
    return import_file(ctx, path, ONNX_ALONE, options, out);
}
