/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move values, against index arithmetic written from their definitions. */
#include <math.h>

#include "support/op_runner.h"

enum { ROUNDS = 120 };

static const zurt_dtype types[] = {ZURT_S8, ZURT_F32, ZURT_S64};

/* An input of random shape and up to 40 a side; `x` gets its bytes. */
static zi_id random_input(builder *b, zurt_dtype dtype, int32_t min_rank, uint8_t **x)
{
    int32_t dims[5], rank = builder_int(b, min_rank, 5);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = builder_int(b, 1, rank < 4 ? 40 : 9);
    zi_id id = build_input(b, "x", dtype, rank, dims);
    *x = (uint8_t *)random_s8(b, zi_tensor_bytes(&b->g->tensors[id]));
    return id;
}

/* Coordinates of element i, and back. */
static void coords(const zi_tensor *t, size_t i, int32_t *at)
{
    for (int32_t d = t->rank - 1; d >= 0; d--) {
        at[d] = (int32_t)(i % (size_t)t->dims[d]);
        i /= (size_t)t->dims[d];
    }
}

static size_t element(const zi_tensor *t, const int32_t *at)
{
    size_t i = 0;
    for (int32_t d = 0; d < t->rank; d++)
        i = i * (size_t)t->dims[d] + (size_t)at[d];
    return i;
}

/* Where output coordinates come from; false: nowhere (padding). */
typedef bool from_fn(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in);

static void check_last(builder *b, zi_id in, uint8_t *x, from_fn *from, const void *outside)
{
    const zi_node *n = &b->g->nodes[b->g->n_nodes - 1];
    const zi_tensor *t = &b->g->tensors[in], *out = &b->g->tensors[n->out[0]];
    size_t elem = zurt_dtype_bytes(t->dtype);
    uint8_t *r = run_last(b, (const void *[]){x});
    for (size_t i = 0; i < zi_tensor_elems(out); i++) {
        int32_t at[ZURT_MAX_RANK], src[ZURT_MAX_RANK] = {0};
        coords(out, i, at);
        const void *value = from(t, n, at, src) ? x + element(t, src) * elem : outside;
        assert_memory_equal(r + i * elem, value, elem);
    }
    free(r), free(x);
    builder_free(b);
}

static bool from_transpose(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    for (int32_t d = 0; d < x->rank; d++)
        in[n->attr.perm.perm[d]] = out[d];
    return true;
}

static void transpose_of_any_permutation(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        uint8_t *x;
        zi_id in = random_input(&b, types[k % 3], 0, &x);
        zi_attr a = {.perm = {{0, 1, 2, 3, 4, 5, 6, 7}}};
        for (int32_t d = b.g->tensors[in].rank - 1; d > 0; d--) {
            int32_t other = builder_int(&b, 0, d), swap = a.perm.perm[d];
            a.perm.perm[d] = a.perm.perm[other];
            a.perm.perm[other] = swap;
        }
        build_op(&b, ZI_OP_Transpose, "out", &a, 1, in);
        check_last(&b, in, x, from_transpose, NULL);
    }
}

/* The common pair, large enough for several tasks and cut tiles. */
static void transpose_between_nhwc_and_nchw(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        builder b = builder_make();
        zi_id in = build_input(&b, "x", types[k % 3], DIMS(2, 37, 53, 19));
        uint8_t *x = (uint8_t *)random_s8(&b, zi_tensor_bytes(&b.g->tensors[in]));
        build_op(&b, ZI_OP_Transpose, "out",
                 k < 3 ? ATTR(.perm = {{0, 3, 1, 2}}) : ATTR(.perm = {{0, 2, 3, 1}}), 1, in);
        check_last(&b, in, x, from_transpose, NULL);
    }
}

static bool from_slice(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    const zi_attr_slice *a = &n->attr.slice;
    for (int32_t d = 0; d < x->rank; d++)
        in[d] = a->start[d] + out[d] * a->step[d];
    return true;
}

static void slice_steps_both_ways(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        uint8_t *x;
        zi_id in = random_input(&b, types[k % 3], 0, &x);
        const zi_tensor *t = &b.g->tensors[in];
        zi_attr a = {0};
        for (int32_t d = 0; d < t->rank; d++) {
            int32_t step = builder_int(&b, 0, 1) ? 1 : builder_int(&b, 1, 3);
            bool back = builder_int(&b, 0, 3) == 0;
            a.slice.start[d] = builder_int(&b, 0, t->dims[d] - 1);
            int32_t room = back ? a.slice.start[d] : t->dims[d] - 1 - a.slice.start[d];
            a.slice.step[d] = back ? -step : step;
            a.slice.count[d] = builder_int(&b, k % 10 ? 1 : 0, room / step + 1);
        }
        build_op(&b, ZI_OP_Slice, "out", &a, 1, in);
        check_last(&b, in, x, from_slice, NULL);
    }
}

static bool from_pad(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    const zi_attr_pad *a = &n->attr.pad;
    for (int32_t d = 0; d < x->rank; d++) {
        int32_t i = out[d] - a->before[d], last = x->dims[d] - 1;
        if (a->mode == ZI_PAD_CONSTANT && (i < 0 || i > last))
            return false;
        if (i < 0)
            i = a->mode == ZI_PAD_EDGE ? 0 : -i;
        if (i > last)
            i = a->mode == ZI_PAD_EDGE ? last : 2 * last - i;
        in[d] = i;
    }
    return true;
}

static void pad_in_every_mode(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        uint8_t *x;
        zurt_dtype dtype = types[k % 3];
        zi_id in = random_input(&b, dtype, 0, &x);
        const zi_tensor *t = &b.g->tensors[in];
        zi_attr a = {.pad = {.mode = (zi_pad_mode)(k / 3 % 3), .value = -1.5f}};
        for (int32_t d = 0; d < t->rank; d++) {
            int32_t hi = a.pad.mode == ZI_PAD_REFLECT ? t->dims[d] - 1 : 4;
            if (k % 2 && d == t->rank - 1)
                continue; // whole runs
            a.pad.before[d] = builder_int(&b, -t->dims[d] / 2, hi < 4 ? hi : 4);
            a.pad.after[d] = builder_int(&b, -t->dims[d] / 2, hi < 4 ? hi : 4);
        }
        zi_id out = build_op(&b, ZI_OP_Pad, "out", &a, 1, in);
        if (dtype == ZURT_S8) {
            build_quant(&b, in, 0.5f, 7);
            build_quant(&b, out, 0.5f, 7);
        }
        const float f = -1.5f;
        const int8_t q = 4; // -1.5 / 0.5 + 7
        const int64_t n = -1;
        check_last(&b, in, x, from_pad,
                   dtype == ZURT_S8    ? (const void *)&q
                   : dtype == ZURT_F32 ? (const void *)&f
                                       : (const void *)&n);
    }
}

static bool from_expand(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    for (int32_t d = 0; d < x->rank; d++)
        in[d] = x->dims[d] == 1 ? 0 : out[n->attr.shape.rank - x->rank + d];
    return true;
}

static bool from_tile(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    (void)n;
    for (int32_t d = 0; d < x->rank; d++)
        in[d] = out[d] % x->dims[d];
    return true;
}

static void expand_and_tile_repeat(void **state)
{
    (void)state;
    for (int k = 0; k < ROUNDS; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        bool tile = k & 1;
        int32_t dims[4], rank = builder_int(&b, 0, 4);
        for (int32_t d = 0; d < rank; d++)
            dims[d] = tile ? builder_int(&b, 1, 5) : builder_int(&b, 0, 1) ? 1 : 6;
        zi_id in = build_input(&b, "x", types[k % 3], rank, dims);
        uint8_t *x = (uint8_t *)random_s8(&b, zi_tensor_bytes(&b.g->tensors[in]));
        int32_t lead = tile ? 0 : builder_int(&b, 0, 2);
        zi_attr a = {.shape = {.rank = rank + lead}};
        for (int32_t d = 0; d < rank + lead; d++) {
            int32_t own = d < lead ? 1 : dims[d - lead];
            a.shape.dims[d] = tile || own == 1 ? own * builder_int(&b, 1, 6) : own;
        }
        build_op(&b, tile ? ZI_OP_Tile : ZI_OP_Expand, "out", &a, 1, in);
        check_last(&b, in, x, tile ? from_tile : from_expand, NULL);
    }
}

static bool from_depth(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    int32_t s = n->attr.axis.axis, part = x->dims[3] / (s * s);
    int32_t bh = out[1] % s, bw = out[2] % s;
    in[0] = out[0];
    in[1] = out[1] / s;
    in[2] = out[2] / s;
    in[3] = n->attr.axis.keep_dims ? (out[3] * s + bh) * s + bw : (bh * s + bw) * part + out[3];
    return true;
}

static bool from_space(const zi_tensor *x, const zi_node *n, const int32_t *out, int32_t *in)
{
    int32_t s = n->attr.axis.axis, block = out[3] / x->dims[3];
    in[0] = out[0];
    in[1] = out[1] * s + block / s;
    in[2] = out[2] * s + block % s;
    in[3] = out[3] % x->dims[3];
    return true;
}

static void depth_and_space_trade_places(void **state)
{
    (void)state;
    for (int k = 0; k < 36; k++) {
        builder b = builder_make();
        int32_t s = 1 + k / 3 % 3;
        zi_op op = k / 9 % 4 == 3 ? ZI_OP_SpaceToDepth : ZI_OP_DepthToSpace;
        zi_id in = build_input(&b, "x", types[k % 3], DIMS(2, 6, 12, 18 * s * s));
        uint8_t *x = (uint8_t *)random_s8(&b, zi_tensor_bytes(&b.g->tensors[in]));
        build_op(&b, op, "out", ATTR(.axis = {.axis = s, .keep_dims = k / 9 & 1}), 1, in);
        check_last(&b, in, x, op == ZI_OP_DepthToSpace ? from_depth : from_space, NULL);
    }
}

static void reshape_copies_or_stays(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_F32, DIMS(2, 3));
    build_op(&b, ZI_OP_Reshape, "out", ATTR(.shape = {.rank = 1, .dims = {6}}), 1, in);
    float *x = random_f32(&b, 6, 1.0f);
    float *r = run_last(&b, (const void *[]){x});
    assert_memory_equal(r, x, 24);
    runner_once(&b, b.g->nodes, (const void *[]){x}, (void *[]){x}, 1);
    assert_memory_equal(r, x, 24);
    free(x), free(r);
    builder_free(&b);
}

static void gather_takes_slices_and_stops_at_the_ends(void **state)
{
    (void)state;
    static const int64_t indices[6] = {0, -1, 4, -5, 99, INT64_MIN};
    static const int taken[6] = {0, 4, 4, 0, 4, 0};
    for (int k = 0; k < 9; k++) {
        builder b = builder_make();
        int32_t axis = k / 3;
        int32_t dims[3] = {3, 4, 600};
        dims[axis] = 5;
        zi_id in = build_input(&b, "x", types[k % 3], 3, dims);
        zi_id at = build_input(&b, "i", ZURT_S64, DIMS(3, 2));
        zi_id out = build_op(&b, ZI_OP_Gather, "out", ATTR(.axis = {.axis = axis}), 2, in, at);
        size_t elem = zurt_dtype_bytes(types[k % 3]), inner = 1;
        for (int32_t d = axis + 1; d < 3; d++)
            inner *= (size_t)dims[d];
        uint8_t *x = (uint8_t *)random_s8(&b, zi_tensor_bytes(&b.g->tensors[in]));
        uint8_t *r = run_last(&b, (const void *[]){x, indices});
        for (size_t i = 0; i < zi_tensor_elems(&b.g->tensors[out]); i++) {
            size_t outer = i / (6 * inner), pick = i / inner % 6;
            size_t from = (outer * 5 + (size_t)taken[pick]) * inner + i % inner;
            assert_memory_equal(r + i * elem, x + from * elem, elem);
        }
        free(x), free(r);
        builder_free(&b);
    }
}

/* Constant indices with two steps, as a channel shuffle has, and with one off its place. */
static void gather_by_constants_is_gather(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        builder b = builder_make();
        b.seed = (uint32_t)round;
        int32_t axis = builder_int(&b, 0, 2), dims[3], groups = builder_int(&b, 1, 5);
        for (int32_t d = 0; d < 3; d++)
            dims[d] = builder_int(&b, 1, d == 2 ? 90 : 6);
        dims[axis] *= groups;
        const int64_t n = dims[axis], length = n / groups;
        zurt_dtype dtype = types[round % 3];
        int64_t *indices = malloc((size_t)n * sizeof(*indices));
        for (int64_t k = 0; k < n; k++)
            indices[k] = k % groups * length + k / groups - (round % 4 == 0 ? n : 0);
        if (round % 5 == 0)
            indices[builder_int(&b, 0, (int32_t)n - 1)] = 0;
        zi_id in = build_input(&b, "x", dtype, 3, dims);
        zi_id at = build_const(&b, "i", ZURT_S64, DIMS((int32_t)n), indices);
        zi_id out = build_op(&b, ZI_OP_Gather, "out", ATTR(.axis = {.axis = axis}), 2, in, at);
        size_t elem = zurt_dtype_bytes(dtype), inner = 1;
        for (int32_t d = axis + 1; d < 3; d++)
            inner *= (size_t)dims[d];
        uint8_t *x = (uint8_t *)random_s8(&b, zi_tensor_bytes(&b.g->tensors[in]));
        uint8_t *r = run_last(&b, (const void *[]){x, NULL});
        for (size_t i = 0; i < zi_tensor_elems(&b.g->tensors[out]); i++) {
            const int64_t index = indices[i / inner % (size_t)n];
            const size_t pick = (size_t)(index < 0 ? index + n : index);
            const size_t from = (i / (inner * (size_t)n) * (size_t)n + pick) * inner + i % inner;
            assert_memory_equal(r + i * elem, x + from * elem, elem);
        }
        free(x), free(r), free(indices);
        builder_free(&b);
    }
}

/* Splits a tensor into three parts, joins them, and gets it back: every byte, either way. */
static void split_and_concat_are_inverse(void **state)
{
    (void)state;
    for (int k = 0; k < 9; k++) {
        builder b = builder_make();
        int32_t axis = k / 3, whole[3] = {11, 21, 31};
        zi_id in = build_input(&b, "x", types[k % 3], 3, whole), parts[3];
        zi_node *n;
        size_t elem = zurt_dtype_bytes(types[k % 3]), inner = elem, outer = 1, row = 0;
        for (int32_t d = 0; d < 3; d++)
            *(d < axis ? &outer : &inner) *= d == axis ? 1u : (size_t)whole[d];
        uint8_t *x = (uint8_t *)random_s8(&b, 11 * 21 * 31 * elem), *piece[3];
        for (int i = 0; i < 3; i++) {
            static const char *const names[] = {"a", "b", "c"};
            int32_t dims[3] = {11, 21, 31};
            dims[axis] = i == 0 ? 1 : i == 1 ? 7 : whole[axis] - 8;
            parts[i] = build_input(&b, names[i], types[k % 3], 3, dims);
            size_t bytes = (size_t)dims[axis] * inner;
            piece[i] = malloc(outer * bytes);
            for (size_t o = 0; o < outer; o++)
                memcpy(piece[i] + o * bytes, x + o * (size_t)whole[axis] * inner + row, bytes);
            row += bytes;
        }
        build_op(&b, ZI_OP_Concat, "joined", ATTR(.axis = {.axis = axis}), 3, parts[0], parts[1],
                 parts[2]);
        uint8_t *r = run_last(&b, (const void *[]){piece[0], piece[1], piece[2]});
        assert_memory_equal(r, x, 11 * 21 * 31 * elem);
        free(r);
        assert_int_equal(zi_graph_add_node(b.ctx, b.g, ZI_OP_Split, "", &in, 1, parts, 3, &n),
                         ZURT_OK);
        n->attr.axis.axis = axis;
        assert_int_equal(zi_node_infer(b.ctx, b.g, n), ZURT_OK);
        void *back[3];
        for (int i = 0; i < 3; i++)
            back[i] = malloc(zi_tensor_bytes(&b.g->tensors[parts[i]]));
        runner_once(&b, n, (const void *[]){x}, back, 3);
        for (int i = 0; i < 3; i++) {
            assert_memory_equal(back[i], piece[i], zi_tensor_bytes(&b.g->tensors[parts[i]]));
            free(back[i]), free(piece[i]);
        }
        free(x);
        builder_free(&b);
    }
}

static void concat_brings_s8_to_one_scale(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(100, 3));
    zi_id y = build_input(&b, "y", ZURT_S8, DIMS(100, 4));
    zi_id out = build_op(&b, ZI_OP_Concat, "out", ATTR(.axis = {.axis = 1}), 2, x, y);
    build_quant(&b, x, 0.1f, 5);
    build_quant(&b, y, 0.08f, -5);
    build_quant(&b, out, 0.1f, 5);
    int8_t *p = random_s8(&b, 300), *q = random_s8(&b, 400);
    int8_t *r = run_last(&b, (const void *[]){p, q});
    for (int i = 0; i < 700; i++) {
        double v =
            i % 7 < 3 ? p[i / 7 * 3 + i % 7] : round(0.8 * (q[i / 7 * 4 + i % 7 - 3] + 5)) + 5;
        assert_int_equal(r[i], (int)fmin(fmax(v, -128.0), 127.0));
    }
    free(p), free(q), free(r);
    builder_free(&b);
}

static void empty_tensors_are_no_trouble(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(3, 0, 4));
    zi_id y = build_input(&b, "y", ZURT_F32, DIMS(1));
    const void *in[2] = {"", &(float){1.0f}};
    build_op(&b, ZI_OP_Transpose, "t", ATTR(.perm = {{2, 1, 0}}), 1, x);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_Add, "s", NULL, 2, x, y);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_Concat, "c", ATTR(.axis = {.axis = 1}), 2, x, x);
    free(run_last(&b, (const void *[]){"", ""}));
    build_op(&b, ZI_OP_Softmax, "m", ATTR(.axis = {.axis = 2}), 1, x);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_ReduceMean, "r", ATTR(.reduce = {.axes = AXIS_2}), 1, x);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_Pad, "p", ATTR(.pad = {.before = {1}}), 1, x);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_ArgMax, "a", ATTR(.axis = {.axis = 0}), 1, x);
    free(run_last(&b, in));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transpose_of_any_permutation),
        cmocka_unit_test(transpose_between_nhwc_and_nchw),
        cmocka_unit_test(slice_steps_both_ways),
        cmocka_unit_test(pad_in_every_mode),
        cmocka_unit_test(expand_and_tile_repeat),
        cmocka_unit_test(depth_and_space_trade_places),
        cmocka_unit_test(reshape_copies_or_stays),
        cmocka_unit_test(gather_takes_slices_and_stops_at_the_ends),
        cmocka_unit_test(gather_by_constants_is_gather),
        cmocka_unit_test(split_and_concat_are_inverse),
        cmocka_unit_test(concat_brings_s8_to_one_scale),
        cmocka_unit_test(empty_tensors_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
