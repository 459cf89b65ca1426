/* SPDX-License-Identifier: Apache-2.0 */
/* Binary operators in float, integers and s8. */
#include <math.h>

#include "support/op_runner.h"

enum { ROUNDS = 200 };

/* Element of an operand for output element i, by the definition of broadcasting. */
static size_t index_of(const zi_tensor *t, const zi_tensor *out, size_t i)
{
    size_t index = 0, step = 1;
    for (int32_t d = 1; d <= out->rank; d++) {
        size_t dim = (size_t)out->dims[out->rank - d];
        if (d <= t->rank) {
            size_t own = (size_t)t->dims[t->rank - d];
            index += (own == 1 ? 0 : i % dim) * step;
            step *= own;
        }
        i /= dim;
    }
    return index;
}

static void random_shape(builder *b, const int32_t *full, int32_t rank, int32_t *dims,
                         int32_t *own_rank)
{
    *own_rank = builder_int(b, 0, 3) ? rank : builder_int(b, 0, rank);
    for (int32_t d = 0; d < *own_rank; d++)
        dims[d] = builder_int(b, 0, 2) ? full[rank - *own_rank + d] : 1;
}

/* Two inputs that broadcast with each other, and a node. */
static zi_id random_node(builder *b, zi_op op, zurt_dtype dtype, zi_id *x, zi_id *y)
{
    int32_t full[5], dims[5], own, rank = builder_int(b, 0, 5);
    for (int32_t d = 0; d < rank; d++)
        full[d] = builder_int(b, 1, builder_int(b, 0, 4) ? 5 : 40);
    if (op == ZI_OP_PRelu) {
        *x = build_input(b, "x", dtype, rank, full);
    } else {
        random_shape(b, full, rank, dims, &own);
        *x = build_input(b, "x", dtype, own, dims);
    }
    random_shape(b, full, rank, dims, &own);
    *y = build_input(b, "y", dtype, own, dims);
    return build_op(b, op, "out", NULL, 2, *x, *y);
}

static float real_f32(zi_op op, float x, float y)
{
    switch (op) {
    case ZI_OP_Add:
        return x + y;
    case ZI_OP_Sub:
        return x - y;
    case ZI_OP_Mul:
        return x * y;
    case ZI_OP_Div:
        return x / y;
    case ZI_OP_Min:
        return fminf(x, y);
    case ZI_OP_Max:
        return fmaxf(x, y);
    case ZI_OP_Pow:
        return powf(x, y);
    default:
        return x < 0.0f ? x * y : x;
    }
}

static const zi_op real_ops[] = {ZI_OP_Add, ZI_OP_Sub, ZI_OP_Mul, ZI_OP_Div,
                                 ZI_OP_Min, ZI_OP_Max, ZI_OP_Pow, ZI_OP_PRelu};

static void f32_broadcasts_as_numpy(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        builder b = builder_make();
        b.seed = (uint32_t)round;
        zi_op op = real_ops[round % 8];
        zi_id x, y, out = random_node(&b, op, ZURT_F32, &x, &y);
        const zi_tensor *t = b.g->tensors;
        float *a = random_f32(&b, zi_tensor_elems(&t[x]), 3.0f);
        float *c = random_f32(&b, zi_tensor_elems(&t[y]), 3.0f);
        for (size_t i = 0; op == ZI_OP_Pow && i < zi_tensor_elems(&t[x]); i++)
            a[i] = fabsf(a[i]);
        bool clamp = op <= ZI_OP_Div && round % 3 == 0;
        if (clamp) {
            b.g->nodes[0].clamp_lo = -0.5f;
            b.g->nodes[0].clamp_hi = 1.5f;
        }
        float *r = run_last(&b, (const void *[]){a, c});
        for (size_t i = 0; i < zi_tensor_elems(&t[out]); i++) {
            float v = real_f32(op, a[index_of(&t[x], &t[out], i)], c[index_of(&t[y], &t[out], i)]);
            v = clamp ? fminf(fmaxf(v, -0.5f), 1.5f) : v;
            assert_memory_equal(&r[i], &v, sizeof(v));
        }
        free(a), free(c), free(r);
        builder_free(&b);
    }
}

static int32_t quantised(double real, double scale, int32_t zero)
{
    double q = round(real / scale) + zero;
    return q < -128.0 ? -128 : q > 127.0 ? 127 : (int32_t)q;
}

/* Add to Div, Min, Max, PRelu on s8: within one unit of the real result. */
static void s8_is_within_one_of_the_real_result(void **state)
{
    (void)state;
    static const zi_op ops[] = {ZI_OP_Add, ZI_OP_Sub, ZI_OP_Mul,  ZI_OP_Div,
                                ZI_OP_Min, ZI_OP_Max, ZI_OP_PRelu};
    for (int round = 0; round < 2 * ROUNDS; round++) {
        builder b = builder_make();
        b.seed = (uint32_t)round + 77;
        zi_op op = ops[round % 7];
        zi_id x, y, out = random_node(&b, op, ZURT_S8, &x, &y);
        double s[3];
        int32_t z[3];
        zi_id ids[3] = {x, y, out};
        for (int i = 0; i < 3; i++) {
            float scale = 0.01f + 0.02f * (1.0f + builder_random(&b));
            z[i] = builder_int(&b, -128, 127);
            s[i] = (double)scale;
            build_quant(&b, ids[i], scale, z[i]);
        }
        const zi_tensor *t = b.g->tensors;
        int8_t *a = random_s8(&b, zi_tensor_elems(&t[x]));
        int8_t *c = random_s8(&b, zi_tensor_elems(&t[y]));
        int8_t *r = run_last(&b, (const void *[]){a, c});
        for (size_t i = 0; i < zi_tensor_elems(&t[out]); i++) {
            int32_t p = a[index_of(&t[x], &t[out], i)] - z[0];
            int32_t q = c[index_of(&t[y], &t[out], i)] - z[1];
            double u = s[0] * p, v = s[1] * q, real = 0.0;
            if (op == ZI_OP_Div && q == 0) {
                int32_t end = p > 0 ? 127 : p < 0 ? -128 : z[2];
                assert_int_equal(r[i], end);
                continue;
            }
            if (op == ZI_OP_Add)
                real = u + v;
            else if (op == ZI_OP_Sub)
                real = u - v;
            else if (op == ZI_OP_Mul)
                real = u * v;
            else if (op == ZI_OP_Div)
                real = u / v;
            else if (op == ZI_OP_PRelu)
                real = u < 0.0 ? u * v : u;
            else
                real = op == ZI_OP_Min ? fmin(u, v) : fmax(u, v);
            assert_in_range(r[i] - quantised(real, s[2], z[2]) + 1, 0, 2);
        }
        free(a), free(c), free(r);
        builder_free(&b);
    }
}

/* Values worked out with TFLite's reference ADD: 1.0 + 0.5 and its clamp. */
static void s8_add_of_known_values(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(4)), y = build_input(&b, "y", ZURT_S8, DIMS(4));
    zi_id out = build_op(&b, ZI_OP_Add, "out", NULL, 2, x, y);
    build_quant(&b, x, 0.5f, 0);
    build_quant(&b, y, 0.25f, 10);
    build_quant(&b, out, 0.125f, -20);
    b.g->nodes[0].clamp_lo = 0.0f;
    b.g->nodes[0].clamp_hi = 6.0f;
    const int8_t a[4] = {2, -2, 127, 0}, c[4] = {12, 10, 127, 11};
    int8_t *r = run_last(&b, (const void *[]){a, c});
    const int8_t expected[4] = {-8, -20, 28, -18}; // 1.5, -1 (0), 92.75 (6), 0.25
    assert_memory_equal(r, expected, 4);
    free(r);
    builder_free(&b);
}

static void s8_overwrites_either_input(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(3, 700));
    zi_id y = build_input(&b, "y", ZURT_S8, DIMS(3, 700));
    zi_id out = build_op(&b, ZI_OP_Sub, "out", NULL, 2, x, y);
    build_quant(&b, x, 0.5f, 3);
    build_quant(&b, y, 0.3f, -5);
    build_quant(&b, out, 0.7f, 1);
    int8_t *a = random_s8(&b, 2100), *c = random_s8(&b, 2100);
    int8_t *r = run_last(&b, (const void *[]){a, c});
    int8_t *a2 = malloc(2100);
    memcpy(a2, a, 2100);
    runner_once(&b, b.g->nodes, (const void *[]){a2, c}, (void *[]){a2}, 3);
    assert_memory_equal(a2, r, 2100);
    runner_once(&b, b.g->nodes, (const void *[]){a, c}, (void *[]){c}, 3);
    assert_memory_equal(c, r, 2100);
    free(a), free(c), free(a2), free(r);
    builder_free(&b);
}

static void integers_never_trap(void **state)
{
    (void)state;
    static const struct {
        zi_op op;
        int64_t a, b, expected;
    } cases[] = {
        {ZI_OP_Div, 7, 2, 3},
        {ZI_OP_Div, -7, 2, -3},
        {ZI_OP_Div, 5, 0, 0},
        {ZI_OP_Div, INT64_MIN, -1, INT64_MIN},
        {ZI_OP_Add, INT64_MAX, 1, INT64_MIN},
        {ZI_OP_Mul, INT64_MAX, 2, -2},
        {ZI_OP_Sub, INT64_MIN, 1, INT64_MAX},
        {ZI_OP_Pow, -3, 3, -27},
        {ZI_OP_Pow, 2, -1, 0},
        {ZI_OP_Pow, -1, -3, -1},
        {ZI_OP_Pow, 0, -2, 0},
        {ZI_OP_Min, -4, 9, -4},
        {ZI_OP_Max, -4, 9, 9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_S64, 0, NULL);
        zi_id y = build_input(&b, "y", ZURT_S64, 0, NULL);
        build_op(&b, cases[i].op, "out", NULL, 2, x, y);
        int64_t *r = run_last(&b, (const void *[]){&cases[i].a, &cases[i].b});
        assert_true(*r == cases[i].expected);
        free(r);
        builder_free(&b);
    }
}

static void narrow_integers_wrap(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_U8, DIMS(2)), y = build_input(&b, "y", ZURT_U8, DIMS(2));
    build_op(&b, ZI_OP_Add, "out", NULL, 2, x, y);
    uint8_t *r = run_last(&b, (const void *[]){(uint8_t[]){200, 3}, (uint8_t[]){100, 4}});
    assert_int_equal(r[0], 44);
    assert_int_equal(r[1], 7);
    free(r);
    builder_free(&b);
}

static void comparisons_and_logic_give_bools(void **state)
{
    (void)state;
    static const struct {
        zi_op op;
        uint8_t expected[3]; /* of 1 ? 2, 2 ? 2, 3 ? 2 */
    } numbers[] = {{ZI_OP_Less, {1, 0, 0}}, {ZI_OP_Equal, {0, 1, 0}}, {ZI_OP_Greater, {0, 0, 1}}};
    for (size_t i = 0; i < 3; i++) {
        for (int wide = 0; wide < 2; wide++) {
            builder b = builder_make();
            zurt_dtype dtype = wide ? ZURT_S32 : ZURT_F32;
            zi_id x = build_input(&b, "x", dtype, DIMS(3));
            zi_id y = build_input(&b, "y", dtype, 0, NULL);
            build_op(&b, numbers[i].op, "out", NULL, 2, x, y);
            const float f[3] = {1.0f, 2.0f, 3.0f}, two = 2.0f;
            const int32_t n[3] = {1, 2, 3}, two_n = 2;
            const void *in[2] = {f, &two};
            if (wide)
                in[0] = n, in[1] = &two_n;
            uint8_t *r = run_last(&b, in);
            assert_memory_equal(r, numbers[i].expected, 3);
            free(r);
            builder_free(&b);
        }
    }
    static const struct {
        zi_op op;
        uint8_t expected[4]; /* of 00, 01, 10, 11 */
    } logic[] = {{ZI_OP_And, {0, 0, 0, 1}}, {ZI_OP_Or, {0, 1, 1, 1}}, {ZI_OP_Xor, {0, 1, 1, 0}}};
    for (size_t i = 0; i < 3; i++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_BOOL, DIMS(2, 1));
        zi_id y = build_input(&b, "y", ZURT_BOOL, DIMS(2));
        build_op(&b, logic[i].op, "out", NULL, 2, x, y);
        const uint8_t bits[2] = {0, 1};
        uint8_t *r = run_last(&b, (const void *[]){bits, bits});
        assert_memory_equal(r, logic[i].expected, 4);
        free(r);
        builder_free(&b);
    }
}

static void where_selects_of_every_size(void **state)
{
    (void)state;
    static const zurt_dtype types[] = {ZURT_S8, ZURT_F32, ZURT_S64};
    for (int i = 0; i < 3; i++) {
        builder b = builder_make();
        size_t elem = zurt_dtype_bytes(types[i]);
        zi_id c = build_input(&b, "c", ZURT_BOOL, DIMS(5, 1));
        zi_id x = build_input(&b, "x", types[i], DIMS(1, 3));
        zi_id y = build_input(&b, "y", types[i], 0, NULL);
        build_op(&b, ZI_OP_Where, "out", NULL, 3, c, x, y);
        const uint8_t pick[5] = {1, 0, 0, 1, 1};
        uint8_t *a = (uint8_t *)random_s8(&b, 3 * elem), *z = (uint8_t *)random_s8(&b, elem);
        uint8_t *r = run_last(&b, (const void *[]){pick, a, z});
        for (size_t k = 0; k < 15; k++)
            assert_memory_equal(r + k * elem, pick[k / 3] ? a + k % 3 * elem : z, elem);
        free(a), free(z), free(r);
        builder_free(&b);
    }
}

static void far_scales_are_refused_with_a_remedy(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(2)), y = build_input(&b, "y", ZURT_S8, DIMS(2));
    zi_id out = build_op(&b, ZI_OP_Mul, "out", NULL, 2, x, y);
    build_quant(&b, x, 1e10f, 0);
    build_quant(&b, y, 1e10f, 0);
    build_quant(&b, out, 1e-10f, 0);
    assert_int_equal(zi_op_check(b.ctx, b.g, b.g->nodes), ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "keep the node in f32"));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_broadcasts_as_numpy),
        cmocka_unit_test(s8_is_within_one_of_the_real_result),
        cmocka_unit_test(s8_add_of_known_values),
        cmocka_unit_test(s8_overwrites_either_input),
        cmocka_unit_test(integers_never_trap),
        cmocka_unit_test(narrow_integers_wrap),
        cmocka_unit_test(comparisons_and_logic_give_bools),
        cmocka_unit_test(where_selects_of_every_size),
        cmocka_unit_test(far_scales_are_refused_with_a_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
