/* SPDX-License-Identifier: Apache-2.0 */
/* The integer softmax against real arithmetic. */
#include <math.h>

#include "kern.h"

typedef struct op_softmax {
    size_t n, stride;
    double scale;
    zk_softmax_s8 p;
    const int8_t *x;
    int8_t *out;
} op_softmax;

static void make(kern_rng *r, void *state, const kern_layer *layer)
{
    op_softmax *op = state;
    op->n = layer ? layer->n : 1 + (size_t)kern_int(r, 0, kern_chance(r, 20) ? 700 : 100);
    op->stride = layer ? 1 : (size_t)kern_int(r, 1, 5);
    op->scale = (double)kern_f32(r, 0.002f, 0.3f);
    kern_describe("softmax_s8, %zu elements %zu apart, scale %g", op->n, op->stride, op->scale);
    kern_work((double)op->n);
    for (int d = 0; d < 256; d++) {
        const double e = round(exp(-op->scale * d) * 2147483648.0);
        op->p.exp[d] = e > 2147483647.0 ? INT32_MAX : (int32_t)e;
    }
    op->x = kern_place(r, KERN_IN, (op->n - 1) * op->stride + 1, 1);
    op->out = kern_place(r, KERN_OUT, (op->n - 1) * op->stride + 1, 1);
}

/* Within one step of the real numbers. */
static void expect(const void *state, void *out_, float *tolerance)
{
    const op_softmax *op = state;
    int8_t *out = out_;
    double sum = 0.0;
    for (size_t i = 0; i < op->n; i++)
        sum += exp(op->scale * op->x[i * op->stride]);
    for (size_t i = 0; i < op->n; i++) {
        const double p = exp(op->scale * op->x[i * op->stride]) / sum;
        out[i * op->stride] = (int8_t)fmin(nearbyint(p * 256.0) - 128.0, 127.0);
        tolerance[i * op->stride] = 1.0f;
    }
}

static void call(const zk_table *t, void *state)
{
    const op_softmax *op = state;
    t->softmax_s8(&op->p, op->x, op->out, op->n, op->stride);
}

static const kern_layer layers[] = {{.name = "1000 elements", .n = 1000}};

const kern_op kern_softmax_s8 = {
    .name = "softmax_s8",
    .cases = 1000,
    .state_bytes = sizeof(op_softmax),
    .elem = KERN_S8,
    .rule = KERN_REF_WITHIN,
    .make = make,
    .expect = expect,
    .call = call,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
