/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions in float, integers and as tables. */
#include <math.h>

#include "kernels/exp_f32.h"
#include "ops/lut.h"
#include "quant/rescale.h"
#include "support/op_runner.h"

static const zi_attr_unary attr = {.alpha = 0.3f, .beta = 1.2f};

/* What op.def says of each op, once more. */
static double expected(zi_op op, double x)
{
    double a = (double)attr.alpha, c = (double)attr.beta;
    switch (op) {
    case ZI_OP_Relu:
        return fmax(x, 0.0);
    case ZI_OP_Clip:
        return fmin(fmax(x, a), c);
    case ZI_OP_LeakyRelu:
        return x < 0.0 ? a * x : x;
    case ZI_OP_Sigmoid:
        return 1.0 / (1.0 + exp(-x));
    case ZI_OP_HardSigmoid:
        return fmin(fmax(a * x + c, 0.0), 1.0);
    case ZI_OP_HardSwish:
        return x * fmin(fmax(x / 6.0 + 0.5, 0.0), 1.0);
    case ZI_OP_Swish:
        return x / (1.0 + exp(-x));
    case ZI_OP_Tanh:
        return tanh(x);
    case ZI_OP_Exp:
        return exp(x);
    case ZI_OP_Log:
        return log(x);
    case ZI_OP_Sqrt:
        return sqrt(x);
    case ZI_OP_Abs:
        return fabs(x);
    case ZI_OP_Neg:
        return -x;
    case ZI_OP_Floor:
        return floor(x);
    case ZI_OP_Ceil:
        return ceil(x);
    case ZI_OP_Round:
        return nearbyint(x);
    case ZI_OP_Reciprocal:
        return 1.0 / x;
    case ZI_OP_Erf:
        return erf(x);
    case ZI_OP_Elu:
        return x < 0.0 ? a * (exp(x) - 1.0) : x;
    case ZI_OP_Selu:
        return c * (x <= 0.0 ? a * (exp(x) - 1.0) : x);
    case ZI_OP_Softplus:
        return log(1.0 + exp(x));
    case ZI_OP_Softsign:
        return x / (1.0 + fabs(x));
    case ZI_OP_Celu:
        return fmax(x, 0.0) + fmin(0.0, a * (exp(x / a) - 1.0));
    case ZI_OP_ThresholdedRelu:
        return x > a ? x : 0.0;
    case ZI_OP_Sign:
        return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0;
    case ZI_OP_Sin:
        return sin(x);
    case ZI_OP_Cos:
        return cos(x);
    case ZI_OP_Tan:
        return tan(x);
    case ZI_OP_Asin:
        return asin(x);
    case ZI_OP_Acos:
        return acos(x);
    case ZI_OP_Atan:
        return atan(x);
    case ZI_OP_Sinh:
        return sinh(x);
    case ZI_OP_Cosh:
        return cosh(x);
    case ZI_OP_Asinh:
        return asinh(x);
    case ZI_OP_Acosh:
        return acosh(x);
    case ZI_OP_Atanh:
        return atanh(x);
    default:
        fail_msg("%s has no expectation", zi_op_name((uint32_t)op));
        return 0.0;
    }
}

static bool is_real_map(zi_op op)
{
    return zi_op_has(op, ZI_OPF_MAP) && op != ZI_OP_Not && op != ZI_OP_Lut;
}

static void f32_is_near_double(void **state)
{
    (void)state;
    enum { N = 60001 }; // enough for several tasks
    for (uint32_t op = 1; op < ZI_OP_LIMIT; op++) {
        if (!is_real_map((zi_op)op))
            continue;
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(N));
        build_op(&b, (zi_op)op, "out", &(zi_attr){.unary = attr}, 1, in);
        float *x = random_f32(&b, N, 12.0f);
        x[0] = 0.0f, x[1] = 0.5f, x[2] = 1.5f, x[3] = -2.5f;
        for (int i = 0; i < N && (op == ZI_OP_Log || op == ZI_OP_Sqrt); i++)
            x[i] = fabsf(x[i]) + 1e-3f;
        for (int i = 0; i < N && op == ZI_OP_Reciprocal; i++)
            x[i] += x[i] < 0.0f ? -1e-3f : 1e-3f;
        bool within_1 = op == ZI_OP_Asin || op == ZI_OP_Acos || op == ZI_OP_Atanh;
        for (int i = 0; i < N && (within_1 || op == ZI_OP_Acosh); i++)
            x[i] = within_1 ? sinf(x[i]) * 0.9999f : 1.0f + fabsf(x[i]);
        float *r = run_last(&b, (const void *[]){x});
        for (int i = 0; i < N; i++) {
            double y = expected((zi_op)op, (double)x[i]);
            if (!(fabs((double)r[i] - y) <= 4e-7 * (1.0 + fabs(y))))
                fail_msg("%s(%g) = %g, not %g", zi_op_name(op), (double)x[i], (double)r[i], y);
        }
        runner_once(&b, b.g->nodes, (const void *[]){x}, (void *[]){x}, 2); // in place
        assert_memory_equal(x, r, N * sizeof(*r));
        free(x), free(r);
        builder_free(&b);
    }
}

static void exp_is_exact_to_two_ulp_and_sane_at_the_ends(void **state)
{
    (void)state;
    double worst = 0.0;
    for (float x = -87.0f; x < 88.7f; x += 0.00137f) {
        double y = exp((double)x), got = (double)zk_exp_f32(x);
        worst = fmax(worst, fabs(got - y) / y);
    }
    assert_true(worst < 2.4e-7);
    assert_true(zk_exp_f32(0.0f) == 1.0f);
    assert_true(zk_exp_f32(89.0f) == INFINITY && zk_exp_f32(INFINITY) == INFINITY);
    assert_true(zk_exp_f32(-INFINITY) == 0.0f && zk_exp_f32(-200.0f) == 0.0f);
    assert_true(zk_exp_f32(-100.0f) > 0.0f); // below the normal range
    assert_true(isnan(zk_exp_f32(NAN)));
}

static void integers_keep_their_type(void **state)
{
    (void)state;
    static const struct {
        zi_op op;
        int64_t expected[4];
    } cases[] = {
        {ZI_OP_Neg, {5, 0, -7, INT64_MIN}}, {ZI_OP_Abs, {5, 0, 7, INT64_MIN}},
        {ZI_OP_Sign, {-1, 0, 1, -1}},       {ZI_OP_Relu, {0, 0, 7, 0}},
        {ZI_OP_Clip, {1, 1, 1, 1}}, // integers within [0.3, 1.2]
    };
    const int64_t x[4] = {-5, 0, 7, INT64_MIN};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_S64, DIMS(4));
        build_op(&b, cases[i].op, "out", &(zi_attr){.unary = attr}, 1, in);
        int64_t *r = run_last(&b, (const void *[]){x});
        assert_memory_equal(r, cases[i].expected, sizeof(x));
        free(r);
        builder_free(&b);
    }
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_BOOL, DIMS(2));
    build_op(&b, ZI_OP_Not, "out", NULL, 1, in);
    uint8_t *r = run_last(&b, (const void *[]){(uint8_t[]){0, 1}});
    assert_true(r[0] == 1 && r[1] == 0);
    free(r);
    builder_free(&b);
}

/* Relu6 on s8: exact where the scales agree, else the requantised value clamped. */
static void s8_clip_clamps_in_the_output_scale(void **state)
{
    (void)state;
    for (int alike = 0; alike < 2; alike++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_S8, DIMS(256));
        zi_id out = build_op(&b, ZI_OP_Clip, "out",
                             &(zi_attr){.unary = {.alpha = 0.0f, .beta = 6.0f}}, 1, x);
        build_quant(&b, x, 0.1f, 5);
        build_quant(&b, out, alike ? 0.1f : 0.05f, alike ? 5 : -100);
        int8_t q[256];
        for (int i = 0; i < 256; i++)
            q[i] = (int8_t)(i - 128);
        int8_t *r = run_last(&b, (const void *[]){q});
        for (int i = 0; i < 256; i++) {
            double real = fmin(fmax(0.1 * (q[i] - 5), 0.0), 6.0);
            double y = alike ? round(real / 0.1) + 5 : round(real / 0.05) - 100;
            assert_int_equal(r[i], (int)y);
        }
        free(r);
        builder_free(&b);
    }
}

static void tables_hold_the_quantised_function(void **state)
{
    (void)state;
    for (uint32_t op = 1; op < ZI_OP_LIMIT; op++) {
        int8_t table[256];
        bool real = zi_lut_fill((zi_op)op, &attr, 0.047f, -11, 0.031f, 17, table);
        assert_int_equal(real, is_real_map((zi_op)op));
        for (int q = -128; real && q <= 127; q++) {
            double y = expected((zi_op)op, (double)0.047f * (q + 11)) / (double)0.031f;
            y = isnan(y) ? 17.0 : fmin(fmax(nearbyint(y) + 17.0, -128.0), 127.0);
            if (table[q + 128] != (int)y)
                fail_msg("%s at %d: %d, not %g", zi_op_name(op), q, table[q + 128], y);
        }
    }
}

static void lut_node_looks_up(void **state)
{
    (void)state;
    enum { N = 40000 };
    builder b = builder_make();
    int8_t *table = random_s8(&b, 256);
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(N));
    zi_id t = build_const(&b, "t", ZURT_S8, DIMS(256), table);
    build_op(&b, ZI_OP_Lut, "out", ATTR(.axis = {.axis = ZI_OP_Tanh}), 2, x, t);
    int8_t *q = random_s8(&b, N);
    int8_t *r = run_last(&b, (const void *[]){q, NULL});
    for (int i = 0; i < N; i++)
        assert_int_equal(r[i], table[q[i] + 128]);
    free(q), free(r);
    builder_free(&b);
    free(table);
}

static void requantising_tables_are_exact_for_equal_scales(void **state)
{
    (void)state;
    int8_t table[256];
    assert_true(zi_rescale_table(0.3f, 4, 0.3f, 4, table));
    for (int q = -128; q <= 127; q++)
        assert_int_equal(table[q + 128], q);
    assert_true(zi_rescale_table(0.3f, 4, 0.15f, -3, table)); // doubles
    for (int q = -128; q <= 127; q++) {
        int y = 2 * (q - 4) - 3;
        assert_int_equal(table[q + 128], y < -128 ? -128 : y > 127 ? 127 : y);
    }
    assert_false(zi_rescale_table(1e20f, 0, 1e-10f, 0, table));
    assert_true(zi_rescale_table(1e-20f, 0, 1e10f, 3, table)); // everything is zero
    assert_int_equal(table[0], 3);
}

static void other_functions_of_s8_name_the_remedy(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(4));
    zi_id out = build_op(&b, ZI_OP_Tanh, "out", NULL, 1, x);
    build_quant(&b, x, 0.1f, 0);
    build_quant(&b, out, 0.1f, 0);
    assert_int_equal(zi_op_check(b.ctx, b.g, b.g->nodes), ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "Lut"));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_is_near_double),
        cmocka_unit_test(exp_is_exact_to_two_ulp_and_sane_at_the_ends),
        cmocka_unit_test(integers_keep_their_type),
        cmocka_unit_test(s8_clip_clamps_in_the_output_scale),
        cmocka_unit_test(tables_hold_the_quantised_function),
        cmocka_unit_test(lut_node_looks_up),
        cmocka_unit_test(requantising_tables_are_exact_for_equal_scales),
        cmocka_unit_test(other_functions_of_s8_name_the_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
