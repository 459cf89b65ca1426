/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution kernels of s8: the general one and depthwise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "naive.h"
#include "quant/requant.h"
#include "quant/scale.h"

/* What values are like. */
typedef enum kind {
    SPREAD,  /* over all of their type */
    EXTREME, /* as large as their type; sums close to 32 bits */
    SMALL,   /* weights that leave room in 16 bits for the products of several */
    AT_LIMIT /* 2 to 6 products of one sign sum up to what 16 bits hold, or to a little more */
} kind;

/* One case. */
typedef struct op_s8 {
    zk_conv_shape shape;
    zk_conv_s8_args conv;
    zk_depthwise_s8_args depthwise;
    int8_t *x;
    int8_t *w;
    int32_t *bias;
    int32_t *table; /* multiplier, shift, weight zero point: [3][out_c] */
    const int32_t *w_zero_point;
    kind kind;
} op_s8;

static int32_t zero_of(const op_s8 *op, int32_t o)
{
    return op->w_zero_point ? op->w_zero_point[o] : 0;
}

/* Every product of a channel has the same sign: |w| is 255 / n or one more, for any n. */
static void values_at_limit(kern_rng *r, op_s8 *op)
{
    const int64_t patch = zk_conv_patch(&op->shape);
    memset(op->x, kern_chance(r, 80) ? -128 : 127, x_elems(&op->shape));
    for (int32_t o = 0; o < op->shape.out_c; o++) {
        const int32_t w = 255 / (int32_t)kern_int(r, 2, 6) + (int32_t)kern_int(r, 0, 1);
        const int32_t sign = kern_chance(r, 70) ? -1 : 1;
        for (int64_t i = 0; i < patch; i++)
            op->w[o * patch + i] = (int8_t)zi_clamp(sign * w, -128, 127);
    }
}

static void random_values(kern_rng *r, op_s8 *op)
{
    static const int8_t edges[] = {-128, -127, 127, 0};
    const size_t n_x = x_elems(&op->shape), n_w = w_elems(&op->shape);
    const int32_t divisor = 1 << kern_int(r, 1, 5);
    switch (op->kind) {
    case SPREAD: // kern_place() has filled them
        return;
    case EXTREME:
        for (size_t i = 0; i < n_x; i++)
            op->x[i] = edges[kern_int(r, 0, 3)];
        for (size_t i = 0; i < n_w; i++)
            op->w[i] = edges[kern_int(r, 0, 3)];
        return;
    case SMALL:
        for (size_t i = 0; i < n_w; i++)
            op->w[i] = (int8_t)(kern_chance(r, 98) ? op->w[i] / divisor : op->w[i]);
        return;
    case AT_LIMIT:
        values_at_limit(r, op);
    }
}

/* The largest magnitude of a bias to which 255 * `sum` is added: one that results show, one with
 * which sums come close to 26 bits, where some forms of the convolution end, or to 32. */
static int64_t bias_limit(kern_rng *r, const op_s8 *op, int64_t sum)
{
    const int64_t room = INT32_MAX - 255 * sum, some = (1 << 25) - 1 - 255 * sum;
    if (op->kind == EXTREME)
        return some < 0 || kern_chance(r, 5) ? room : some;
    return room < 20000 ? room : 20000;
}

/* Biases and multipliers, so that sums stay within 32 bits and results spread over the range. */
static void random_channels(kern_rng *r, op_s8 *op)
{
    const int32_t n = op->shape.out_c;
    const int64_t patch = zk_conv_patch(&op->shape);
    for (int32_t o = 0; o < n; o++) {
        int64_t sum = 0;
        double squares = 0;
        for (int64_t i = 0; i < patch; i++) {
            const int32_t w = op->w[o * patch + i] - zero_of(op, o);
            sum += abs(w);
            squares += w * w;
        }
        const int64_t limit = bias_limit(r, op, sum);
        op->bias[o] = (int32_t)(kern_chance(r, 50) ? kern_int(r, -limit, limit)
                                                   : (kern_chance(r, 50) ? limit : -limit));
        zi_multiplier m = {(int32_t)kern_int(r, (int64_t)1 << 30, INT32_MAX),
                           (int32_t)kern_int(r, ZI_SHIFT_MIN, ZI_SHIFT_MAX)};
        if (op->kind != EXTREME) {
            const double size = sqrt(squares) * 74.0 + 10000.0;
            zi_multiplier_from_real((double)kern_f32(r, 20.0f, 200.0f) / size, &m);
        }
        op->table[o] = m.multiplier;
        op->table[n + o] = m.shift;
    }
}

/* `usual`: what is timed. */
static void random_operands(kern_rng *r, op_s8 *op, bool usual)
{
    const int32_t n = op->shape.out_c;
    op->x = kern_place(r, KERN_IN, x_elems(&op->shape), 1);
    op->w = kern_place(r, KERN_IN, w_elems(&op->shape), 1);
    op->bias = kern_place(r, KERN_IN, (size_t)n * sizeof(int32_t), 4);
    op->table = kern_place(r, KERN_IN, 3 * (size_t)n * sizeof(int32_t), 4);
    op->kind = usual || kern_chance(r, 40) ? SPREAD : (kind)kern_int(r, EXTREME, AT_LIMIT);
    for (int32_t o = 0; o < n; o++)
        op->table[2 * n + o] = (int32_t)kern_int(r, -128, 127);
    op->w_zero_point = !usual && kern_chance(r, 30) ? op->table + 2 * n : NULL;
    const bool small = usual || kern_chance(r, 40); // mostly, as in trained networks
    for (size_t i = 0; small && i < w_elems(&op->shape); i++)
        op->w[i] = (int8_t)((op->w[i] + kern_int(r, -127, 127) + kern_int(r, -127, 127)) / 3);
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
        .x_zero_point = op->kind == EXTREME ? (kern_chance(r, 50) ? 127 : -128)
                                            : (int32_t)kern_int(r, -128, 127),
        // as behind a ReLU, or anything
        .out_zero_point = kern_chance(r, 30) ? -128 : (int32_t)kern_int(r, -128, 127),
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

static bool in_channels(const zk_conv_s8_args *a, int64_t c)
{
    return c >= a->channel_begin && c < a->channel_end;
}

/* Output pixels [begin, end) by the naive model. */
static void expect_pixels(const op_s8 *op, int64_t begin, int64_t end, int8_t *out)
{
    const zk_conv_shape *s = &op->shape;
    const size_t n_x = x_elems(s), n_w = w_elems(s), n_out = out_elems(s);
    double *x = malloc(n_x * sizeof(*x));
    double *w = malloc(n_w * sizeof(*w));
    double *sum = calloc(n_out, sizeof(*sum));
    if (!x || !w || !sum)
        abort();
    for (size_t i = 0; i < n_x; i++)
        x[i] = op->x[i] - op->conv.x_zero_point;
    for (size_t i = 0; i < n_w; i++)
        w[i] = op->w[i] - zero_of(op, (int32_t)(i / (size_t)zk_conv_patch(s)));
    naive_conv(s, x, w, sum, NULL);
    for (int64_t i = begin * s->out_c; i < end * s->out_c; i++) {
        const int32_t o = (int32_t)(i % s->out_c);
        if (!in_channels(&op->conv, o))
            continue;
        const int64_t acc = (int64_t)sum[i] + op->bias[o];
        int64_t q = naive_requant(acc, op->table[o], op->table[s->out_c + o]);
        q += op->conv.out_zero_point;
        out[i] = (int8_t)(q < op->conv.lo ? op->conv.lo : q > op->conv.hi ? op->conv.hi : q);
    }
    free(x);
    free(w);
    free(sum);
}

/* ---- conv_s8 ---- */

static void make_conv(kern_rng *r, void *state, const kern_layer *layer)
{
    op_s8 *op = state;
    op->shape = layer ? layer->conv : random_conv(r);
    describe_conv("conv_s8", &op->shape);
    random_operands(r, op, layer != NULL);
    kern_work((double)out_elems(&op->shape) * (double)zk_conv_patch(&op->shape));
    zk_conv_s8_args *a = &op->conv;
    a->out = kern_place(r, KERN_OUT, out_elems(&op->shape), 1);
    a->tile = layer ? 64 : (int32_t)kern_int(r, 1, kern_chance(r, 50) ? 5 : 200);
    if (layer)
        return;
    int64_t begin = 0, end = a->channel_end;
    random_part(r, &a->pixel_begin, &a->pixel_end);
    random_part(r, &begin, &end);
    a->channel_begin = (int32_t)begin;
    a->channel_end = (int32_t)end;
}

static void expect_conv(const void *state, void *out, float *tolerance)
{
    const op_s8 *op = state;
    (void)tolerance;
    expect_pixels(op, op->conv.pixel_begin, op->conv.pixel_end, out);
}

static void prepare_conv(kern_rng *r, void *state, const zk_table *t)
{
    op_s8 *op = state;
    const zk_conv_s8_kernel *kernel = t->conv_s8;
    op->conv.packed = NULL;
    if (kernel->packed_bytes) {
        const size_t more = kernel->packed_more ? kernel->packed_more(&op->conv) : 0;
        const size_t bytes = kernel->packed_bytes(&op->shape) + more;
        void *packed = kern_place(r, KERN_IN, bytes, 16);
        memset(packed, 0, bytes);
        kernel->pack(&op->conv, packed);
        op->conv.packed = packed;
    }
    const size_t bytes = kernel->scratch_bytes(&op->shape, op->conv.tile);
    op->conv.scratch = bytes ? kern_place(r, KERN_SCRATCH, bytes, 64) : NULL;
}

static void call_conv(const zk_table *t, void *state)
{
    const op_s8 *op = state;
    t->conv_s8->run(&op->conv);
}

const kern_op kern_conv_s8 = {
    .name = "conv_s8",
    .cases = 3000,
    .state_bytes = sizeof(op_s8),
    .elem = KERN_S8,
    .make = make_conv,
    .expect = expect_conv,
    .prepare = prepare_conv,
    .call = call_conv,
    .layers = dense_layers,
    .n_layers = N_DENSE_LAYERS,
};

/* ---- depthwise_s8 ---- */

/* Weights as the kernel takes them: [taps][channels], without their zero points. */
static int16_t *depthwise_weights(kern_rng *r, const op_s8 *op)
{
    const int32_t n = op->shape.out_c;
    const int64_t taps = zk_conv_patch(&op->shape);
    int16_t *w = kern_place(r, KERN_IN, w_elems(&op->shape) * sizeof(*w), 2);
    for (int32_t c = 0; c < n; c++)
        for (int64_t t = 0; t < taps; t++)
            w[t * n + c] = (int16_t)(op->w[c * taps + t] - zero_of(op, c));
    return w;
}

static void make_depthwise(kern_rng *r, void *state, const kern_layer *layer)
{
    op_s8 *op = state;
    op->shape = layer ? layer->conv : random_depthwise(r);
    describe_conv("depthwise_s8", &op->shape);
    random_operands(r, op, layer != NULL);
    kern_work((double)out_elems(&op->shape) * (double)zk_conv_patch(&op->shape));
    op->depthwise = (zk_depthwise_s8_args){
        .shape = &op->shape,
        .x = op->x,
        .w = depthwise_weights(r, op),
        .bias = op->bias,
        .multiplier = op->conv.multiplier,
        .shift = op->conv.shift,
        .x_zero_point = op->conv.x_zero_point,
        .out_zero_point = op->conv.out_zero_point,
        .lo = op->conv.lo,
        .hi = op->conv.hi,
        .out = kern_place(r, KERN_OUT, out_elems(&op->shape), 1),
        .row_end = (int64_t)op->shape.batch * op->shape.out_h,
    };
    if (!layer)
        random_part(r, &op->depthwise.row_begin, &op->depthwise.row_end);
}

static void expect_depthwise(const void *state, void *out, float *tolerance)
{
    const op_s8 *op = state;
    const zk_depthwise_s8_args *a = &op->depthwise;
    (void)tolerance;
    expect_pixels(op, a->row_begin * op->shape.out_w, a->row_end * op->shape.out_w, out);
}

static void call_depthwise(const zk_table *t, void *state)
{
    const op_s8 *op = state;
    t->depthwise_s8(&op->depthwise);
}

const kern_op kern_depthwise_s8 = {
    .name = "depthwise_s8",
    .cases = 2000,
    .state_bytes = sizeof(op_s8),
    .elem = KERN_S8,
    .make = make_depthwise,
    .expect = expect_depthwise,
    .call = call_depthwise,
    .layers = depthwise_layers,
    .n_layers = N_DEPTHWISE_LAYERS,
};
