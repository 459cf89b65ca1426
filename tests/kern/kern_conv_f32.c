/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution kernels in float: the general one and depthwise. */
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

static void random_operands(kern_rng *r, op_f32 *op)
{
    const int32_t n = op->shape.out_c;
    op->x = kern_place_f32(r, KERN_IN, x_elems(&op->shape));
    op->w = kern_place_f32(r, KERN_IN, w_elems(&op->shape));
    op->bias = kern_place_f32(r, KERN_IN, (size_t)n);
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

static bool in_channels(const zk_conv_f32_args *a, int64_t c)
{
    return c >= a->channel_begin && c < a->channel_end;
}

/* Output pixels [begin, end) by the naive model, and how far rounding may lead from it. */
static void expect_pixels(const op_f32 *op, int64_t begin, int64_t end, float *out,
                          float *tolerance)
{
    const zk_conv_shape *s = &op->shape;
    const size_t n_x = x_elems(s), n_w = w_elems(s), n_out = out_elems(s);
    double *x = malloc(n_x * sizeof(*x));
    double *w = malloc(n_w * sizeof(*w));
    double *sum = calloc(n_out, sizeof(*sum));
    double *sum_abs = calloc(n_out, sizeof(*sum_abs));
    if (!x || !w || !sum || !sum_abs)
        abort();
    for (size_t i = 0; i < n_x; i++)
        x[i] = (double)op->x[i];
    for (size_t i = 0; i < n_w; i++)
        w[i] = (double)op->w[i];
    naive_conv(s, x, w, sum, sum_abs);
    for (int64_t i = begin * s->out_c; i < end * s->out_c; i++) {
        if (!in_channels(&op->conv, i % s->out_c))
            continue;
        const float bias = op->bias[i % s->out_c];
        const float v = (float)(sum[i] + (double)bias);
        out[i] = v < op->conv.lo ? op->conv.lo : v > op->conv.hi ? op->conv.hi : v;
        tolerance[i] = ((float)sum_abs[i] + fabsf(bias)) * ROUNDING;
    }
    free(x);
    free(w);
    free(sum);
    free(sum_abs);
}

/* ---- conv_f32 ---- */

static void make_conv(kern_rng *r, void *state, const kern_layer *layer)
{
    op_f32 *op = state;
    op->shape = layer ? layer->conv : random_conv(r);
    describe_conv("conv_f32", &op->shape);
    random_operands(r, op);
    kern_work((double)out_elems(&op->shape) * (double)zk_conv_patch(&op->shape));
    zk_conv_f32_args *a = &op->conv;
    a->out = kern_place_f32(r, KERN_OUT, out_elems(&op->shape));
    a->tile = layer ? 1024 : (int32_t)kern_int(r, 1, kern_chance(r, 50) ? 5 : 200);
    if (layer)
        return;
    int64_t begin = 0, end = a->channel_end;
    random_part(r, &a->pixel_begin, &a->pixel_end);
    random_part(r, &begin, &end);
    a->channel_begin = (int32_t)begin;
    a->channel_end = (int32_t)end;
}

static void expect_conv(const void *state, void *out, float *tolerance)
{
    const op_f32 *op = state;
    expect_pixels(op, op->conv.pixel_begin, op->conv.pixel_end, out, tolerance);
}

static void prepare_conv(kern_rng *r, void *state, const zk_table *t)
{
    op_f32 *op = state;
    const zk_conv_f32_kernel *kernel = t->conv_f32;
    const size_t bytes = kernel->scratch_bytes(&op->shape, op->conv.tile);
    op->conv.scratch = bytes ? kern_place(r, KERN_SCRATCH, bytes, 64) : NULL;
    op->conv.packed = NULL;
    if (kernel->packed_bytes) {
        void *packed = kern_place(r, KERN_IN, kernel->packed_bytes(&op->shape), 16);
        kernel->pack(&op->conv, packed);
        op->conv.packed = packed;
    }
}

static void call_conv(const zk_table *t, void *state)
{
    const op_f32 *op = state;
    t->conv_f32->run(&op->conv);
}

const kern_op kern_conv_f32 = {
    .name = "conv_f32",
    .cases = 2000,
    .state_bytes = sizeof(op_f32),
    .elem = KERN_F32,
    .rule = KERN_ONE_ORDER,
    .make = make_conv,
    .expect = expect_conv,
    .prepare = prepare_conv,
    .call = call_conv,
    .layers = dense_layers,
    .n_layers = N_DENSE_LAYERS,
};

/* ---- depthwise_f32 ---- */

/* Weights as the kernel takes them: [taps][channels]. */
static float *depthwise_weights(kern_rng *r, const op_f32 *op)
{
    const int32_t n = op->shape.out_c;
    const int64_t taps = zk_conv_patch(&op->shape);
    float *w = kern_place_f32(r, KERN_IN, w_elems(&op->shape));
    for (int32_t c = 0; c < n; c++)
        for (int64_t t = 0; t < taps; t++)
            w[t * n + c] = op->w[c * taps + t];
    return w;
}

static void make_depthwise(kern_rng *r, void *state, const kern_layer *layer)
{
    op_f32 *op = state;
    op->shape = layer ? layer->conv : random_depthwise(r);
    describe_conv("depthwise_f32", &op->shape);
    random_operands(r, op);
    kern_work((double)out_elems(&op->shape) * (double)zk_conv_patch(&op->shape));
    op->depthwise = (zk_depthwise_f32_args){
        .shape = &op->shape,
        .x = op->x,
        .w = depthwise_weights(r, op),
        .bias = op->bias,
        .lo = op->conv.lo,
        .hi = op->conv.hi,
        .out = kern_place_f32(r, KERN_OUT, out_elems(&op->shape)),
        .row_end = (int64_t)op->shape.batch * op->shape.out_h,
    };
    if (!layer)
        random_part(r, &op->depthwise.row_begin, &op->depthwise.row_end);
}

static void expect_depthwise(const void *state, void *out, float *tolerance)
{
    const op_f32 *op = state;
    const zk_depthwise_f32_args *a = &op->depthwise;
    expect_pixels(op, a->row_begin * op->shape.out_w, a->row_end * op->shape.out_w, out, tolerance);
}

static void call_depthwise(const zk_table *t, void *state)
{
    const op_f32 *op = state;
    t->depthwise_f32(&op->depthwise);
}

const kern_op kern_depthwise_f32 = {
    .name = "depthwise_f32",
    .cases = 1000,
    .state_bytes = sizeof(op_f32),
    .elem = KERN_F32,
    .rule = KERN_REF_WITHIN, // bit for bit among variants, as conv.h promises
    .make = make_depthwise,
    .expect = expect_depthwise,
    .call = call_depthwise,
    .layers = depthwise_layers,
    .n_layers = N_DEPTHWISE_LAYERS,
};
