/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool as nodes. The kernels themselves: tests/kern. */
#include <math.h>
#include <string.h>

#include "quant/requant.h"
#include "quant/scale.h"
#include "support/op_runner.h"

/* 3x3 window, stride 2, on 1..16 in a 4x4 image, padded by 1 on top and left. */
static const zi_attr_pool padded = {
    .kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}, .pad = {1, 1, 0, 0}};

static builder pool(zi_op op, const zi_attr_pool *attr, zurt_dtype dtype)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", dtype, DIMS(1, 4, 4, 1));
    if (dtype == ZURT_S8)
        build_quant(&b, x, 0.5f, 3);
    zi_id y = build_op(&b, op, "y", ATTR(.pool = *attr), 1, x);
    if (dtype == ZURT_S8)
        build_quant(&b, y, 0.5f, 3);
    return b;
}

static void expect_f32(zi_op op, const zi_attr_pool *attr, const float *expected, size_t n)
{
    builder b = pool(op, attr, ZURT_F32);
    float x[16];
    for (int i = 0; i < 16; i++)
        x[i] = (float)(i + 1);
    float *out = run_last(&b, (const void *[]){x});
    assert_int_equal(zi_tensor_elems(&b.g->tensors[1]), n);
    for (size_t i = 0; i < n; i++)
        assert_true(fabsf(out[i] - expected[i]) < 1e-5f);
    free(out);
    builder_free(&b);
}

static void expect_s8(builder *b, const int8_t *expected, size_t n)
{
    int8_t x[16];
    for (int i = 0; i < 16; i++)
        x[i] = (int8_t)(i + 1);
    int8_t *out = run_last(b, (const void *[]){x});
    assert_int_equal(zi_tensor_elems(&b->g->tensors[1]), n);
    assert_memory_equal(out, expected, n);
    free(out);
    builder_free(b);
}

static void padding_never_wins_a_maximum(void **state)
{
    (void)state;
    expect_f32(ZI_OP_MaxPool, &padded, (const float[]){6, 8, 14, 16}, 4);
    builder b = pool(ZI_OP_MaxPool, &padded, ZURT_S8);
    expect_s8(&b, (const int8_t[]){6, 8, 14, 16}, 4);
}

static void dilation_and_ceil_mode_reach_past_the_border(void **state)
{
    (void)state;
    zi_attr_pool a = {.kernel = {2, 2}, .stride = {3, 3}, .dilation = {2, 2}, .ceil_mode = true};
    expect_f32(ZI_OP_MaxPool, &a, (const float[]){11, 12, 15, 16}, 4);
}

static void averages_count_padding_only_if_asked(void **state)
{
    (void)state;
    zi_attr_pool a = padded;
    expect_f32(ZI_OP_AveragePool, &a, (const float[]){3.5f, 5.0f, 9.5f, 11.0f}, 4);
    a.count_include_pad = true;
    expect_f32(ZI_OP_AveragePool, &a, (const float[]){14 / 9.0f, 30 / 9.0f, 57 / 9.0f, 11.0f}, 4);
}

static void the_overhang_of_ceil_mode_never_counts(void **state)
{
    (void)state;
    const zi_attr_pool a = {.kernel = {3, 3},
                            .stride = {2, 2},
                            .dilation = {1, 1},
                            .ceil_mode = true,
                            .count_include_pad = true};
    expect_f32(ZI_OP_AveragePool, &a, (const float[]){6.0f, 7.5f, 12.0f, 13.5f}, 4);
}

static void int8_average_rounds_the_stored_values(void **state)
{
    (void)state;
    zi_attr_pool a = padded;
    builder b = pool(ZI_OP_AveragePool, &a, ZURT_S8);
    expect_s8(&b, (const int8_t[]){4, 5, 10, 11}, 4); // 3.5, 5, 9.5, 11: halves away from zero
    a.count_include_pad = true;
    b = pool(ZI_OP_AveragePool, &a, ZURT_S8);        // padding is the zero point, 3
    expect_s8(&b, (const int8_t[]){3, 4, 7, 11}, 4); // 29/9, 39/9, 66/9
}

static void ties_of_a_uint8_average_go_up(void **state)
{
    (void)state;
    for (int up = 0; up < 2; up++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 2, 4, 1));
        build_quant(&b, x, 0.5f, -128);
        const zi_attr attr = {
            .pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}, .ties_up = up != 0}};
        zi_id y = build_op(&b, ZI_OP_AveragePool, "y", &attr, 1, x);
        build_quant(&b, y, 0.5f, -128);
        build_output(&b, y);
        static const int8_t in[8] = {-128, -127, 100, 101, -127, -128, 100, 101};
        int8_t *out = run_last(&b, (const void *[]){in}); // means of -127.5 and 100.5
        assert_int_equal(out[0], up ? -127 : -128);
        assert_int_equal(out[1], 101);
        free(out);
        builder_free(&b);
    }
}

static void int8_average_may_change_the_scale(void **state)
{
    (void)state;
    builder b = pool(ZI_OP_AveragePool, &padded, ZURT_S8);
    build_quant(&b, b.g->nodes[0].out[0], 0.25f, -10);
    // (mean - 3) * 2 - 10
    expect_s8(&b, (const int8_t[]){-9, -6, 3, 6}, 4);
}

static void a_maximum_cannot_change_the_scale(void **state)
{
    (void)state;
    builder b = pool(ZI_OP_MaxPool, &padded, ZURT_S8);
    build_quant(&b, b.g->nodes[0].out[0], 0.25f, 3);
    assert_int_equal(zi_op_check(b.ctx, b.g, &b.g->nodes[0]), ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "must share scale and zero point"));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_never_wins_a_maximum),
        cmocka_unit_test(dilation_and_ceil_mode_reach_past_the_border),
        cmocka_unit_test(averages_count_padding_only_if_asked),
        cmocka_unit_test(the_overhang_of_ceil_mode_never_counts),
        cmocka_unit_test(int8_average_rounds_the_stored_values),
        cmocka_unit_test(ties_of_a_uint8_average_go_up),
        cmocka_unit_test(int8_average_may_change_the_scale),
        cmocka_unit_test(a_maximum_cannot_change_the_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
