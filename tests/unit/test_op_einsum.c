/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum: imported, run, and compared with plain sums over all labels. */
#include <math.h>

#include "support/import_run.h"

/* Sizes of the labels a to e. */
static const int32_t sizes[5] = {2, 3, 4, 2, 3};

static int term_dims(const char *p, size_t n, int64_t *dims)
{
    for (size_t i = 0; i < n; i++)
        dims[i] = sizes[p[i] - 'a'];
    return (int)n;
}

/* Offset of the element that `at`, a place for each label, names in a tensor with these labels. */
static size_t offset(const char *labels, size_t n, const int32_t *at)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k = k * (size_t)sizes[labels[i] - 'a'] + (size_t)at[labels[i] - 'a'];
    return k;
}

static float value(int operand, size_t i)
{
    return (float)((int)(i * 7 + (size_t)operand * 3) % 11 - 5);
}

/* Every place of all five labels counts once for each label that no term has: taken off again. */
static void naive(char terms[3][8], int n, const char *out, float *y)
{
    int32_t at[5];
    bool used[5] = {0};
    for (int k = 0; k < n; k++) {
        for (const char *p = terms[k]; *p; p++)
            used[*p - 'a'] = true;
    }
    for (int32_t i = 0; i < 2 * 3 * 4 * 2 * 3; i++) {
        int32_t rest = i;
        bool counts = true;
        for (int l = 0; l < 5; l++) {
            at[l] = rest % sizes[l];
            rest /= sizes[l];
            counts = counts && (used[l] || at[l] == 0);
        }
        float product = 1;
        for (int k = 0; k < n; k++)
            product *= value(k, offset(terms[k], strlen(terms[k]), at));
        if (counts)
            y[offset(out, strlen(out), at)] += product;
    }
}

static message einsum(const char *equation, char terms[3][8], int n, uint32_t constants)
{
    static const char *const names[] = {"p", "q", "r"};
    message g = {0}, e = node("", "Einsum", n == 1 ? "p" : n == 2 ? "p q" : "p q r", "y");
    attr_text(&e, "equation", equation);
    for (int k = 0; k < n; k++) {
        int64_t dims[8];
        int rank = term_dims(terms[k], strlen(terms[k]), dims);
        float data[144];
        size_t elems = 1;
        for (int i = 0; i < rank; i++)
            elems *= (size_t)dims[i];
        for (size_t i = 0; i < elems; i++)
            data[i] = value(k, i);
        message v = value_info(names[k], F32, rank, dims);
        message t = tensor(names[k], F32, rank, dims, data, elems * sizeof(float));
        if (constants >> k & 1)
            add_initializer(&g, &t);
        else
            add_input(&g, &v);
    }
    add_node(&g, &e);
    add_output(&g, "y");
    return model(&g, 13);
}

/* Runs `equation`, which names terms with labels a to e; *i stays for what else is asked of it. */
static void check(const char *equation, uint32_t constants, imported *i)
{
    char terms[3][8] = {{0}};
    int n = 0, len = 0;
    const char *p = equation;
    for (; *p && *p != '-'; p++) {
        if (*p == ',') {
            n++;
            len = 0;
        } else if (*p != ' ') {
            terms[n][len++] = *p;
        }
    }
    n++;
    message m = einsum(equation, terms, n, constants);
    *i = import(&m);
    float in[3][144], y[144] = {0}, expected[144] = {0};
    zurt_view views[3];
    size_t n_views = 0, elems = 1;
    for (int k = 0; k < n; k++) {
        if (constants >> k & 1)
            continue;
        for (size_t j = 0; j < 144; j++)
            in[k][j] = value(k, j);
        if (i->status)
            fail_msg("%s: %s", equation, zurt_ctx_error(i->ctx));
        size_t bytes = zi_tensor_bytes(&i->g->tensors[i->g->inputs[n_views]]);
        views[n_views++] = (zurt_view){in[k], bytes};
    }
    for (const char *q = p + 2; *q; q++)
        elems *= (size_t)sizes[*q - 'a'];
    run_imported(i, views, &(zurt_span){y, elems * sizeof(float)});
    naive(terms, n, p + 2, expected);
    for (size_t k = 0; k < elems; k++) {
        if (fabsf(y[k] - expected[k]) > 1e-4f)
            fail_msg("%s: element %zu is %g, not %g", equation, k, (double)y[k],
                     (double)expected[k]);
    }
}

static void equals_the_sums_it_stands_for(void **state)
{
    (void)state;
    static const char *const equations[] = {
        "ab->ba",       "ab->a",       "ab->",         "abcde->ecadb", "ab,bc->ac", "ab,cb->ca",
        "abc,abd->acd", "abc,dbc->ad", "a,b->ab",      "ab,ab->ab",    "ab,ab->",   "abc,b->ca",
        "ab,ce->abce",  "abcd,bd->ac", "ab,bc,ce->ea", "abc,ab,e->ace"};
    for (size_t k = 0; k < sizeof(equations) / sizeof(*equations); k++) {
        imported i;
        check(equations[k], 0, &i);
        done(&i);
    }
}

static void weights_make_a_fully_connected_layer(void **state)
{
    (void)state;
    static const char *const equations[] = {"abc,ec->abe", "ec,abc->abe", "ab,bc->ac"};
    static const uint32_t constants[] = {2, 1, 2};
    for (size_t k = 0; k < 3; k++) {
        imported i;
        check(equations[k], constants[k], &i);
        assert_int_equal(count(&i, ZI_OP_FullyConnected), 1);
        assert_int_equal(count(&i, ZI_OP_MatMul), 0);
        done(&i);
    }
}

/* "..." stands for axes counted from the end, which broadcast. */
static void an_ellipsis_broadcasts(void **state)
{
    (void)state;
    static const char *const equations[] = {"...ab,...bc->...ac", "...ab , ...bc"};
    for (size_t e = 0; e < 2; e++) {
        message g = {0}, n = node("", "Einsum", "p q", "y");
        message p = value_info("p", F32, ONNX_DIMS(2, 1, 2, 3));
        message q = value_info("q", F32, ONNX_DIMS(4, 3, 2));
        attr_text(&n, "equation", equations[e]);
        add_input(&g, &p);
        add_input(&g, &q);
        add_node(&g, &n);
        add_output(&g, "y");
        message m = model(&g, 13);
        imported i = import(&m);
        OUTPUT_IS(&i, 0, 2, 4, 2, 2);
        float a[12], b[24], y[32];
        for (size_t k = 0; k < 24; k++) {
            a[k % 12] = value(0, k % 12);
            b[k] = value(1, k);
        }
        const zurt_view in[2] = {{a, sizeof(a)}, {b, sizeof(b)}};
        run_imported(&i, in, &(zurt_span){y, sizeof(y)});
        for (int k = 0; k < 32; k++) {
            float sum = 0;
            for (int j = 0; j < 3; j++)
                sum += a[k / 16 * 6 + k / 2 % 2 * 3 + j] * b[k / 4 % 4 * 6 + j * 2 + k % 2];
            assert_true(fabsf(y[k] - sum) < 1e-4f);
        }
        done(&i);
    }
}

static void refuses_hostile_equations(void **state)
{
    (void)state;
    static const struct {
        const char *equation;
        zurt_status status;
        const char *text;
    } cases[] = {{"", ZURT_E_FORMAT, "missing"},
                 {"ab,bc->ad", ZURT_E_FORMAT, "a label that no operand has"},
                 {"ab,bcd->ad", ZURT_E_FORMAT, "3 labels for operand 1 of rank 2"},
                 {"ab->ab", ZURT_E_FORMAT, "not the 2 operands"},
                 {"ab,bc,cd->ad", ZURT_E_FORMAT, "not the 2 operands"},
                 {"aa,bc->bc", ZURT_E_UNSUPPORTED, "a diagonal"},
                 {"ab,bc->aa", ZURT_E_UNSUPPORTED, "a diagonal"},
                 {"a1,bc->ac", ZURT_E_FORMAT, "'1' is no label"},
                 {"a\x01,bc->ac", ZURT_E_FORMAT, "'?' is no label"},
                 {"a*b,bc->ac", ZURT_E_FORMAT, "'*' is no label"},
                 {"ab,bc-ac", ZURT_E_FORMAT, "is no label"},
                 {"......,bc->b", ZURT_E_FORMAT, "is no label"},
                 {"ab,bc->...................ac", ZURT_E_FORMAT, "is no label"},
                 {"ab,cb->ac", ZURT_E_FORMAT, "axes of 3 and 4"}};
    for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
        message g = {0}, n = node("", "Einsum", "p q", "y");
        message p = value_info("p", F32, ONNX_DIMS(2, 3)),
                q = value_info("q", F32, ONNX_DIMS(3, 4));
        attr_text(&n, "equation", cases[k].equation);
        add_input(&g, &p);
        add_input(&g, &q);
        add_node(&g, &n);
        add_output(&g, "y");
        message m = model(&g, 13);
        refuses(&m, cases[k].status, cases[k].text, "(Einsum)");
    }
}

/* Without an arrow all ten labels would be in the result. */
static void refuses_a_result_of_more_axes_than_there_are(void **state)
{
    (void)state;
    message g = {0}, n = node("", "Einsum", "p q", "y");
    message p = value_info("p", F32, ONNX_DIMS(1, 2, 1, 1, 1)),
            q = value_info("q", F32, ONNX_DIMS(1, 1, 1, 2, 3));
    attr_text(&n, "equation", "abcde,fghij");
    add_input(&g, &p);
    add_input(&g, &q);
    add_node(&g, &n);
    add_output(&g, "y");
    message m = model(&g, 13);
    refuses(&m, ZURT_E_LIMIT, "more than 8 axes", "(Einsum)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_sums_it_stands_for),
        cmocka_unit_test(weights_make_a_fully_connected_layer),
        cmocka_unit_test(an_ellipsis_broadcasts),
        cmocka_unit_test(refuses_hostile_equations),
        cmocka_unit_test(refuses_a_result_of_more_axes_than_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
