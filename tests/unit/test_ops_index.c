/* SPDX-License-Identifier: Apache-2.0 */
/* TopK, CumSum, MaxPoolIndices, GatherElements, ScatterElements, GatherND: numbers by hand, and
 * random ones against index arithmetic written from their definitions. */
#include <math.h>

#include "support/op_runner.h"

static void same_s64(const int64_t *got, const int64_t *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (got[i] != want[i])
            fail_msg("[%zu] is %lld, not %lld", i, (long long)got[i], (long long)want[i]);
    }
}

static void infer_refuses(builder *b, zi_op op, const zi_attr *attr, const zi_id *in, uint32_t n_in,
                          const char *text)
{
    zi_node *n;
    zi_id out = build_tensor(b, "refused");
    assert_int_equal(zi_graph_add_node(b->ctx, b->g, op, "n", in, n_in, &out, 1, &n), ZURT_OK);
    n->attr = *attr;
    assert_int_not_equal(zi_node_infer(b->ctx, b->g, n), ZURT_OK);
    if (!strstr(zurt_ctx_error(b->ctx), text))
        fail_msg("'%s' lacks '%s'", zurt_ctx_error(b->ctx), text);
    b->g->n_nodes--;
}

/* ---- TopK ----------------------------------------------------------------------------------- */

static void top_k_takes_the_lower_of_equal_indices(void **state)
{
    (void)state;
    static const float x[] = {3, 7, 7, -1, 7, /**/ 0, -0.0f, NAN, 2, -5};
    static const int64_t largest[] = {1, 2, 4, /**/ 2, 3, 0}, smallest[] = {3, 0, 1, /**/ 2, 4, 0};
    for (int s = 0; s < 2; s++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(2, 5));
        build_op(&b, ZI_OP_TopK, "y", ATTR(.top = {.axis = 1, .k = 3, .smallest = s}), 1, in);
        int64_t *r = run_last(&b, (const void *[]){x});
        same_s64(r, s ? smallest : largest, 6);
        free(r);
        builder_free(&b);
    }
}

/* Each place's rank is the number of places that come before it. */
static void top_k_sorts_any_type_along_any_axis(void **state)
{
    (void)state;
    static const zurt_dtype types[] = {ZURT_F32, ZURT_S8, ZURT_U8, ZURT_S32, ZURT_S64};
    for (int round = 0; round < 60; round++) {
        builder b = builder_make();
        b.seed = (uint32_t)round + 1;
        zurt_dtype dtype = types[round % 5];
        int32_t dims[3], axis = builder_int(&b, 0, 2);
        for (int d = 0; d < 3; d++)
            dims[d] = builder_int(&b, 1, d == axis ? 300 : 12);
        int32_t n = dims[axis], k = builder_int(&b, 0, n);
        bool smallest = round & 1;
        zi_id in = build_input(&b, "x", dtype, 3, dims);
        build_op(&b, ZI_OP_TopK, "y", ATTR(.top = {.axis = axis, .k = k, .smallest = smallest}), 1,
                 in);
        size_t elems = zi_tensor_elems(&b.g->tensors[in]), bytes = zurt_dtype_bytes(dtype);
        double *v = malloc(elems * sizeof(*v));
        uint8_t *x = malloc(elems * bytes);
        for (size_t i = 0; i < elems; i++) { // with many equals
            int8_t q = (int8_t)builder_int(&b, dtype == ZURT_U8 ? 0 : -20, 20);
            v[i] = q;
            float f = q;
            int32_t w = q;
            int64_t l = q;
            const void *from = dtype == ZURT_F32   ? (void *)&f
                               : dtype == ZURT_S32 ? (void *)&w
                               : dtype == ZURT_S64 ? (void *)&l
                                                   : (void *)&q;
            memcpy(x + i * bytes, from, bytes);
        }
        int64_t *r = run_last(&b, (const void *[]){x});
        size_t inner = 1;
        for (int d = axis + 1; d < 3; d++)
            inner *= (size_t)dims[d];
        for (size_t i = 0; i < elems; i++) {
            size_t row = i / inner / (size_t)n * inner * (size_t)n + i % inner;
            int64_t at = (int64_t)(i / inner % (size_t)n), rank = 0;
            for (int64_t j = 0; j < n; j++) {
                double other = v[row + (size_t)j * inner];
                rank += (smallest ? other < v[i] : other > v[i]) || (other == v[i] && j < at);
            }
            size_t out = i / inner / (size_t)n * inner * (size_t)k + i % inner;
            if (rank < k)
                assert_int_equal(r[out + (size_t)rank * inner], at);
        }
        free(r), free(x), free(v);
        builder_free(&b);
    }
}

static void top_k_refuses_what_is_not_there(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2, 5));
    infer_refuses(&b, ZI_OP_TopK, ATTR(.top = {.axis = 1, .k = 6, .smallest = false}), &x, 1,
                  "k 6 of an axis of 5");
    infer_refuses(&b, ZI_OP_TopK, ATTR(.top = {.axis = 1, .k = -1, .smallest = false}), &x, 1,
                  "k -1");
    infer_refuses(&b, ZI_OP_TopK, ATTR(.top = {.axis = 2, .k = 1, .smallest = false}), &x, 1,
                  "axis 2");
    builder_free(&b);
}

/* ---- CumSum --------------------------------------------------------------------------------- */

static void cum_sum_runs_both_ways(void **state)
{
    (void)state;
    static const float x[] = {1, 2, 3, /**/ 10, 20, 30};
    static const float expected[4][6] = {
        {1, 3, 6, 10, 30, 60}, {0, 1, 3, 0, 10, 30}, {6, 5, 3, 60, 50, 30}, {5, 3, 0, 50, 30, 0}};
    static const int32_t down[] = {1, 2, 3, 11, 22, 33};
    for (int how = 0; how < 4; how++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(2, 3));
        build_op(&b, ZI_OP_CumSum, "y",
                 ATTR(.axis = {.axis = 1, .keep_dims = how & 1, .select_last = how & 2}), 1, in);
        float *r = run_last(&b, (const void *[]){x});
        assert_memory_equal(r, expected[how], sizeof(expected[how]));
        free(r);
        builder_free(&b);
    }
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_S32, DIMS(2, 3));
    build_op(&b, ZI_OP_CumSum, "y", ATTR(.axis = {.axis = 0}), 1, in);
    int32_t *r = run_last(&b, (const void *[]){(int32_t[]){1, 2, 3, 10, 20, 30}});
    assert_memory_equal(r, down, sizeof(down));
    free(r);
    builder_free(&b);
}

/* ---- MaxPoolIndices -------------------------------------------------------------------------- */

/* 2x3 images of two channels, NHWC; the window of 2x2 moves by one column. */
static void pool_indices_count_as_nchw(void **state)
{
    (void)state;
    static const float x[] = {1, 9, /**/ 5, 9, /**/ 2, 0, /**/ 5, 9, /**/ 4, 9, /**/ 6, 1};
    static const int64_t rows[] = {1, 6, /**/ 5, 7}, columns[] = {2, 6, /**/ 5, 8};
    for (int s = 0; s < 2; s++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(1, 2, 3, 2));
        build_op(&b, ZI_OP_MaxPoolIndices, "y",
                 ATTR(.pool = {.kernel = {2, 2},
                               .stride = {1, 1},
                               .dilation = {1, 1},
                               .column_major = s}),
                 1, in);
        int64_t *r = run_last(&b, (const void *[]){x});
        same_s64(r, s ? columns : rows, 4);
        free(r);
        builder_free(&b);
    }
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_F32, DIMS(1, 2, 3, 2));
    zi_attr a = {
        .pool = {.kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, 1}, .column_major = true}};
    infer_refuses(&b, ZI_OP_MaxPool, &a, &in, 1, "gives no indices");
    zi_id empty = build_input(&b, "empty", ZURT_F32, DIMS(1, 1, 0, 1));
    const zi_attr padded = {.pool = {.kernel = {1, 2},
                                     .stride = {1, 1},
                                     .dilation = {1, 1},
                                     .pad = {0, 1, 0, 1},
                                     .column_major = true}};
    infer_refuses(&b, ZI_OP_MaxPoolIndices, &padded, &empty, 1, "in an empty image");
    builder_free(&b);
}

/* The values at the indices are what MaxPool gives, on s8 with padding and steps. */
static void pool_indices_find_what_max_pool_gives(void **state)
{
    (void)state;
    const zi_attr a = {.pool = {.kernel = {3, 3},
                                .stride = {2, 1},
                                .dilation = {1, 2},
                                .pad = {1, 2, 1, 2},
                                .ceil_mode = true}};
    builder b = builder_make(), m = builder_make();
    zi_id bx = build_input(&b, "x", ZURT_S8, DIMS(2, 9, 11, 5));
    zi_id mx = build_input(&m, "x", ZURT_S8, DIMS(2, 9, 11, 5));
    build_quant(&b, bx, 0.5f, 3);
    build_quant(&m, mx, 0.5f, 3);
    zi_id places = build_op(&b, ZI_OP_MaxPoolIndices, "y", &a, 1, bx);
    zi_id values = build_op(&m, ZI_OP_MaxPool, "y", &a, 1, mx);
    build_quant(&m, values, 0.5f, 3);
    int8_t *x = random_s8(&b, 2 * 9 * 11 * 5);
    int64_t *at = run_last(&b, (const void *[]){x});
    int8_t *y = run_last(&m, (const void *[]){x});
    for (size_t i = 0; i < zi_tensor_elems(&b.g->tensors[places]); i++) {
        int64_t n = at[i] / (5 * 99), c = at[i] / 99 % 5, p = at[i] % 99;
        assert_int_equal(c, (int64_t)(i % 5));
        assert_int_equal(x[(n * 99 + p) * 5 + c], y[i]);
    }
    free(x), free(at), free(y);
    builder_free(&b);
    builder_free(&m);
}

/* ---- by index -------------------------------------------------------------------------------- */

static void gather_elements_stays_on_the_other_axes(void **state)
{
    (void)state;
    static const int8_t x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const int64_t far[] = {-9, 99, 1, 0}; // computed ones stop at the ends
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_S8, DIMS(3, 3));
    zi_id i = build_const(&b, "i", ZURT_S64, DIMS(2, 3), (int64_t[]){1, 2, 0, 2, 0, -3});
    build_op(&b, ZI_OP_GatherElements, "y", ATTR(.axis = {.axis = 0}), 2, in, i);
    int8_t *r = run_last(&b, (const void *[]){x, NULL});
    assert_memory_equal(r, ((int8_t[]){4, 8, 3, 7, 2, 3}), 6);
    free(r);
    i = build_input(&b, "j", ZURT_S64, DIMS(2, 2));
    build_op(&b, ZI_OP_GatherElements, "z", ATTR(.axis = {.axis = 1}), 2, in, i);
    r = run_last(&b, (const void *[]){x, far});
    assert_memory_equal(r, ((int8_t[]){1, 3, 5, 4}), 4);
    free(r);
    builder_free(&b);
}

static void gather_elements_takes_large_tensors_apart(void **state)
{
    (void)state;
    enum { A = 37, B = 50, C = 29, K = 41 };
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_F32, DIMS(A, B, C));
    zi_id i = build_input(&b, "i", ZURT_S64, DIMS(A - 1, K, C));
    build_op(&b, ZI_OP_GatherElements, "y", ATTR(.axis = {.axis = 1}), 2, in, i);
    float *x = random_f32(&b, A * B * C, 1.0f);
    int64_t *at = malloc((A - 1) * K * C * sizeof(*at));
    for (int k = 0; k < (A - 1) * K * C; k++)
        at[k] = builder_int(&b, -B, B - 1);
    float *r = run_last(&b, (const void *[]){x, at});
    for (int k = 0; k < (A - 1) * K * C; k++) {
        int64_t from = at[k] < 0 ? at[k] + B : at[k];
        assert_true(r[k] == x[(k / (K * C) * B + from) * C + k % C]);
    }
    free(x), free(at), free(r);
    builder_free(&b);
}

static void scatter_elements_reduces(void **state)
{
    (void)state;
    static const float x[] = {1, 2, 3, 4, 5}, updates[] = {10, -20, 0.5f};
    static const int64_t indices[] = {1, -4, 3}; // 1 twice
    static const float expected[5][5] = {{1, -20, 3, 0.5f, 5},
                                         {1, -8, 3, 4.5f, 5},
                                         {1, -400, 3, 2, 5},
                                         {1, 10, 3, 4, 5},
                                         {1, -20, 3, 0.5f, 5}};
    for (int how = 0; how < 5; how++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(1, 5));
        zi_id i = build_input(&b, "i", ZURT_S64, DIMS(1, 3));
        zi_id u = build_input(&b, "u", ZURT_F32, DIMS(1, 3));
        build_op(&b, ZI_OP_ScatterElements, "y",
                 ATTR(.scatter = {.axis = 1, .reduction = (zi_scatter_reduction)how}), 3, in, i, u);
        float *r = run_last(&b, (const void *[]){x, indices, updates});
        assert_memory_equal(r, expected[how], sizeof(x));
        free(r);
        builder_free(&b);
    }
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_S64, DIMS(3));
    zi_id i = build_input(&b, "i", ZURT_S64, DIMS(2));
    zi_id u = build_input(&b, "u", ZURT_S64, DIMS(2));
    build_op(&b, ZI_OP_ScatterElements, "y",
             ATTR(.scatter = {.axis = 0, .reduction = ZI_SCATTER_ADD}), 3, in, i, u);
    int64_t *r = run_last(
        &b, (const void *[]){(int64_t[]){1, 2, 3}, (int64_t[]){2, 2}, (int64_t[]){10, INT64_MAX}});
    same_s64(r, (int64_t[]){1, 2, INT64_MIN + 12}, 3);
    free(r);
    builder_free(&b);
}

static void indices_are_checked(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2, 3));
    zi_id in[3] = {x, build_const(&b, "i", ZURT_S64, DIMS(1, 3), (int64_t[]){0, 2, 1}), x};
    infer_refuses(&b, ZI_OP_GatherElements, ATTR(.axis = {.axis = 0}), in, 2, "index 2 of an axis");
    in[1] = build_input(&b, "j", ZURT_S64, DIMS(1, 4));
    infer_refuses(&b, ZI_OP_GatherElements, ATTR(.axis = {.axis = 0}), in, 2, "goes beyond");
    infer_refuses(&b, ZI_OP_ScatterElements, ATTR(.scatter = {.axis = 1}), in, 3,
                  "as many updates");
    infer_refuses(&b, ZI_OP_ScatterElements,
                  ATTR(.scatter = {.axis = 1, .reduction = (zi_scatter_reduction)5}), in, 3,
                  "reduction");
    in[1] = build_input(&b, "k", ZURT_S32, DIMS(1, 3));
    infer_refuses(&b, ZI_OP_GatherElements, ATTR(.axis = {.axis = 0}), in, 2, "s64 is taken");
    in[1] = build_const(&b, "r", ZURT_S64, DIMS(1, 2), (int64_t[]){1, 3});
    infer_refuses(&b, ZI_OP_GatherND, ATTR(.axis = {.axis = 0}), in, 2, "index 3 of an axis of 3");
    in[1] = build_input(&b, "l", ZURT_S64, DIMS(1, 3));
    infer_refuses(&b, ZI_OP_GatherND, ATTR(.axis = {.axis = 0}), in, 2, "do not fit");
    builder_free(&b);
}

static void gather_nd_names_slices(void **state)
{
    (void)state;
    static const float x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_F32, DIMS(2, 2, 2));
    zi_id i = build_const(&b, "i", ZURT_S64, DIMS(2, 2), (int64_t[]){0, 1, 1, -2});
    build_op(&b, ZI_OP_GatherND, "y", ATTR(.axis = {.axis = 0}), 2, in, i);
    float *r = run_last(&b, (const void *[]){x, NULL});
    assert_memory_equal(r, ((float[]){2, 3, 4, 5}), 4 * sizeof(*r));
    free(r);
    i = build_const(&b, "j", ZURT_S64, DIMS(2, 1), (int64_t[]){1, 0}); // a batch axis
    build_op(&b, ZI_OP_GatherND, "z", ATTR(.axis = {.axis = 1}), 2, in, i);
    r = run_last(&b, (const void *[]){x, NULL});
    assert_memory_equal(r, ((float[]){2, 3, 4, 5}), 4 * sizeof(*r));
    free(r);
    builder_free(&b);
}

static void empty_tensors_pass(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(0, 4));
    zi_id i = build_input(&b, "i", ZURT_S64, DIMS(0, 2));
    zi_id u = build_input(&b, "u", ZURT_F32, DIMS(0, 2));
    zi_id full = build_input(&b, "f", ZURT_F32, DIMS(3, 4));
    const void *in[3] = {"", "", ""};
    build_op(&b, ZI_OP_TopK, "a", ATTR(.top = {.axis = 1, .k = 2, .smallest = false}), 1, x);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_TopK, "b", ATTR(.top = {.axis = 1, .k = 0, .smallest = false}), 1, full);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_CumSum, "c", ATTR(.axis = {.axis = 0}), 1, x);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_GatherElements, "d", ATTR(.axis = {.axis = 1}), 2, x, i);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_ScatterElements, "e", ATTR(.scatter = {.axis = 1}), 3, x, i, u);
    free(run_last(&b, in));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_k_takes_the_lower_of_equal_indices),
        cmocka_unit_test(top_k_sorts_any_type_along_any_axis),
        cmocka_unit_test(top_k_refuses_what_is_not_there),
        cmocka_unit_test(cum_sum_runs_both_ways),
        cmocka_unit_test(pool_indices_count_as_nchw),
        cmocka_unit_test(pool_indices_find_what_max_pool_gives),
        cmocka_unit_test(gather_elements_stays_on_the_other_axes),
        cmocka_unit_test(gather_elements_takes_large_tensors_apart),
        cmocka_unit_test(scatter_elements_reduces),
        cmocka_unit_test(indices_are_checked),
        cmocka_unit_test(gather_nd_names_slices),
        cmocka_unit_test(empty_tensors_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
