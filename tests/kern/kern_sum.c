/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over rows. */
#include "kern.h"

typedef struct op_sum {
    int64_t n, stride, width;
    const int8_t *x;
    int32_t *sum;
} op_sum;

static void make(kern_rng *r, void *state, const kern_layer *layer)
{
    op_sum *op = state;
    op->width = kern_chance(r, 20) ? 1 : kern_int(r, 1, 100);
    op->n = kern_int(r, 0, kern_chance(r, 10) ? 900 : 40); // more than 256 leave 16 bits
    op->stride = op->width + (kern_chance(r, 50) ? kern_int(r, 0, 20) : 0);
    if (layer) {
        op->width = op->stride = (int64_t)layer->n;
        op->n = layer->k;
    }
    kern_describe("sum_s8, %d rows of %d, %d apart", (int)op->n, (int)op->width, (int)op->stride);
    kern_work((double)(op->n * op->width));
    const size_t bytes = op->n ? (size_t)((op->n - 1) * op->stride + op->width) : 0;
    int8_t *x = kern_place(r, KERN_IN, bytes, 1);
    const int8_t extreme = kern_chance(r, 50) ? -128 : 127;
    for (size_t i = 0, all = kern_chance(r, 20); all && i < bytes; i++)
        x[i] = extreme;
    op->x = x;
    op->sum = kern_place(r, KERN_OUT, (size_t)op->width * sizeof(*op->sum), sizeof(*op->sum));
    for (int64_t c = 0; c < op->width; c++)
        op->sum[c] >>= 2; // room for the sums
}

static void expect(const void *state, void *out, float *tolerance)
{
    const op_sum *op = state;
    int32_t *sum = out;
    (void)tolerance;
    for (int64_t i = 0; i < op->n * op->width; i++)
        sum[i % op->width] += op->x[i / op->width * op->stride + i % op->width];
}

static void call(const zk_table *t, void *state)
{
    const op_sum *op = state;
    t->sum_s8(op->x, op->n, op->stride, op->width, op->sum);
}

static const kern_layer layers[] = {{.name = "7x7 of 1280", .n = 1280, .k = 49}};

const kern_op kern_sum_s8 = {
    .name = "sum_s8",
    .cases = 1000,
    .state_bytes = sizeof(op_sum),
    .elem = KERN_S8, // compared by bytes
    .make = make,
    .expect = expect,
    .call = call,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
