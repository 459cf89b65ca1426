/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pools, resizes: operators with windows over height and width. */
#include "import/tflite/tflite.h"

#include <string.h>

#include "base/whole.h"

/* ---- windows ---- */

typedef struct window {
    int32_t kernel[2], stride[2], dilation[2], pad[4];
} window;

/* Output pixels of "same" padding are the input's by the stride, rounded up; what the windows lack
 * is padded, the odd one at the end. */
static zurt_status pad_window(zc_tfl *t, const zi_tensor *x, uint8_t padding, window *w)
{
    if (padding != ZC_TFL_SAME && padding != ZC_TFL_VALID)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "padding %d is neither SAME nor VALID", (int)padding);
    for (int d = 0; d < 2; d++) {
        const int64_t in = x->dims[1 + d];
        if (w->stride[d] < 1 || w->dilation[d] < 1 || w->kernel[d] < 1 ||
            w->kernel[d] > ZI_MAX_DIM || w->dilation[d] > ZI_MAX_DIM || w->stride[d] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_FORMAT, "a window, stride or dilation below 1");
        if (padding == ZC_TFL_VALID)
            continue;
        const int64_t out = zi_ceil_div64(in, w->stride[d]);
        const int64_t reach = (int64_t)(w->kernel[d] - 1) * w->dilation[d] + 1;
        const int64_t lack = (out - 1) * w->stride[d] + reach - in;
        if (lack > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_LIMIT, "the window is too large");
        w->pad[d] = (int32_t)(lack > 0 ? lack / 2 : 0);
        w->pad[2 + d] = (int32_t)(lack > 0 ? lack - lack / 2 : 0);
    }
    return ZURT_OK;
}

static zurt_status need_picture(zc_tfl *t, zi_id id)
{
    const int32_t rank = t->g->tensors[id].rank;
    if (rank == 4)
        return ZURT_OK;
    return zc_tfl_fail(t, ZURT_E_FORMAT,
                       "its input has %d axes, not batch, height, width, channels", (int)rank);
}

/* ---- convolutions ---- */

/* Weights of a depthwise convolution, [1,h,w,c], as a grouped one has them: [c,h,w,1]. */
static zurt_status depthwise_weights(zc_tfl *t, zi_id w, zi_id *out)
{
    const zi_tensor from = t->g->tensors[w];
    const size_t size = zurt_dtype_bytes(from.dtype);
    const int32_t dims[4] = {from.dims[3], from.dims[1], from.dims[2], 1};
    const size_t taps = (size_t)from.dims[1] * (size_t)from.dims[2], c = (size_t)from.dims[3];
    void *to;
    zurt_status st = zc_tfl_spend(t, zi_tensor_bytes(&from));
    if (!st)
        st = zi_graph_add_const(t->ctx, t->g, from.name, from.dtype, 4, dims, NULL, out, &to);
    for (size_t i = 0; !st && i < c; i++) {
        for (size_t k = 0; k < taps; k++)
            memcpy((char *)to + (i * taps + k) * size, (const char *)from.data + (k * c + i) * size,
                   size);
    }
    if (st || !from.quant.n)
        return st;
    if (from.quant.n > 1 && from.quant.axis != 3)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "its weights' scales are not of the channels");
    return zi_graph_set_quant(t->ctx, t->g, *out, from.quant.n, 0, from.quant.scale,
                              from.quant.zero_point);
}

/* A constant's real values: what quantise/ takes as weights. */
static zurt_status real_const(zc_tfl *t, zi_id id, zi_id *out)
{
    const zi_tensor *x = &t->g->tensors[id];
    *out = id;
    if (x->dtype == ZURT_F32)
        return ZURT_OK;
    if (!zi_tensor_is_quantised(x))
        return zc_tfl_fail(t, ZURT_E_FORMAT, "integer weights or bias without a scale");
    return zc_tfl_emit(t, ZI_OP_Dequantize, NULL, &id, 1, out, NULL);
}

/* Weights and bias; *n of them. */
static zurt_status weights(zc_tfl *t, zi_id w, uint32_t bias, zi_id *in, uint32_t *n)
{
    zurt_status st = real_const(t, w, &in[1]);
    *n = 2;
    if (st || !zc_tfl_has(t, bias))
        return st;
    zi_id b;
    st = zc_tfl_raw(t, bias, &b);
    if (!st)
        st = real_const(t, b, &in[2]);
    *n = 3;
    return st;
}

static zurt_status need_weights(zc_tfl *t, uint32_t i, int32_t rank, zi_id *w)
{
    zurt_status st = zc_tfl_raw(t, i, w);
    if (st)
        return st;
    const zi_tensor *x = &t->g->tensors[*w];
    if (!zi_tensor_is_const(x))
        return zc_tfl_fail(t, ZURT_E_UNSUPPORTED,
                           "its weights are computed; they must be constant");
    if (x->rank != rank)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "its weights have %d axes, not %d", (int)x->rank,
                           (int)rank);
    return ZURT_OK;
}

/* The picture, input 0 as real values, and weights of 4 axes, input 1. */
static zurt_status operands(zc_tfl *t, zi_id *x, zi_id *w)
{
    zurt_status st = need_weights(t, 1, 4, w);
    if (!st)
        st = zc_tfl_real(t, 0, x);
    return st ? st : need_picture(t, *x);
}

static zurt_status convolve(zc_tfl *t, zi_id input, zi_id w, int32_t groups, window win,
                            uint8_t act)
{
    zi_id in[3] = {input}, out;
    uint32_t n;
    zi_node *node;
    win.kernel[0] = t->g->tensors[w].dims[1];
    win.kernel[1] = t->g->tensors[w].dims[2];
    const zi_tensor x = t->g->tensors[input];
    zurt_status st =
        pad_window(t, &x, zc_fb_u8(&t->fb, t->options, ZC_CONV_PADDING, ZC_TFL_SAME), &win);
    if (!st)
        st = weights(t, w, 2, in, &n);
    if (st)
        return st;
    const zi_attr attr = {.conv = {.stride = {win.stride[0], win.stride[1]},
                                   .dilation = {win.dilation[0], win.dilation[1]},
                                   .pad = {win.pad[0], win.pad[1], win.pad[2], win.pad[3]},
                                   .groups = groups ? groups : 1}};
    st = zc_tfl_emit(t, ZI_OP_Conv, &attr, in, n, &out, &node);
    if (!st)
        st = zc_tfl_activate(t, act, node, &out);
    return st ? st : zc_tfl_define(t, 0, out);
}

static window strides(zc_tfl *t)
{
    return (window){.stride = {zc_fb_i32(&t->fb, t->options, ZC_CONV_STRIDE_H, 0),
                               zc_fb_i32(&t->fb, t->options, ZC_CONV_STRIDE_W, 0)},
                    .dilation = {1, 1}};
}

zurt_status zc_tfl_conv(zc_tfl *t)
{
    zi_id w, x;
    window win = strides(t);
    win.dilation[0] = zc_fb_i32(&t->fb, t->options, ZC_CONV_DILATION_H, 1);
    win.dilation[1] = zc_fb_i32(&t->fb, t->options, ZC_CONV_DILATION_W, 1);
    zurt_status st = operands(t, &x, &w);
    if (st)
        return st;
    // Groups are told by the weights' depth alone.
    const int32_t depth = t->g->tensors[w].dims[3], c = t->g->tensors[x].dims[3];
    if (depth < 1 || c % depth)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "weights of depth %d for %d channels", (int)depth,
                           (int)c);
    return convolve(t, x, w, c / depth, win, zc_fb_u8(&t->fb, t->options, ZC_CONV_ACT, 0));
}

zurt_status zc_tfl_depthwise(zc_tfl *t)
{
    zi_id w, x, turned;
    window win = strides(t);
    win.dilation[0] = zc_fb_i32(&t->fb, t->options, ZC_DEPTHWISE_DILATION_H, 1);
    win.dilation[1] = zc_fb_i32(&t->fb, t->options, ZC_DEPTHWISE_DILATION_W, 1);
    zurt_status st = operands(t, &x, &w);
    if (!st && t->g->tensors[w].dims[0] != 1)
        st = zc_tfl_fail(t, ZURT_E_FORMAT, "weights of %d sets, not one",
                         (int)t->g->tensors[w].dims[0]);
    if (!st)
        st = depthwise_weights(t, w, &turned);
    return st ? st
              : convolve(t, x, turned, t->g->tensors[x].dims[3], win,
                         zc_fb_u8(&t->fb, t->options, ZC_DEPTHWISE_ACT, 0));
}

/* The file states the output's size: what "same" padding takes off follows from it. */
zurt_status zc_tfl_transpose_conv(zc_tfl *t)
{
    enum { SHAPE = 0, WEIGHTS = 1, X = 2, BIAS = 3 };
    zi_id w, in[3], out;
    uint32_t n;
    zi_node *node;
    window win = strides(t);
    int32_t rank, dims[ZURT_MAX_RANK];
    zurt_status st = need_weights(t, WEIGHTS, 4, &w);
    if (!st)
        st = zc_tfl_real(t, X, &in[0]);
    if (!st)
        st = need_picture(t, in[0]);
    if (!st)
        st = weights(t, w, BIAS, in, &n);
    if (!st)
        st = zc_tfl_out_dims(t, 0, 0, &rank, dims);
    if (st)
        return st;
    const uint8_t padding = zc_fb_u8(&t->fb, t->options, ZC_CONV_PADDING, ZC_TFL_SAME);
    const zi_tensor *x = &t->g->tensors[in[0]], *k = &t->g->tensors[w];
    if (rank != 4)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "its output has %d axes", (int)rank);
    zi_attr attr = {.conv = {.dilation = {1, 1}, .groups = 1}};
    for (int d = 0; d < 2; d++) {
        const int64_t full = (int64_t)(x->dims[1 + d] - 1) * win.stride[d] + k->dims[1 + d];
        const int64_t more = full - dims[1 + d];
        if (win.stride[d] < 1 || win.stride[d] > ZI_MAX_DIM || more >= k->dims[1 + d] ||
            more <= -win.stride[d])
            return zc_tfl_fail(t, ZURT_E_FORMAT, "its output is %d pixels, the windows make %lld",
                               (int)dims[1 + d], (long long)full);
        const int32_t off = padding == ZC_TFL_SAME && more > 0 ? (int32_t)more : 0;
        attr.conv.stride[d] = win.stride[d];
        attr.conv.pad[d] = off / 2;
        attr.conv.pad[2 + d] = off - off / 2;
        attr.conv.out_pad[d] = (int32_t)(more < 0 ? -more : 0);
    }
    st = zc_tfl_emit(t, ZI_OP_ConvTranspose, &attr, in, n, &out, &node);
    if (!st)
        st = zc_tfl_activate(t, zc_fb_u8(&t->fb, t->options, ZC_TRANSPOSE_CONV_ACT, 0), node, &out);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_fully_connected(zc_tfl *t)
{
    zi_id w, in[3], out;
    uint32_t n;
    zi_node *node;
    zurt_status st = need_weights(t, 1, 2, &w);
    if (!st)
        st = zc_tfl_real(t, 0, &in[0]);
    if (!st && zc_fb_u8(&t->fb, t->options, ZC_FC_FORMAT, 0) != 0)
        st = zc_tfl_fail(t, ZURT_E_UNSUPPORTED, "shuffled weights; convert with plain ones");
    if (!st)
        st = weights(t, w, 2, in, &n);
    if (st)
        return st;
    const zi_tensor x = t->g->tensors[in[0]];
    const int32_t depth = t->g->tensors[w].dims[1];
    const size_t elems = zi_tensor_elems(&x);
    const bool keep = zc_fb_u8(&t->fb, t->options, ZC_FC_KEEP_DIMS, 0);
    if (depth < 1 || elems % (size_t)depth)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "weights of depth %d for %zu values", (int)depth,
                           elems);
    if (!keep && (x.rank != 2 || x.dims[1] != depth)) {
        const zi_attr flat = {.shape = {2, {(int32_t)(elems / (size_t)depth), depth}}};
        st = zc_tfl_emit(t, ZI_OP_Reshape, &flat, &in[0], 1, &in[0], NULL);
    }
    if (!st)
        st = zc_tfl_emit(t, ZI_OP_FullyConnected, NULL, in, n, &out, &node);
    if (!st)
        st = zc_tfl_activate(t, zc_fb_u8(&t->fb, t->options, ZC_FC_ACT, 0), node, &out);
    return st ? st : zc_tfl_define(t, 0, out);
}

/* ---- pools and resizes ---- */

zurt_status zc_tfl_pool(zc_tfl *t)
{
    zi_id in, out;
    zi_node *node;
    window win = strides(t);
    win.kernel[0] = zc_fb_i32(&t->fb, t->options, ZC_POOL_HEIGHT, 0);
    win.kernel[1] = zc_fb_i32(&t->fb, t->options, ZC_POOL_WIDTH, 0);
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = need_picture(t, in);
    if (st)
        return st;
    const zi_tensor x = t->g->tensors[in];
    st = pad_window(t, &x, zc_fb_u8(&t->fb, t->options, ZC_CONV_PADDING, ZC_TFL_SAME), &win);
    if (st)
        return st;
    const zi_attr attr = {.pool = {.kernel = {win.kernel[0], win.kernel[1]},
                                   .stride = {win.stride[0], win.stride[1]},
                                   .dilation = {1, 1},
                                   .pad = {win.pad[0], win.pad[1], win.pad[2], win.pad[3]}}};
    st = zc_tfl_emit(t, t->row->op, &attr, &in, 1, &out, &node);
    if (!st)
        st = zc_tfl_activate(t, zc_fb_u8(&t->fb, t->options, ZC_POOL_ACT, 0), node, &out);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_resize(zc_tfl *t)
{
    const bool linear = t->row->code == ZC_TFL_RESIZE_BILINEAR;
    const bool align =
        zc_fb_u8(&t->fb, t->options, linear ? ZC_BILINEAR_ALIGN : ZC_NEAREST_ALIGN, 0);
    const bool half = zc_fb_u8(&t->fb, t->options, linear ? ZC_BILINEAR_HALF : ZC_NEAREST_HALF, 0);
    zi_id in, out;
    int64_t size[2];
    size_t n;
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = need_picture(t, in);
    if (!st)
        st = zc_tfl_ints(t, 1, 2, size, &n);
    if (st)
        return st;
    const zi_tensor *x = &t->g->tensors[in];
    if (n != 2 || size[0] < 1 || size[1] < 1 || size[0] > ZI_MAX_DIM || size[1] > ZI_MAX_DIM ||
        x->dims[1] < 1 || x->dims[2] < 1)
        return zc_tfl_fail(t, ZURT_E_FORMAT, "the new size is not a height and a width");
    const zi_attr attr = {
        .resize = {
            .out = {(int32_t)size[0], (int32_t)size[1]},
            .scale = {(float)size[0] / (float)x->dims[1], (float)size[1] / (float)x->dims[2]},
            .mode = linear ? ZI_RESIZE_LINEAR : ZI_RESIZE_NEAREST,
            .coord = align  ? ZI_COORD_ALIGN_CORNERS
                     : half ? ZI_COORD_HALF_PIXEL
                            : ZI_COORD_ASYMMETRIC,
            .nearest = align || half ? ZI_NEAREST_ROUND_PREFER_CEIL : ZI_NEAREST_FLOOR,
            .cubic_coeff = -0.75f}};
    st = zc_tfl_emit(t, ZI_OP_Resize, &attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

zurt_status zc_tfl_blocks(zc_tfl *t)
{
    zi_id in, out;
    zurt_status st = zc_tfl_real(t, 0, &in);
    if (!st)
        st = need_picture(t, in);
    if (st)
        return st;
    const zi_attr attr = {.axis = {.axis = zc_fb_i32(&t->fb, t->options, ZC_BLOCK_SIZE, 0)}};
    st = zc_tfl_emit(t, t->row->op, &attr, &in, 1, &out, NULL);
    return st ? st : zc_tfl_define(t, 0, out);
}

/* ---- batch and space: how converters write a dilated convolution ---- */

/* The picture as the file has it; two blocks and four borders, from inputs 1 and 2, for height and
 * width. */
static zurt_status blocks_of(zc_tfl *t, zi_id *x, int64_t block[2], int64_t border[4])
{
    size_t n, m;
    zurt_status st = zc_tfl_raw(t, 0, x);
    if (!st)
        st = need_picture(t, *x);
    if (!st)
        st = zc_tfl_ints(t, 1, 2, block, &n);
    if (!st)
        st = zc_tfl_ints(t, 2, 4, border, &m);
    if (st)
        return st;
    if (n != 2 || m != 4)
        return zc_tfl_fail(t, ZURT_E_UNSUPPORTED, "blocks of other axes than height and width");
    for (int i = 0; i < 2; i++) {
        if (block[i] < 1 || block[i] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_FORMAT, "a block of %lld", (long long)block[i]);
    }
    for (int i = 0; i < 4; i++) {
        if (border[i] < 0 || border[i] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_FORMAT, "a border of %lld", (long long)border[i]);
    }
    return ZURT_OK;
}

static zurt_status reshape(zc_tfl *t, zi_id *id, int32_t rank, const int64_t *dims)
{
    zi_attr attr = {.shape.rank = rank};
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] > ZI_MAX_DIM)
            return zc_tfl_fail(t, ZURT_E_LIMIT, "a dim of %lld", (long long)dims[i]);
        attr.shape.dims[i] = (int32_t)dims[i];
    }
    return zc_tfl_emit(t, ZI_OP_Reshape, &attr, id, 1, id, NULL);
}

static zurt_status permute(zc_tfl *t, zi_id *id, const int32_t perm[6])
{
    zi_attr attr = {0};
    memcpy(attr.perm.perm, perm, 6 * sizeof(*perm));
    return zc_tfl_emit(t, ZI_OP_Transpose, &attr, id, 1, id, NULL);
}

zurt_status zc_tfl_space_to_batch(zc_tfl *t)
{
    int64_t block[2], border[4];
    zi_id id;
    zurt_status st = blocks_of(t, &id, block, border);
    if (st)
        return st;
    const zi_attr pad = {.pad = {.before = {0, (int32_t)border[0], (int32_t)border[2], 0},
                                 .after = {0, (int32_t)border[1], (int32_t)border[3], 0}}};
    st = zc_tfl_emit(t, ZI_OP_Pad, &pad, &id, 1, &id, NULL);
    if (st)
        return st;
    const zi_tensor x = t->g->tensors[id];
    const int64_t n = x.dims[0], h = x.dims[1] / block[0], w = x.dims[2] / block[1];
    if (h * block[0] != x.dims[1] || w * block[1] != x.dims[2])
        return zc_tfl_fail(t, ZURT_E_FORMAT, "the padded picture is not whole blocks");
    st = reshape(t, &id, 6, (int64_t[]){n, h, block[0], w, block[1], x.dims[3]});
    if (!st)
        st = permute(t, &id, (int32_t[]){2, 4, 0, 1, 3, 5});
    if (!st)
        st = reshape(t, &id, 4, (int64_t[]){n * block[0] * block[1], h, w, x.dims[3]});
    return st ? st : zc_tfl_define(t, 0, id);
}

zurt_status zc_tfl_batch_to_space(zc_tfl *t)
{
    int64_t block[2], crop[4];
    zi_id id;
    zurt_status st = blocks_of(t, &id, block, crop);
    if (st)
        return st;
    const zi_tensor x = t->g->tensors[id];
    const int64_t n = x.dims[0] / (block[0] * block[1]), h = x.dims[1], w = x.dims[2];
    if (n * block[0] * block[1] != x.dims[0])
        return zc_tfl_fail(t, ZURT_E_FORMAT, "the batch is not whole blocks");
    st = reshape(t, &id, 6, (int64_t[]){block[0], block[1], n, h, w, x.dims[3]});
    if (!st)
        st = permute(t, &id, (int32_t[]){2, 3, 0, 4, 1, 5});
    if (!st)
        st = reshape(t, &id, 4, (int64_t[]){n, h * block[0], w * block[1], x.dims[3]});
    const zi_attr cut = {.pad = {.before = {0, (int32_t)-crop[0], (int32_t)-crop[2], 0},
                                 .after = {0, (int32_t)-crop[1], (int32_t)-crop[3], 0}}};
    if (!st)
        st = zc_tfl_emit(t, ZI_OP_Pad, &cut, &id, 1, &id, NULL);
    return st ? st : zc_tfl_define(t, 0, id);
}
