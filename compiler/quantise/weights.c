/* SPDX-License-Identifier: Apache-2.0 */
/* Weights as s8, one scale a channel, and biases corrected for their rounding. */
#include "quantise/weights.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/** Half of the accumulator's range for the bias, half for the products. */
#define HALF_RANGE 1073741824.0

/** Smallest weight scale: below, 1 / scale and products with it lose their precision. */
#define MIN_SCALE 1e-30

typedef struct layer {
    const float *w;
    const float *bias; /* NULL: none */
    int32_t n_out;     /* output channels */
    size_t row;        /* weights of one of them */
    double s_x;
} layer;

static layer layer_of(const zi_graph *g, const zi_node *n, zc_qparam x)
{
    const zi_tensor *w = &g->tensors[n->in[1]];
    bool has_bias = n->n_in > 2 && n->in[2] != ZI_NONE;
    size_t elems = zi_tensor_elems(w);
    return (layer){.w = w->data,
                   .bias = has_bias ? g->tensors[n->in[2]].data : NULL,
                   .n_out = w->dims[0],
                   .row = w->dims[0] > 0 ? elems / (size_t)w->dims[0] : 0,
                   .s_x = (double)x.scale};
}

/** The smallest scale that holds channel c. */
static double channel_scale(const layer *l, int32_t c)
{
    const float *w = l->w + (size_t)c * l->row;
    double largest = 0.0, sum = 0.0;
    for (size_t i = 0; i < l->row; i++) {
        double a = fabs((double)w[i]);
        largest = fmax(largest, a);
        sum += a;
    }
    double scale = fmax(largest / 127.0, sum * 255.0 / HALF_RANGE);
    if (l->bias)
        scale = fmax(scale, fabs((double)l->bias[c]) / (l->s_x * HALF_RANGE));
    return fmax(scale, MIN_SCALE);
}

/** One scale per channel; a channel of zeros takes the largest scale of the others. */
static void scales_of(const layer *l, bool per_tensor, float *scale)
{
    double largest = 0.0;
    for (int32_t c = 0; c < l->n_out; c++) {
        scale[c] = (float)channel_scale(l, c);
        largest = fmax(largest, (double)scale[c]);
    }
    if (largest <= MIN_SCALE)
        largest = 1.0;
    for (int32_t c = 0; c < l->n_out; c++) {
        if (per_tensor || (double)scale[c] <= MIN_SCALE)
            scale[c] = (float)largest;
    }
}

static void round_weights(const layer *l, const float *scale, int8_t *q)
{
    for (int32_t c = 0; c < l->n_out; c++) {
        for (size_t i = 0; i < l->row; i++) {
            size_t at = (size_t)c * l->row + i;
            double v = rint((double)l->w[at] / (double)scale[c]);
            q[at] = (int8_t)(v < -127.0 ? -127.0 : v > 127.0 ? 127.0 : v);
        }
    }
}

/** Share of output positions along one axis whose tap `k` lies inside the input. */
static double coverage(int32_t k, int32_t n_in, int32_t n_out, int32_t stride, int32_t dilation,
                       int32_t pad)
{
    int32_t inside = 0;
    for (int32_t o = 0; o < n_out; o++) {
        int64_t i = (int64_t)o * stride - pad + (int64_t)k * dilation;
        inside += i >= 0 && i < n_in;
    }
    return n_out ? (double)inside / n_out : 0.0;
}

/** Mean of the output error of channel c: rounding error of each weight times the mean it meets. */
static double mean_error(const zi_graph *g, const zi_node *n, const layer *l, const int8_t *q,
                         const float *scale, const zc_channel_sum *x, int32_t c)
{
    const zi_tensor *w = &g->tensors[n->in[1]];
    const zi_tensor *in = &g->tensors[n->in[0]], *out = &g->tensors[n->out[0]];
    bool is_conv = n->op == ZI_OP_Conv;
    int32_t kh = is_conv ? w->dims[1] : 1, kw = is_conv ? w->dims[2] : 1;
    int32_t depth = w->dims[w->rank - 1];
    const zi_attr_conv *a = &n->attr.conv;
    int32_t first = is_conv ? c / (l->n_out / a->groups) * depth : 0;
    double sum = 0.0;
    size_t at = (size_t)c * l->row;
    for (int32_t y = 0; y < kh; y++) {
        for (int32_t z = 0; z < kw; z++) {
            double share = is_conv ? coverage(y, in->dims[1], out->dims[1], a->stride[0],
                                              a->dilation[0], a->pad[0]) *
                                         coverage(z, in->dims[2], out->dims[2], a->stride[1],
                                                  a->dilation[1], a->pad[1])
                                   : 1.0;
            for (int32_t i = 0; i < depth; i++, at++) {
                double e = (double)q[at] * (double)scale[c] - (double)l->w[at];
                sum += share * e * x->sum[first + i] / (double)x->n_values;
            }
        }
    }
    return sum;
}

static zurt_status correct_bias(zurt_ctx *ctx, zi_graph *g, const zi_node *n, const layer *l,
                                const int8_t *q, const float *scale, const zc_channel_sum *x,
                                zi_id *bias)
{
    void *data;
    zurt_status st = zi_graph_add_const(ctx, g, n->name, ZURT_F32, 1, &l->n_out, NULL, bias, &data);
    float *b = data;
    for (int32_t c = 0; !st && c < l->n_out; c++) {
        double error = mean_error(g, n, l, q, scale, x, c);
        b[c] = (float)((l->bias ? (double)l->bias[c] : 0.0) - error);
    }
    return st;
}

zurt_status zc_weights_quantise(zurt_ctx *ctx, zi_graph *g, const zi_node *n, zc_qparam x,
                                const zc_channel_sum *channels, bool per_tensor, zi_id *w,
                                zi_id *bias)
{
    const zi_tensor from = g->tensors[n->in[1]];
    layer l = layer_of(g, n, x);
    void *data;
    zurt_status st =
        zi_graph_add_const(ctx, g, from.name, ZURT_S8, from.rank, from.dims, NULL, w, &data);
    if (st)
        return st;
    size_t channels_n = l.n_out > 0 ? (size_t)l.n_out : 1;
    float *scale = zi_calloc(&ctx->allocator, channels_n, sizeof(*scale));
    int32_t *zero = zi_calloc(&ctx->allocator, channels_n, sizeof(*zero));
    if (scale && zero) {
        scales_of(&l, per_tensor, scale);
        round_weights(&l, scale, data);
        st = zi_graph_set_quant(ctx, g, *w, per_tensor ? 1u : (uint32_t)channels_n, 0, scale, zero);
        *bias = n->n_in > 2 ? n->in[2] : ZI_NONE;
        if (!st && channels && channels->n_values && n->op != ZI_OP_ConvTranspose)
            st = correct_bias(ctx, g, n, &l, data, scale, channels, bias);
    } else {
        st = zi_fail(ctx, ZURT_E_NOMEM, "weights of '%s': out of memory", n->name);
    }
    zi_free(&ctx->allocator, scale);
    zi_free(&ctx->allocator, zero);
    return st;
}
