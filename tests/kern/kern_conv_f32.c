/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution kernels in float against the definition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "naive.h"

/* Relative to the sum of the magnitudes added up. */
#define ROUNDING 3e-6f

typedef struct op_f32 {
    zk_conv_shape shape;
    zk_conv_f32_args conv;
    zk_depthwise_f32_args depthwise;
    float *x;
    float *w;
    float *bias;
} op_f32;

static float *random_floats(kern_rng *r, int buffer, size_t n)
{
    float *p = kern_place(r, buffer, n * sizeof(*p), sizeof(*p));
    for (size_t i = 0; i < n; i++)
        p[i] = kern_f32(r, -1.0f, 1.0f);
    return p;
}

static void random_op(kern_rng *r, op_f32 *op)
{
    const int32_t n = op->shape.out_c;
    op->x = random_floats(r, KERN_X, x_elems(&op->shape));
    op->w = random_floats(r, KERN_W, w_elems(&op->shape));
    op->bias = random_floats(r, KERN_BIAS, (size_t)n);
    if (kern_chance(r, 10)) // must come out as NaN, clamp or not
        op->x[kern_int(r, 0, (int64_t)x_elems(&op->shape) - 1)] = NAN;
    const bool clamp = kern_chance(r, 40);
    op->conv = (zk_conv_f32_args){
        .shape = &op->shape,
        .x = op->x,
        .w = op->w,
        .bias = op->bias,
        .lo = clamp ? kern_f32(r, -1.0f, 0.0f) : -INFINITY,
        .hi = clamp ? kern_f32(r, 0.0f, 1.0f) : INFINITY,
        .pixel_end = zk_conv_pixels(&op->shape),
        .channel_end = n,
    };
}

/* The whole output by the naive model, and how far rounding may lead from it; malloc'd. */
static float *expected_f32(const op_f32 *op, float *tolerance)
{
    const zk_conv_shape *s = &op->shape;
    const size_t n_x = x_elems(s), n_w = w_elems(s), n_out = out_elems(s);
    double *x = malloc(n_x * sizeof(*x));
    double *w = malloc(n_w * sizeof(*w));
    double *sum = calloc(n_out, sizeof(*sum));
    double *sum_abs = calloc(n_out, sizeof(*sum_abs));
    float *out = malloc(n_out * sizeof(*out));
    if (!x || !w || !sum || !sum_abs || !out)
        abort();
    for (size_t i = 0; i < n_x; i++)
        x[i] = (double)op->x[i];
    for (size_t i = 0; i < n_w; i++)
        w[i] = (double)op->w[i];
    naive_conv(s, x, w, sum, sum_abs);
    for (size_t i = 0; i < n_out; i++) {
        const float bias = op->bias[i % (size_t)s->out_c];
        const float v = (float)(sum[i] + (double)bias);
        out[i] = v < op->conv.lo ? op->conv.lo : v > op->conv.hi ? op->conv.hi : v;
        tolerance[i] = ((float)sum_abs[i] + fabsf(bias)) * ROUNDING;
    }
    free(x);
    free(w);
    free(sum);
    free(sum_abs);
    return out;
}

static void random_ranges(kern_rng *r, zk_conv_f32_args *a)
{
    if (kern_chance(r, 40)) {
        a->pixel_begin = kern_int(r, 0, a->pixel_end);
        a->pixel_end = kern_int(r, a->pixel_begin, a->pixel_end);
    }
    if (kern_chance(r, 40)) {
        a->channel_begin = (int32_t)kern_int(r, 0, a->channel_end);
        a->channel_end = (int32_t)kern_int(r, a->channel_begin, a->channel_end);
    }
    a->tile = (int32_t)kern_int(r, 1, kern_chance(r, 50) ? 5 : 200);
    a->channel_tile = (int32_t)kern_int(r, 1, 100);
}

static bool check_conv(kern_rng *r)
{
    op_f32 op = {.shape = random_conv(r)};
    describe_conv("conv_f32", &op.shape);
    random_op(r, &op);
    random_ranges(r, &op.conv);
    const size_t n = out_elems(&op.shape);
    float *tolerance = malloc(n * sizeof(*tolerance));
    float *expected = malloc(n * sizeof(*expected));
    if (!tolerance || !expected)
        abort();
    float *all = expected_f32(&op, tolerance);
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        const size_t scratch = zk_conv_f32_scratch(&op.shape, op.conv.tile);
        op.conv.out = kern_place(r, KERN_OUT, n * sizeof(float), sizeof(float));
        op.conv.scratch = kern_place(r, KERN_SCRATCH, scratch, 64);
        memcpy(expected, op.conv.out, n * sizeof(float));
        for (int64_t p = op.conv.pixel_begin; p < op.conv.pixel_end; p++)
            for (int64_t c = op.conv.channel_begin; c < op.conv.channel_end; c++)
                expected[p * op.shape.out_c + c] = all[p * op.shape.out_c + c];
        v[i].table.conv_f32(&op.conv);
        ok = kern_same_f32(v[i].name, op.conv.out, expected, tolerance, n);
    }
    free(all);
    free(expected);
    free(tolerance);
    return ok;
}

static void depthwise_op(kern_rng *r, op_f32 *op)
{
    const int32_t n = op->shape.out_c;
    const int64_t taps = zk_conv_patch(&op->shape);
    float *w = kern_place(r, KERN_SCRATCH, w_elems(&op->shape) * sizeof(*w), sizeof(*w));
    for (int32_t c = 0; c < n; c++)
        for (int64_t t = 0; t < taps; t++)
            w[t * n + c] = op->w[c * taps + t];
    op->depthwise = (zk_depthwise_f32_args){
        .shape = &op->shape,
        .x = op->x,
        .w = w,
        .bias = op->bias,
        .lo = op->conv.lo,
        .hi = op->conv.hi,
        .row_end = (int64_t)op->shape.batch * op->shape.out_h,
    };
}

/* The reference against the naive model within rounding; the variants against the reference bit
 * for bit, as conv.h promises. */
static bool check_depthwise(kern_rng *r)
{
    op_f32 op = {.shape = random_depthwise(r)};
    describe_conv("depthwise_f32", &op.shape);
    random_op(r, &op);
    depthwise_op(r, &op);
    zk_depthwise_f32_args *a = &op.depthwise;
    if (kern_chance(r, 40)) {
        a->row_begin = kern_int(r, 0, a->row_end);
        a->row_end = kern_int(r, a->row_begin, a->row_end);
    }
    const size_t n = out_elems(&op.shape), row = n / (size_t)(op.shape.batch * op.shape.out_h);
    float *tolerance = malloc(n * sizeof(*tolerance));
    float *expected = malloc(n * sizeof(*expected));
    if (!tolerance || !expected)
        abort();
    float *all = expected_f32(&op, tolerance);
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        a->out = kern_place(r, KERN_OUT, n * sizeof(float), sizeof(float));
        memcpy(expected, a->out, n * sizeof(float));
        memcpy(expected + (size_t)a->row_begin * row, all + (size_t)a->row_begin * row,
               (size_t)(a->row_end - a->row_begin) * row * sizeof(float));
        v[i].table.depthwise_f32(a);
        ok = kern_same_f32(v[i].name, a->out, expected, tolerance, n);
        if (i == 0) {
            memcpy(all, a->out, n * sizeof(float));
            memset(tolerance, 0, n * sizeof(float));
        }
    }
    free(all);
    free(expected);
    free(tolerance);
    return ok;
}

/* ---- time ---- */

typedef struct timed {
    const zk_table *table;
    op_f32 op;
} timed;

static void call_conv(void *arg)
{
    timed *t = arg;
    t->table->conv_f32(&t->op.conv);
}

static void call_depthwise(void *arg)
{
    timed *t = arg;
    t->table->depthwise_f32(&t->op.depthwise);
}

static void bench_layers(kern_rng *r, const char *name, const layer *layers, size_t n,
                         kern_call_fn *call)
{
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    for (size_t k = 0; k < n; k++) {
        timed t = {.op.shape = layers[k].shape};
        random_op(r, &t.op);
        t.op.conv.tile = 256;
        t.op.conv.channel_tile = t.op.shape.out_c;
        const size_t scratch = zk_conv_f32_scratch(&t.op.shape, t.op.conv.tile);
        t.op.conv.out = kern_place(r, KERN_OUT, out_elems(&t.op.shape) * sizeof(float), 4);
        t.op.conv.scratch = kern_place(r, KERN_SCRATCH, scratch, 64);
        if (call == call_depthwise) {
            depthwise_op(r, &t.op);
            t.op.depthwise.out = t.op.conv.out;
        }
        const double macs = (double)out_elems(&t.op.shape) * (double)zk_conv_patch(&t.op.shape);
        for (size_t i = 0; i < n_variants; i++) {
            t.table = &v[i].table;
            const zk_table *before = &v[i ? i - 1 : 0].table;
            const bool same = call == call_conv ? before->conv_f32 == t.table->conv_f32
                                                : before->depthwise_f32 == t.table->depthwise_f32;
            if (!i || !same)
                kern_time(name, layers[k].name, v[i].name, call, &t, macs);
        }
    }
}

static void bench_conv(kern_rng *r)
{
    bench_layers(r, "conv_f32", dense_layers, n_dense_layers, call_conv);
}

static void bench_depthwise(kern_rng *r)
{
    bench_layers(r, "depthwise_f32", depthwise_layers, n_depthwise_layers, call_depthwise);
}

const kern_suite kern_conv_f32 = {"conv_f32", 2000, check_conv, bench_conv};
const kern_suite kern_depthwise_f32 = {"depthwise_f32", 1000, check_depthwise, bench_depthwise};
