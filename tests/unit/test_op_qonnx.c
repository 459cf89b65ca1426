/* SPDX-License-Identifier: Apache-2.0 */
/* Quant of QONNX: imported, run, and compared with its formula. */
#include <math.h>

#include "support/import_run.h"

#define QONNX "qonnx.custom_op.general"

typedef struct grid {
    float scale, zero, bits;
    int is_signed, narrow;
    const char *rounds;
} grid;

static double rounded(double v, const char *mode)
{
    return strcmp(mode, "FLOOR") == 0           ? floor(v)
           : strcmp(mode, "CEIL") == 0          ? ceil(v)
           : strcmp(mode, "ROUND_TO_ZERO") == 0 ? trunc(v)
                                                : nearbyint(v);
}

static float formula(float x, const grid *q)
{
    double steps = ldexp(1, (int)q->bits - q->is_signed);
    double lo = q->is_signed ? -steps + q->narrow : 0;
    double hi = steps - (q->narrow && !q->is_signed ? 2 : 1);
    double v = (double)(x / q->scale) + (double)q->zero;
    v = rounded(v < lo ? lo : v > hi ? hi : v, q->rounds);
    return (float)((v - (double)q->zero) * (double)q->scale);
}

static message quant_node(const grid *q, const char *in)
{
    message n = domain_node(QONNX, "Quant", in, "y");
    attr_int(&n, "signed", q->is_signed);
    attr_int(&n, "narrow", q->narrow);
    attr_text(&n, "rounding_mode", q->rounds);
    return n;
}

static void add_scalar(message *g, const char *name, float v)
{
    message t = tensor(name, F32, 0, NULL, &v, 4);
    add_initializer(g, &t);
}

/* x [16] -> Quant -> y */
static message activation(const grid *q)
{
    message g = {0}, x = value_info("x", F32, ONNX_DIMS(16)), n = quant_node(q, "x s z b");
    add_input(&g, &x);
    add_scalar(&g, "s", q->scale);
    add_scalar(&g, "z", q->zero);
    add_scalar(&g, "b", q->bits);
    add_node(&g, &n);
    add_output(&g, "y");
    return model(&g, 13);
}

static const float values[16] = {-100, -8.5f, -2, -1.1f, -0.9f, -0.375f, -0.125f, 0,
                                 0.1f, 0.3f,  1,  1.9f,  2.25f, 3.9f,    30,      1e9f};

static void rounds_activations_to_the_grid(void **state)
{
    (void)state;
    static const grid grids[] = {
        {0.25f, 0, 8, 1, 0, "ROUND"}, {0.25f, 0, 8, 1, 1, "ROUND"},
        {0.25f, 0, 4, 1, 0, "ROUND"}, {0.25f, 0, 4, 1, 1, "ROUND"},
        {0.25f, 0, 4, 0, 0, "ROUND"}, {0.25f, 0, 8, 0, 1, "ROUND"},
        {0.25f, 4, 4, 0, 0, "ROUND"}, {0.25f, 0, 1, 0, 0, "ROUND"},
        {0.3f, -2, 5, 1, 0, "ROUND"}, {0.25f, 0, 4, 1, 0, "FLOOR"},
        {0.25f, 0, 6, 1, 0, "CEIL"},  {0.25f, 1, 8, 1, 0, "ROUND_TO_ZERO"}};
    for (size_t k = 0; k < sizeof(grids) / sizeof(*grids); k++) {
        message m = activation(&grids[k]);
        imported i = import(&m);
        float y[16];
        run_imported(&i, &(zurt_view){values, sizeof(values)}, &(zurt_span){y, sizeof(y)});
        assert_int_equal(count(&i, ZI_OP_Quantize), 1);
        for (int j = 0; j < 16; j++) {
            if (fabsf(y[j] - formula(values[j], &grids[k])) > 1e-6f)
                fail_msg("grid %zu: %g becomes %g, not %g", k, (double)values[j], (double)y[j],
                         (double)formula(values[j], &grids[k]));
        }
        done(&i);
    }
}

/* w [2,8] with a scale per row, then x . w^T: int8 weights, and values of the formula. */
static void folds_weights_per_channel(void **state)
{
    (void)state;
    static const float scales[2] = {0.25f, 0.5f};
    message g = {0}, x = value_info("x", F32, ONNX_DIMS(8, 8));
    const grid q = {0, 0, 3, 1, 1, "ROUND"};
    message n = quant_node(&q, "w s z b"), gemm = node("", "Gemm", "x y", "o");
    message w = tensor("w", F32, ONNX_DIMS(2, 8), values, sizeof(values));
    message s = tensor("s", F32, ONNX_DIMS(2, 1), scales, 8);
    attr_int(&gemm, "transB", 1);
    add_input(&g, &x);
    add_initializer(&g, &w);
    add_initializer(&g, &s);
    add_scalar(&g, "z", q.zero);
    add_scalar(&g, "b", q.bits);
    add_node(&g, &n);
    add_node(&g, &gemm);
    add_output(&g, "o");
    message m = model(&g, 13);
    imported i = import(&m);
    float one[64] = {0}, y[16];
    for (int k = 0; k < 8; k++)
        one[9 * k] = 1;
    run_imported(&i, &(zurt_view){one, sizeof(one)}, &(zurt_span){y, sizeof(y)});
    bool found = false;
    for (size_t k = 0; k < i.g->n_tensors; k++) {
        const zi_tensor *t = &i.g->tensors[k];
        found = found || (zi_tensor_is_const(t) && t->dtype == ZURT_S8 && t->quant.n == 2);
    }
    assert_true(found);
    for (int k = 0; k < 16; k++) {
        const grid row = {scales[k % 2], 0, 3, 1, 1, "ROUND"};
        assert_true(fabsf(y[k] - formula(values[8 * (k % 2) + k / 2], &row)) < 1e-6f);
    }
    done(&i);
}

static void wide_constants_stay_float(void **state)
{
    (void)state;
    const grid q = {1.0f / 1024, 0, 16, 1, 0, "ROUND"};
    message g = {0}, n = quant_node(&q, "w s z b");
    message w = tensor("w", F32, ONNX_DIMS(15), values, 60);
    add_initializer(&g, &w);
    add_scalar(&g, "s", q.scale);
    add_scalar(&g, "z", 0);
    add_scalar(&g, "b", q.bits);
    add_node(&g, &n);
    add_output(&g, "y");
    message m = model(&g, 13);
    imported i = import(&m);
    float y[15];
    run_imported(&i, NULL, &(zurt_span){y, sizeof(y)});
    for (int k = 0; k < 15; k++)
        assert_true(fabsf(y[k] - formula(values[k], &q)) < 1e-6f);
    done(&i);
}

static void refuses_what_8_bits_do_not_hold(void **state)
{
    (void)state;
    static const struct {
        grid q;
        zurt_status status;
        const char *text;
    } cases[] = {{{0.25f, 0, 16, 1, 0, "ROUND"}, ZURT_E_UNSUPPORTED, "2 to 8 bits"},
                 {{0.25f, 0, 1, 1, 0, "ROUND"}, ZURT_E_UNSUPPORTED, "2 to 8 bits"},
                 {{0.25f, 0, 3.5f, 1, 0, "ROUND"}, ZURT_E_UNSUPPORTED, "2 to 8 bits"},
                 {{0.25f, 0, NAN, 1, 0, "ROUND"}, ZURT_E_UNSUPPORTED, "2 to 8 bits"},
                 {{0.25f, 0.5f, 8, 1, 0, "ROUND"}, ZURT_E_UNSUPPORTED, "whole zero points"},
                 {{0.25f, 300, 8, 0, 0, "ROUND"}, ZURT_E_UNSUPPORTED, "whole zero points"},
                 {{0, 0, 8, 1, 0, "ROUND"}, ZURT_E_FORMAT, "scale 0 is 0"},
                 {{0.25f, 0, 4, 1, 0, "DITHER"}, ZURT_E_UNSUPPORTED, "rounding_mode 'DITHER'"}};
    for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
        message m = activation(&cases[k].q);
        refuses(&m, cases[k].status, cases[k].text, "(Quant)");
    }
    message g = {0}, x = value_info("x", F32, ONNX_DIMS(16));
    message n = domain_node("onnx.brevitas", "BipolarQuant", "x s", "y");
    add_input(&g, &x);
    add_scalar(&g, "s", 1);
    add_node(&g, &n);
    add_output(&g, "y");
    message m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "BipolarQuant", "export_onnx_qcdq");
    g = (message){0};
    n = domain_node("finn.custom_op.fpgadataflow.hls", "MVAU_hls", "x", "y");
    add_input(&g, &x);
    add_node(&g, &n);
    add_output(&g, "y");
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "FINN has made hardware", "QCDQ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_activations_to_the_grid),
        cmocka_unit_test(folds_weights_per_channel),
        cmocka_unit_test(wide_constants_stay_float),
        cmocka_unit_test(refuses_what_8_bits_do_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
