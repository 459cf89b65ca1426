/* SPDX-License-Identifier: Apache-2.0 */
/* Mod, ScatterND and PRelu: imported, run, and compared with numbers worked out by hand. */
#include <math.h>

#include "support/import_run.h"

static void add_s64(message *g, const char *name, int rank, const int64_t *dims, const int64_t *v,
                    size_t n)
{
    message t = tensor(name, S64, rank, dims, v, n * sizeof(*v));
    add_initializer(g, &t);
}

/* Remainders of a by b, as constants or at run time. */
static void mod_takes_the_sign_that_it_should(void **state)
{
    (void)state;
    static const int64_t a[8] = {7, -7, 7, -7, 0, 6, -6, 5}, b[8] = {3, 3, -3, -3, 5, 3, 3, 1};
    static const int64_t floor_mod[8] = {1, 2, -2, -1, 0, 0, 0, 0};
    static const int64_t c_mod[8] = {1, -1, 1, -1, 0, 0, 0, 0};
    for (int kind = 0; kind < 4; kind++) {
        message g = {0}, n = node("", "Mod", "a b", "y"), v = value_info("a", S64, ONNX_DIMS(8));
        attr_int(&n, "fmod", kind & 1);
        if (kind & 2)
            add_input(&g, &v);
        else
            add_s64(&g, "a", ONNX_DIMS(8), a, 8);
        add_s64(&g, "b", ONNX_DIMS(8), b, 8);
        add_node(&g, &n);
        add_output(&g, "y");
        message m = model(&g, 13);
        imported i = import(&m);
        int64_t y[8];
        run_imported(&i, &(zurt_view){a, sizeof(a)}, &(zurt_span){y, sizeof(y)});
        assert_memory_equal(y, kind & 1 ? c_mod : floor_mod, sizeof(y));
        if (!(kind & 2))
            assert_int_equal(i.g->n_nodes, 1); // folded: only the output's own copy is left
        done(&i);
    }
}

static void remainders_of_floats_are_folded(void **state)
{
    (void)state;
    static const float a[3] = {5.25f, -5.25f, 0.75f}, b = 0.5f;
    message g = {0}, n = node("rest", "Mod", "a b", "y"), v = value_info("a", F32, ONNX_DIMS(3));
    message ta = tensor("a", F32, ONNX_DIMS(3), a, sizeof(a)),
            tb = tensor("b", F32, 0, NULL, &b, 4);
    attr_int(&n, "fmod", 1);
    add_initializer(&g, &tb);
    add_node(&g, &n);
    add_output(&g, "y");
    message given = g;
    add_initializer(&g, &ta);
    message m = model(&g, 13);
    imported i = import(&m);
    float y[3];
    run_imported(&i, NULL, &(zurt_span){y, sizeof(y)});
    assert_true(y[0] == 0.25f && y[1] == -0.25f && y[2] == 0.25f);
    done(&i);
    add_input(&given, &v);
    m = model(&given, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "'rest'", "must be constant");
}

static message scatter(const int64_t *indices, int depth, const char *reduction)
{
    message g = {0}, n = node("s", "ScatterND", "x i u", "y");
    message x = value_info("x", F32, ONNX_DIMS(3, 2)), u1 = value_info("u", F32, ONNX_DIMS(2, 2));
    message u2 = value_info("u", F32, ONNX_DIMS(2));
    const int64_t dims[2] = {2, depth};
    attr_text(&n, "reduction", reduction);
    add_input(&g, &x);
    add_input(&g, depth == 1 ? &u1 : &u2);
    add_s64(&g, "i", 2, dims, indices, 2 * (size_t)depth);
    add_node(&g, &n);
    add_output(&g, "y");
    return model(&g, 18);
}

static void scatters_rows_and_elements(void **state)
{
    (void)state;
    static const float x[6] = {0, 1, 2, 3, 4, 5}, u[4] = {10, 11, 12, 13};
    const zurt_view rows[2] = {{x, sizeof(x)}, {u, sizeof(u)}}, two[2] = {{x, sizeof(x)}, {u, 8}};
    float y[6];
    message m = scatter((const int64_t[]){2, -3}, 1, "none");
    imported i = import(&m);
    run_imported(&i, rows, &(zurt_span){y, sizeof(y)});
    assert_memory_equal(y, ((const float[]){12, 13, 2, 3, 10, 11}), sizeof(y));
    done(&i);
    m = scatter((const int64_t[]){1, 1}, 1, "none"); // the last one stays
    i = import(&m);
    run_imported(&i, rows, &(zurt_span){y, sizeof(y)});
    assert_memory_equal(y, ((const float[]){0, 1, 12, 13, 4, 5}), sizeof(y));
    done(&i);
    m = scatter((const int64_t[]){0, -1, 2, 0}, 2, "none");
    i = import(&m);
    run_imported(&i, two, &(zurt_span){y, sizeof(y)});
    assert_memory_equal(y, ((const float[]){0, 10, 2, 3, 11, 5}), sizeof(y));
    done(&i);
}

static void refuses_what_scatter_cannot_mean(void **state)
{
    (void)state;
    message m = scatter((const int64_t[]){0, 3}, 1, "none");
    refuses(&m, ZURT_E_FORMAT, "index 3 of an axis of 3", "'s'");
    m = scatter((const int64_t[]){INT64_MIN, 0}, 1, "none");
    refuses(&m, ZURT_E_FORMAT, "of an axis of 3", "'s'");
    m = scatter((const int64_t[]){0, 0, 0, 0, 0, 0}, 3, "none");
    refuses(&m, ZURT_E_FORMAT, "data's rank", "'s'");
    m = scatter((const int64_t[]){0, 1}, 1, "add");
    refuses(&m, ZURT_E_UNSUPPORTED, "reduction 'add'", "'s'");
}

/* One slope, or equal ones, is a LeakyRelu; others stay. */
static void equal_slopes_make_a_leaky_relu(void **state)
{
    (void)state;
    static const float slopes[3][2] = {{0.25f, 0}, {0.25f, 0.25f}, {0.25f, 0.5f}};
    static const float x[4] = {-1, -2, 3, -4};
    for (int k = 0; k < 3; k++) {
        message g = {0}, n = node("", "PRelu", "x s", "y");
        message v = value_info("x", F32, ONNX_DIMS(1, 2, 2, 1));
        message s = tensor("s", F32, ONNX_DIMS(k ? 2 : 1, 1, 1), slopes[k], k ? 8 : 4);
        add_input(&g, &v);
        add_initializer(&g, &s);
        add_node(&g, &n);
        add_output(&g, "y");
        message m = model(&g, 16);
        imported i = import(&m);
        float y[4];
        run_imported(&i, &(zurt_view){x, sizeof(x)}, &(zurt_span){y, sizeof(y)});
        assert_int_equal(count(&i, k < 2 ? ZI_OP_LeakyRelu : ZI_OP_PRelu), 1);
        assert_true(y[0] == -0.25f && y[1] == -0.5f && y[2] == 3.0f);
        assert_true(y[3] == (k < 2 ? -1.0f : -2.0f));
        done(&i);
    }
}

static void gelu_has_two_forms(void **state)
{
    (void)state;
    static const float x[5] = {-3, -0.5f, 0, 0.7f, 2};
    for (int approximate = 0; approximate < 2; approximate++) {
        message g = {0}, n = node("", "Gelu", "x", "y"), v = value_info("x", F32, ONNX_DIMS(5));
        attr_text(&n, "approximate", approximate ? "tanh" : "none");
        add_input(&g, &v);
        add_node(&g, &n);
        add_output(&g, "y");
        message m = model(&g, 20);
        imported i = import(&m);
        float y[5];
        run_imported(&i, &(zurt_view){x, sizeof(x)}, &(zurt_span){y, sizeof(y)});
        for (int k = 0; k < 5; k++) {
            double v0 = (double)x[k], f = erf(v0 / sqrt(2));
            if (approximate)
                f = tanh(sqrt(2 / acos(-1)) * (v0 + 0.044715 * v0 * v0 * v0));
            assert_true(fabs((double)y[k] - v0 / 2 * (1 + f)) < 1e-6);
        }
        done(&i);
    }
}

/* What counts nothing is log(0); masks are made of such values. */
static void a_sum_of_infinite_exponents_is_no_nan(void **state)
{
    (void)state;
    static const float x[4][2] = {
        {-INFINITY, -INFINITY}, {-INFINITY, 3}, {INFINITY, -1}, {INFINITY, -INFINITY}};
    static const float want[4] = {-INFINITY, 3, INFINITY, INFINITY};
    message n = node("", "ReduceLogSumExp", "x", "y");
    attr_ints(&n, "axes", 1, (const int64_t[]){1});
    attr_int(&n, "keepdims", 0);
    message g = one_node(&n, ONNX_DIMS(4, 2)), m = model(&g, 13);
    imported i = import(&m);
    float y[4];
    run_imported(&i, &(zurt_view){x, sizeof(x)}, &(zurt_span){y, sizeof(y)});
    for (int k = 0; k < 4; k++)
        assert_true(y[k] == want[k]);
    done(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mod_takes_the_sign_that_it_should),
        cmocka_unit_test(remainders_of_floats_are_folded),
        cmocka_unit_test(scatters_rows_and_elements),
        cmocka_unit_test(refuses_what_scatter_cannot_mean),
        cmocka_unit_test(equal_slopes_make_a_leaky_relu),
        cmocka_unit_test(gelu_has_two_forms),
        cmocka_unit_test(a_sum_of_infinite_exponents_is_no_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
