/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_hash_models ONNX_FOLDER OUT_FOLDER NAME...: compiles models for golden.hashes, in the same
 * way on every machine: calibrated on noise by the reference kernels alone, whose sums have one
 * order. Prints nothing; exit 1 names what failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zurt/compile.h>

/* Sizes that a model leaves open. */
static const struct {
    const char *name;
    int32_t height, width;
} sizes[] = {{"ppocrv3_en_textdet", 192, 192}};

/* Values in [0, 1), coarse enough for each to be exact. */
static zurt_status noise(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    (void)self;
    uint32_t state = (uint32_t)index + 1;
    for (size_t i = 0; i < n_inputs; i++) {
        float *to = inputs[i].data;
        for (size_t k = 0; k < inputs[i].bytes / sizeof(float); k++) {
            state = state * 1664525u + 1013904223u;
            to[k] = (float)(state >> 24) / 256.0f;
        }
    }
    return ZURT_OK;
}

static zurt_status import(zurt_ctx *ctx, const char *folder, const char *name, zurt_graph **out)
{
    char path[4096];
    zurt_import_options o = ZURT_IMPORT_OPTIONS_INIT;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        if (!strcmp(name, sizes[i].name)) {
            o.height = sizes[i].height;
            o.width = sizes[i].width;
        }
    }
    snprintf(path, sizeof(path), "%s/%s.onnx", folder, name);
    return zurt_import_onnx_file(ctx, path, &o, out);
}

static zurt_status compile(zurt_ctx *ctx, const char *from, const char *to, const char *name)
{
    zurt_graph *imported = NULL, *quantised = NULL;
    zurt_status st = import(ctx, from, name, &imported);
    if (!st && !zurt_graph_is_quantized(imported)) {
        zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
        o.method = ZURT_CALIB_MINMAX;
        o.report_sqnr = 0;
        o.sample = noise;
        o.n_samples = 1;
        st = zurt_quantize(ctx, imported, &o, &quantised, NULL);
    }
    if (!st) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s.zurt", to, name);
        st = zurt_emit_zurt_file(ctx, quantised ? quantised : imported, path);
    }
    if (st)
        fprintf(stderr, "make_hash_models: %s: %s\n", name, zurt_ctx_error(ctx));
    zurt_graph_destroy(quantised);
    zurt_graph_destroy(imported);
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: make_hash_models ONNX_FOLDER OUT_FOLDER NAME...\n");
        return 2;
    }
    zurt_ctx_options o = ZURT_CTX_OPTIONS_INIT;
    o.cpu_mask = 0;
    zurt_ctx *ctx = NULL;
    zurt_status st = zurt_ctx_create(&o, &ctx);
    for (int i = 3; !st && i < argc; i++)
        st = compile(ctx, argv[1], argv[2], argv[i]);
    zurt_ctx_destroy(ctx);
    return st ? 1 : 0;
}
