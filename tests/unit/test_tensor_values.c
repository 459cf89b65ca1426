/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a tensor and the real values that they stand for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/zurt.h>

static zurt_ctx *ctx;

static int setup(void **state)
{
    (void)state;
    return zurt_ctx_create(NULL, &ctx) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    zurt_ctx_destroy(ctx);
    return 0;
}

static zurt_tensor_info tensor(zurt_dtype dtype, float scale, int32_t zero_point, size_t n)
{
    zurt_tensor_info info = {.name = "t", .dtype = dtype, .rank = 1, .dims = {(int32_t)n}};
    info.bytes = n * zurt_dtype_bytes(dtype);
    info.scale = scale;
    info.zero_point = zero_point;
    return info;
}

static void int8_is_scaled(void **state)
{
    (void)state;
    const zurt_tensor_info info = tensor(ZURT_S8, 0.5f, -3, 6);
    const float in[6] = {-1.0f, 0.0f, 0.25f, 0.75f, 1000.0f, NAN};
    const int8_t expected[6] = {-5, -3, -3, -1, 127, -3}; // half to even; clamped; no number: 0
    const float back[6] = {-1.0f, 0.0f, 0.0f, 1.0f, 65.0f, 0.0f};
    int8_t q[6];
    float out[6];
    assert_int_equal(zurt_tensor_from_float(ctx, &info, in, (zurt_span){q, 6}), ZURT_OK);
    assert_memory_equal(q, expected, 6);
    assert_int_equal(zurt_tensor_to_float(ctx, &info, (zurt_view){q, 6}, out), ZURT_OK);
    assert_memory_equal(out, back, sizeof(back));
}

static void uint8_without_a_scale_is_the_pixel(void **state)
{
    (void)state;
    const zurt_tensor_info info = tensor(ZURT_U8, 0, 0, 3);
    const float in[3] = {-1.0f, 254.4f, 300.0f};
    uint8_t q[3];
    float out[3];
    assert_int_equal(zurt_tensor_from_float(ctx, &info, in, (zurt_span){q, 3}), ZURT_OK);
    assert_int_equal(q[0], 0);
    assert_int_equal(q[1], 254);
    assert_int_equal(q[2], 255);
    assert_int_equal(zurt_tensor_to_float(ctx, &info, (zurt_view){q, 3}, out), ZURT_OK);
    assert_true(out[1] == 254.0f);
}

static void other_types_hold_what_they_can(void **state)
{
    (void)state;
    static const struct {
        zurt_dtype dtype;
        float value;
        bool fits;
    } rows[] = {
        {ZURT_F32, -1e30f, true},         {ZURT_S32, -7.0f, true},
        {ZURT_S32, 2147483648.0f, false}, {ZURT_S32, -2147483648.0f, true},
        {ZURT_S32, 1.5f, false},          {ZURT_S32, NAN, false},
        {ZURT_S64, 4294967296.0f, true},  {ZURT_S64, 1e19f, false},
        {ZURT_S64, INFINITY, false},      {ZURT_BOOL, 1.0f, true},
        {ZURT_BOOL, 2.0f, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const zurt_tensor_info info = tensor(rows[i].dtype, 0, 0, 1);
        _Alignas(8) uint8_t bytes[8] = {0};
        const zurt_status st =
            zurt_tensor_from_float(ctx, &info, &rows[i].value, (zurt_span){bytes, info.bytes});
        assert_int_equal(st, rows[i].fits ? ZURT_OK : ZURT_E_FORMAT);
        float out;
        assert_int_equal(zurt_tensor_to_float(ctx, &info, (zurt_view){bytes, info.bytes}, &out),
                         ZURT_OK);
        assert_true(!rows[i].fits || !(out < rows[i].value || out > rows[i].value));
    }
    const float two[2] = {3.0f, 0.5f};
    int64_t q[2];
    const zurt_tensor_info info = tensor(ZURT_S64, 0, 0, 2);
    assert_int_equal(zurt_tensor_from_float(ctx, &info, two, (zurt_span){q, 16}), ZURT_E_FORMAT);
    assert_string_equal(zurt_ctx_error(ctx), "tensor 't' is s64: it cannot hold 0.5, value 1");
}

static void a_part_is_enough(void **state)
{
    (void)state;
    const zurt_tensor_info info = tensor(ZURT_S32, 0.25f, 0, 4);
    const int32_t q[4] = {4, 8, 12, 16};
    float out[4] = {0};
    assert_int_equal(zurt_tensor_to_float(ctx, &info, (zurt_view){q, 8}, out), ZURT_OK);
    assert_true(out[1] == 2.0f && out[2] == 0.0f);
    assert_int_equal(zurt_tensor_to_float(ctx, &info, (zurt_view){NULL, 0}, NULL), ZURT_OK);
}

static void bad_memory_is_refused(void **state)
{
    (void)state;
    const zurt_tensor_info info = tensor(ZURT_F32, 0, 0, 2),
                           none = tensor(ZURT_DTYPE_NONE, 0, 0, 2);
    float memory[4] = {0};
    const zurt_view bad[] = {{memory, 7}, {memory, 12}, {NULL, 8}, {(uint8_t *)memory + 2, 8}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const zurt_span out = {(void *)bad[i].data, bad[i].bytes};
        assert_int_equal(zurt_tensor_to_float(ctx, &info, bad[i], memory), ZURT_E_ARG);
        assert_int_equal(zurt_tensor_from_float(ctx, &info, memory, out), ZURT_E_ARG);
    }
    const zurt_view good = {memory, 8};
    assert_int_equal(zurt_tensor_to_float(ctx, &info, good, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_tensor_from_float(ctx, &info, NULL, (zurt_span){memory, 8}), ZURT_E_ARG);
    assert_int_equal(zurt_tensor_to_float(ctx, &none, good, memory), ZURT_E_ARG);
    assert_int_equal(zurt_tensor_to_float(NULL, &info, good, memory), ZURT_E_ARG);
    assert_int_equal(zurt_tensor_from_float(ctx, NULL, memory, (zurt_span){memory, 8}), ZURT_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(int8_is_scaled),
        cmocka_unit_test(uint8_without_a_scale_is_the_pixel),
        cmocka_unit_test(other_types_hold_what_they_can),
        cmocka_unit_test(a_part_is_enough),
        cmocka_unit_test(bad_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
