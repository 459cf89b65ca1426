/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conv, ConvTranspose and FullyConnected: their window, and per output channel the multiplier and
 * bias that the engine takes, proved to stay inside 32 bits.
 */
#include <stdlib.h>

#include "base/whole.h"
#include "codegen/layer_impl.h"
#include "quant/requant.h"
#include "quant/rescale.h"

/** Largest weight of one pass; more passes than MAX_PASSES are better done on the CPU. */
enum { WEIGHT_LIMIT = 127, MAX_PASSES = 8 };

/** Bound of sums: int32. */
#define SUM_LIMIT ((int64_t)1 << 31)

/* ---- channels ---- */

static const int8_t *channel_weights(const zi_tensor *w, int32_t o, size_t *n)
{
    *n = zi_tensor_elems(w) / (size_t)w->dims[0];
    return (const int8_t *)w->data + (size_t)o * *n;
}

/* Result of a channel before its zero point is added, clamped as it will be. */
static int32_t channel_result(const zi_graph *g, const zi_node *n, int64_t sum,
                              const zi_multiplier *m)
{
    int32_t lo, hi, zero = zi_node_out(g, n, 0)->quant.zero_point[0];
    zi_layer_clamp(g, n, &lo, &hi);
    return zi_clamp(zi_requant((int32_t)sum, m->multiplier, m->shift), lo - zero, hi - zero);
}

/* Sums over all inputs, and of the weights' magnitudes. */
typedef struct channel_sums {
    int64_t weights, magnitude;
    int64_t least, most; // of the sum with bias and zero points
    int32_t largest;     // |weight|
} channel_sums;

/* Of `n` weights, few enough for int32. */
static void add_weights(const int8_t *weights, size_t n, int32_t zero, channel_sums *s)
{
    int32_t sum = 0, magnitude = 0, largest = s->largest;
    for (size_t i = 0; i < n; i++) {
        int32_t v = weights[i] - zero, a = abs(v);
        sum += v;
        magnitude += a;
        largest = a > largest ? a : largest;
    }
    s->weights += sum;
    s->magnitude += magnitude;
    s->largest = largest;
}

static channel_sums sum_channel(const zi_graph *g, const zi_node *n, int32_t o, int32_t zero)
{
    enum { FEW = 1 << 16 };
    const zi_tensor *x = zi_node_in(g, n, 0), *w = zi_node_in(g, n, 1), *b = zi_node_in(g, n, 2);
    size_t count;
    const int8_t *weights = channel_weights(w, o, &count);
    channel_sums s = {0};
    for (size_t i = 0; i < count; i += FEW)
        add_weights(weights + i, count - i < FEW ? count - i : FEW, zero, &s);
    int64_t bias = b ? ((const int32_t *)b->data)[o] : 0;
    int64_t bottom = -128 - x->quant.zero_point[0], top = 127 - x->quant.zero_point[0];
    int64_t above = (s.magnitude + s.weights) / 2, below = (s.magnitude - s.weights) / 2;
    s.least = bias + above * bottom - below * top;
    s.most = bias + above * top - below * bottom;
    return s;
}

static bool channel_get(const zi_graph *g, const zi_node *n, int32_t o, zi_cg_channel *out,
                        int32_t *largest)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *w = zi_node_in(g, n, 1), *b = zi_node_in(g, n, 2);
    uint32_t k = w->quant.n == 1 ? 0 : (uint32_t)o;
    zi_multiplier m;
    if (!zi_multiplier_from_real(zi_linear_factor(g, n, (size_t)o), &m))
        return false;
    *out = (zi_cg_channel){.zero_point = w->quant.zero_point[k],
                           .raise = m.shift > 0 ? m.shift : 0,
                           .multiplier = m.multiplier,
                           .shift = m.shift > 0 ? 0 : m.shift};
    channel_sums s = sum_channel(g, n, o, out->zero_point);
    if (s.least < INT32_MIN || s.most > INT32_MAX)
        return false;
    if (largest)
        *largest = 0;
    int32_t result = channel_result(g, n, s.least, &m);
    if (result == channel_result(g, n, s.most, &m)) { // a dead channel: often with a huge bias
        *out = (zi_cg_channel){.constant = true, .bias = 2 * result, .multiplier = 1 << 30};
        return true;
    }
    int64_t bias = b ? ((const int32_t *)b->data)[o] : 0;
    bias -= (int64_t)x->quant.zero_point[0] * s.weights;
    if (s.magnitude >= SUM_LIMIT || llabs((long long)bias) >= SUM_LIMIT)
        return false;
    // A phase of a transposed convolution has some of the weights, and another bias for it.
    int64_t reach = (n->op == ZI_OP_ConvTranspose ? 384 : 128) * s.magnitude;
    if ((reach + llabs((long long)bias)) * ((int64_t)1 << out->raise) >= SUM_LIMIT)
        return false;
    out->bias = (int32_t)(bias * ((int64_t)1 << out->raise));
    if (largest)
        *largest = s.largest * (1 << out->raise);
    return true;
}

/* ---- weights ---- */

static bool check_weights_s8(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *w = zi_node_in(g, a->n, 1), *b = zi_node_in(g, a->n, 2);
    if (w->dtype != ZURT_S8 || (b && b->dtype != ZURT_S32))
        return zi_layer_refuse(a, "weights are not s8, or the bias is not s32",
                               "compile from the float model, or quantise the weights to int8");
    if (w->quant.n != 1 && (w->quant.n != (uint32_t)w->dims[0] || w->quant.axis != 0))
        return zi_layer_refuse(a, "weights have neither one scale nor one per output channel",
                               "compile from the float model");
    zi_cg_channel *channels = zi_arena_calloc(a->q->arena, (size_t)w->dims[0], sizeof(*channels));
    if (!channels)
        return false;
    a->layer->out_channels = channels;
    for (int32_t o = 0; o < w->dims[0]; o++) {
        zi_cg_channel *c = &channels[o];
        int32_t largest = 0;
        if (!channel_get(g, a->n, o, c, &largest))
            return zi_layer_refuse(
                a,
                zi_arena_printf(a->q->arena,
                                "sums of output channel %d may reach 2^31, or its scale "
                                "has no fixed-point form",
                                (int)o),
                "calibrate with a larger output range, or keep the node on the CPU");
        int32_t passes = zi_ceil_div(largest, WEIGHT_LIMIT);
        if (passes > MAX_PASSES)
            return zi_layer_refuse(
                a,
                zi_arena_printf(a->q->arena,
                                "output channel %d: zero point %d and multiplier 2^%d "
                                "take weights to %d, %d passes reach %d",
                                (int)o, (int)c->zero_point, (int)c->raise, (int)largest,
                                (int)MAX_PASSES, (int)(MAX_PASSES * WEIGHT_LIMIT)),
                "quantise weights to [-127, 127] with zero point 0");
        if (passes > a->layer->passes)
            a->layer->passes = passes;
    }
    return true;
}

static bool check_weights(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *w = zi_node_in(g, a->n, 1), *b = zi_node_in(g, a->n, 2);
    a->layer->passes = 1;
    if (!w || zi_tensor_elems(w) == 0)
        return zi_layer_refuse(a, "the weights are empty", "");
    if (!(a->n->clamp_lo <= a->n->clamp_hi))
        return zi_layer_refuse(a, "the fused activation's bounds are not in order", "");
    if (!zi_tensor_is_const(w) || (b && !zi_tensor_is_const(b)))
        return zi_layer_refuse(a, "weights or bias are computed",
                               "export them as initialisers, in eval mode");
    if (!zi_node_is_s8(g, a->n))
        return true;
    return check_weights_s8(a);
}

/* ---- nodes ---- */

bool zi_layer_conv(zi_layer_answer *a)
{
    const zi_attr_conv *c = &a->n->attr.conv;
    const zi_tensor *w = zi_node_in(a->q->g, a->n, 1);
    zi_layer *l = a->layer;
    if (!zi_layer_take_images(a) || !check_weights(a))
        return false;
    for (int d = 0; d < 2; d++) {
        l->kernel[d] = w->dims[1 + d];
        l->stride[d] = c->stride[d];
        l->dilation[d] = c->dilation[d];
        l->pad[d] = c->pad[d];
    }
    l->transposed = a->n->op == ZI_OP_ConvTranspose;
    bool depthwise = c->groups > 1 && c->groups == l->x.c && c->groups == l->y.c;
    int32_t in = zi_blocks(l->x.c), out = zi_blocks(l->y.c);
    if (l->transposed) {
        if (c->groups != 1)
            return zi_layer_refuse(a, "a grouped transposed convolution", "use one group");
        if (l->stride[0] > 4 || l->stride[1] > 4)
            return zi_layer_refuse(a, "a transposed convolution with a stride above 4",
                                   "use stride 1 to 4");
    } else if (depthwise) {
        l->kind = ZI_LAYER_DEPTHWISE;
    } else if (c->groups > 1 && l->x.c / c->groups % 16 == 0 && l->y.c / c->groups % 16 == 0) {
        l->groups = c->groups;
    }
    int32_t stride[2] = {l->stride[0], l->stride[1]};
    if (l->transposed) { // its parts read with stride 1, and write as many rows as the stride
        out *= stride[0];
        l->stride[0] = l->stride[1] = 1;
    }
    if (!zi_layer_check_window(a) || !zi_layer_check_row(a, in, out))
        return false;
    if (l->transposed) {
        l->stride[0] = stride[0];
        l->stride[1] = stride[1];
    }
    int64_t taps = (int64_t)l->kernel[0] * l->kernel[1] * l->passes;
    return zi_layer_check_ring(a, depthwise ? taps : taps * (in / l->groups));
}

/* Of every pixel, where there are several: a 1x1 convolution. */
bool zi_layer_fully_connected(zi_layer_answer *a)
{
    if (!zi_layer_take_images(a) || !check_weights(a))
        return false;
    int32_t in = zi_blocks(a->layer->x.c), out = zi_blocks(a->layer->y.c);
    if (!zi_layer_check_window(a) || !zi_layer_check_row(a, in, out))
        return false;
    return zi_layer_check_ring(a, (int64_t)in * a->layer->passes);
}
