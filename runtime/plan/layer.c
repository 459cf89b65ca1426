/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/layer.h"

#include <stdlib.h>

#include "engine/zk_config.h"
#include "quant/requant.h"
#include "quant/scale.h"

/** Largest height and width: positions and taps of the step format are 16 bits. */
enum { SIDE_LIMIT = 16384 };

/** Bound of sums: what the engine's requantiser takes. */
#define SUM_LIMIT ((int64_t)1 << 26)

/** Largest weight that two passes can make. */
enum { WEIGHT_LIMIT = 127, TWO_PASS_LIMIT = 254 };

typedef struct answer {
    const zi_layer_query *q;
    const zi_node *n;
    zi_layer *layer;
    const char *reason, *remedy;
} answer;

static bool refuse(answer *a, const char *reason, const char *remedy)
{
    a->reason = reason;
    a->remedy = remedy;
    return false;
}

bool zi_image_of(const zi_tensor *t, zi_image *out)
{
    const int32_t *d = t->dims;
    switch (t->rank) {
    case 1:
        *out = (zi_image){1, 1, 1, d[0]};
        return true;
    case 2:
        *out = (zi_image){d[0], 1, 1, d[1]};
        return true;
    case 3:
        *out = (zi_image){d[0], 1, d[1], d[2]};
        return true;
    case 4:
        *out = (zi_image){d[0], d[1], d[2], d[3]};
        return true;
    default:
        return false;
    }
}

bool zi_alike(const zi_tensor *a, const zi_tensor *b)
{
    if (!zi_tensor_is_quantised(a) && !zi_tensor_is_quantised(b))
        return true;
    return a->quant.n == 1 && b->quant.n == 1 && a->quant.scale[0] == b->quant.scale[0] &&
           a->quant.zero_point[0] == b->quant.zero_point[0];
}

static bool is_s8(const zi_graph *g, const zi_node *n)
{
    return g->tensors[n->out[0]].dtype == ZURT_S8;
}

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
    double twice_max = 2.0 * (a > b ? a : b);
    zi_multiplier m[3];
    if (!zi_multiplier_from_real(a / twice_max, &m[0]) ||
        !zi_multiplier_from_real(b / twice_max, &m[1]) ||
        !zi_multiplier_from_real(twice_max / ((double)(1 << ZI_ADD_LEFT_SHIFT) * y), &m[2]) ||
        m[2].shift > 0 || m[2].multiplier == 0)
        return false;
    *out = (zi_add_numbers){
        {m[0].multiplier, m[1].multiplier}, {m[0].shift, m[1].shift}, m[2].multiplier, m[2].shift};
    return true;
}

bool zi_rescale_table(const zi_tensor *from, const zi_tensor *to, int8_t table[256])
{
    zi_multiplier m;
    int32_t zero = to->quant.zero_point[0];
    if (!zi_multiplier_from_real((double)from->quant.scale[0] / (double)to->quant.scale[0], &m))
        return false;
    for (int32_t q = -128; q <= 127; q++) {
        int32_t r = zi_requant(q - from->quant.zero_point[0], m.multiplier, m.shift);
        table[q + 128] = (int8_t)zi_offset_clamp(r, zero, -128, 127);
    }
    return true;
}

/* ---- types and sizes ---- */

/* Every computed tensor: s8 with one scale and zero point; or float, where that is asked for. */
static bool check_types(answer *a)
{
    const zi_graph *g = a->q->g;
    for (uint32_t i = 0; i < a->n->n_in + a->n->n_out; i++) {
        zi_id id = i < a->n->n_in ? a->n->in[i] : a->n->out[i - a->n->n_in];
        if (id == ZI_NONE || (i < a->n->n_in && zi_tensor_is_const(&g->tensors[id])))
            continue;
        const zi_tensor *t = &g->tensors[id];
        if (t->dtype == ZURT_F32 && a->q->caps->assume_int8)
            continue;
        if (t->dtype != ZURT_S8)
            return refuse(a,
                          zi_arena_printf(a->q->arena, "tensor '%.64s' is %s, '%s' computes s8",
                                          t->name, zurt_dtype_name(t->dtype), a->q->caps->name),
                          "quantise the model with calibration data");
        if (t->quant.n != 1)
            return refuse(a,
                          zi_arena_printf(a->q->arena,
                                          "tensor '%.64s' has no single scale and zero point",
                                          t->name),
                          "quantise the model with calibration data");
    }
    return true;
}

static bool check_image(answer *a, const zi_image *i)
{
    if (i->n < 1 || i->h < 1 || i->w < 1 || i->c < 1)
        return refuse(a, "a tensor is empty", "");
    if (i->h > SIDE_LIMIT || i->w > SIDE_LIMIT || i->c > SIDE_LIMIT * 16)
        return refuse(a,
                      zi_arena_printf(a->q->arena, "%dx%d pixels of %d channels, %d are possible",
                                      (int)i->h, (int)i->w, (int)i->c, (int)SIDE_LIMIT),
                      "make the input smaller");
    int64_t words = (int64_t)i->h * i->w * zi_blocks(i->c) * i->n;
    if (words > INT32_MAX / 64)
        return refuse(a, "a tensor exceeds the engine's address range",
                      "make the input or batch smaller");
    return true;
}

static bool take_images(answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *x = zi_node_in(g, a->n, 0);
    zi_layer *l = a->layer;
    if (!x || zi_tensor_is_const(x))
        return refuse(a, "its input is a constant", "fold it when compiling");
    if (!zi_image_of(x, &l->x) || !zi_image_of(zi_node_out(g, a->n, 0), &l->y))
        return refuse(a, "a tensor has more than 4 axes", "");
    return check_image(a, &l->x) && check_image(a, &l->y);
}

/* One row of output must fit the scratchpad with its input, twice over. */
static bool check_row(answer *a, int32_t in_blocks, int32_t out_blocks)
{
    const zi_layer *l = a->layer;
    int64_t rows = (int64_t)(l->kernel[0] - 1) * l->dilation[0] + l->stride[0];
    if (rows > l->x.h)
        rows = l->x.h;
    int64_t lanes = a->q->caps->pixel_parallel;
    int64_t words = (rows + 1) * (l->x.w + 2 * lanes) * in_blocks +
                    2 * (int64_t)(l->y.w + 2 * lanes) * out_blocks;
    if (words <= a->q->caps->scratchpad_words / 2)
        return true;
    return refuse(a,
                  zi_arena_printf(a->q->arena,
                                  "%lld rows of %d pixels with %d channels need %lld KiB, half of "
                                  "the scratchpad has %u",
                                  (long long)rows, (int)l->x.w, (int)l->x.c,
                                  (long long)(words / 64),
                                  (unsigned)(a->q->caps->scratchpad_words / 128)),
                  "use fewer channels or a smaller kernel or input");
}

static bool check_window(answer *a)
{
    zi_layer *l = a->layer;
    for (int d = 0; d < 2; d++) {
        if ((d ? l->y.w : l->y.h) == 1)
            l->stride[d] = 1;
        int64_t reach = (int64_t)l->kernel[d] * l->dilation[d] + l->pad[d];
        if (reach >= SIDE_LIMIT || l->stride[d] >= SIDE_LIMIT)
            return refuse(a, "the window is too large", "use a smaller kernel or dilation");
    }
    if (l->stride[1] != 1 && l->stride[1] != 2 && l->stride[1] != 4)
        return refuse(a,
                      zi_arena_printf(a->q->arena, "stride %d, '%s' takes 1, 2 and 4",
                                      (int)l->stride[1], a->q->caps->name),
                      "use stride 1, 2 or 4");
    int64_t taps = (int64_t)l->kernel[0] * l->kernel[1] * l->passes;
    if (taps > ZK_TAPS)
        return refuse(a,
                      zi_arena_printf(a->q->arena, "a window of %lld taps, '%s' takes %d",
                                      (long long)taps, a->q->caps->name, ZK_TAPS),
                      l->passes == 2 ? "quantise weights to [-127, 127] with zero point 0"
                                     : "use a smaller kernel");
    return true;
}

/* ---- weights ---- */

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

static channel_sums sum_channel(const zi_graph *g, const zi_node *n, int32_t o, int32_t zero)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *w = zi_node_in(g, n, 1), *b = zi_node_in(g, n, 2);
    size_t count;
    const int8_t *weights = channel_weights(w, o, &count);
    channel_sums s = {0};
    s.least = s.most = b ? ((const int32_t *)b->data)[o] : 0;
    int32_t bottom = -128 - x->quant.zero_point[0], top = 127 - x->quant.zero_point[0];
    for (size_t i = 0; i < count; i++) {
        int32_t v = weights[i] - zero;
        s.weights += v;
        s.magnitude += abs(v);
        s.least += (int64_t)v * (v > 0 ? bottom : top);
        s.most += (int64_t)v * (v > 0 ? top : bottom);
        s.largest = abs(v) > s.largest ? abs(v) : s.largest;
    }
    return s;
}

bool zi_channel_get(const zi_graph *g, const zi_node *n, int32_t o, zi_channel *out,
                    int32_t *largest)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *w = zi_node_in(g, n, 1), *b = zi_node_in(g, n, 2);
    uint32_t k = w->quant.n == 1 ? 0 : (uint32_t)o;
    double real = (double)x->quant.scale[0] * (double)w->quant.scale[k] /
                  (double)zi_node_out(g, n, 0)->quant.scale[0];
    zi_multiplier m;
    if (!zi_multiplier_from_real(real, &m))
        return false;
    *out = (zi_channel){.zero_point = w->quant.zero_point[k],
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
        *out = (zi_channel){.constant = true, .bias = 2 * result, .multiplier = 1 << 30};
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

static bool check_weights_s8(answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *w = zi_node_in(g, a->n, 1), *b = zi_node_in(g, a->n, 2);
    if (w->dtype != ZURT_S8 || (b && b->dtype != ZURT_S32))
        return refuse(a, "weights are not s8, or the bias is not s32", "quantise the model");
    if (w->quant.n != 1 && (w->quant.n != (uint32_t)w->dims[0] || w->quant.axis != 0))
        return refuse(a, "weights have neither one scale nor one per output channel",
                      "quantise the model again");
    for (int32_t o = 0; o < w->dims[0]; o++) {
        zi_channel c;
        int32_t largest = 0;
        if (!zi_channel_get(g, a->n, o, &c, &largest))
            return refuse(a,
                          zi_arena_printf(a->q->arena,
                                          "sums of output channel %d may reach 2^26, or its scale "
                                          "has no fixed-point form",
                                          (int)o),
                          "calibrate with a larger output range, or keep the node on the CPU");
        if (largest > TWO_PASS_LIMIT)
            return refuse(a,
                          zi_arena_printf(a->q->arena,
                                          "output channel %d: zero point %d and multiplier 2^%d "
                                          "take weights to %d, two passes reach %d",
                                          (int)o, (int)c.zero_point, (int)c.raise, (int)largest,
                                          (int)TWO_PASS_LIMIT),
                          "quantise weights to [-127, 127] with zero point 0");
        if (largest > WEIGHT_LIMIT)
            a->layer->passes = 2;
    }
    return true;
}

static bool check_weights(answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *w = zi_node_in(g, a->n, 1), *b = zi_node_in(g, a->n, 2);
    a->layer->passes = 1;
    if (!w || zi_tensor_elems(w) == 0)
        return refuse(a, "the weights are empty", "");
    if (!(a->n->clamp_lo <= a->n->clamp_hi))
        return refuse(a, "the fused activation's bounds are not in order", "");
    if (!zi_tensor_is_const(w) || (b && !zi_tensor_is_const(b)))
        return refuse(a, "weights or bias are computed", "make them constant");
    if (!is_s8(g, a->n))
        return true;
    return check_weights_s8(a);
}

/* Results that are not written in the order of pixels cannot go to the act buffer directly. */
static bool check_scattered(answer *a, const zi_tensor *y)
{
    int64_t words = (int64_t)y->dims[1] * y->dims[2] * zi_blocks(y->dims[3]);
    if (words <= a->q->caps->scratchpad_words / 2)
        return true;
    return refuse(a,
                  zi_arena_printf(a->q->arena,
                                  "its output of %lld KiB must be in the scratchpad whole, half of "
                                  "which has %u",
                                  (long long)(words / 64),
                                  (unsigned)(a->q->caps->scratchpad_words / 128)),
                  "use fewer channels or a smaller input");
}

/* The ring must hold a block's weights while several groups of pixels use them. */
static bool check_ring(answer *a, int64_t words)
{
    const zi_layer *l = a->layer;
    const zi_caps *caps = a->q->caps;
    bool one_group = (int64_t)l->y.h * l->y.w <= caps->pixel_parallel && !l->transposed;
    if (one_group || words + 1 <= caps->ring_words / 16)
        return true;
    return refuse(a,
                  zi_arena_printf(a->q->arena,
                                  "16 output channels have %lld KiB of weights, the ring holds %u",
                                  (long long)(words / 4), (unsigned)(caps->ring_words / 64)),
                  "use fewer input channels or a smaller kernel");
}

/* ---- ops ---- */

static bool conv_layer(answer *a)
{
    const zi_attr_conv *c = &a->n->attr.conv;
    const zi_tensor *w = zi_node_in(a->q->g, a->n, 1);
    zi_layer *l = a->layer;
    if (!take_images(a) || !check_weights(a))
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
        if (!check_scattered(a, zi_node_out(a->q->g, a->n, 0)))
            return false;
        if (c->groups != 1)
            return refuse(a, "a grouped transposed convolution", "use one group");
        if (l->stride[0] > 4 || l->stride[1] > 4)
            return refuse(a, "a transposed convolution with a stride above 4", "use stride 1 to 4");
    } else if (depthwise) {
        l->kind = ZI_LAYER_DEPTHWISE;
    } else if (c->groups > 1 && l->x.c / c->groups % 16 == 0 && l->y.c / c->groups % 16 == 0) {
        l->groups = c->groups;
    }
    int32_t stride[2] = {l->stride[0], l->stride[1]};
    if (l->transposed) // its parts read with stride 1
        l->stride[0] = l->stride[1] = 1;
    if (!check_window(a) || !check_row(a, in, out))
        return false;
    if (l->transposed) {
        l->stride[0] = stride[0];
        l->stride[1] = stride[1];
    }
    int64_t taps = (int64_t)l->kernel[0] * l->kernel[1] * l->passes;
    return check_ring(a, depthwise ? taps : taps * (in / l->groups));
}

static bool fully_connected_layer(answer *a)
{
    const zi_tensor *x = zi_node_in(a->q->g, a->n, 0);
    if (!take_images(a) || !check_weights(a))
        return false;
    if (x->rank > 3)
        return refuse(a, "a fully connected layer over more than 3 axes",
                      "use a 1x1 convolution or reshape");
    int32_t in = zi_blocks(a->layer->x.c), out = zi_blocks(a->layer->y.c);
    if (!check_window(a) || !check_row(a, in, out))
        return false;
    return check_ring(a, (int64_t)in * a->layer->passes);
}

/* Weight 64, so that the first rounding is exact enough; proved for every sum that can occur. */
static bool mean_is_exact(int32_t count, int32_t multiplier, int32_t shift)
{
    for (int32_t sum = -128 * count; sum <= 127 * count; sum++) {
        if (zi_requant(64 * sum, multiplier, shift) != zi_div_round(sum, count))
            return false;
    }
    return true;
}

static bool mean_layer(answer *a)
{
    const zi_tensor *x = zi_node_in(a->q->g, a->n, 0), *y = zi_node_out(a->q->g, a->n, 0);
    zi_layer *l = a->layer;
    zi_multiplier m = {1 << 30, 0};
    l->kind = ZI_LAYER_DEPTHWISE;
    if (!check_window(a) || !check_row(a, zi_blocks(l->x.c), zi_blocks(l->y.c)))
        return false;
    int32_t count = l->kernel[0] * l->kernel[1];
    bool alike = zi_alike(x, y);
    l->mean_weight = alike ? 64 : 1;
    double real = 1.0 / (64.0 * count);
    if (!alike)
        real = (double)x->quant.scale[0] / ((double)y->quant.scale[0] * count);
    if (!zi_multiplier_from_real(real, &m) || m.shift > 0)
        return refuse(a, "the output's scale is too small for the input's",
                      "calibrate again: a mean has its input's range");
    if (alike && !mean_is_exact(count, m.multiplier, m.shift))
        return refuse(
            a, zi_arena_printf(a->q->arena, "no multiplier is exact for a mean of %d", (int)count),
            "use another window");
    l->mean_multiplier = m.multiplier;
    l->mean_shift = m.shift;
    l->mean_bias = alike ? 0 : -count * x->quant.zero_point[0];
    return true;
}

static bool pool_layer(answer *a)
{
    const zi_attr_pool *p = &a->n->attr.pool;
    zi_layer *l = a->layer;
    if (!take_images(a))
        return false;
    bool max = a->n->op == ZI_OP_MaxPool, padded = false;
    for (int d = 0; d < 2; d++) {
        l->kernel[d] = p->kernel[d];
        l->stride[d] = p->stride[d];
        l->dilation[d] = max ? p->dilation[d] : 1;
        l->pad[d] = p->pad[d];
        int64_t in = d ? l->x.w : l->x.h, out = d ? l->y.w : l->y.h;
        int64_t end = (out - 1) * p->stride[d] - p->pad[d] + p->kernel[d];
        padded = padded || (p->pad[d] > 0 && !p->count_include_pad) ||
                 end > in + (p->count_include_pad ? p->pad[2 + d] : 0);
    }
    if (max) {
        l->kind = ZI_LAYER_MAX;
        if (!zi_alike(zi_node_in(a->q->g, a->n, 0), zi_node_out(a->q->g, a->n, 0)))
            return refuse(a, "input and output have different scales", "quantise the model again");
        return check_window(a) && check_row(a, zi_blocks(l->x.c), zi_blocks(l->y.c));
    }
    if (padded)
        return refuse(a, "windows at the border average fewer pixels",
                      "use no padding, or count_include_pad without ceil_mode");
    return mean_layer(a);
}

static bool reduce_layer(answer *a)
{
    zi_layer *l = a->layer;
    if (!take_images(a))
        return false;
    if (zi_node_in(a->q->g, a->n, 0)->rank != 4 || a->n->attr.reduce.axes != 6)
        return refuse(a, "a mean over other axes than height and width", "");
    l->kernel[0] = l->x.h;
    l->kernel[1] = l->x.w;
    l->y = (zi_image){l->x.n, 1, 1, l->x.c};
    return mean_layer(a);
}

static bool copy_layer(answer *a)
{
    a->layer->kind = ZI_LAYER_MAX;
    return take_images(a) && check_row(a, zi_blocks(a->layer->x.c), 2 * zi_blocks(a->layer->y.c));
}

static bool add_layer(answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *x = zi_node_in(g, a->n, 0), *b = zi_node_in(g, a->n, 1);
    if (!copy_layer(a))
        return false;
    if (zi_tensor_is_const(b) || !zi_tensor_same_shape(x, b))
        return refuse(a, "operands of different shape, or a constant one",
                      "add tensors of one shape; a constant folds into a convolution's bias");
    if (!(a->n->clamp_lo <= a->n->clamp_hi))
        return refuse(a, "the fused activation's bounds are not in order", "");
    zi_add_numbers numbers;
    if (is_s8(g, a->n) && !zi_add_numbers_get(g, a->n, &numbers))
        return refuse(a, "the operands' scales are too far apart from the output's",
                      "calibrate again");
    return true;
}

static bool lut_layer(answer *a)
{
    const zi_tensor *table = zi_node_in(a->q->g, a->n, 1);
    if (a->n->op == ZI_OP_Lut && (!table || !zi_tensor_is_const(table) || table->dtype != ZURT_S8 ||
                                  zi_tensor_elems(table) != 256))
        return refuse(a, "the table is not a constant of 256 s8", "");
    if (a->n->op != ZI_OP_Lut && !a->q->caps->assume_int8)
        return refuse(a, "an activation that is not a table", "compile the model again");
    return copy_layer(a);
}

static bool resize_layer(answer *a)
{
    const zi_attr_resize *r = &a->n->attr.resize;
    zi_layer *l = a->layer;
    if (!copy_layer(a))
        return false;
    bool doubles =
        l->y.h == 2 * l->x.h && l->y.w == 2 * l->x.w && r->scale[0] == 2.0f && r->scale[1] == 2.0f;
    bool plain =
        r->mode == ZI_RESIZE_NEAREST &&
        ((r->coord == ZI_COORD_ASYMMETRIC && r->nearest == ZI_NEAREST_FLOOR) ||
         (r->coord == ZI_COORD_HALF_PIXEL && (r->nearest == ZI_NEAREST_ROUND_PREFER_FLOOR ||
                                              r->nearest == ZI_NEAREST_ROUND_PREFER_CEIL)));
    if (!doubles || !plain ||
        !zi_alike(zi_node_in(a->q->g, a->n, 0), zi_node_out(a->q->g, a->n, 0)))
        return refuse(a, "not a nearest-neighbour resize to exactly twice the size",
                      "use nearest with factor 2 (asymmetric and floor, or half_pixel)");
    if (!check_scattered(a, zi_node_out(a->q->g, a->n, 0)))
        return false;
    l->up2 = true;
    l->y.h = l->x.h; // the engine's results, each of which is written four times
    l->y.w = l->x.w;
    return true;
}

static bool concat_layer(answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *y = zi_node_out(g, a->n, 0);
    a->layer->kind = ZI_LAYER_CONCAT;
    if (!take_images(a))
        return false;
    if (a->n->attr.axis.axis != y->rank - 1 || y->rank != 4)
        return refuse(a, "concatenates another axis than the channels of pictures", "");
    for (uint32_t i = 0; i < a->n->n_in; i++) {
        const zi_tensor *x = zi_node_in(g, a->n, i);
        int8_t table[256];
        if (zi_tensor_is_const(x))
            return refuse(a, "an operand is a constant", "");
        if (i + 1 < a->n->n_in && x->dims[3] % 16)
            return refuse(a,
                          zi_arena_printf(a->q->arena,
                                          "operand %u has %d channels, not a multiple of 16",
                                          (unsigned)i, (int)x->dims[3]),
                          "use multiples of 16 channels where tensors are joined");
        if (!zi_alike(x, y) && !zi_rescale_table(x, y, table))
            return refuse(a, "the operands' scales are too far apart", "calibrate again");
    }
    return check_row(a, zi_blocks(a->layer->y.c), zi_blocks(a->layer->y.c));
}

/* A vector from a picture: FullyConnected reads it as a convolution with the picture's size. */
static bool reshape_layer(answer *a)
{
    const zi_graph *g = a->q->g;
    zi_layer *l = a->layer;
    l->kind = ZI_LAYER_VIEW;
    if (!take_images(a))
        return false;
    bool flat = zi_node_out(g, a->n, 0)->rank == 2 && l->y.n == l->x.n;
    bool same = l->x.n == l->y.n && l->x.h == l->y.h && l->x.w == l->y.w && l->x.c == l->y.c;
    if (!zi_alike(zi_node_in(g, a->n, 0), zi_node_out(g, a->n, 0)))
        return refuse(a, "input and output have different scales", "");
    if (same || (flat && (int64_t)l->x.h * l->x.w <= ZK_TAPS / 2))
        return true;
    return refuse(a, "channels move to other axes",
                  "flatten at most 128 pixels, before a fully connected layer");
}

bool zi_layer_from_node(const zi_layer_query *q, const zi_node *n, zi_layer *out,
                        const char **reason, const char **remedy)
{
    answer a = {.q = q, .n = n, .layer = out};
    *out = (zi_layer){
        .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .passes = 1};
    out->node = (zi_id)(n - q->g->nodes);
    bool ok = check_types(&a);
    if (ok) {
        switch (n->op) {
        case ZI_OP_Conv:
        case ZI_OP_ConvTranspose:
            ok = conv_layer(&a);
            break;
        case ZI_OP_FullyConnected:
            ok = fully_connected_layer(&a);
            break;
        case ZI_OP_MaxPool:
        case ZI_OP_AveragePool:
            ok = pool_layer(&a);
            break;
        case ZI_OP_ReduceMean:
            ok = reduce_layer(&a);
            break;
        case ZI_OP_Add:
            ok = add_layer(&a);
            break;
        case ZI_OP_Resize:
            ok = resize_layer(&a);
            break;
        case ZI_OP_Concat:
            ok = concat_layer(&a);
            break;
        case ZI_OP_Reshape:
            ok = reshape_layer(&a);
            break;
        default:
            ok = lut_layer(&a);
            break;
        }
    }
    *reason = a.reason;
    *remedy = a.remedy;
    return ok;
}
