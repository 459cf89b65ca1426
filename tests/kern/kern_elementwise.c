/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that walk along elements of s8: tables, sums, products. */
#include <string.h>

#include "kern.h"
#include "naive.h"
#include "quant/requant.h"

/* One case on n elements; which members count depends on the op. */
typedef struct op_elem {
    size_t n;
    size_t a_step, b_step; /* 0: one value against all */
    const int8_t *a;
    const int8_t *b; /* second operand, or a table of 256 */
    zk_binary_s8 p;
    int8_t *out;
} op_elem;

static const kern_layer layers[] = {{.name = "100000 elements", .n = 100000}};

static size_t length(kern_rng *r, const kern_layer *layer)
{
    return layer ? layer->n : (size_t)kern_int(r, 0, kern_chance(r, 20) ? 700 : 100);
}

/* The output, now and then at the place of an operand. */
static void place_out(kern_rng *r, op_elem *op)
{
    op->out = kern_place(r, KERN_OUT, op->n, 1);
    const bool first = op->b_step != 1 || kern_chance(r, 50);
    const int8_t **operand = first ? &op->a : &op->b;
    if ((first && op->a_step != 1) || !kern_chance(r, 30))
        return;
    memcpy(op->out, *operand, op->n);
    *operand = op->out;
}

/* What an operand holds: out begins as the one that lies at its place. */
static const int8_t *values(const op_elem *op, const int8_t *operand, const int8_t *out)
{
    return operand == op->out ? out : operand;
}

/* ---- lut_s8 ---- */

static void make_lut(kern_rng *r, void *state, const kern_layer *layer)
{
    op_elem *op = state;
    op->n = length(r, layer);
    op->a_step = 1;
    kern_describe("lut_s8, %zu elements", op->n);
    kern_work((double)op->n);
    op->a = kern_place(r, KERN_IN, op->n, 1);
    op->b = kern_place(r, KERN_IN, 256, 1);
    place_out(r, op);
}

static void expect_lut(const void *state, void *out_, float *tolerance)
{
    const op_elem *op = state;
    int8_t *out = out_;
    const int8_t *a = values(op, op->a, out);
    (void)tolerance;
    for (size_t i = 0; i < op->n; i++)
        out[i] = op->b[(uint8_t)a[i] ^ 0x80];
}

static void call_lut(const zk_table *t, void *state)
{
    const op_elem *op = state;
    t->lut_s8(op->a, op->b, op->out, op->n);
}

const kern_op kern_lut_s8 = {
    .name = "lut_s8",
    .cases = 500,
    .state_bytes = sizeof(op_elem),
    .elem = KERN_S8,
    .make = make_lut,
    .expect = expect_lut,
    .call = call_lut,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};

/* ---- add_s8, mul_s8 ---- */

/* A multiplier of at least 2^(min_shift - 1), below 2^max_shift. */
static zi_multiplier multiplier(kern_rng *r, int32_t min_shift, int32_t max_shift)
{
    return (zi_multiplier){(int32_t)kern_int(r, (int64_t)1 << 30, INT32_MAX),
                           (int32_t)kern_int(r, min_shift, max_shift)};
}

static void random_binary(kern_rng *r, op_elem *op, const char *name, const kern_layer *layer)
{
    op->n = length(r, layer);
    op->a_step = layer || !kern_chance(r, 15);
    op->b_step = layer || !op->a_step || !kern_chance(r, 15);
    kern_describe("%s, %zu elements, steps %zu and %zu", name, op->n, op->a_step, op->b_step);
    kern_work((double)op->n);
    op->a = kern_place(r, KERN_IN, op->a_step ? op->n : 1, 1);
    op->b = kern_place(r, KERN_IN, op->b_step ? op->n : 1, 1);
    const bool clamp = kern_chance(r, 40);
    op->p = (zk_binary_s8){
        .a_zero = (int32_t)kern_int(r, -128, 127),
        .b_zero = (int32_t)kern_int(r, -128, 127),
        .out_zero = (int32_t)kern_int(r, -128, 127),
        .a = multiplier(r, -12, 0),
        .b = multiplier(r, -12, 0),
        .b_sign = kern_chance(r, 50) ? 1 : -1,
        .lo = clamp ? (int32_t)kern_int(r, -128, 0) : -128,
        .hi = clamp ? (int32_t)kern_int(r, 0, 127) : 127,
    };
    place_out(r, op);
}

static int8_t clamped(int64_t v, const zk_binary_s8 *p)
{
    return (int8_t)(v < p->lo ? p->lo : v > p->hi ? p->hi : v);
}

static void make_add(kern_rng *r, void *state, const kern_layer *layer)
{
    op_elem *op = state;
    random_binary(r, op, "add_s8", layer);
    op->p.out = multiplier(r, -24, -14); // 2^28 * 2^-20 is the range of 8 bits
    if (kern_chance(r, 70))              // as ops/ makes them: the larger of two scales counts half
        *(kern_chance(r, 50) ? &op->p.a : &op->p.b) = (zi_multiplier){1 << 30, 0};
    zk_add_s8_set_terms(&op->p);
}

static void expect_add(const void *state, void *out_, float *tolerance)
{
    const op_elem *op = state;
    const zk_binary_s8 *p = &op->p;
    int8_t *out = out_;
    const int8_t *a = values(op, op->a, out), *b = values(op, op->b, out);
    (void)tolerance;
    for (size_t i = 0; i < op->n; i++) {
        const int64_t x = (a[i * op->a_step] - p->a_zero) * (int64_t)1048576;
        const int64_t y = (b[i * op->b_step] - p->b_zero) * (int64_t)1048576;
        const int64_t sum = (int64_t)naive_requant(x, p->a.multiplier, p->a.shift) +
                            (int64_t)p->b_sign * naive_requant(y, p->b.multiplier, p->b.shift);
        const int64_t q = naive_requant(sum, p->out.multiplier, p->out.shift);
        out[i] = clamped(q + p->out_zero, p);
    }
}

static void call_add(const zk_table *t, void *state)
{
    const op_elem *op = state;
    t->add_s8(&op->p, op->a, op->a_step, op->b, op->b_step, op->out, op->n);
}

const kern_op kern_add_s8 = {
    .name = "add_s8",
    .cases = 2000,
    .state_bytes = sizeof(op_elem),
    .elem = KERN_S8,
    .make = make_add,
    .expect = expect_add,
    .call = call_add,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};

static void make_mul(kern_rng *r, void *state, const kern_layer *layer)
{
    op_elem *op = state;
    random_binary(r, op, "mul_s8", layer);
    op->p.out = multiplier(r, -20, ZI_SHIFT_MAX);
}

static void expect_mul(const void *state, void *out_, float *tolerance)
{
    const op_elem *op = state;
    const zk_binary_s8 *p = &op->p;
    int8_t *out = out_;
    const int8_t *a = values(op, op->a, out), *b = values(op, op->b, out);
    (void)tolerance;
    for (size_t i = 0; i < op->n; i++) {
        const int64_t product =
            (int64_t)(a[i * op->a_step] - p->a_zero) * (b[i * op->b_step] - p->b_zero);
        const int64_t q = naive_requant(product, p->out.multiplier, p->out.shift);
        out[i] = clamped(q + p->out_zero, p);
    }
}

static void call_mul(const zk_table *t, void *state)
{
    const op_elem *op = state;
    t->mul_s8(&op->p, op->a, op->a_step, op->b, op->b_step, op->out, op->n);
}

const kern_op kern_mul_s8 = {
    .name = "mul_s8",
    .cases = 2000,
    .state_bytes = sizeof(op_elem),
    .elem = KERN_S8,
    .make = make_mul,
    .expect = expect_mul,
    .call = call_mul,
    .layers = layers,
    .n_layers = sizeof(layers) / sizeof(*layers),
};
