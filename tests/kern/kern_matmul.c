/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product kernels against the definition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern.h"

#define ROUNDING 3e-6f

static float *random_floats(kern_rng *r, int buffer, int64_t n)
{
    float *p = kern_place(r, buffer, (size_t)n * sizeof(*p), sizeof(*p));
    for (int64_t i = 0; i < n; i++)
        p[i] = kern_f32(r, -1.0f, 1.0f);
    return p;
}

static void expected_matmul(const zk_matmul_f32_args *a, float *out, float *tolerance)
{
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

static bool check(kern_rng *r)
{
    zk_matmul_f32_args a = {.m = kern_int(r, 1, 40), .n = kern_int(r, 1, 40)};
    a.k = kern_chance(r, 3) ? 0 : kern_int(r, 1, kern_chance(r, 5) ? 600 : 60);
    kern_describe("matmul %d x %d x %d\n", (int)a.m, (int)a.k, (int)a.n);
    a.a = random_floats(r, KERN_X, a.m * a.k);
    a.b = random_floats(r, KERN_W, a.k * a.n);
    const size_t n = (size_t)(a.m * a.n);
    float *expected = malloc(n * sizeof(*expected));
    float *tolerance = malloc(n * sizeof(*tolerance));
    if (!expected || !tolerance)
        abort();
    expected_matmul(&a, expected, tolerance);
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        a.out = kern_place(r, KERN_OUT, n * sizeof(float), sizeof(float));
        v[i].table.matmul_f32(&a);
        ok = kern_same_f32(v[i].name, a.out, expected, tolerance, n);
    }
    free(expected);
    free(tolerance);
    return ok;
}

typedef struct timed {
    const zk_table *table;
    zk_matmul_f32_args args;
} timed;

static void call(void *arg)
{
    timed *t = arg;
    t->table->matmul_f32(&t->args);
}

static void bench(kern_rng *r)
{
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    timed t = {.args = {.m = 196, .n = 256, .k = 384}};
    t.args.a = random_floats(r, KERN_X, t.args.m * t.args.k);
    t.args.b = random_floats(r, KERN_W, t.args.k * t.args.n);
    t.args.out = random_floats(r, KERN_OUT, t.args.m * t.args.n);
    for (size_t i = 0; i < n_variants; i++) {
        t.table = &v[i].table;
        if (!i || v[i - 1].table.matmul_f32 != t.table->matmul_f32)
            kern_time("matmul_f32", "196 x 384 x 256", v[i].name, call, &t, 196.0 * 384.0 * 256.0);
    }
}

const kern_suite kern_matmul_f32 = {"matmul_f32", 1000, check, bench};
