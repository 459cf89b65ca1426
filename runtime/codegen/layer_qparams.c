/* SPDX-License-Identifier: Apache-2.0 */
/* Multipliers, biases and bounds of a layer as the engine takes them. */
#include <stdlib.h>

#include "codegen/layer.h"
#include "quant/qparams.h"
#include "quant/requant.h"

/** Bound of sums: int32. */
#define SUM_LIMIT ((int64_t)1 << 31)

void zi_layer_clamp(const zi_graph *g, const zi_node *n, int32_t *lo, int32_t *hi)
{
    const zi_tensor *y = zi_node_out(g, n, 0);
    *lo = -128;
    *hi = 127;
    if (y->quant.n == 1)
        zi_clamp_bounds(n->clamp_lo, n->clamp_hi, y->quant.scale[0], y->quant.zero_point[0], lo,
                        hi);
}

bool zi_add_numbers_get(const zi_graph *g, const zi_node *n, zi_add_numbers *out)
{
    double a = (double)zi_node_in(g, n, 0)->quant.scale[0];
    double b = (double)zi_node_in(g, n, 1)->quant.scale[0];
    double y = (double)zi_node_out(g, n, 0)->quant.scale[0];
    zi_add_qparams m;
    if (!zi_qparams_add(a, b, y, &m) || m.out.shift > 0 || m.out.multiplier == 0)
        return false;
    int32_t zero = zi_node_out(g, n, 0)->quant.zero_point[0];
    *out = (zi_add_numbers){
        .multiplier = {m.a.multiplier, m.b.multiplier},
        .shift = {m.a.shift, m.b.shift},
        .out_multiplier = m.out.multiplier,
        .out_shift = m.out.shift,
        .zero = {zi_node_in(g, n, 0)->quant.zero_point[0],
                 zi_node_in(g, n, 1)->quant.zero_point[0]},
    };
    zi_layer_clamp(g, n, &out->lo, &out->hi);
    out->lo -= zero;
    out->hi -= zero;
    return true;
}

/* ---- channels of a convolution ---- */

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

bool zi_cg_channel_get(const zi_graph *g, const zi_node *n, int32_t o, zi_cg_channel *out,
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
