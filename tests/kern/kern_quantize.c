/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between real and quantised values. */
#include <math.h>

#include "kern.h"

typedef struct op_scale {
    size_t n;
    float scale;
    int32_t zero, lo, hi;
    void *x;
    void *out;
} op_scale;

static const kern_layer layers[] = {{.name = "100000 elements", .n = 100000}};

static size_t length(kern_rng *r, const kern_layer *layer)
{
    return layer ? layer->n : (size_t)kern_int(r, 0, kern_chance(r, 20) ? 700 : 100);
}

/* ---- quantize_f32_s8 ---- */

static void make_quantize(kern_rng *r, void *state, const kern_layer *layer)
{
    static const float special[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 0.0f, -0.0f};
    op_scale *op = state;
    const bool u8 = kern_chance(r, 40);
    op->n = length(r, layer);
    op->scale = kern_f32(r, 0.001f, 2.0f);
    op->lo = u8 ? 0 : -128;
    op->hi = u8 ? 255 : 127;
    op->zero = (int32_t)kern_int(r, op->lo, op->hi);
    kern_describe("quantize_f32_s8, %zu elements, scale %g, zero %d", op->n, (double)op->scale,
                  op->zero);
    kern_work((double)op->n);
    float *x = kern_place_f32(r, KERN_IN, op->n);
    kern_fill_f32(r, x, op->n, -200.0f, 200.0f);
    for (size_t i = 0; i < op->n; i++) {
        x[i] *= op->scale;
        if (kern_chance(r, 20)) // a tie
            x[i] = ((float)kern_int(r, -130, 130) + 0.5f) * op->scale;
        if (kern_chance(r, 5))
            x[i] = special[kern_int(r, 0, 6)];
    }
    op->x = x;
    op->out = kern_place(r, KERN_OUT, op->n, 1);
}

static void expect_quantize(const void *state, void *out_, float *tolerance)
{
    const op_scale *op = state;
    const float *x = op->x;
    int8_t *out = out_;
    (void)tolerance;
    for (size_t i = 0; i < op->n; i++) {
        const double q = nearbyint((double)(x[i] / op->scale)) + op->zero;
        const double v = isnan(q) ? op->zero : q;
        out[i] = (int8_t)(uint8_t)(int32_t)fmin(fmax(v, op->lo), op->hi);
    }
}

static void call_quantize(const zk_table *t, void *state)
{
    const op_scale *op = state;
    t->quantize_f32_s8(op->scale, op->zero, op->lo, op->hi, op->x, op->out, op->n);
}

const kern_op kern_quantize_f32_s8 = {
    .name = "quantize_f32_s8",
    .cases = 1000,
    .state_bytes = sizeof(op_scale),
    .elem = KERN_S8,
    .make = make_quantize,
    .expect = expect_quantize,
    .call = call_quantize,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};

/* ---- dequantize_s8_f32 ---- */

static void make_dequantize(kern_rng *r, void *state, const kern_layer *layer)
{
    op_scale *op = state;
    op->n = length(r, layer);
    op->scale = kern_f32(r, 0.001f, 2.0f);
    op->zero = (int32_t)kern_int(r, -128, 127);
    kern_describe("dequantize_s8_f32, %zu elements, scale %g, zero %d", op->n, (double)op->scale,
                  op->zero);
    kern_work((double)op->n);
    op->x = kern_place(r, KERN_IN, op->n, 1);
    op->out = kern_place_f32(r, KERN_OUT, op->n);
}

static void expect_dequantize(const void *state, void *out_, float *tolerance)
{
    const op_scale *op = state;
    const int8_t *x = op->x;
    float *out = out_;
    (void)tolerance;
    for (size_t i = 0; i < op->n; i++) // the product is exact in double
        out[i] = (float)((double)op->scale * (x[i] - op->zero));
}

static void call_dequantize(const zk_table *t, void *state)
{
    const op_scale *op = state;
    t->dequantize_s8_f32(op->scale, op->zero, op->x, op->out, op->n);
}

const kern_op kern_dequantize_s8_f32 = {
    .name = "dequantize_s8_f32",
    .cases = 500,
    .state_bytes = sizeof(op_scale),
    .elem = KERN_F32,
    .make = make_dequantize,
    .expect = expect_dequantize,
    .call = call_dequantize,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
