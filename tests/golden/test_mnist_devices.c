/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MNIST's test pictures through the CPU and through a PL device, two requests in flight: not one
 * byte of an output may differ.
 * usage: test_mnist_devices sim|xrt PICTURES      xrt: started by scripts/swemu-env
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden/accuracy.h"
#include "quant/scale.h"

enum { CALIBRATION = 100, STREAMS = 2 };

static zurt_device device;
static size_t n_pictures;

/* Imported, quantised, written and loaded, as a file would be. */
typedef struct compiled {
    void *bytes;
    zurt_model *model;
} compiled;

static compiled compile(zurt_ctx *ctx, zurt_graph *graph)
{
    zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
    zurt_tensor_info info;
    assert_int_equal(zurt_graph_input(graph, 0, &info), ZURT_OK);
    dataset train = data_mnist_train(CALIBRATION);
    feed f = {&train, 0, info.bytes / sizeof(float) / train.elems};
    o.sample = feed_sample;
    o.sample_self = &f;
    o.n_samples = CALIBRATION / f.batch;
    o.require_int8 = 1;
    zurt_quant_report *report;
    zurt_graph *q = quantised(ctx, graph, &o, &report);
    compiled c = {NULL, NULL};
    size_t size;
    assert_int_equal(zurt_emit_zurt_mem(ctx, q, &c.bytes, &size), ZURT_OK);
    assert_int_equal(zurt_model_load_mem(ctx, c.bytes, size, &c.model), ZURT_OK);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(q);
    zurt_graph_destroy(graph);
    dataset_free(&train);
    return c;
}

static zurt_session *open_session(zurt_ctx *ctx, const zurt_model *model, zurt_device on)
{
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    zurt_session *s;
    o.device = on;
    o.streams = STREAMS;
    if (zurt_session_create(ctx, model, &o, &s))
        fail_msg("session: %s", zurt_ctx_error(ctx));
    return s;
}

/* All pictures in the model's own batches; the outputs one after another. */
static void run_all(zurt_ctx *ctx, zurt_session *s, const zurt_model *model, const int8_t *in,
                    int8_t *out, size_t n_runs)
{
    size_t in_bytes = zurt_model_input(model, 0)->bytes;
    size_t out_bytes = zurt_model_output(model, 0)->bytes;
    uint64_t ticket[STREAMS];
    for (size_t i = 0; i < n_runs + STREAMS; i++) {
        if (i >= STREAMS && zurt_session_wait(s, ticket[i % STREAMS], UINT32_MAX))
            fail_msg("run %zu: %s", i - STREAMS, zurt_ctx_error(ctx));
        if (i >= n_runs)
            continue;
        zurt_view view = {in + i * in_bytes, in_bytes};
        zurt_span span = {out + i * out_bytes, out_bytes};
        assert_int_equal(zurt_session_submit(s, &view, 1, &span, 1, &ticket[i % STREAMS]), ZURT_OK);
    }
}

static void compare_devices(zurt_ctx *ctx, const char *name, zurt_graph *graph)
{
    compiled c = compile(ctx, graph);
    const zurt_tensor_info *info = zurt_model_input(c.model, 0);
    dataset test = data_mnist_test();
    size_t batch = info->bytes / test.elems, n_runs = n_pictures / batch;
    size_t out_bytes = zurt_model_output(c.model, 0)->bytes;
    int8_t *in = malloc(n_runs * info->bytes);
    int8_t *want = malloc(n_runs * out_bytes), *got = malloc(n_runs * out_bytes);
    assert_true(in && want && got && n_runs > 0);
    for (size_t i = 0; i < n_runs * info->bytes; i++)
        in[i] = (int8_t)zi_quantize(test.x[i], info->scale, info->zero_point, -128, 127);
    memset(want, 0, n_runs * out_bytes);
    memset(got, 1, n_runs * out_bytes);
    zurt_session *cpu = open_session(ctx, c.model, ZURT_DEVICE_CPU);
    run_all(ctx, cpu, c.model, in, want, n_runs);
    zurt_session_destroy(cpu);
    zurt_session *pl = open_session(ctx, c.model, device);
    zurt_session_info about;
    assert_int_equal(zurt_session_info_get(pl, &about), ZURT_OK);
    assert_string_not_equal(about.device, "cpu");
    run_all(ctx, pl, c.model, in, got, n_runs);
    size_t differ = 0;
    for (size_t i = 0; i < n_runs * out_bytes; i++)
        differ += want[i] != got[i];
    print_message("%s on %s: %zu pictures, %zu of %zu bytes differ\n", name, about.device,
                  n_runs * batch, differ, n_runs * out_bytes);
    assert_int_equal(differ, 0);
    zurt_session_destroy(pl);
    zurt_model_destroy(c.model);
    zurt_buffer_free(ctx, c.bytes);
    dataset_free(&test);
    free(in);
    free(want);
    free(got);
}

static void every_byte_of_every_picture_is_the_cpus(void **state)
{
    (void)state;
    static const char *const own[] = {"mnist_small", "mnist_cnn"};
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    zurt_graph *graph = data_model(ctx, "lenet_mnist.onnx"); // skips without data
    compare_devices(ctx, "lenet_mnist", graph);
    for (size_t i = 0; i < 2; i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/models/%s.onnx", getenv("ZURT_SOURCE"), own[i]);
        if (zurt_import_onnx_file(ctx, path, NULL, &graph))
            fail_msg("%s", zurt_ctx_error(ctx));
        compare_devices(ctx, own[i], graph);
    }
    zurt_ctx_destroy(ctx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte_of_every_picture_is_the_cpus)};
    if (argc != 3) {
        fprintf(stderr, "usage: test_mnist_devices sim|xrt PICTURES\n");
        return 2;
    }
    device = strcmp(argv[1], "xrt") == 0 ? ZURT_DEVICE_XRT : ZURT_DEVICE_SIM;
    n_pictures = strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
