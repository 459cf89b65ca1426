/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise kernels against the definition. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern.h"
#include "naive.h"
#include "quant/requant.h"

/* One operation on n elements; which members count depends on the kernel. */
typedef struct op_elem {
    size_t n;
    size_t a_step, b_step; /* 0: one value against all; softmax: a_step is the stride */
    int8_t *a;
    int8_t *b;      /* second operand, or a table of 256 */
    float *x;       /* float operand */
    zk_binary_s8 p; /* quantize, dequantize: a_zero, lo, hi */
    zk_softmax_s8 softmax;
    float scale;
} op_elem;

/* Calls a table's kernel, and computes what must come out. */
typedef void call_fn(const zk_table *t, const op_elem *op, const int8_t *a, void *out);
typedef void expect_fn(const op_elem *op, int8_t *out);

static size_t random_length(kern_rng *r)
{
    return (size_t)kern_int(r, 0, kern_chance(r, 20) ? 700 : 100);
}

/* Runs all variants, now and then in place where the kernel allows it. */
static bool check(kern_rng *r, const op_elem *op, call_fn *call, expect_fn *expect, bool in_place)
{
    const size_t n = op->n * (op->a_step > 1 ? op->a_step : 1);
    const bool over = in_place && op->a_step == 1 && kern_chance(r, 30);
    int8_t *expected = malloc(n ? n : 1);
    if (!expected)
        abort();
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        int8_t *out = kern_place(r, KERN_OUT, n, 1);
        if (over)
            memcpy(out, op->a, n);
        if (n)
            memcpy(expected, out, n);
        expect(op, expected);
        call(&v[i].table, op, over ? out : op->a, out);
        ok = kern_same_bytes(v[i].name, out, expected, n);
    }
    free(expected);
    return ok;
}

static int8_t clamped(double v, int32_t lo, int32_t hi)
{
    return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

/* ---- lut_s8 ---- */

static void call_lut(const zk_table *t, const op_elem *op, const int8_t *a, void *out)
{
    t->lut_s8(a, op->b, out, op->n);
}

static void expect_lut(const op_elem *op, int8_t *out)
{
    for (size_t i = 0; i < op->n; i++)
        out[i] = op->b[(uint8_t)op->a[i] ^ 0x80];
}

static bool check_lut(kern_rng *r)
{
    op_elem op = {.n = random_length(r), .a_step = 1};
    kern_describe("lut_s8, %d elements\n", (int)op.n);
    op.a = kern_place(r, KERN_X, op.n, 1);
    op.b = kern_place(r, KERN_W, 256, 1);
    return check(r, &op, call_lut, expect_lut, true);
}

/* ---- add_s8, mul_s8 ---- */

/* A multiplier of at least 2^(min_shift - 1), below 2^max_shift. */
static zi_multiplier multiplier(kern_rng *r, int32_t min_shift, int32_t max_shift)
{
    return (zi_multiplier){(int32_t)kern_int(r, (int64_t)1 << 30, INT32_MAX),
                           (int32_t)kern_int(r, min_shift, max_shift)};
}

static op_elem random_binary(kern_rng *r, const char *name)
{
    op_elem op = {.n = random_length(r), .a_step = !kern_chance(r, 15)};
    op.b_step = op.a_step ? !kern_chance(r, 15) : 1;
    kern_describe("%s, %d elements, steps %d and %d\n", name, (int)op.n, (int)op.a_step,
                  (int)op.b_step);
    op.a = kern_place(r, KERN_X, op.a_step ? op.n : 1, 1);
    op.b = kern_place(r, KERN_W, op.b_step ? op.n : 1, 1);
    const bool clamp = kern_chance(r, 40);
    op.p = (zk_binary_s8){
        .a_zero = (int32_t)kern_int(r, -128, 127),
        .b_zero = (int32_t)kern_int(r, -128, 127),
        .out_zero = (int32_t)kern_int(r, -128, 127),
        .a = multiplier(r, -12, 0),
        .b = multiplier(r, -12, 0),
        .b_sign = kern_chance(r, 50) ? 1 : -1,
        .lo = clamp ? (int32_t)kern_int(r, -128, 0) : -128,
        .hi = clamp ? (int32_t)kern_int(r, 0, 127) : 127,
    };
    return op;
}

static void call_add(const zk_table *t, const op_elem *op, const int8_t *a, void *out)
{
    t->add_s8(&op->p, a, op->a_step, op->b, op->b_step, out, op->n);
}

static void expect_add(const op_elem *op, int8_t *out)
{
    const zk_binary_s8 *p = &op->p;
    for (size_t i = 0; i < op->n; i++) {
        const int64_t a = (op->a[i * op->a_step] - p->a_zero) * (int64_t)1048576;
        const int64_t b = (op->b[i * op->b_step] - p->b_zero) * (int64_t)1048576;
        const int64_t sum = (int64_t)naive_requant(a, p->a.multiplier, p->a.shift) +
                            (int64_t)p->b_sign * naive_requant(b, p->b.multiplier, p->b.shift);
        const double q = naive_requant(sum, p->out.multiplier, p->out.shift);
        out[i] = clamped(q + p->out_zero, p->lo, p->hi);
    }
}

static bool check_add(kern_rng *r)
{
    op_elem op = random_binary(r, "add_s8");
    op.p.out = multiplier(r, -24, -14); // 2^28 * 2^-20 is the range of 8 bits
    zk_add_s8_set_terms(&op.p);
    return check(r, &op, call_add, expect_add, true);
}

static void call_mul(const zk_table *t, const op_elem *op, const int8_t *a, void *out)
{
    t->mul_s8(&op->p, a, op->a_step, op->b, op->b_step, out, op->n);
}

static void expect_mul(const op_elem *op, int8_t *out)
{
    const zk_binary_s8 *p = &op->p;
    for (size_t i = 0; i < op->n; i++) {
        const int64_t product =
            (int64_t)(op->a[i * op->a_step] - p->a_zero) * (op->b[i * op->b_step] - p->b_zero);
        const double q = naive_requant(product, p->out.multiplier, p->out.shift);
        out[i] = clamped(q + p->out_zero, p->lo, p->hi);
    }
}

static bool check_mul(kern_rng *r)
{
    op_elem op = random_binary(r, "mul_s8");
    op.p.out = multiplier(r, -20, ZI_SHIFT_MAX);
    return check(r, &op, call_mul, expect_mul, true);
}

/* ---- quantize_f32_s8, dequantize_s8_f32 ---- */

static void call_quantize(const zk_table *t, const op_elem *op, const int8_t *a, void *out)
{
    (void)a;
    t->quantize_f32_s8(op->scale, op->p.a_zero, op->p.lo, op->p.hi, op->x, out, op->n);
}

static void expect_quantize(const op_elem *op, int8_t *out)
{
    for (size_t i = 0; i < op->n; i++) {
        const double q = nearbyint((double)(op->x[i] / op->scale)) + op->p.a_zero;
        const double v = isnan(q) ? op->p.a_zero : q;
        out[i] = (int8_t)(uint8_t)(int32_t)fmin(fmax(v, op->p.lo), op->p.hi);
    }
}

static bool check_quantize(kern_rng *r)
{
    static const float special[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 0.0f, -0.0f};
    const bool u8 = kern_chance(r, 40);
    op_elem op = {.n = random_length(r), .a_step = 1, .scale = kern_f32(r, 0.001f, 2.0f)};
    op.p.lo = u8 ? 0 : -128;
    op.p.hi = u8 ? 255 : 127;
    op.p.a_zero = (int32_t)kern_int(r, op.p.lo, op.p.hi);
    kern_describe("quantize, %d elements, scale %g\n", (int)op.n, (double)op.scale);
    op.x = kern_place(r, KERN_X, op.n * sizeof(float), sizeof(float));
    for (size_t i = 0; i < op.n; i++) {
        op.x[i] = kern_f32(r, -200.0f, 200.0f) * op.scale;
        if (kern_chance(r, 20)) // a tie
            op.x[i] = ((float)kern_int(r, -130, 130) + 0.5f) * op.scale;
        if (kern_chance(r, 5))
            op.x[i] = special[kern_int(r, 0, 6)];
    }
    return check(r, &op, call_quantize, expect_quantize, false);
}

static bool check_dequantize(kern_rng *r)
{
    const size_t n = random_length(r);
    const float scale = kern_f32(r, 0.001f, 2.0f);
    const int32_t zero = (int32_t)kern_int(r, -128, 127);
    kern_describe("dequantize, %d elements, scale %g, zero %d\n", (int)n, (double)scale, (int)zero);
    const int8_t *a = kern_place(r, KERN_X, n, 1);
    float *expected = malloc((n + 1) * sizeof(*expected));
    if (!expected)
        abort();
    for (size_t i = 0; i < n; i++)
        expected[i] = (float)((double)scale * (a[i] - zero)); // the product is exact in double
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        float *out = kern_place(r, KERN_OUT, n * sizeof(float), sizeof(float));
        v[i].table.dequantize_s8_f32(scale, zero, a, out, n);
        ok = kern_same_bytes(v[i].name, out, expected, n * sizeof(float));
    }
    free(expected);
    return ok;
}

/* ---- softmax_s8 ---- */

static void call_softmax(const zk_table *t, const op_elem *op, const int8_t *a, void *out)
{
    t->softmax_s8(&op->softmax, a, out, op->n, op->a_step);
}

/* The first variant against real arithmetic, within one step; the others against the first. */
static bool check_softmax(kern_rng *r)
{
    op_elem op = {.n = 1 + random_length(r), .a_step = (size_t)kern_int(r, 1, 5)};
    op.scale = kern_f32(r, 0.002f, 0.3f);
    kern_describe("softmax_s8, %d elements %d apart, scale %g\n", (int)op.n, (int)op.a_step,
                  (double)op.scale);
    for (int d = 0; d < 256; d++) {
        const double e = round(exp(-(double)op.scale * d) * 2147483648.0);
        op.softmax.exp[d] = e > 2147483647.0 ? INT32_MAX : (int32_t)e;
    }
    const size_t n = (op.n - 1) * op.a_step + 1;
    op.a = kern_place(r, KERN_X, n, 1);
    double sum = 0.0;
    for (size_t i = 0; i < op.n; i++)
        sum += exp((double)op.scale * op.a[i * op.a_step]);
    int8_t *first = malloc(n);
    if (!first)
        abort();
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        int8_t *out = kern_place(r, KERN_OUT, n, 1);
        int8_t *expected = i ? first : memcpy(first, out, n);
        call_softmax(&v[i].table, &op, op.a, out);
        for (size_t k = 0; k < op.n; k++) {
            const int8_t got = out[k * op.a_step];
            const double p = exp((double)op.scale * op.a[k * op.a_step]) / sum;
            const double ideal = fmin(p * 256.0 - 128.0, 127.0);
            if (i == 0 && fabs(got - ideal) <= 1.0)
                expected[k * op.a_step] = got;
            else if (i == 0)
                expected[k * op.a_step] = (int8_t)ideal;
        }
        if (i) // what lies between the elements is random
            for (size_t k = 0; k < n; k++)
                expected[k] = k % op.a_step ? out[k] : expected[k];
        ok = kern_same_bytes(v[i].name, out, expected, n);
    }
    free(first);
    return ok;
}

/* ---- time ---- */

enum { BENCH_ELEMS = 100000 };

typedef struct timed {
    const zk_table *table;
    op_elem op;
    call_fn *call;
    void *out;
} timed;

static void call_timed(void *arg)
{
    timed *t = arg;
    t->call(t->table, &t->op, t->op.a, t->out);
}

static void call_dequantize(const zk_table *t, const op_elem *op, const int8_t *a, void *out)
{
    t->dequantize_s8_f32(op->scale, op->p.a_zero, a, out, op->n);
}

static void bench(kern_rng *r, const char *name, call_fn *call)
{
    timed t = {.op = {.n = BENCH_ELEMS, .a_step = 1, .b_step = 1, .scale = 0.05f}, .call = call};
    t.op.p = (zk_binary_s8){.a = multiplier(r, -12, 0),
                            .b = multiplier(r, -12, 0),
                            .out = multiplier(r, -24, -14),
                            .b_sign = 1,
                            .lo = -128,
                            .hi = 127};
    zk_add_s8_set_terms(&t.op.p);
    for (int d = 0; d < 256; d++)
        t.op.softmax.exp[d] = INT32_MAX >> (d / 16);
    t.op.a = kern_place(r, KERN_X, BENCH_ELEMS, 1);
    t.op.b = kern_place(r, KERN_W, BENCH_ELEMS, 1);
    t.op.x = kern_place(r, KERN_AUX, BENCH_ELEMS * sizeof(float), sizeof(float));
    for (size_t i = 0; i < BENCH_ELEMS; i++)
        t.op.x[i] = kern_f32(r, -10.0f, 10.0f);
    t.out = kern_place(r, KERN_OUT, BENCH_ELEMS * sizeof(float), sizeof(float));
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    t.table = &v[n_variants - 1].table;
    kern_time(name, "100000 elements", v[n_variants - 1].name, call_timed, &t, BENCH_ELEMS);
}

static void bench_lut(kern_rng *r)
{
    bench(r, "lut_s8", call_lut);
}

static void bench_add(kern_rng *r)
{
    bench(r, "add_s8", call_add);
}

static void bench_mul(kern_rng *r)
{
    bench(r, "mul_s8", call_mul);
}

static void bench_softmax(kern_rng *r)
{
    bench(r, "softmax_s8", call_softmax);
}

static void bench_quantize(kern_rng *r)
{
    bench(r, "quantize", call_quantize);
}

static void bench_dequantize(kern_rng *r)
{
    bench(r, "dequantize", call_dequantize);
}

const kern_suite kern_lut_s8 = {"lut_s8", 500, check_lut, bench_lut};
const kern_suite kern_add_s8 = {"add_s8", 2000, check_add, bench_add};
const kern_suite kern_mul_s8 = {"mul_s8", 2000, check_mul, bench_mul};
const kern_suite kern_softmax_s8 = {"softmax_s8", 1000, check_softmax, bench_softmax};
const kern_suite kern_quantize_f32_s8 = {"quantize_f32_s8", 1000, check_quantize, bench_quantize};
const kern_suite kern_dequantize_s8_f32 = {"dequantize_s8_f32", 500, check_dequantize,
                                           bench_dequantize};
