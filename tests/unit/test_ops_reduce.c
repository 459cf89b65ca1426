/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, ArgMax and ArgMin. */
#include <math.h>

#include "support/op_runner.h"

enum { ROUNDS = 150, LIMIT = 1 << 16 };

/* Output element that input element i goes into, by definition. */
static size_t target(const zi_tensor *x, uint32_t axes, size_t i)
{
    size_t out = 0, step = 1;
    for (int32_t d = x->rank - 1; d >= 0; d--) {
        size_t dim = (size_t)x->dims[d];
        if (!(axes >> d & 1)) {
            out += i % dim * step;
            step *= dim;
        }
        i /= dim;
    }
    return out;
}

static zi_id random_input(builder *b, zurt_dtype dtype)
{
    int32_t dims[5], rank = builder_int(b, 0, 5);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = builder_int(b, 1, builder_int(b, 0, 2) ? 4 : 80);
    size_t elems = 1;
    for (int32_t d = 0; d < rank; d++)
        elems *= (size_t)dims[d];
    while (elems > LIMIT)
        elems /= (size_t)dims[--rank];
    return build_input(b, "x", dtype, rank, dims);
}

typedef struct sums {
    double sum, prod, max, min;
    size_t count;
} sums;

static double result(zi_op op, const sums *s)
{
    switch (op) {
    case ZI_OP_ReduceMean:
        return s->sum / (double)s->count;
    case ZI_OP_ReduceSum:
        return s->sum;
    case ZI_OP_ReduceMax:
        return s->max;
    case ZI_OP_ReduceMin:
        return s->min;
    default:
        return s->prod;
    }
}

static sums *all_sums(const zi_tensor *x, size_t n_out, uint32_t axes, const double *v)
{
    sums *s = malloc(n_out * sizeof(*s));
    for (size_t i = 0; i < n_out; i++)
        s[i] = (sums){0.0, 1.0, -INFINITY, INFINITY, 0};
    for (size_t i = 0; i < zi_tensor_elems(x); i++) {
        sums *t = &s[target(x, axes, i)];
        t->sum += v[i];
        t->prod *= v[i];
        t->max = fmax(t->max, v[i]);
        t->min = fmin(t->min, v[i]);
        t->count++;
    }
    return s;
}

static const zi_op ops[] = {ZI_OP_ReduceMean, ZI_OP_ReduceSum, ZI_OP_ReduceMax, ZI_OP_ReduceMin,
                            ZI_OP_ReduceProd};

static void f32_over_any_axes(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        zi_op op = ops[k % 5];
        zi_id in = random_input(&b, ZURT_F32);
        uint32_t axes = (uint32_t)builder_int(&b, 0, (1 << b.g->tensors[in].rank) - 1);
        zi_id out =
            build_op(&b, op, "out", ATTR(.reduce = {.axes = axes, .keep_dims = k & 1}), 1, in);
        const zi_tensor *x = &b.g->tensors[in];
        size_t n = zi_tensor_elems(x), n_out = zi_tensor_elems(&b.g->tensors[out]);
        float *v = random_f32(&b, n, 2.0f);
        double *real = malloc(n * sizeof(*real));
        for (size_t i = 0; i < n; i++)
            real[i] = (double)v[i];
        sums *s = all_sums(x, n_out, axes, real);
        float *r = run_last(&b, (const void *[]){v});
        for (size_t i = 0; i < n_out; i++) {
            double y = result(op, &s[i]);
            assert_true(fabs((double)r[i] - y) <= 1e-6 * (1.0 + fabs(y)));
        }
        free(v), free(real), free(s), free(r);
        builder_free(&b);
    }
}

/* Same quantisation: the mean of the stored values, ties away from zero, exactly. */
static void s8_mean_is_that_of_a_full_pool_window(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        zi_id in = random_input(&b, ZURT_S8);
        uint32_t axes = (uint32_t)builder_int(&b, 0, (1 << b.g->tensors[in].rank) - 1);
        zi_id out = build_op(&b, ZI_OP_ReduceMean, "out",
                             ATTR(.reduce = {.axes = axes, .keep_dims = true}), 1, in);
        build_quant(&b, in, 0.1f, 9);
        build_quant(&b, out, 0.1f, 9);
        const zi_tensor *x = &b.g->tensors[in];
        size_t n = zi_tensor_elems(x), n_out = zi_tensor_elems(&b.g->tensors[out]);
        int8_t *q = random_s8(&b, n);
        double *real = malloc(n * sizeof(*real));
        for (size_t i = 0; i < n; i++)
            real[i] = q[i];
        sums *s = all_sums(x, n_out, axes, real);
        int8_t *r = run_last(&b, (const void *[]){q});
        for (size_t i = 0; i < n_out; i++)
            assert_int_equal(r[i], (int)round(s[i].sum / (double)s[i].count));
        free(q), free(real), free(s), free(r);
        builder_free(&b);
    }
}

static void s8_in_other_scales_is_within_one_unit(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        zi_op op = ops[k % 4];
        zi_id in = random_input(&b, ZURT_S8);
        uint32_t axes = (uint32_t)builder_int(&b, 0, (1 << b.g->tensors[in].rank) - 1);
        zi_id out = build_op(&b, op, "out", ATTR(.reduce = {.axes = axes}), 1, in);
        double s_in = (double)0.05f, s_out = (double)(op == ZI_OP_ReduceSum ? 0.9f : 0.04f);
        int32_t z_in = builder_int(&b, -128, 127), z_out = builder_int(&b, -128, 127);
        build_quant(&b, in, (float)s_in, z_in);
        build_quant(&b, out, (float)s_out, z_out);
        const zi_tensor *x = &b.g->tensors[in];
        size_t n = zi_tensor_elems(x), n_out = zi_tensor_elems(&b.g->tensors[out]);
        int8_t *q = random_s8(&b, n);
        double *real = malloc(n * sizeof(*real));
        for (size_t i = 0; i < n; i++)
            real[i] = s_in * (q[i] - z_in);
        sums *s = all_sums(x, n_out, axes, real);
        int8_t *r = run_last(&b, (const void *[]){q});
        for (size_t i = 0; i < n_out; i++) {
            double y = round(result(op, &s[i]) / s_out) + z_out;
            y = fmin(fmax(y, -128.0), 127.0);
            assert_true(fabs(r[i] - y) <= 1.0);
        }
        free(q), free(real), free(s), free(r);
        builder_free(&b);
    }
}

static void integers_and_empty_sums(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S64, DIMS(2, 3));
    const int64_t v[6] = {1, -2, 3, 4, 5, -6};
    static const int64_t expected[5][2] = {{0, 1}, {2, 3}, {3, 5}, {-2, -6}, {-6, -120}};
    for (int i = 0; i < 5; i++) {
        build_op(&b, ops[i], "out", ATTR(.reduce = {.axes = AXIS_1}), 1, x);
        int64_t *r = run_last(&b, (const void *[]){v});
        assert_memory_equal(r, expected[i], sizeof(expected[i]));
        free(r);
    }
    zi_id none = build_input(&b, "none", ZURT_F32, DIMS(3, 0));
    build_op(&b, ZI_OP_ReduceSum, "zeros", ATTR(.reduce = {.axes = AXIS_1}), 1, none);
    float *r = run_last(&b, (const void *[]){""});
    assert_true(r[0] == 0.0f && r[1] == 0.0f && r[2] == 0.0f);
    free(r);
    build_op(&b, ZI_OP_ReduceProd, "ones", ATTR(.reduce = {.axes = AXIS_1}), 1, none);
    r = run_last(&b, (const void *[]){""});
    assert_true(r[0] == 1.0f && r[1] == 1.0f && r[2] == 1.0f);
    free(r);
    builder_free(&b);
}

/* Small values, so that equals abound. */
static void arg_finds_the_first_or_the_last(void **state)
{
    (void)state;
    static const zurt_dtype types[] = {ZURT_F32, ZURT_S8, ZURT_U8, ZURT_S64};
    for (int k = 0; k < 96; k++) {
        builder b = builder_make();
        zurt_dtype dtype = types[k % 4];
        bool max = k / 4 % 2, last = k / 8 % 2;
        int32_t axis = k / 16 % 3;
        const int32_t dims[3] = {17, 23, 29};
        zi_id in = build_input(&b, "x", dtype, 3, dims);
        build_op(&b, max ? ZI_OP_ArgMax : ZI_OP_ArgMin, "out",
                 ATTR(.axis = {.axis = axis, .keep_dims = k & 1, .select_last = last}), 1, in);
        enum { N = 17 * 23 * 29 };
        int64_t *v = malloc(N * sizeof(*v));
        uint8_t *x = malloc(N * 8);
        for (int i = 0; i < N; i++) {
            v[i] = builder_int(&b, 0, 6) - (dtype == ZURT_U8 ? 0 : 3);
            float f = (float)v[i];
            if (dtype == ZURT_F32)
                memcpy(x + i * 4, &f, 4);
            else if (dtype == ZURT_S64)
                memcpy(x + i * 8, &v[i], 8);
            else
                x[i] = (uint8_t)v[i];
        }
        int64_t *r = run_last(&b, (const void *[]){x});
        int32_t inner = 1;
        for (int32_t d = axis + 1; d < 3; d++)
            inner *= dims[d];
        for (int32_t i = 0; i < N / dims[axis]; i++) {
            int32_t first = i / inner * dims[axis] * inner + i % inner, best = 0;
            for (int32_t m = 1; m < dims[axis]; m++) {
                int64_t c = v[first + m * inner] - v[first + best * inner];
                if ((max ? c > 0 : c < 0) || (last && c == 0))
                    best = m;
            }
            assert_true(r[i] == best);
        }
        free(v), free(x), free(r);
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_over_any_axes),
        cmocka_unit_test(s8_mean_is_that_of_a_full_pool_window),
        cmocka_unit_test(s8_in_other_scales_is_within_one_unit),
        cmocka_unit_test(integers_and_empty_sums),
        cmocka_unit_test(arg_finds_the_first_or_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
