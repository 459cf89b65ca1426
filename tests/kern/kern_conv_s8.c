/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution kernels of s8 against the definition, byte by byte. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "naive.h"
#include "quant/requant.h"
#include "quant/scale.h"

/* One operation: its operands lie in the guarded buffers, the rest here. */
typedef struct op_s8 {
    zk_conv_shape shape;
    zk_conv_s8_args conv;
    zk_depthwise_s8_args depthwise;
    int8_t *x;
    int8_t *w;
    int32_t *bias;
    int32_t *table; /* multiplier, shift, weight zero point: [3][out_c] */
    const int32_t *w_zero_point;
    bool extreme; /* values as large as their type, sums close to 32 bits */
} op_s8;

static int32_t zero_of(const op_s8 *op, int32_t o)
{
    return op->w_zero_point ? op->w_zero_point[o] : 0;
}

static void random_values(kern_rng *r, op_s8 *op)
{
    static const int8_t edges[] = {-128, -127, 127, 0};
    const size_t n_x = x_elems(&op->shape), n_w = w_elems(&op->shape);
    if (!op->extreme)
        return; // kern_place() has filled them
    for (size_t i = 0; i < n_x; i++)
        op->x[i] = edges[kern_int(r, 0, 3)];
    for (size_t i = 0; i < n_w; i++)
        op->w[i] = edges[kern_int(r, 0, 3)];
}

/* Biases and multipliers, so that sums stay within 32 bits and results spread over the range. */
static void random_channels(kern_rng *r, op_s8 *op)
{
    const int32_t n = op->shape.out_c;
    const int64_t patch = zk_conv_patch(&op->shape);
    for (int32_t o = 0; o < n; o++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < patch; i++)
            sum += abs(op->w[o * patch + i] - zero_of(op, o));
        const int64_t room = INT32_MAX - 255 * sum;
        const int64_t limit = op->extreme || room < 20000 ? room : 20000;
        op->bias[o] = (int32_t)(kern_chance(r, 50) ? kern_int(r, -limit, limit)
                                                   : (kern_chance(r, 50) ? limit : -limit));
        zi_multiplier m = {(int32_t)kern_int(r, (int64_t)1 << 30, INT32_MAX),
                           (int32_t)kern_int(r, ZI_SHIFT_MIN, ZI_SHIFT_MAX)};
        if (!op->extreme) {
            const double size = sqrt((double)patch) * 74.0 * 74.0 + 10000.0;
            zi_multiplier_from_real((double)kern_f32(r, 20.0f, 200.0f) / size, &m);
        }
        op->table[o] = m.multiplier;
        op->table[n + o] = m.shift;
    }
}

static void random_op(kern_rng *r, op_s8 *op)
{
    const int32_t n = op->shape.out_c;
    op->x = kern_place(r, KERN_X, x_elems(&op->shape), 1);
    op->w = kern_place(r, KERN_W, w_elems(&op->shape), 1);
    op->bias = kern_place(r, KERN_BIAS, (size_t)n * sizeof(int32_t), 4);
    op->table = kern_place(r, KERN_AUX, 3 * (size_t)n * sizeof(int32_t), 4);
    op->extreme = kern_chance(r, 20);
    for (int32_t o = 0; o < n; o++)
        op->table[2 * n + o] = (int32_t)kern_int(r, -128, 127);
    op->w_zero_point = kern_chance(r, 30) ? op->table + 2 * n : NULL;
    random_values(r, op);
    random_channels(r, op);
    const int32_t a = (int32_t)kern_int(r, -128, 127), b = (int32_t)kern_int(r, -128, 127);
    const bool clamp = kern_chance(r, 40);
    op->conv = (zk_conv_s8_args){
        .shape = &op->shape,
        .x = op->x,
        .w = op->w,
        .w_zero_point = op->w_zero_point,
        .bias = op->bias,
        .multiplier = op->table,
        .shift = op->table + n,
        .x_zero_point =
            op->extreme ? (kern_chance(r, 50) ? 127 : -128) : (int32_t)kern_int(r, -128, 127),
        .out_zero_point = (int32_t)kern_int(r, -128, 127),
        .lo = !clamp  ? -128
              : a < b ? a
                      : b,
        .hi = !clamp  ? 127
              : a < b ? b
                      : a,
        .pixel_end = zk_conv_pixels(&op->shape),
        .channel_end = n,
    };
}

/* The whole output by the naive model; malloc'd. */
static int8_t *expected_s8(const op_s8 *op)
{
    const zk_conv_shape *s = &op->shape;
    const size_t n_x = x_elems(s), n_w = w_elems(s), n_out = out_elems(s);
    double *x = malloc(n_x * sizeof(*x));
    double *w = malloc(n_w * sizeof(*w));
    double *sum = calloc(n_out, sizeof(*sum));
    int8_t *out = malloc(n_out);
    if (!x || !w || !sum || !out)
        abort();
    for (size_t i = 0; i < n_x; i++)
        x[i] = op->x[i] - op->conv.x_zero_point;
    for (size_t i = 0; i < n_w; i++)
        w[i] = op->w[i] - zero_of(op, (int32_t)(i / (size_t)zk_conv_patch(s)));
    naive_conv(s, x, w, sum, NULL);
    for (size_t i = 0; i < n_out; i++) {
        const size_t o = i % (size_t)s->out_c;
        const int64_t acc = (int64_t)sum[i] + op->bias[o];
        int64_t q = naive_requant(acc, op->table[o], op->table[(size_t)s->out_c + o]);
        q += op->conv.out_zero_point;
        out[i] = (int8_t)(q < op->conv.lo ? op->conv.lo : q > op->conv.hi ? op->conv.hi : q);
    }
    free(x);
    free(w);
    free(sum);
    return out;
}

/* A share of the work: bytes outside it must stay as they are. */
static void random_ranges(kern_rng *r, op_s8 *op)
{
    zk_conv_s8_args *a = &op->conv;
    if (kern_chance(r, 40)) {
        a->pixel_begin = kern_int(r, 0, a->pixel_end);
        a->pixel_end = kern_int(r, a->pixel_begin, a->pixel_end);
    }
    if (kern_chance(r, 40)) {
        a->channel_begin = (int32_t)kern_int(r, 0, a->channel_end);
        a->channel_end = (int32_t)kern_int(r, a->channel_begin, a->channel_end);
    }
    a->tile = (int32_t)kern_int(r, 1, kern_chance(r, 50) ? 5 : 200);
}

/* What a variant needs besides operands: packed weights, scratch. */
static void prepare_conv(kern_rng *r, const zk_conv_s8_kernel *kernel, op_s8 *op)
{
    const zk_conv_shape *s = &op->shape;
    op->conv.packed = NULL;
    if (kernel->packed_bytes) {
        const size_t bytes = kernel->packed_bytes(s);
        void *packed = kern_place(r, KERN_PACKED, bytes, 16);
        memset(packed, 0, bytes);
        kernel->pack(&op->conv, packed);
        op->conv.packed = packed;
    }
    const size_t bytes = kernel->scratch_bytes(s, op->conv.tile);
    op->conv.scratch = bytes ? kern_place(r, KERN_SCRATCH, bytes, 64) : NULL;
}

static bool check_conv(kern_rng *r)
{
    op_s8 op = {.shape = random_conv(r)};
    describe_conv("conv_s8", &op.shape);
    random_op(r, &op);
    random_ranges(r, &op);
    const size_t n = out_elems(&op.shape);
    int8_t *all = expected_s8(&op);
    int8_t *expected = malloc(n);
    if (!expected)
        abort();
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        op.conv.out = kern_place(r, KERN_OUT, n, 1);
        prepare_conv(r, v[i].table.conv_s8, &op);
        memcpy(expected, op.conv.out, n);
        for (int64_t p = op.conv.pixel_begin; p < op.conv.pixel_end; p++)
            for (int64_t c = op.conv.channel_begin; c < op.conv.channel_end; c++)
                expected[p * op.shape.out_c + c] = all[p * op.shape.out_c + c];
        v[i].table.conv_s8->run(&op.conv);
        ok = kern_same_bytes(v[i].name, op.conv.out, expected, n);
    }
    free(all);
    free(expected);
    return ok;
}

/* Weights as the depthwise kernel takes them, in the scratch buffer. */
static void depthwise_op(kern_rng *r, op_s8 *op)
{
    const int32_t n = op->shape.out_c;
    const int64_t taps = zk_conv_patch(&op->shape);
    int16_t *w = kern_place(r, KERN_SCRATCH, w_elems(&op->shape) * sizeof(*w), 2);
    for (int32_t c = 0; c < n; c++)
        for (int64_t t = 0; t < taps; t++)
            w[t * n + c] = (int16_t)(op->w[c * taps + t] - zero_of(op, c));
    op->depthwise = (zk_depthwise_s8_args){
        .shape = &op->shape,
        .x = op->x,
        .w = w,
        .bias = op->bias,
        .multiplier = op->conv.multiplier,
        .shift = op->conv.shift,
        .x_zero_point = op->conv.x_zero_point,
        .out_zero_point = op->conv.out_zero_point,
        .lo = op->conv.lo,
        .hi = op->conv.hi,
        .row_end = (int64_t)op->shape.batch * op->shape.out_h,
    };
}

static bool check_depthwise(kern_rng *r)
{
    op_s8 op = {.shape = random_depthwise(r)};
    describe_conv("depthwise_s8", &op.shape);
    random_op(r, &op);
    depthwise_op(r, &op);
    zk_depthwise_s8_args *a = &op.depthwise;
    if (kern_chance(r, 40)) {
        a->row_begin = kern_int(r, 0, a->row_end);
        a->row_end = kern_int(r, a->row_begin, a->row_end);
    }
    const size_t n = out_elems(&op.shape), row = n / (size_t)(op.shape.batch * op.shape.out_h);
    int8_t *all = expected_s8(&op);
    int8_t *expected = malloc(n);
    if (!expected)
        abort();
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    bool ok = true;
    for (size_t i = 0; ok && i < n_variants; i++) {
        a->out = kern_place(r, KERN_OUT, n, 1);
        memcpy(expected, a->out, n);
        memcpy(expected + (size_t)a->row_begin * row, all + (size_t)a->row_begin * row,
               (size_t)(a->row_end - a->row_begin) * row);
        v[i].table.depthwise_s8(a);
        ok = kern_same_bytes(v[i].name, a->out, expected, n);
    }
    free(all);
    free(expected);
    return ok;
}

/* ---- time ---- */

typedef struct timed {
    const zk_table *table;
    op_s8 op;
} timed;

static void call_conv(void *arg)
{
    timed *t = arg;
    t->table->conv_s8->run(&t->op.conv);
}

static void call_depthwise(void *arg)
{
    timed *t = arg;
    t->table->depthwise_s8(&t->op.depthwise);
}

static void bench_layers(kern_rng *r, const char *name, const layer *layers, size_t n,
                         kern_call_fn *call)
{
    size_t n_variants;
    const kern_variant *v = kern_variants(&n_variants);
    for (size_t k = 0; k < n; k++) {
        timed t = {.op.shape = layers[k].shape};
        random_op(r, &t.op);
        t.op.conv.w_zero_point = NULL;
        t.op.conv.tile = 64;
        t.op.conv.out = kern_place(r, KERN_OUT, out_elems(&t.op.shape), 1);
        if (call == call_depthwise) {
            depthwise_op(r, &t.op);
            t.op.depthwise.out = t.op.conv.out;
        }
        const double macs = (double)out_elems(&t.op.shape) * (double)zk_conv_patch(&t.op.shape);
        for (size_t i = 0; i < n_variants; i++) {
            t.table = &v[i].table;
            const zk_table *before = &v[i ? i - 1 : 0].table;
            const bool same = call == call_conv ? before->conv_s8 == t.table->conv_s8
                                                : before->depthwise_s8 == t.table->depthwise_s8;
            if (call == call_conv)
                prepare_conv(r, t.table->conv_s8, &t.op);
            if (!i || !same)
                kern_time(name, layers[k].name, v[i].name, call, &t, macs);
        }
    }
}

static void bench_conv(kern_rng *r)
{
    bench_layers(r, "conv_s8", dense_layers, n_dense_layers, call_conv);
}

static void bench_depthwise(kern_rng *r)
{
    bench_layers(r, "depthwise_s8", depthwise_layers, n_depthwise_layers, call_depthwise);
}

const kern_suite kern_conv_s8 = {"conv_s8", 3000, check_conv, bench_conv};
const kern_suite kern_depthwise_s8 = {"depthwise_s8", 2000, check_depthwise, bench_depthwise};
