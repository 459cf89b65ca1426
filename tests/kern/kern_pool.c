/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling kernels against the definition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
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
    void *x;
    void *out;
} op_pool;

static int32_t windows(kern_rng *r, int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                       int32_t pads)
{
    const int32_t room = in + pads - (dilation * (kernel - 1) + 1);
    if (room < 0)
        return 0;
    return room / stride + 1 + (room % stride ? (int32_t)kern_int(r, 0, 1) : 0); // ceil mode
}

static zk_pool_shape random_shape(kern_rng *r, bool average)
{
    zk_pool_shape s;
    do {
        s.batch = kern_chance(r, 80) ? 1 : 2;
        s.in_h = (int32_t)kern_int(r, 1, 14);
        s.in_w = (int32_t)kern_int(r, 1, kern_chance(r, 5) ? 320 : 14);
        s.channels = (int32_t)kern_int(r, 1, kern_chance(r, 10) ? 200 : 40);
        s.kernel_h = (int32_t)kern_int(r, 1, 7);
        s.kernel_w = (int32_t)kern_int(r, 1, kern_chance(r, 5) ? 280 : 7);
        s.stride_h = (int32_t)kern_int(r, 1, 4);
        s.stride_w = (int32_t)kern_int(r, 1, 4);
        s.dilation_h = average || kern_chance(r, 70) ? 1 : 2;
        s.dilation_w = average || kern_chance(r, 70) ? 1 : 3;
        s.pad_top = (int32_t)kern_int(r, 0, s.kernel_h - 1);
        s.pad_left = (int32_t)kern_int(r, 0, s.kernel_w - 1);
        s.pad_bottom = (int32_t)kern_int(r, 0, s.kernel_h - 1);
        s.pad_right = (int32_t)kern_int(r, 0, s.kernel_w - 1);
        s.count_include_pad = kern_chance(r, 40);
        s.out_h =
            windows(r, s.in_h, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top + s.pad_bottom);
        s.out_w =
            windows(r, s.in_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left + s.pad_right);
    } while (!s.out_h || !s.out_w);
    return s;
}

/* What all four have in common, operands apart. */
static void random_pool(kern_rng *r, op_pool *op, const char *name, bool average,
                        const kern_layer *layer)
{
    zk_pool_shape *s = &op->shape;
    op->average = average;
    *s = layer ? layer->pool : random_shape(r, average);
    op->row_end = (int64_t)s->batch * s->out_h;
    if (!layer)
        random_part(r, &op->row_begin, &op->row_end);
    op->n_x = (size_t)s->batch * (size_t)s->in_h * (size_t)s->in_w * (size_t)s->channels;
    op->n_out = (size_t)s->batch * (size_t)s->out_h * (size_t)s->out_w * (size_t)s->channels;
    kern_describe("%s %dx%dx%dx%d -> %dx%d, kernel %dx%d, stride %dx%d, dilation %dx%d, "
                  "pads %d,%d,%d,%d, include %d",
                  name, s->batch, s->in_h, s->in_w, s->channels, s->out_h, s->out_w, s->kernel_h,
                  s->kernel_w, s->stride_h, s->stride_w, s->dilation_h, s->dilation_w, s->pad_top,
                  s->pad_left, s->pad_bottom, s->pad_right, s->count_include_pad);
    kern_work((double)op->n_out * s->kernel_h * s->kernel_w);
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
    op->table = kern_place(r, KERN_IN, 2 * ((size_t)area + 1) * sizeof(int32_t), 4);
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

static void expect_s8(const void *state, void *out_, float *tolerance)
{
    const op_pool *op = state;
    const int8_t *x = op->x;
    int8_t *out = out_;
    (void)tolerance;
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

static void expect_f32(const void *state, void *out_, float *tolerance)
{
    const op_pool *op = state;
    const float *x = op->x;
    float *out = out_;
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

static void make_s8(kern_rng *r, op_pool *op)
{
    random_quant(r, op);
    op->x = kern_place(r, KERN_IN, op->n_x, 1);
    if (kern_chance(r, 20)) // saturating
        memset(op->x, kern_chance(r, 50) ? 127 : -128, op->n_x);
    op->out = kern_place(r, KERN_OUT, op->n_out, 1);
}

static void make_f32(kern_rng *r, op_pool *op)
{
    op->x = kern_place_f32(r, KERN_IN, op->n_x);
    op->out = kern_place_f32(r, KERN_OUT, op->n_out);
}

#define POOL(in, c, out, kernel, stride, pad)                                                      \
    {                                                                                              \
        .batch = 1, .in_h = (in), .in_w = (in), .channels = (c), .out_h = (out), .out_w = (out),   \
        .kernel_h = (kernel), .kernel_w = (kernel), .stride_h = (stride), .stride_w = (stride),    \
        .dilation_h = 1, .dilation_w = 1, .pad_top = (pad), .pad_left = (pad),                     \
        .pad_bottom = (pad), .pad_right = (pad)                                                    \
    }

static const kern_layer layers[] = {
    {.name = "3x3/2 112x64", .pool = POOL(112, 64, 56, 3, 2, 1)},
    {.name = "global 7x1280", .pool = POOL(7, 1280, 1, 7, 1, 0)},
};
enum { N_LAYERS = sizeof(layers) / sizeof(*layers) };

/* ---- maxpool_s8 ---- */

static void make_max_s8(kern_rng *r, void *state, const kern_layer *layer)
{
    random_pool(r, state, "maxpool_s8", false, layer);
    make_s8(r, state);
}

static void call_max_s8(const zk_table *t, void *state)
{
    const op_pool *op = state;
    const zk_maxpool_s8_args a = {&op->shape, op->x, op->out, op->row_begin, op->row_end};
    t->maxpool_s8(&a);
}

const kern_op kern_maxpool_s8 = {
    .name = "maxpool_s8",
    .cases = 1000,
    .state_bytes = sizeof(op_pool),
    .elem = KERN_S8,
    .make = make_max_s8,
    .expect = expect_s8,
    .call = call_max_s8,
    .layers = layers,
    .n_layers = N_LAYERS,
};

/* ---- avgpool_s8 ---- */

static void make_average_s8(kern_rng *r, void *state, const kern_layer *layer)
{
    random_pool(r, state, "avgpool_s8", true, layer);
    make_s8(r, state);
}

static void call_average_s8(const zk_table *t, void *state)
{
    const op_pool *op = state;
    const int32_t area = op->shape.kernel_h * op->shape.kernel_w;
    const zk_avgpool_s8_args a = {
        .shape = &op->shape,
        .x = op->x,
        .x_zero_point = op->x_zero,
        .out_zero_point = op->out_zero,
        .multiplier = op->table,
        .shift = op->table ? op->table + area + 1 : NULL,
        .ties_up = op->ties_up,
        .out = op->out,
        .row_begin = op->row_begin,
        .row_end = op->row_end,
    };
    t->avgpool_s8(&a);
}

const kern_op kern_avgpool_s8 = {
    .name = "avgpool_s8",
    .cases = 2000,
    .state_bytes = sizeof(op_pool),
    .elem = KERN_S8,
    .make = make_average_s8,
    .expect = expect_s8,
    .call = call_average_s8,
    .layers = layers,
    .n_layers = N_LAYERS,
};

/* ---- maxpool_f32 ---- */

static void make_max_f32(kern_rng *r, void *state, const kern_layer *layer)
{
    random_pool(r, state, "maxpool_f32", false, layer);
    make_f32(r, state);
}

static void call_max_f32(const zk_table *t, void *state)
{
    const op_pool *op = state;
    const zk_maxpool_f32_args a = {&op->shape, op->x, op->out, op->row_begin, op->row_end};
    t->maxpool_f32(&a);
}

const kern_op kern_maxpool_f32 = {
    .name = "maxpool_f32",
    .cases = 1000,
    .state_bytes = sizeof(op_pool),
    .elem = KERN_F32,
    .make = make_max_f32,
    .expect = expect_f32,
    .call = call_max_f32,
    .layers = layers,
    .n_layers = N_LAYERS,
};

/* ---- avgpool_f32 ---- */

static void make_average_f32(kern_rng *r, void *state, const kern_layer *layer)
{
    random_pool(r, state, "avgpool_f32", true, layer);
    make_f32(r, state);
}

static void call_average_f32(const zk_table *t, void *state)
{
    const op_pool *op = state;
    const zk_avgpool_f32_args a = {&op->shape, op->x, op->out, op->row_begin, op->row_end};
    t->avgpool_f32(&a);
}

const kern_op kern_avgpool_f32 = {
    .name = "avgpool_f32",
    .cases = 1000,
    .state_bytes = sizeof(op_pool),
    .elem = KERN_F32,
    .rule = KERN_WITHIN,
    .make = make_average_f32,
    .expect = expect_f32,
    .call = call_average_f32,
    .layers = layers,
    .n_layers = N_LAYERS,
};
