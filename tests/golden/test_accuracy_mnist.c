/* SPDX-License-Identifier: Apache-2.0 */
/* LeNet on MNIST's 10,000 by every calibration method: docs/accuracy.md has the table. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "golden/accuracy.h"

#define N         10000
#define N_SAMPLES 50 /* batches of 10 */
#define N_METHODS 5

static void int8_changes_at_most_15_of_10000(void **state)
{
    (void)state;
    static const char *const names[] = {"minmax", "percentile", "mse", "entropy", "auto"};
    static int real[N], int8[N];
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    zurt_graph *graph = data_model(ctx, "lenet_mnist.onnx");
    dataset test = data_mnist_test(), train = data_mnist_train(N_SAMPLES * 10);
    predict(ctx, graph, &test, 0, N, real);
    size_t right = count_equal(real, test.label, N);
    print_message("float: %zu of %d right\n", right, N);
    assert_int_equal(right, 9913);
    for (int i = 0; i < 2 * N_METHODS; i++) {
        zurt_quantize_options o = ZURT_QUANTIZE_OPTIONS_INIT;
        feed f = {&train, 0, 10};
        zurt_quant_report *report;
        o.method = (zurt_calib_method)(i % N_METHODS);
        o.per_tensor = i >= N_METHODS;
        o.sample = feed_sample;
        o.sample_self = &f;
        o.n_samples = N_SAMPLES;
        o.require_int8 = 1;
        zurt_graph *q = quantised(ctx, graph, &o, &report);
        predict(ctx, q, &test, 0, N, int8);
        size_t int8_right = count_equal(int8, test.label, N);
        size_t changed = N - count_equal(int8, real, N);
        print_message("| %s | %s | %.2f %% | %zu | %.1f |\n", names[i % N_METHODS],
                      i < N_METHODS ? "channel" : "tensor", (double)int8_right / 100.0, changed,
                      zurt_quant_report_output_sqnr(report, 0));
        if (i < N_METHODS) {
            assert_true(changed <= 15);
            assert_true(int8_right + 5 >= right);
        }
        zurt_quant_report_destroy(report);
        zurt_graph_destroy(q);
    }
    dataset_free(&test);
    dataset_free(&train);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(int8_changes_at_most_15_of_10000)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
