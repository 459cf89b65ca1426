/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product kernels against the definition. */
#include <math.h>

#include "kern.h"

/* Relative to the sum of the magnitudes added up. */
#define ROUNDING 3e-6f

static void make(kern_rng *r, void *state, const kern_layer *layer)
{
    zk_matmul_f32_args *a = state;
    a->m = layer ? layer->m : kern_int(r, 1, 40);
    a->n = layer ? (int64_t)layer->n : kern_int(r, 1, kern_chance(r, 20) ? 300 : 40);
    a->k = layer ? layer->k : kern_chance(r, 3) ? 0 : kern_int(r, 1, kern_chance(r, 5) ? 600 : 60);
    kern_describe("matmul_f32 %d x %d x %d", (int)a->m, (int)a->k, (int)a->n);
    kern_work((double)a->m * (double)a->k * (double)a->n);
    a->a = kern_place_f32(r, KERN_IN, (size_t)(a->m * a->k));
    a->b = kern_place_f32(r, KERN_IN, (size_t)(a->k * a->n));
    a->out = kern_place_f32(r, KERN_OUT, (size_t)(a->m * a->n));
}

static void expect(const void *state, void *out_, float *tolerance)
{
    const zk_matmul_f32_args *a = state;
    float *out = out_;
    for (int64_t m = 0; m < a->m; m++) {
        for (int64_t n = 0; n < a->n; n++) {
            double sum = 0.0, magnitude = 0.0;
            for (int64_t k = 0; k < a->k; k++) {
                const double p = (double)a->a[m * a->k + k] * (double)a->b[k * a->n + n];
                sum += p;
                magnitude += fabs(p);
            }
            out[m * a->n + n] = (float)sum;
            tolerance[m * a->n + n] = (float)magnitude * ROUNDING;
        }
    }
}

static void call(const zk_table *t, void *state)
{
    t->matmul_f32(state);
}

static const kern_layer layers[] = {{.name = "196 x 384 x 256", .m = 196, .k = 384, .n = 256}};

const kern_op kern_matmul_f32 = {
    .name = "matmul_f32",
    .cases = 1000,
    .state_bytes = sizeof(zk_matmul_f32_args),
    .elem = KERN_F32,
    .rule = KERN_ONE_ORDER,
    .make = make,
    .expect = expect,
    .call = call,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
