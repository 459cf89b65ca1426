/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling kernels against the definition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern.h"
#include "naive.h"
#include "quant/requant.h"
#include "quant/scale.h"

/* One pooling, of either type; the arguments of the four kernels are made from it. */
typedef struct op_pool {
    zk_pool_shape shape;
    int64_t row_begin, row_end;
    size_t n_x, n_out;
    int32_t x_zero, out_zero;
    int32_t *table; /* multiplier, shift by count; NULL: quantised alike */
    bool average, ties_up;
} op_pool;

static int32_t windows(kern_rng *r, int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                       int32_t pads)
{
    const int32_t room = in + pads - (dilation * (kernel - 1) + 1);
    if (room < 0)
        return 0;
    return room / stride + 1 + (room % stride ? (int32_t)kern_int(r, 0, 1) : 0); // ceil mode
}

static op_pool random_pool(kern_rng *r, bool average)
{
    op_pool op = {.average = average};
    zk_pool_shape *s = &op.shape;
    do {
        s->batch = kern_chance(r, 80) ? 1 : 2;
        s->in_h = (int32_t)kern_int(r, 1, 14);
        s->in_w = (int32_t)kern_int(r, 1, 14);
        s->channels = (int32_t)kern_int(r, 1, kern_chance(r, 10) ? 200 : 40);
        s->kernel_h = (int32_t)kern_int(r, 1, 7);
        s->kernel_w = (int32_t)kern_int(r, 1, 7);
        s->stride_h = (int32_t)kern_int(r, 1, 4);
        s->stride_w = (int32_t)kern_int(r, 1, 4);
        s->dilation_h = average || kern_chance(r, 70) ? 1 : 2;
        s->dilation_w = average || kern_chance(r, 70) ? 1 : 3;
        s->pad_top = (int32_t)kern_int(r, 0, s->kernel_h - 1);
        s->pad_left = (int32_t)kern_int(r, 0, s->kernel_w - 1);
        s->pad_bottom = (int32_t)kern_int(r, 0, s->kernel_h - 1);
        s->pad_right = (int32_t)kern_int(r, 0, s->kernel_w - 1);
        s->count_include_pad = kern_chance(r, 40);
        s->out_h = windows(r, s->in_h, s->kernel_h, s->stride_h, s->dilation_h,
                           s->pad_top + s->pad_bottom);
        s->out_w = windows(r, s->in_w, s->kernel_w, s->stride_w, s->dilation_w,
                           s->pad_left + s->pad_right);
    } while (!s->out_h || !s->out_w);
    op.row_end = (int64_t)s->batch * s->out_h;
    if (kern_chance(r, 40)) {
        op.row_begin = kern_int(r, 0, op.row_end);
        op.row_end = kern_int(r, op.row_begin, op.row_end);
    }
    op.n_x = (size_t)s->batch * (size_t)s->in_h * (size_t)s->in_w * (size_t)s->channels;
    op.n_out = (size_t)s->batch * (size_t)s->out_h * (size_t)s->out_w * (size_t)s->channels;
    kern_describe("pool %dx%dx%dx%d -> %dx%d, kernel %dx%d, stride %dx%d, dilation %dx%d, "
                  "pads %d,%d,%d,%d, include %d\n",
                  s->batch, s->in_h, s->in_w, s->channels, s->out_h, s->out_w, s->kernel_h,
                  s->kernel_w, s->stride_h, s->stride_w, s->dilation_h, s->dilation_w, s->pad_top,
                  s->pad_left, s->pad_bottom, s->pad_right, s->count_include_pad);
    return op;
}

static void random_quant(kern_rng *r, op_pool *op)
{
    const int32_t area = op->shape.kernel_h * op->shape.kernel_w;
    op->x_zero = (int32_t)kern_int(r, -128, 127);
    op->out_zero = op->x_zero;
    op->table = NULL;
    op->ties_up = kern_chance(r, 50);
    if (!op->average || kern_chance(r, 50))
        return;
    op->out_zero = (int32_t)kern_int(r, -128, 127);
    const double ratio = (double)kern_f32(r, 0.2f, 3.0f);
    op->table = kern_place(r, KERN_AUX, 2 * ((size_t)area + 1) * sizeof(int32_t), 4);
    for (int32_t count = 1; count <= area; count++) {
        zi_multiplier m;
        zi_multiplier_from_real(ratio / count, &m);
        op->table[count] = m.multiplier;
        op->table[area + 1 + count] = m.shift;
    }
}

static int8_t naive_mean_s8(const op_pool *op, const naive_window *w)
{
    const int32_t area = op->shape.kernel_h * op->shape.kernel_w;
    /* w->sum is of q - zero point, so padding that counts adds 0 */
    double v = op->out_zero;
    if (w->counted && op->table)
        v +=
            naive_requant((int64_t)w->sum, op->table[w->counted], op->table[area + 1 + w->counted]);
    else if (w->counted)
        v = (w->sum + op->x_zero * (double)w->counted) / w->counted;
    if (w->counted && !op->table)
        v = op->ties_up ? floor(v + 0.5) : round(v);
    return (int8_t)(v < -128.0 ? -128.0 : v > 127.0 ? 127.0 : v);
}

static bool in_rows(const op_pool *op, int64_t row)
{
    return row >= op->row_begin && row < op->row_end;
}

/* Overwrites the part of `out` that the operation computes. */
static void expected_s8(const op_pool *op, const int8_t *x, int8_t *out)
{
    const zk_pool_shape *s = &op->shape;
    double *values = malloc(op->n_x * sizeof(*values));
    if (!values)
        abort();
    for (size_t i = 0; i < op->n_x; i++)
        values[i] = x[i] - (op->average ? op->x_zero : 0);
    for (size_t i = 0; i < op->n_out; i++) {
        const int64_t pixel = (int64_t)i / s->channels, row = pixel / s->out_w;
        if (!in_rows(op, row))
            continue;
        const naive_window w =
            naive_pool(s, values, (int32_t)(row / s->out_h), (int32_t)(row % s->out_h),
                       (int32_t)(pixel % s->out_w), (int32_t)(i % (size_t)s->channels));
        if (op->average)
            out[i] = naive_mean_s8(op, &w);
        else
            out[i] = (int8_t)(w.max < -128.0 ? -128.0 : w.max);
    }
    free(values);
}

static void expected_f32(const op_pool *op, const float *x, float *out, float *tolerance)
{
    const zk_pool_shape *s = &op->shape;
    double *values = malloc(op->n_x * sizeof(*values));
    if (!values)
        abort();
    for (size_t i = 0; i < op->n_x; i++)
        values[i] = (double)x[i];
    for (size_t i = 0; i < op->n_out; i++) {
        const int64_t pixel = (int64_t)i / s->channels, row = pixel / s->out_w;
        if (!in_rows(op, row))
            continue;
        const naive_window w =
            naive_pool(s, values, (int32_t)(row / s->out_h), (int32_t)(row % s->out_h),
                       (int32_t)(pixel % s->out_w), (int32_t)(i % (size_t)s->channels));
        out[i] = op->average ? (float)(w.counted ? w.sum / w.counted : 0.0) : (float)w.max;
        tolerance[i] = op->average ? 2e-6f : 0.0f; // values are within [-1, 1]
    }
    free(values);
}

static void run_s8(const zk_table *t, const op_pool *op, const int8_t *x, int8_t *out)
{
    const int32_t area = op->shape.kernel_h * op->shape.kernel_w;
    if (op->average) {
        const zk_avgpool_s8_args a = {.shape = &op->shape,
                                      .x = x,
                                      .x_zero_point = op->x_zero,
                                      .out_zero_point = op->out_zero,
                                      .multiplier = op->table,
                                      .shift = op->table ? op->table + area + 1 : NULL,
                                      .ties_up = op->ties_up,
                                      .out = out,
                                      .row_begin = op->row_begin,
                                      .row_end = op->row_end};
        t->avgpool_s8(&a);
    } else {
        const zk_maxpool_s8_args a = {&op->shape, x, out, op->row_begin, op->row_end};
        t->maxpool_s8(&a);
    }
}

static void run_f32(const zk_table *t, const op_pool *op, const float *x, float *out)
{
    if (op->average) {
        const zk_avgpool_f32_args a = {&op->shape, x, out, op->row_begin, op->row_end};
        t->avgpool_f32(&a);
    } else {
        const zk_maxpool_f32_args a = {&op->shape, x, out, op->row_begin, op->row_end};
        t->maxpool_f32(&a);
    }
}

static bool check_s8(kern_rng *r, bool average)
{
    op_pool op = random_pool(r, average);
    random_quant(r, &op);
    int8_t *x = kern_place(r, KERN_X, op.n_x, 1);
    if (kern_chance(r, 20)) // saturating
        memset(x, kern_chance(r, 50) ? 127 : -128, op.n_x);
    int8_t *expected = malloc(op.n_out);
    if (!expected)
        abort();
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        int8_t *out = kern_place(r, KERN_OUT, op.n_out, 1);
        memcpy(expected, out, op.n_out);
        expected_s8(&op, x, expected);
        run_s8(&v[i].table, &op, x, out);
        ok = kern_same_bytes(v[i].name, out, expected, op.n_out);
    }
    free(expected);
    return ok;
}

static bool check_f32(kern_rng *r, bool average)
{
    const op_pool op = random_pool(r, average);
    float *x = kern_place(r, KERN_X, op.n_x * sizeof(*x), sizeof(*x));
    for (size_t i = 0; i < op.n_x; i++)
        x[i] = kern_f32(r, -1.0f, 1.0f);
    float *expected = malloc(op.n_out * sizeof(*expected));
    float *tolerance = calloc(op.n_out, sizeof(*tolerance));
    if (!expected || !tolerance)
        abort();
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        float *out = kern_place(r, KERN_OUT, op.n_out * sizeof(*out), sizeof(*out));
        memcpy(expected, out, op.n_out * sizeof(*out));
        expected_f32(&op, x, expected, tolerance);
        run_f32(&v[i].table, &op, x, out);
        ok = kern_same_f32(v[i].name, out, expected, tolerance, op.n_out);
    }
    free(expected);
    free(tolerance);
    return ok;
}

static bool check_max_s8(kern_rng *r)
{
    return check_s8(r, false);
}

static bool check_average_s8(kern_rng *r)
{
    return check_s8(r, true);
}

static bool check_max_f32(kern_rng *r)
{
    return check_f32(r, false);
}

static bool check_average_f32(kern_rng *r)
{
    return check_f32(r, true);
}

/* ---- time ---- */

typedef struct timed {
    const zk_table *table;
    op_pool op;
    void *x;
    void *out;
    bool s8;
} timed;

static void call(void *arg)
{
    timed *t = arg;
    if (t->s8)
        run_s8(t->table, &t->op, t->x, t->out);
    else
        run_f32(t->table, &t->op, t->x, t->out);
}

static void bench(kern_rng *r, const char *name, bool s8, bool average)
{
    timed t = {.op = {.average = average, .row_end = 56}, .s8 = s8};
    t.op.shape = (zk_pool_shape){.batch = 1,
                                 .in_h = 112,
                                 .in_w = 112,
                                 .channels = 64,
                                 .out_h = 56,
                                 .out_w = 56,
                                 .kernel_h = 3,
                                 .kernel_w = 3,
                                 .stride_h = 2,
                                 .stride_w = 2,
                                 .dilation_h = 1,
                                 .dilation_w = 1,
                                 .pad_top = 1,
                                 .pad_left = 1,
                                 .pad_bottom = 1,
                                 .pad_right = 1};
    const size_t elem = s8 ? 1 : 4;
    t.x = kern_place(r, KERN_X, (size_t)112 * 112 * 64 * elem, elem);
    memset(t.x, 0, (size_t)112 * 112 * 64 * elem);
    t.out = kern_place(r, KERN_OUT, (size_t)56 * 56 * 64 * elem, elem);
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    t.table = &v[n_variants - 1].table;
    kern_time(name, "3x3/2 112x64", v[n_variants - 1].name, call, &t, 56.0 * 56 * 64 * 9);
}

static void bench_max_s8(kern_rng *r)
{
    bench(r, "maxpool_s8", true, false);
}

static void bench_max_f32(kern_rng *r)
{
    bench(r, "maxpool_f32", false, false);
}

static void bench_average_s8(kern_rng *r)
{
    bench(r, "avgpool_s8", true, true);
}

static void bench_average_f32(kern_rng *r)
{
    bench(r, "avgpool_f32", false, true);
}

const kern_suite kern_maxpool_s8 = {"maxpool_s8", 1000, check_max_s8, bench_max_s8};
const kern_suite kern_maxpool_f32 = {"maxpool_f32", 1000, check_max_f32, bench_max_f32};
const kern_suite kern_avgpool_s8 = {"avgpool_s8", 2000, check_average_s8, bench_average_s8};
const kern_suite kern_avgpool_f32 = {"avgpool_f32", 1000, check_average_f32, bench_average_f32};
