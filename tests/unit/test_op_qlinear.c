/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ONNX Runtime's QOperator files: imported, run, and compared with the formula. */
#include <math.h>

#include "support/import_run.h"

#define MS "com.microsoft"

/* u8 parameters: real = scale * (q - zero). */
typedef struct qp {
    float scale;
    uint8_t zero;
} qp;

static const qp qa = {0.5f, 128}, qb = {0.25f, 7}, qy = {0.75f, 100};

static double real(uint8_t q, qp p)
{
    return (double)p.scale * (q - p.zero);
}

static uint8_t quantised(double v, qp p)
{
    double q = nearbyint(v / (double)p.scale) + p.zero;
    return (uint8_t)(q < 0 ? 0 : q > 255 ? 255 : q);
}

static void add_params(message *g, const char *scale, const char *zero, qp p)
{
    message s = tensor(scale, F32, 0, NULL, &p.scale, 4), z = tensor(zero, U8, 0, NULL, &p.zero, 1);
    add_initializer(g, &s);
    add_initializer(g, &z);
}

/* Inputs a and b (b: NULL dims leave it out) of type U8, the parameters, one node, output y. */
static message graph_of(const message *n, int rank, const int64_t *dims, bool two)
{
    message g = {0}, a = value_info("a", U8, rank, dims), b = value_info("b", U8, rank, dims);
    add_input(&g, &a);
    if (two)
        add_input(&g, &b);
    add_params(&g, "as", "az", qa);
    add_params(&g, "bs", "bz", qb);
    add_params(&g, "ys", "yz", qy);
    add_node(&g, n);
    add_output(&g, "y");
    return g;
}

static const uint8_t a8[8] = {0, 1, 100, 127, 128, 129, 200, 255};
static const uint8_t b8[8] = {7, 0, 255, 8, 6, 90, 3, 200};

static void run_u8(const message *g, int64_t opset, const uint8_t *b, uint8_t *y, size_t n_y)
{
    message m = model(g, opset);
    imported i = import(&m);
    const zurt_view in[2] = {{a8, 8}, {b, 8}};
    const zurt_span out = {y, n_y};
    run_imported(&i, in, &out);
    done(&i);
}

static void adds_and_multiplies(void **state)
{
    (void)state;
    for (int mul = 0; mul < 2; mul++) {
        message n =
            domain_node(MS, mul ? "QLinearMul" : "QLinearAdd", "a as az b bs bz ys yz", "y");
        message g = graph_of(&n, ONNX_DIMS(1, 8), true);
        uint8_t y[8];
        run_u8(&g, 13, b8, y, 8);
        for (int k = 0; k < 8; k++) {
            double a = real(a8[k], qa), b = real(b8[k], qb);
            assert_int_equal(y[k], quantised(mul ? a * b : a + b, qy));
        }
    }
}

static void applies_functions(void **state)
{
    (void)state;
    message sigmoid = domain_node(MS, "QLinearSigmoid", "a as az ys yz", "y");
    message leaky = domain_node(MS, "QLinearLeakyRelu", "a as az ys yz", "y");
    attr_float(&leaky, "alpha", 0.25f);
    message gs = graph_of(&sigmoid, ONNX_DIMS(8), false),
            gl = graph_of(&leaky, ONNX_DIMS(8), false);
    uint8_t y[8], z[8];
    run_u8(&gs, 13, NULL, y, 8);
    run_u8(&gl, 13, NULL, z, 8);
    for (int k = 0; k < 8; k++) {
        double x = real(a8[k], qa);
        assert_int_equal(y[k], quantised(1 / (1 + exp(-x)), qy));
        assert_int_equal(z[k], quantised(x < 0 ? x / 4 : x, qy));
    }
}

/* Opset 12's Softmax takes all axes from `axis` on as one, opset 13's that axis alone. */
static void softmax_follows_its_own_opset(void **state)
{
    (void)state;
    for (int64_t opset = 12; opset <= 13; opset++) {
        message n = domain_node(MS, "QLinearSoftmax", "a as az bs bz", "y");
        attr_int(&n, "axis", 1);
        attr_int(&n, "opset", opset);
        message g = graph_of(&n, ONNX_DIMS(1, 2, 4), false);
        uint8_t y[8];
        run_u8(&g, opset == 12 ? 13 : 11, NULL, y, 8);
        for (int k = 0; k < 8; k++) {
            double sum = 0;
            for (int j = 0; j < 8; j++)
                sum += opset == 12 || j % 4 == k % 4 ? exp(real(a8[j], qa)) : 0;
            assert_int_equal(y[k], quantised(exp(real(a8[k], qa)) / sum, qb));
        }
    }
}

static void concatenates(void **state)
{
    (void)state;
    message n = domain_node(MS, "QLinearConcat", "ys yz a as az b bs bz", "y");
    attr_int(&n, "axis", 0);
    message g = graph_of(&n, ONNX_DIMS(8), true);
    uint8_t y[16];
    run_u8(&g, 13, b8, y, 16);
    for (int k = 0; k < 16; k++)
        assert_int_equal(y[k], quantised(k < 8 ? real(a8[k], qa) : real(b8[k - 8], qb), qy));
}

/* [1,2,2,2]: channels first, or last with the attribute. */
static void pools_in_both_layouts(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        message global = domain_node(MS, "QLinearGlobalAveragePool", "a as az ys yz", "y");
        message pool = domain_node(MS, "QLinearAveragePool", "a as az ys yz", "y");
        attr_ints(&pool, "kernel_shape", 2, (const int64_t[]){2, 1});
        attr_int(&global, "channels_last", last);
        attr_int(&pool, "channels_last", last);
        message gg = graph_of(&global, ONNX_DIMS(1, 2, 2, 2), false);
        message gp = graph_of(&pool, ONNX_DIMS(1, 2, 2, 2), false);
        uint8_t y[2], z[4];
        run_u8(&gg, 13, NULL, y, 2);
        run_u8(&gp, 13, NULL, z, 4);
        for (int c = 0; c < 2; c++) {
            double sum = 0;
            for (int p = 0; p < 4; p++)
                sum += real(a8[last ? 2 * p + c : 4 * c + p], qa);
            assert_int_equal(y[c], quantised(sum / 4, qy));
        }
        for (int k = 0; k < 4; k++) { // rows h and h + 1 of the same column
            int first = last ? k : k < 2 ? k : k + 2, step = last ? 4 : 2;
            double sum = real(a8[first], qa) + real(a8[first + step], qa);
            assert_int_equal(z[k], quantised(sum / 2, qy));
        }
    }
}

/* a [2,4] . b^T [3,4] + c; b has a scale per row. */
static message gemm(bool quantised_output)
{
    static const int8_t w[12] = {1, -2, 3, 4, 5, 6, -7, 8, 9, 1, 2, -3}, zeros[3];
    static const float scales[3] = {0.5f, 0.25f, 0.125f};
    static const int32_t bias[3] = {100, -200, 300};
    message n = domain_node(
        MS, "QGemm", quantised_output ? "a as az w ws wz c ys yz" : "a as az w ws wz c", "y");
    attr_int(&n, "transB", 1);
    attr_float(&n, "alpha", 0.5f);
    message g = graph_of(&n, ONNX_DIMS(2, 4), false);
    message tw = tensor("w", S8, ONNX_DIMS(3, 4), w, 12);
    message ts = tensor("ws", F32, ONNX_DIMS(3), scales, 12),
            tz = tensor("wz", S8, ONNX_DIMS(3), zeros, 3);
    message tc = tensor("c", S32, ONNX_DIMS(1, 3), bias, 12);
    add_initializer(&g, &tw);
    add_initializer(&g, &ts);
    add_initializer(&g, &tz);
    add_initializer(&g, &tc);
    return g;
}

static void multiplies_matrices(void **state)
{
    (void)state;
    static const int w[12] = {1, -2, 3, 4, 5, 6, -7, 8, 9, 1, 2, -3}, bias[3] = {100, -200, 300};
    static const double scales[3] = {0.5, 0.25, 0.125};
    message g = gemm(true), f = gemm(false), m = model(&f, 13);
    uint8_t y[6];
    float z[6];
    run_u8(&g, 13, NULL, y, 6);
    imported i = import(&m);
    run_imported(&i, &(zurt_view){a8, 8}, &(zurt_span){z, sizeof(z)});
    assert_int_equal(count(&i, ZI_OP_FullyConnected), 1);
    done(&i);
    for (int k = 0; k < 6; k++) {
        double sum = bias[k % 3];
        for (int j = 0; j < 4; j++)
            sum += (a8[k / 3 * 4 + j] - 128) * w[k % 3 * 4 + j];
        double v = 0.5 * (double)qa.scale * scales[k % 3] * sum;
        assert_true(fabs(v - (double)z[k]) < 1e-4);
        assert_int_equal(y[k], quantised(v, qy));
    }
}

static void refuses_what_is_missing_or_foreign(void **state)
{
    (void)state;
    message n = domain_node(MS, "QLinearAdd", "a as az b bs bz", "y");
    message g = graph_of(&n, ONNX_DIMS(8), true), m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "input 6", "is missing");
    n = domain_node(MS, "QLinearConcat", "ys yz a - az", "y");
    attr_int(&n, "axis", 0);
    g = graph_of(&n, ONNX_DIMS(8), false);
    m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "input 3", "is missing");
    n = domain_node("org.example", "QLinearAdd", "a as az b bs bz ys yz", "y"); // another's op
    g = graph_of(&n, ONNX_DIMS(8), true);
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "org.example", "export with the standard ONNX operators");
    n = node("", "QLinearAdd", "a as az b bs bz ys yz", "y"); // the standard has no such op
    g = graph_of(&n, ONNX_DIMS(8), true);
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "not supported", "docs/ops.md");
    n = domain_node(MS, "QLinearReduceMean", "a as az ys yz", "y");
    g = graph_of(&n, ONNX_DIMS(8), false);
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, MS, "QDQ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_and_multiplies),
        cmocka_unit_test(applies_functions),
        cmocka_unit_test(softmax_follows_its_own_opset),
        cmocka_unit_test(concatenates),
        cmocka_unit_test(pools_in_both_layouts),
        cmocka_unit_test(multiplies_matrices),
        cmocka_unit_test(refuses_what_is_missing_or_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
