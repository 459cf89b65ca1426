/* SPDX-License-Identifier: Apache-2.0 */
/* Models and data for the accuracy tests, loaded once. */
#include "golden/accuracy.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zlib.h>
#include <zurt/image.h>

#include "quant/scale.h"

bool data_path(char *buf, size_t size, const char *relative)
{
    const char *root = getenv("ZURT_DATA");
    if (!root)
        return false;
    snprintf(buf, size, "%s/%s", root, relative);
    FILE *f = fopen(buf, "rb");
    if (f)
        fclose(f);
    return f != NULL;
}

static void skip_without(const char *relative)
{
    char path[1024];
    if (data_path(path, sizeof(path), relative))
        return;
    print_message("skipped: no %s in $ZURT_DATA\n", relative);
    skip();
}

zurt_graph *data_model(zurt_ctx *ctx, const char *name)
{
    return data_model_sized(ctx, name, 0, 0);
}

zurt_graph *data_model_sized(zurt_ctx *ctx, const char *name, int32_t height, int32_t width)
{
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.height = height;
    options.width = width;
    char relative[256], path[1024];
    snprintf(relative, sizeof(relative), "onnx/%s", name);
    skip_without(relative);
    data_path(path, sizeof(path), relative);
    zurt_graph *graph;
    if (zurt_import_onnx_file(ctx, path, &options, &graph))
        fail_msg("%s: %s", name, zurt_ctx_error(ctx));
    return graph;
}

void *data_file(const char *relative, size_t *size)
{
    char path[1024];
    assert_true(data_path(path, sizeof(path), relative));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);
    void *data = malloc(*size);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size, f), *size);
    fclose(f);
    return data;
}

static uint8_t *read_gz(const char *relative, size_t bytes)
{
    char path[1024];
    skip_without(relative);
    data_path(path, sizeof(path), relative);
    gzFile f = gzopen(path, "rb");
    uint8_t *data = malloc(bytes);
    assert_true(f && data);
    assert_int_equal(gzread(f, data, (unsigned)bytes), bytes);
    gzclose(f);
    return data;
}

/** Every step-th of `total` digits, n of them. */
static dataset mnist(const char *set, size_t total, size_t n)
{
    char path[64];
    snprintf(path, sizeof(path), "mnist/%s-images-idx3-ubyte.gz", set);
    uint8_t *pixels = read_gz(path, 16 + total * 784);
    snprintf(path, sizeof(path), "mnist/%s-labels-idx1-ubyte.gz", set);
    uint8_t *labels = read_gz(path, 8 + total);
    dataset d = {n, 784, malloc(n * 784 * sizeof(float)), malloc(n * sizeof(int))};
    assert_true(d.x && d.label);
    for (size_t i = 0; i < n; i++) {
        size_t from = i * (total / n);
        d.label[i] = labels[8 + from];
        for (size_t k = 0; k < 784; k++)
            d.x[i * 784 + k] = ((float)pixels[16 + from * 784 + k] / 255.0f - 0.1307f) / 0.3081f;
    }
    free(pixels);
    free(labels);
    return d;
}

dataset data_mnist_test(void)
{
    return mnist("t10k", 10000, 10000);
}

dataset data_mnist_train(size_t n)
{
    return mnist("train", 60000, n);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/** Names of the JPEG files, sorted. */
static size_t list_pictures(const char *path, char **names, size_t limit)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    size_t n = 0;
    for (struct dirent *e = readdir(dir); e && n < limit; e = readdir(dir)) {
        if (strstr(e->d_name, ".JPEG"))
            names[n++] = strdup(e->d_name);
    }
    closedir(dir);
    qsort(names, n, sizeof(*names), by_name);
    return n;
}

dataset data_imagenet(zurt_ctx *ctx, const zurt_graph *graph, data_prepare prepare)
{
    static const zurt_norm imagenet = {
        .channels = 3, .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}};
    static const zurt_norm bytes = {.channels = 1, .mean = {0}, .std = {1.0f / 255.0f}};
    const zurt_norm *norm = prepare == DATA_IMAGENET ? &imagenet : &bytes;
    zurt_fit how = prepare == DATA_IMAGENET ? ZURT_FIT_CENTRE_CROP : ZURT_FIT_STRETCH;
    char root[900], path[1200], *names[100];
    skip_without("imagenet_samples");
    data_path(root, sizeof(root), "imagenet_samples");
    zurt_tensor_info info;
    assert_int_equal(zurt_graph_input(graph, 0, &info), ZURT_OK);
    size_t elems = (size_t)info.dims[1] * (size_t)info.dims[2] * (size_t)info.dims[3];
    dataset d = {list_pictures(root, names, 100), elems, NULL, NULL};
    d.x = malloc(d.n * elems * sizeof(float));
    d.label = malloc(d.n * sizeof(int));
    assert_true(d.x && d.label);
    info.dtype = ZURT_F32;
    for (size_t i = 0; i < d.n; i++) {
        zurt_image raw, fit;
        zurt_span out = {d.x + i * elems, elems * sizeof(float)};
        snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        d.label[i] = (int)strtol(names[i], NULL, 10);
        assert_int_equal(zurt_image_load_jpeg(ctx, path, &raw), ZURT_OK);
        assert_int_equal(zurt_image_fit(ctx, &raw, info.dims[2], info.dims[1], how, 1.0f, &fit),
                         ZURT_OK);
        assert_int_equal(zurt_image_to_tensor(ctx, &fit, norm, &info, &out), ZURT_OK);
        zurt_image_destroy(ctx, &raw);
        zurt_image_destroy(ctx, &fit);
        free(names[i]);
    }
    for (size_t i = 0; prepare == DATA_STRETCHED_BYTES && i < d.n * elems; i++)
        d.x[i] = rintf(d.x[i]); // 255 * (pixel / 255)
    return d;
}

void dataset_free(dataset *d)
{
    free(d->x);
    free(d->label);
    *d = (dataset){0};
}

zurt_status feed_sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    const feed *f = self;
    size_t at = f->first + index * f->batch;
    assert_int_equal(n_inputs, 1);
    assert_true(at + f->batch <= f->data->n);
    assert_int_equal(inputs[0].bytes, f->batch * f->data->elems * sizeof(float));
    memcpy(inputs[0].data, f->data->x + at * f->data->elems, inputs[0].bytes);
    return ZURT_OK;
}

static size_t elems_of(const zurt_tensor_info *info)
{
    size_t n = 1;
    for (int32_t i = 0; i < info->rank; i++)
        n *= (size_t)info->dims[i];
    return n;
}

/** One batch in the type of the input. */
static void put(const zurt_tensor_info *info, const float *x, size_t n, void *out)
{
    int32_t lo = info->dtype == ZURT_S8 ? -128 : 0;
    if (info->dtype == ZURT_F32) {
        memcpy(out, x, n * sizeof(float));
        return;
    }
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] =
            (uint8_t)zi_quantize(x[i], info->scale, info->zero_point, lo, lo + 255);
}

static int largest(const zurt_tensor_info *info, const void *out, size_t first, size_t n)
{
    size_t best = 0;
    double most = -1e300;
    for (size_t i = 0; i < n; i++) {
        size_t at = first + i;
        double v = info->dtype == ZURT_F32  ? (double)((const float *)out)[at]
                   : info->dtype == ZURT_S8 ? ((const int8_t *)out)[at]
                                            : ((const uint8_t *)out)[at];
        if (v > most) {
            most = v;
            best = i;
        }
    }
    return (int)best;
}

void predict(zurt_ctx *ctx, const zurt_graph *graph, const dataset *data, size_t first, size_t n,
             int *out)
{
    zurt_tensor_info in, answer;
    zurt_evaluator *e;
    assert_int_equal(zurt_graph_input(graph, 0, &in), ZURT_OK);
    assert_int_equal(zurt_graph_output(graph, 0, &answer), ZURT_OK);
    size_t batch = elems_of(&in) / data->elems, classes = elems_of(&answer) / batch;
    size_t in_bytes = elems_of(&in) * zurt_dtype_bytes(in.dtype);
    size_t out_bytes = elems_of(&answer) * zurt_dtype_bytes(answer.dtype);
    void *x = malloc(in_bytes), *y = malloc(out_bytes);
    assert_true(x && y && n % batch == 0);
    if (zurt_evaluator_create(ctx, graph, 0, &e))
        fail_msg("%s", zurt_ctx_error(ctx));
    for (size_t i = 0; i < n; i += batch) {
        put(&in, data->x + (first + i) * data->elems, batch * data->elems, x);
        zurt_view view = {x, in_bytes};
        zurt_span span = {y, out_bytes};
        assert_int_equal(zurt_evaluator_run(e, &view, 1, &span, 1), ZURT_OK);
        for (size_t k = 0; k < batch; k++)
            out[i + k] = largest(&answer, y, k * classes, classes);
    }
    zurt_evaluator_destroy(e);
    free(x);
    free(y);
}

size_t count_equal(const int *a, const int *b, size_t n)
{
    size_t equal = 0;
    for (size_t i = 0; i < n; i++)
        equal += a[i] == b[i];
    return equal;
}

zurt_graph *quantised(zurt_ctx *ctx, const zurt_graph *graph, const zurt_quantize_options *options,
                      zurt_quant_report **report)
{
    zurt_graph *out;
    if (zurt_quantize(ctx, graph, options, &out, report))
        fail_msg("%s", zurt_ctx_error(ctx));
    return out;
}

double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}
