/* SPDX-License-Identifier: Apache-2.0 */
/* Cast, Quantize, Dequantize. */
#include <math.h>

#include "support/op_runner.h"

static void cast_truncates_and_saturates(void **state)
{
    (void)state;
    const float x[8] = {-1.9f, 2.9f, 300.0f, -300.0f, NAN, INFINITY, -INFINITY, 1e10f};
    static const struct {
        zurt_dtype to;
        int64_t expected[8];
    } cases[] = {
        {ZURT_S8, {-1, 2, 127, -128, 0, 127, -128, 127}},
        {ZURT_U8, {0, 2, 255, 0, 0, 255, 0, 255}},
        {ZURT_S32, {-1, 2, 300, -300, 0, INT32_MAX, INT32_MIN, INT32_MAX}},
        {ZURT_S64, {-1, 2, 300, -300, 0, INT64_MAX, INT64_MIN, 10000000000}},
        {ZURT_BOOL, {1, 1, 1, 1, 1, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(8));
        build_op(&b, ZI_OP_Cast, "out", ATTR(.axis = {.axis = (int32_t)cases[i].to}), 1, in);
        void *r = run_last(&b, (const void *[]){x});
        for (int k = 0; k < 8; k++) {
            int64_t got = cases[i].to == ZURT_S64   ? ((int64_t *)r)[k]
                          : cases[i].to == ZURT_S32 ? ((int32_t *)r)[k]
                          : cases[i].to == ZURT_S8  ? ((int8_t *)r)[k]
                                                    : ((uint8_t *)r)[k];
            assert_true(got == cases[i].expected[k]);
        }
        free(r);
        builder_free(&b);
    }
}

static void cast_of_integers_wraps(void **state)
{
    (void)state;
    enum { N = 50000 };
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_S32, DIMS(N));
    build_op(&b, ZI_OP_Cast, "out", ATTR(.axis = {.axis = ZURT_S8}), 1, in);
    int32_t *x = malloc(N * sizeof(*x));
    for (int i = 0; i < N; i++)
        x[i] = i * 7919 - 1000000;
    int8_t *r = run_last(&b, (const void *[]){x});
    for (int i = 0; i < N; i++)
        assert_int_equal((uint8_t)r[i], (uint32_t)x[i] & 255u);
    free(x), free(r);
    builder_free(&b);
}

static void cast_to_f32_and_itself(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_S64, DIMS(2));
    build_op(&b, ZI_OP_Cast, "out", ATTR(.axis = {.axis = ZURT_F32}), 1, in);
    const int64_t x[2] = {-3, (int64_t)1 << 40};
    float *r = run_last(&b, (const void *[]){x});
    assert_true(r[0] == -3.0f && r[1] == 1099511627776.0f);
    free(r);
    build_op(&b, ZI_OP_Cast, "same", ATTR(.axis = {.axis = ZURT_S64}), 1, in);
    int64_t *same = run_last(&b, (const void *[]){x});
    assert_memory_equal(same, x, sizeof(x));
    free(same);
    builder_free(&b);
}

static void quantize_rounds_half_to_even(void **state)
{
    (void)state;
    for (int is_u8 = 0; is_u8 < 2; is_u8++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(7));
        zi_id out = build_op(&b, ZI_OP_Quantize, "out",
                             ATTR(.axis = {.axis = is_u8 ? ZURT_U8 : ZURT_S8}), 1, in);
        build_quant(&b, out, 0.5f, is_u8 ? 138 : 10);
        const float x[7] = {0.25f, 0.75f, -0.25f, 100.0f, -100.0f, NAN, INFINITY};
        const int expected[7] = {10, 12, 10, 127, -128, 10, 127};
        uint8_t *r = run_last(&b, (const void *[]){x});
        for (int i = 0; i < 7; i++)
            assert_int_equal((int)r[i], is_u8 ? expected[i] + 128 : (uint8_t)expected[i]);
        free(r);
        builder_free(&b);
    }
}

/* The kernel has a form of its own of what scale.h states for one element. */
static void quantize_kernel_equals_the_definition(void **state)
{
    (void)state;
    zk_table kernels;
    zk_table_init(&kernels, zi_cpu_detect());
    builder b = builder_make();
    for (int k = 0; k < 2000; k++) {
        float scale = ldexpf(1.0f + 0.5f * builder_random(&b), builder_int(&b, -30, 20));
        int32_t lo = k & 1 ? -128 : 0, zero = builder_int(&b, lo, lo + 255);
        float x[64];
        int8_t out[64];
        for (int i = 0; i < 64; i++) {
            x[i] = scale * 200.0f * builder_random(&b);
            if (i % 4 == 0) // ties
                x[i] = scale * ((float)builder_int(&b, -200, 200) + 0.5f);
            if (i % 16 == 1)
                x[i] = ldexpf(builder_random(&b), builder_int(&b, -140, 127));
        }
        x[5] = NAN, x[6] = INFINITY, x[7] = -INFINITY, x[9] = -0.0f;
        kernels.quantize_f32_s8(scale, zero, lo, lo + 255, x, out, 64);
        for (int i = 0; i < 64; i++)
            assert_int_equal(out[i], (int8_t)zi_quantize(x[i], scale, zero, lo, lo + 255));
    }
    builder_free(&b);
}

static int32_t byte_of(const void *p, size_t i, bool is_u8)
{
    return is_u8 ? ((const uint8_t *)p)[i] : ((const int8_t *)p)[i];
}

/* All four pairs of types; the same value if the scale is the same, else within one unit. */
static void requantize_between_8_bit_types(void **state)
{
    (void)state;
    for (int pair = 0; pair < 8; pair++) {
        bool from_u8 = pair & 1, to_u8 = pair & 2, alike = pair & 4;
        builder b = builder_make();
        zi_id in = build_input(&b, "x", from_u8 ? ZURT_U8 : ZURT_S8, DIMS(256));
        zi_id out = build_op(&b, ZI_OP_Quantize, "out",
                             ATTR(.axis = {.axis = to_u8 ? ZURT_U8 : ZURT_S8}), 1, in);
        int32_t zx = from_u8 ? 100 : -28, zy = to_u8 ? 100 : -28;
        build_quant(&b, in, 0.02f, zx);
        build_quant(&b, out, alike ? 0.02f : 0.033f, zy);
        uint8_t x[256];
        for (int i = 0; i < 256; i++)
            x[i] = (uint8_t)i;
        uint8_t *r = run_last(&b, (const void *[]){x});
        for (size_t i = 0; i < 256; i++) {
            int32_t q = byte_of(x, i, from_u8) - zx, got = byte_of(r, i, to_u8);
            double exact = alike ? q : (double)q * 0.02 / 0.033;
            int32_t lo = to_u8 ? 0 : -128;
            double y = fmin(fmax(exact + zy, lo), lo + 255);
            assert_true(fabs(got - y) <= (alike ? 0.0 : 0.51));
        }
        free(r);
        builder_free(&b);
    }
}

static void per_axis_there_and_back(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4, 3, 2000));
    zi_id q = build_op(&b, ZI_OP_Quantize, "q", ATTR(.axis = {.axis = ZURT_S8}), 1, x);
    const float scale[3] = {0.01f, 0.5f, 2.0f};
    const int32_t zero[3] = {0, -7, 100};
    assert_int_equal(zi_graph_set_quant(b.ctx, b.g, q, 3, 1, scale, zero), ZURT_OK);
    float *v = random_f32(&b, 24000, 2.0f);
    int8_t *r = run_last(&b, (const void *[]){v});
    build_op(&b, ZI_OP_Dequantize, "back", NULL, 1, q);
    float *back = run_last(&b, (const void *[]){r});
    for (size_t i = 0; i < 24000; i++) {
        size_t c = i / 2000 % 3;
        float y = nearbyintf(v[i] / scale[c]) + (float)zero[c];
        y = fminf(fmaxf(y, -128.0f), 127.0f);
        assert_int_equal(r[i], (int)y);
        assert_true(back[i] == scale[c] * (y - (float)zero[c]));
    }
    free(v), free(r), free(back);
    builder_free(&b);
}

static void dequantize_of_other_types(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id u = build_input(&b, "u", ZURT_U8, DIMS(2)), w = build_input(&b, "w", ZURT_S32, DIMS(2));
    build_quant(&b, u, 0.5f, 200);
    build_quant(&b, w, 0.25f, 0);
    build_op(&b, ZI_OP_Dequantize, "fu", NULL, 1, u);
    float *r = run_last(&b, (const void *[]){(uint8_t[]){0, 255}});
    assert_true(r[0] == -100.0f && r[1] == 27.5f);
    free(r);
    build_op(&b, ZI_OP_Dequantize, "fw", NULL, 1, w);
    r = run_last(&b, (const void *[]){(int32_t[]){INT32_MIN, 6}});
    assert_true(r[0] == -536870912.0f && r[1] == 1.5f);
    free(r);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cast_truncates_and_saturates),
        cmocka_unit_test(cast_of_integers_wraps),
        cmocka_unit_test(cast_to_f32_and_itself),
        cmocka_unit_test(quantize_rounds_half_to_even),
        cmocka_unit_test(quantize_kernel_equals_the_definition),
        cmocka_unit_test(requantize_between_8_bit_types),
        cmocka_unit_test(per_axis_there_and_back),
        cmocka_unit_test(dequantize_of_other_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
