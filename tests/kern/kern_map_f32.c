/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one float: within their bound of the C library's in double, and the same bits in
 * every variant. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kern.h"

/* Of sigmoid, in units in the last place: an exponential, a sum and a quotient. */
#define ULPS 4.0

typedef struct op_map {
    size_t n;
    const float *x;
    float *out;
} op_map;

static const kern_layer layers[] = {{.name = "100000 elements", .n = 100000}};

/* Any value that there is, or one where the function bends. */
static float random_value(kern_rng *r)
{
    static const float special[] = {NAN,   INFINITY, -INFINITY, 0.0f,   -0.0f,   FLT_MAX, -FLT_MAX,
                                    89.0f, -89.0f,   -104.0f,   104.0f, FLT_MIN, -FLT_MIN};
    if (kern_chance(r, 10))
        return special[kern_int(r, 0, sizeof(special) / sizeof(*special) - 1)];
    if (kern_chance(r, 10)) {
        const uint32_t bits = kern_u32(r);
        float v;
        memcpy(&v, &bits, sizeof(v));
        return v;
    }
    return kern_f32(r, -20.0f, 20.0f);
}

static void make(kern_rng *r, op_map *op, const char *name, const kern_layer *layer)
{
    op->n = layer ? layer->n : (size_t)kern_int(r, 0, kern_chance(r, 20) ? 700 : 70);
    kern_describe("%s, %zu elements", name, op->n);
    kern_work((double)op->n);
    float *x = kern_place_f32(r, KERN_IN, op->n);
    for (size_t i = 0; i < op->n; i++)
        x[i] = layer ? kern_f32(r, -8.0f, 8.0f) : random_value(r);
    op->x = x;
    op->out = kern_place_f32(r, KERN_OUT, op->n);
    if (!kern_chance(r, 30))
        return;
    memcpy(op->out, x, op->n * sizeof(*x));
    op->x = op->out;
}

/* Where the result is so small that sigmoid leaves the normal range, that is what it may be off by,
 * times x of swish. */
static float bound(double y, double x)
{
    return (float)(fabs(y) * (double)FLT_EPSILON * ULPS + fmin(fabs(x), 128.0) * (double)FLT_MIN);
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void expect(const op_map *op, float *out, float *tolerance, bool times_x)
{
    for (size_t i = 0; i < op->n; i++) {
        const double x = (double)(op->x == op->out ? out[i] : op->x[i]);
        const double y = times_x ? x * sigmoid(x) : sigmoid(x);
        tolerance[i] = isfinite(y) ? bound(y, times_x ? x : 1.0) : 0.0f;
        out[i] = (float)y;
    }
}

/* ---- sigmoid_f32 ---- */

static void make_sigmoid(kern_rng *r, void *state, const kern_layer *layer)
{
    make(r, state, "sigmoid_f32", layer);
}

static void expect_sigmoid(const void *state, void *out, float *tolerance)
{
    expect(state, out, tolerance, false);
}

static void call_sigmoid(const zk_table *t, void *state)
{
    const op_map *op = state;
    t->sigmoid_f32(op->x, op->out, op->n);
}

const kern_op kern_sigmoid_f32 = {
    .name = "sigmoid_f32",
    .cases = 1000,
    .state_bytes = sizeof(op_map),
    .elem = KERN_F32,
    .rule = KERN_REF_WITHIN,
    .make = make_sigmoid,
    .expect = expect_sigmoid,
    .call = call_sigmoid,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};

/* ---- swish_f32 ---- */

static void make_swish(kern_rng *r, void *state, const kern_layer *layer)
{
    make(r, state, "swish_f32", layer);
}

static void expect_swish(const void *state, void *out, float *tolerance)
{
    expect(state, out, tolerance, true);
}

static void call_swish(const zk_table *t, void *state)
{
    const op_map *op = state;
    t->swish_f32(op->x, op->out, op->n);
}

const kern_op kern_swish_f32 = {
    .name = "swish_f32",
    .cases = 1000,
    .state_bytes = sizeof(op_map),
    .elem = KERN_F32,
    .rule = KERN_REF_WITHIN,
    .make = make_swish,
    .expect = expect_swish,
    .call = call_swish,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
