/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of convolutions for tests and benchmarks. */
#include "layers.h"

#define NAIVE_MACS 150000

/* Output size of one axis, or 0 if these numbers give none. */
static int32_t out_size(int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int64_t pads,
                        int64_t extra, bool transposed)
{
    const int64_t window = (int64_t)dilation * (kernel - 1) + 1;
    if (transposed) {
        const int64_t out = (int64_t)stride * (in - 1) + window - pads + extra;
        return out < 1 ? 0 : (int32_t)out;
    }
    const int64_t room = in + pads - window;
    return room < 0 ? 0 : (int32_t)(room / stride + 1);
}

static void random_channels(kern_rng *r, zk_conv_shape *s)
{
    const int64_t limit = kern_chance(r, 3) ? 1100 : kern_chance(r, 50) ? 70 : 17;
    s->groups = kern_chance(r, 70) ? 1 : (int32_t)kern_int(r, 2, 8);
    s->in_c = s->groups * (int32_t)kern_int(r, 1, (limit + s->groups - 1) / s->groups);
    s->out_c = s->groups * (int32_t)kern_int(r, 1, (limit + s->groups - 1) / s->groups);
}

/* A window of `size` both ways that moves by one pixel; of no size: anything. */
static void random_taps(kern_rng *r, int32_t size, zk_conv_shape *s)
{
    s->kernel_h = size ? size : (int32_t)kern_int(r, 1, kern_chance(r, 20) ? 13 : 4);
    s->kernel_w = size ? size : (int32_t)kern_int(r, 1, kern_chance(r, 20) ? 13 : 4);
    s->stride_h = size ? 1 : (int32_t)kern_int(r, 1, 4);
    s->stride_w = size ? 1 : (int32_t)kern_int(r, 1, 4);
    s->dilation_h = size == 3 || kern_chance(r, 70) ? 1 : (int32_t)kern_int(r, 2, 4);
    s->dilation_w = size == 3 || kern_chance(r, 70) ? 1 : (int32_t)kern_int(r, 2, 4);
}

/* Everything but channels; false if the numbers do not fit together. */
static bool random_window(kern_rng *r, zk_conv_shape *s)
{
    const bool pointwise = kern_chance(r, 20), dense = !pointwise && kern_chance(r, 40);
    const int64_t size = dense && kern_chance(r, 30) ? 28 : 12;
    s->batch = kern_chance(r, 80) ? 1 : (int32_t)kern_int(r, 2, 3);
    s->in_h = (int32_t)kern_int(r, 1, size);
    s->in_w = (int32_t)kern_int(r, 1, kern_chance(r, 5) ? 300 : size);
    random_taps(r, pointwise ? 1 : dense ? 3 : 0, s);
    const int64_t pad_h = kern_int(r, 0, s->kernel_h), pad_w = kern_int(r, 0, s->kernel_w);
    s->pad_top = pointwise ? 0 : (int32_t)kern_int(r, 0, pad_h);
    s->pad_left = pointwise ? 0 : (int32_t)kern_int(r, 0, pad_w);
    const int64_t bottom = pointwise ? 0 : kern_int(r, 0, pad_h);
    const int64_t right = pointwise ? 0 : kern_int(r, 0, pad_w);
    s->out_h = out_size(s->in_h, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top + bottom,
                        kern_int(r, 0, 1), s->transposed);
    s->out_w = out_size(s->in_w, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left + right,
                        kern_int(r, 0, 1), s->transposed);
    return s->out_h && s->out_w && zk_conv_pixels(s) * s->out_c * zk_conv_patch(s) <= NAIVE_MACS;
}

/* A 3x3 at stride 1 of as many pixels and channels as it takes until Winograd's form pays on every
 * processor. */
static zk_conv_shape large_conv(kern_rng *r)
{
    zk_conv_shape s = {
        .batch = 1,
        .in_h = (int32_t)kern_int(r, 8, 16),
        .in_w = (int32_t)kern_int(r, 12, 16),
        .in_c = (int32_t)kern_int(r, 64, 80),
        .out_c = (int32_t)kern_int(r, 64, 80),
        .kernel_h = 3,
        .kernel_w = 3,
        .stride_h = 1,
        .stride_w = 1,
        .dilation_h = 1,
        .dilation_w = 1,
        .pad_top = 1,
        .pad_left = 1,
        .groups = 1,
    };
    s.out_h = s.in_h;
    s.out_w = s.in_w;
    return s;
}

zk_conv_shape random_conv(kern_rng *r)
{
    zk_conv_shape s = {0};
    if (kern_chance(r, 1))
        return large_conv(r);
    do {
        s.transposed = kern_chance(r, 15);
        random_channels(r, &s);
    } while (!random_window(r, &s));
    return s;
}

zk_conv_shape random_depthwise(kern_rng *r)
{
    zk_conv_shape s = {0};
    do {
        s.groups = (int32_t)kern_int(r, 1, kern_chance(r, 5) ? 1100 : kern_chance(r, 30) ? 8 : 70);
        s.in_c = s.groups;
        s.out_c = s.groups;
    } while (!random_window(r, &s));
    return s;
}

void describe_conv(const char *op, const zk_conv_shape *s)
{
    kern_describe("%s%s %dx%dx%dx%d -> %dx%dx%d, kernel %dx%d, stride %dx%d, dilation %dx%d, "
                  "pad %d,%d, groups %d",
                  op, s->transposed ? " transposed" : "", s->batch, s->in_h, s->in_w, s->in_c,
                  s->out_h, s->out_w, s->out_c, s->kernel_h, s->kernel_w, s->stride_h, s->stride_w,
                  s->dilation_h, s->dilation_w, s->pad_top, s->pad_left, s->groups);
}

void random_part(kern_rng *r, int64_t *begin, int64_t *end)
{
    if (kern_chance(r, 40)) {
        *begin = kern_int(r, 0, *end);
        *end = kern_int(r, *begin, *end);
    }
}

#define CONV(in, ic, out, oc, kernel, stride_, pad, groups_)                                       \
    {                                                                                              \
        .batch = 1, .in_h = (in), .in_w = (in), .in_c = (ic), .out_h = (out), .out_w = (out),      \
        .out_c = (oc), .kernel_h = (kernel), .kernel_w = (kernel), .stride_h = (stride_),          \
        .stride_w = (stride_), .dilation_h = 1, .dilation_w = 1, .pad_top = (pad),                 \
        .pad_left = (pad), .groups = (groups_)                                                     \
    }

const kern_layer dense_layers[N_DENSE_LAYERS] = {
    {.name = "3x3/2 224x3 -> 112x32", .conv = CONV(224, 3, 112, 32, 3, 2, 1, 1)},
    {.name = "1x1 112x16 -> 96", .conv = CONV(112, 16, 112, 96, 1, 1, 0, 1)},
    {.name = "1x1 56x144 -> 24", .conv = CONV(56, 144, 56, 24, 1, 1, 0, 1)},
    {.name = "1x1 28x32 -> 192", .conv = CONV(28, 32, 28, 192, 1, 1, 0, 1)},
    {.name = "1x1 14x384 -> 64", .conv = CONV(14, 384, 14, 64, 1, 1, 0, 1)},
    {.name = "1x1 14x96 -> 576", .conv = CONV(14, 96, 14, 576, 1, 1, 0, 1)},
    {.name = "1x1 7x960 -> 320", .conv = CONV(7, 960, 7, 320, 1, 1, 0, 1)},
    {.name = "1x1 7x320 -> 1280", .conv = CONV(7, 320, 7, 1280, 1, 1, 0, 1)},
    {.name = "fully connected 1280 -> 1000", .conv = CONV(1, 1280, 1, 1000, 1, 1, 0, 1)},
    {.name = "3x3 28x128 -> 128", .conv = CONV(28, 128, 28, 128, 3, 1, 1, 1)},
};

const kern_layer depthwise_layers[N_DEPTHWISE_LAYERS] = {
    {.name = "3x3 112x32", .conv = CONV(112, 32, 112, 32, 3, 1, 1, 32)},
    {.name = "3x3/2 112x96", .conv = CONV(112, 96, 56, 96, 3, 2, 1, 96)},
    {.name = "3x3 56x144", .conv = CONV(56, 144, 56, 144, 3, 1, 1, 144)},
    {.name = "3x3 14x384", .conv = CONV(14, 384, 14, 384, 3, 1, 1, 384)},
    {.name = "3x3 7x960", .conv = CONV(7, 960, 7, 960, 3, 1, 1, 960)},
};
