/* SPDX-License-Identifier: Apache-2.0 */
/* A pixel between four others. */
#include "kern.h"

typedef struct op_bilinear {
    zk_bilinear_s8 p;
    int8_t *out;
    size_t n;
} op_bilinear;

static void make(kern_rng *r, void *state, const kern_layer *layer)
{
    op_bilinear *op = state;
    const int32_t one = 1 << ZK_BILINEAR_BITS;
    op->n = layer ? layer->n : (size_t)kern_int(r, 0, 60);
    op->p.y[1] = (int32_t)kern_int(r, 0, kern_chance(r, 20) ? 1 : one);
    op->p.x[1] = kern_chance(r, 30) ? one / 2 : (int32_t)kern_int(r, 0, one); // halves: ties
    op->p.y[0] = one - op->p.y[1];
    op->p.x[0] = one - op->p.x[1];
    kern_describe("bilinear_s8, %d channels, weights %d and %d", (int)op->n, (int)op->p.y[1],
                  (int)op->p.x[1]);
    kern_work((double)op->n);
    for (int i = 0; i < 4; i++)
        op->p.corner[i] = kern_place(r, KERN_IN, op->n, 1);
    op->out = kern_place(r, KERN_OUT, op->n, 1);
}

static void expect(const void *state, void *out_, float *tolerance)
{
    const op_bilinear *op = state;
    const int64_t half = (int64_t)1 << (2 * ZK_BILINEAR_BITS - 1);
    int8_t *out = out_;
    (void)tolerance;
    for (size_t i = 0; i < op->n; i++) {
        int64_t sum = 0;
        for (int k = 0; k < 4; k++)
            sum += (int64_t)op->p.y[k / 2] * op->p.x[k % 2] * op->p.corner[k][i];
        const int64_t magnitude = ((sum < 0 ? -sum : sum) + half) / (2 * half);
        out[i] = (int8_t)(sum < 0 ? -magnitude : magnitude);
    }
}

static void call(const zk_table *t, void *state)
{
    const op_bilinear *op = state;
    t->bilinear_s8(&op->p, op->out, op->n);
}

static const kern_layer layers[] = {{.name = "64 channels", .n = 64}};

const kern_op kern_bilinear_s8 = {
    .name = "bilinear_s8",
    .cases = 1000,
    .state_bytes = sizeof(op_bilinear),
    .elem = KERN_S8,
    .make = make,
    .expect = expect,
    .call = call,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
