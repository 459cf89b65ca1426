/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax in float and in s8. */
#include <math.h>

#include "support/op_runner.h"

/* Softmax along [outer][n][inner] in double. */
static void real_softmax(const double *x, double *out, size_t outer, size_t n, size_t inner)
{
    for (size_t i = 0; i < outer * inner; i++) {
        size_t first = i / inner * n * inner + i % inner;
        double max = -INFINITY, sum = 0.0;
        for (size_t k = 0; k < n; k++)
            max = fmax(max, x[first + k * inner]);
        for (size_t k = 0; k < n; k++)
            sum += exp(x[first + k * inner] - max);
        for (size_t k = 0; k < n; k++)
            out[first + k * inner] = exp(x[first + k * inner] - max) / sum;
    }
}

static void f32_along_any_axis(void **state)
{
    (void)state;
    for (int32_t axis = 0; axis < 3; axis++) {
        for (int log_form = 0; log_form < 2; log_form++) {
            builder b = builder_make();
            zi_id in = build_input(&b, "x", ZURT_F32, DIMS(30, 40, 50));
            build_op(&b, log_form ? ZI_OP_LogSoftmax : ZI_OP_Softmax, "out",
                     ATTR(.axis = {.axis = axis}), 1, in);
            float *x = random_f32(&b, 60000, 20.0f);
            double *real = malloc(60000 * sizeof(*real)), *y = malloc(60000 * sizeof(*y));
            for (size_t i = 0; i < 60000; i++)
                real[i] = (double)x[i];
            const int32_t dims[3] = {30, 40, 50};
            size_t outer = 1, inner = 1;
            for (int32_t d = 0; d < 3; d++)
                *(d < axis ? &outer : &inner) *= d == axis ? 1u : (size_t)dims[d];
            real_softmax(real, y, outer, (size_t)dims[axis], inner);
            float *r = run_last(&b, (const void *[]){x});
            for (size_t i = 0; i < 60000; i++) {
                double e = log_form ? log(y[i]) : y[i];
                assert_true(fabs((double)r[i] - e) <= (log_form ? 5e-6 : 5e-7));
            }
            free(x), free(real), free(y), free(r);
            builder_free(&b);
        }
    }
}

/* Any input scale, any axis: within one unit of 1/256 of the real result. */
static void s8_is_within_one_unit(void **state)
{
    (void)state;
    static const float scales[] = {1e-9f, 1e-4f, 0.01f, 0.1f, 0.25f, 1.0f, 7.5f, 40.0f, 1e6f};
    for (size_t k = 0; k < sizeof(scales) / sizeof(*scales); k++) {
        for (int32_t axis = 0; axis < 3; axis++) {
            builder b = builder_make();
            b.seed = (uint32_t)k;
            const int32_t dims[3] = {builder_int(&b, 1, 30), builder_int(&b, 1, 30),
                                     builder_int(&b, 1, 30)};
            zi_id in = build_input(&b, "x", ZURT_S8, 3, dims);
            zi_id out = build_op(&b, ZI_OP_Softmax, "out", ATTR(.axis = {.axis = axis}), 1, in);
            build_quant(&b, in, scales[k], builder_int(&b, -128, 127));
            build_quant(&b, out, 1.0f / 256.0f, -128);
            size_t elems = (size_t)(dims[0] * dims[1] * dims[2]), outer = 1, inner = 1;
            for (int32_t d = 0; d < 3; d++)
                *(d < axis ? &outer : &inner) *= d == axis ? 1u : (size_t)dims[d];
            int8_t *x = random_s8(&b, elems);
            double *real = malloc(elems * sizeof(*real)), *y = malloc(elems * sizeof(*y));
            for (size_t i = 0; i < elems; i++)
                real[i] = (double)scales[k] * x[i];
            real_softmax(real, y, outer, (size_t)dims[axis], inner);
            int8_t *r = run_last(&b, (const void *[]){x});
            for (size_t i = 0; i < elems; i++) {
                double e = fmin(256.0 * y[i], 255.0) - 128.0;
                if (!(fabs(r[i] - e) <= 1.0))
                    fail_msg("scale %g: %d, not %g", (double)scales[k], r[i], e);
            }
            free(x), free(real), free(y), free(r);
            builder_free(&b);
        }
    }
}

/* One hot, all equal, and more elements than TFLite's sum holds. */
static void s8_of_known_values(void **state)
{
    (void)state;
    static const struct {
        int32_t n;
        int8_t first, rest, expected_first, expected_rest;
    } cases[] = {
        {1, 5, 0, 127, 0},          {2, 0, 0, 0, 0},         {4, 7, 7, -64, -64},
        {10, 127, -128, 127, -128}, {256, 3, 3, -127, -127}, {6000, 9, 9, -128, -128},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_S8, DIMS(1, cases[i].n));
        zi_id out = build_op(&b, ZI_OP_Softmax, "out", ATTR(.axis = {.axis = 1}), 1, in);
        build_quant(&b, in, 0.2f, 0);
        build_quant(&b, out, 1.0f / 256.0f, -128);
        int8_t *x = malloc((size_t)cases[i].n);
        memset(x, cases[i].rest, (size_t)cases[i].n);
        x[0] = cases[i].first;
        int8_t *r = run_last(&b, (const void *[]){x});
        assert_int_equal(r[0], cases[i].expected_first);
        for (int32_t k = 1; k < cases[i].n; k++)
            assert_int_equal(r[k], cases[i].expected_rest);
        free(x), free(r);
        builder_free(&b);
    }
}

/* Another output scale: the 1/256 result requantised. */
static void s8_into_another_scale(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_S8, DIMS(20, 10));
    zi_id out = build_op(&b, ZI_OP_Softmax, "out", ATTR(.axis = {.axis = 1}), 1, in);
    build_quant(&b, in, 0.07f, 0);
    build_quant(&b, out, 1.0f / 256.0f, -128);
    int8_t *x = random_s8(&b, 200);
    int8_t *fine = run_last(&b, (const void *[]){x});
    build_quant(&b, out, 1.0f / 127.0f, 0);
    int8_t *coarse = run_last(&b, (const void *[]){x});
    for (int i = 0; i < 200; i++) { // both roundings of requant: product, then shift
        double y = fmin((fine[i] + 128) * 127.0 / 256.0, 127.0);
        assert_true(fabs(coarse[i] - y) <= 0.76);
    }
    free(x), free(fine), free(coarse);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_along_any_axis),
        cmocka_unit_test(s8_is_within_one_unit),
        cmocka_unit_test(s8_of_known_values),
        cmocka_unit_test(s8_into_another_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
