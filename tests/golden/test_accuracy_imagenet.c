/* SPDX-License-Identifier: Apache-2.0 */
/* MobileNetV2 on 100 pictures, calibrated on the first 40: docs/accuracy.md has the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden/accuracy.h"

#define N_METHODS 5
#define N         100
#define N_CALIB   40

static void int8_agrees_on_56_of_60(void **state)
{
    (void)state;
    static const char *const names[] = {"minmax", "percentile", "mse", "entropy", "auto"};
    zurt_ctx *ctx;
    int real[N], int8[N];
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    zurt_graph *graph = data_model(ctx, "mobilenetv2_1.0_224_float_deq.onnx");
    dataset d = data_imagenet(ctx, graph, DATA_IMAGENET);
    assert_int_equal(d.n, N);
    predict(ctx, graph, &d, 0, N, real);
    size_t right = count_equal(real, d.label, N);
    print_message("float: %zu of %d right\n", right, N);
    assert_true(right >= 82);
    zurt_quantize_options defaults = ZURT_QUANTIZE_OPTIONS_INIT;
    for (int i = 0; i < 2 * N_METHODS; i++) {
        zurt_quantize_options o = defaults;
        feed f = {&d, 0, 1};
        zurt_quant_report *report;
        o.method = (zurt_calib_method)(i % N_METHODS);
        o.per_tensor = i >= N_METHODS;
        o.sample = feed_sample;
        o.sample_self = &f;
        o.n_samples = N_CALIB;
        o.require_int8 = 1;
        double start = now_ms();
        zurt_graph *q = quantised(ctx, graph, &o, &report);
        double ms = now_ms() - start;
        predict(ctx, q, &d, N_CALIB, N - N_CALIB, int8);
        size_t agree = count_equal(int8, real + N_CALIB, N - N_CALIB);
        print_message("| %s | %s | %zu of 60 | %zu of 60 | %.1f | %.1f s |\n", names[i % N_METHODS],
                      i < N_METHODS ? "channel" : "tensor", agree,
                      count_equal(int8, d.label + N_CALIB, N - N_CALIB),
                      zurt_quant_report_output_sqnr(report, 0), ms / 1e3);
        if (i == (int)defaults.method)
            assert_true(agree >= 56);
        zurt_quant_report_destroy(report);
        zurt_graph_destroy(q);
    }
    dataset_free(&d);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(int8_agrees_on_56_of_60)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
