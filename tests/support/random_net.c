/* SPDX-License-Identifier: Apache-2.0 */
/* Draws int8 networks near what the engine computes. */
#include "support/random_net.h"

#include <math.h>
#include <stdio.h>

#include "support/net_builder.h"

/** Beyond this many pixels a side pictures are no smaller, and networks begin with their front. */
enum { WIDE = 64 };

static zi_id any(zt_net *b)
{
    return b->tensors[b->n - 1 - (zt_one_in(b->source, 3) ? zt_pick(b->source, b->n) : 0)];
}

static int32_t any_zero(zt_net *b)
{
    static const int32_t zeros[] = {0, -128, 127, 5, -17};
    return zeros[zt_pick(b->source, 5)];
}

/* A convolution of `x` to `out` channels with random weights. */
static void append_conv(zt_net *b, zi_op op, zi_id x, int32_t out, const int32_t k[2],
                        const zi_attr *attr)
{
    zt_source *s = b->source;
    int32_t depth = zt_net_picture(b, x)->dims[3] / attr->conv.groups;
    int32_t w_dims[4] = {out, k[0], k[1], depth};
    bool offset = zt_one_in(s, 6); // biases so large that the weights change little
    zi_id in[3] = {x, zt_net_constant(b, ZURT_S8, 4, w_dims, 8),
                   zt_net_constant(b, ZURT_S32, 1, &out, offset ? 30 : 14)};
    if (b->failed)
        return;
    zt_net_set_quant(b, in[1], 0.01f, zt_one_in(s, 5) ? zt_pick_range(s, -128, 127) : 0);
    float taps = (float)(k[0] * k[1] * depth);
    float scale = zt_net_picture(b, x)->quant.scale[0] * 0.01f * 60.0f * sqrtf(taps);
    if (offset)
        scale = zt_net_picture(b, x)->quant.scale[0] * 0.01f * (float)(1 << 22);
    else if (zt_one_in(s, 8))
        scale /= zt_one_in(s, 2) ? 200.0f : 1000.0f;
    zt_net_append(b, op, attr, in, 3, scale, any_zero(b));
}

static void add_conv(zt_net *b, bool transposed)
{
    zt_source *s = b->source;
    zi_id x = any(b);
    int32_t c = zt_net_picture(b, x)->dims[3], groups = 1;
    int32_t k[2] = {zt_pick_range(s, 1, 5), zt_pick_range(s, 1, 5)};
    int32_t out = zt_one_in(s, 4) ? zt_pick_range(s, 17, 70) : zt_pick_range(s, 1, 40);
    if (!transposed && zt_one_in(s, 3))
        out = groups = c;
    else if (!transposed && c % 2 == 0 && zt_one_in(s, 6))
        out = (out + 1) / 2 * (groups = 2);
    int32_t stride = zt_pick_range(s, 1, zt_one_in(s, 4) ? 4 : 2);
    zi_attr attr = {.conv = {.stride = {zt_pick_range(s, 1, 2), stride},
                             .dilation = {1, zt_one_in(s, 6) ? 2 : 1},
                             .pad = {zt_pick_range(s, 0, k[0] - 1), zt_pick_range(s, 0, k[1] - 1),
                                     k[0] / 2, k[1] / 2},
                             .groups = groups}};
    if (zt_one_in(s, 2))
        attr.conv.stride[0] = stride;
    append_conv(b, transposed ? ZI_OP_ConvTranspose : ZI_OP_Conv, x, out, k, &attr);
}

static const zi_attr halving = {.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};

static void add_pool(zt_net *b, bool max)
{
    zt_source *s = b->source;
    zi_id x = any(b);
    int32_t k = zt_pick_range(s, 1, 4);
    zi_attr attr = {.pool = {.kernel = {k, zt_one_in(s, 3) ? 1 : k},
                             .stride = {zt_pick_range(s, 1, 2), zt_pick_range(s, 1, 2)},
                             .dilation = {1, 1},
                             .count_include_pad = zt_one_in(s, 2),
                             .ties_up = !max && zt_one_in(s, 2)}};
    if (zt_one_in(s, 2)) // the one that joins the layer before
        attr = halving;
    else if (attr.pool.kernel[1] > 1 && zt_one_in(s, 2))
        attr.pool.pad[0] = attr.pool.pad[1] = attr.pool.pad[2] = attr.pool.pad[3] = 1;
    float scale = zt_net_picture(b, x)->quant.scale[0];
    bool other = !max && zt_one_in(s, 3);
    zt_net_append(b, max ? ZI_OP_MaxPool : ZI_OP_AveragePool, &attr, &x, 1,
                  other ? scale * 0.7f : scale,
                  other ? any_zero(b) : zt_net_picture(b, x)->quant.zero_point[0]);
}

static void add_sum(zt_net *b)
{
    zi_id in[2] = {any(b), ZI_NONE};
    for (uint32_t i = 0; i < b->n; i++) {
        bool same =
            zi_tensor_same_shape(zt_net_picture(b, b->tensors[i]), zt_net_picture(b, in[0]));
        if (same && (in[1] == ZI_NONE || zt_one_in(b->source, 2)))
            in[1] = b->tensors[i];
    }
    float scale =
        zt_net_picture(b, in[0])->quant.scale[0] + zt_net_picture(b, in[1])->quant.scale[0];
    if (zt_one_in(b->source, 2)) {
        zi_id swap = in[0];
        in[0] = in[1];
        in[1] = swap;
    }
    zt_net_append(b, ZI_OP_Add, NULL, in, 2, scale * 0.8f, any_zero(b));
}

static void add_table(zt_net *b)
{
    int32_t n = 256;
    zi_id in[2] = {any(b), zt_net_constant(b, ZURT_S8, 1, &n, 8)};
    zi_attr attr = {.lut = {.op = ZI_OP_NONE}};
    zt_net_append(b, ZI_OP_Lut, &attr, in, 2, 0.05f, any_zero(b));
}

/* What many networks begin with: few channels, stride 1, a table or none, a 2x2 maximum. */
static void add_stem(zt_net *b)
{
    zt_source *s = b->source;
    zi_id x = b->tensors[0];
    int32_t k[2] = {zt_pick_range(s, 1, 7), zt_pick_range(s, 1, 7)};
    zi_attr attr = {.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}};
    for (int d = 0; d < 2; d++) { // to an even size where the kernel allows
        int32_t pad = zt_pick_range(s, 0, k[d] - 1), rest = k[d] - 1 - pad;
        attr.conv.pad[d] = pad;
        attr.conv.pad[2 + d] = rest - (rest > 0 && zt_net_picture(b, x)->dims[1 + d] % 2 ? 1 : 0);
    }
    append_conv(b, ZI_OP_Conv, x, zt_pick_range(s, 1, 40), k, &attr);
    if (zt_one_in(s, 2) && !b->failed)
        add_table(b);
    x = b->tensors[b->n - 1];
    zt_net_append(b, ZI_OP_MaxPool, &halving, &x, 1, zt_net_picture(b, x)->quant.scale[0],
                  zt_net_picture(b, x)->quant.zero_point[0]);
}

/* What waits for its picture: little work on many pixels, and somebody who reads its rows. */
static void add_front(zt_net *b)
{
    zt_source *s = b->source;
    int32_t k[2] = {zt_pick_range(s, 1, 3), zt_pick_range(s, 1, 3)},
            stride = zt_pick_range(s, 1, 2);
    zi_attr attr = {.conv = {.stride = {stride, stride},
                             .dilation = {1, 1},
                             .pad = {k[0] / 2, k[1] / 2, k[0] / 2, k[1] / 2},
                             .groups = 1}};
    append_conv(b, ZI_OP_Conv, b->tensors[0], zt_pick_range(s, 1, 32), k, &attr);
    if (!b->failed)
        add_conv(b, false);
}

static void add_resize(zt_net *b)
{
    zi_id x = any(b);
    const zi_tensor *t = zt_net_picture(b, x);
    int32_t h = t->dims[1], w = t->dims[2], times = zt_one_in(b->source, 3) ? 4 : 2;
    zi_attr attr = {.resize = {.out = {times * h, times * w},
                               .scale = {(float)times, (float)times},
                               .mode = ZI_RESIZE_NEAREST,
                               .coord = ZI_COORD_ASYMMETRIC,
                               .nearest = ZI_NEAREST_FLOOR}};
    bool smaller = h % times == 0 && w % times == 0 && zt_one_in(b->source, 2);
    if (smaller)
        attr.resize = (zi_attr_resize){
            .out = {h / times, w / times},
            .scale = {1.0f / (float)times, 1.0f / (float)times},
            .mode = ZI_RESIZE_LINEAR,
            .coord = zt_one_in(b->source, 2) ? ZI_COORD_HALF_PIXEL : ZI_COORD_PYTORCH_HALF_PIXEL};
    if (smaller || (times * h <= 80 && times * w <= 80))
        zt_net_append(b, ZI_OP_Resize, &attr, &x, 1, t->quant.scale[0], t->quant.zero_point[0]);
}

static void add_concat(zt_net *b)
{
    zi_id in[3];
    uint32_t n = 0;
    zi_id last = any(b);
    for (uint32_t i = 0; i < b->n && n < 2; i++) {
        const zi_tensor *t = zt_net_picture(b, b->tensors[i]);
        if (t->dims[1] == zt_net_picture(b, last)->dims[1] &&
            t->dims[2] == zt_net_picture(b, last)->dims[2] &&
            (t->dims[3] % 16 == 0 || zt_one_in(b->source, 3)))
            in[n++] = b->tensors[i];
    }
    in[n++] = last;
    zi_attr attr = {.axis = {.axis = 3}};
    const zi_tensor *t = zt_net_picture(b, in[0]);
    zt_net_append(b, ZI_OP_Concat, &attr, in, n, t->quant.scale[0], t->quant.zero_point[0]);
}

/* Some pixels, some channels, or both. */
static void add_slice(zt_net *b)
{
    zt_source *s = b->source;
    zi_id x = any(b);
    const zi_tensor *t = zt_net_picture(b, x);
    zi_attr attr = {.slice = {.step = {1, 1, 1, 1}, .count = {t->dims[0]}}};
    bool pixels = zt_one_in(s, 3), channels = !pixels || zt_one_in(s, 3);
    for (int32_t d = 1; d < 4; d++) {
        bool all = d == 3 ? !channels : !pixels;
        int32_t start = all ? 0 : zt_pick_range(s, 0, t->dims[d] - 1);
        start = d == 3 && zt_one_in(s, 3) ? start / 16 * 16 : start;
        attr.slice.start[d] = start;
        attr.slice.step[d] = all ? 1 : zt_pick_range(s, 1, 2);
        int32_t most = (t->dims[d] - start + attr.slice.step[d] - 1) / attr.slice.step[d];
        attr.slice.count[d] = all ? t->dims[d] : zt_pick_range(s, 1, most);
    }
    zt_net_append(b, ZI_OP_Slice, &attr, &x, 1, t->quant.scale[0], t->quant.zero_point[0]);
}

/* Channels in any order, and again. */
static void add_gather(zt_net *b)
{
    zt_source *s = b->source;
    zi_id in[2] = {any(b), ZI_NONE};
    int32_t c = zt_net_picture(b, in[0])->dims[3], n = zt_pick_range(s, 1, 40);
    void *data = NULL;
    zi_attr attr = {.axis = {.axis = 3}};
    if (zi_graph_add_const(b->ctx, b->g, "", ZURT_S64, 1, &n, NULL, &in[1], &data)) {
        b->failed = true;
        return;
    }
    for (int32_t i = 0; i < n; i++)
        ((int64_t *)data)[i] = zt_pick_range(s, -c, c - 1);
    const zi_tensor *t = zt_net_picture(b, in[0]);
    zt_net_append(b, ZI_OP_Gather, &attr, in, 2, t->quant.scale[0], t->quant.zero_point[0]);
}

static void add_pad(zt_net *b)
{
    zi_id x = any(b);
    const zi_tensor *t = zt_net_picture(b, x);
    zi_attr attr = {.pad = {.value = zt_one_in(b->source, 2) ? 0.0f : 1.5f}};
    attr.pad.before[3] = zt_pick_range(b->source, 0, 20);
    attr.pad.after[3] = zt_pick_range(b->source, 0, 20);
    zt_net_append(b, ZI_OP_Pad, &attr, &x, 1, t->quant.scale[0], t->quant.zero_point[0]);
}

/* Two parts; the second one joins the pictures too. */
static void add_split(zt_net *b)
{
    zi_id x = any(b), out[2];
    int32_t c = zt_net_picture(b, x)->dims[3], first = zt_pick_range(b->source, 1, c);
    zi_node *n;
    if (c < 2 || first == c || b->n + 2 > ZT_NET_TENSORS)
        return;
    for (int k = 0; k < 2 && !b->failed; k++) {
        b->failed |= zi_graph_add_tensor(b->ctx, b->g, "", &out[k]) != ZURT_OK;
        if (!b->failed) {
            zt_net_picture(b, out[k])->rank = 4;
            zt_net_picture(b, out[k])->dims[3] = k ? c - first : first;
        }
    }
    if (b->failed || zi_graph_add_node(b->ctx, b->g, ZI_OP_Split, "", &x, 1, out, 2, &n)) {
        b->failed = true;
        return;
    }
    n->attr.axis.axis = 3;
    b->failed |= zi_node_infer(b->ctx, b->g, n) != ZURT_OK;
    for (int k = 0; k < 2; k++) {
        zt_net_set_quant(b, out[k], zt_net_picture(b, x)->quant.scale[0],
                         zt_net_picture(b, x)->quant.zero_point[0]);
        b->tensors[b->n++] = out[k];
    }
}

/* Mean, vector and classifier, or a classifier of the picture; ends the network. */
static void add_head(zt_net *b)
{
    zi_id x = any(b);
    bool mean = zt_one_in(b->source, 2);
    if (mean) {
        zi_attr attr = {.reduce = {.axes = 1u << 1 | 1u << 2, .keep_dims = true}};
        zt_net_append(b, ZI_OP_ReduceMean, &attr, &x, 1, zt_net_picture(b, x)->quant.scale[0],
                      zt_net_picture(b, x)->quant.zero_point[0]);
        x = b->tensors[b->n - 1];
    }
    const zi_tensor *t = zt_net_picture(b, x);
    if (zi_tensor_elems(t) > 16384)
        return;
    int32_t n = (int32_t)zi_tensor_elems(t) / t->dims[0], out = zt_pick_range(b->source, 1, 40);
    zi_attr flat = {.shape = {.rank = 2, .dims = {t->dims[0], n}}};
    float scale = t->quant.scale[0];
    zt_net_append(b, ZI_OP_Reshape, &flat, &x, 1, scale, t->quant.zero_point[0]);
    int32_t w_dims[2] = {out, n};
    zi_id in[3] = {b->tensors[b->n - 1], zt_net_constant(b, ZURT_S8, 2, w_dims, 8),
                   zt_net_constant(b, ZURT_S32, 1, &out, 14)};
    if (b->failed)
        return;
    zt_net_set_quant(b, in[1], 0.01f, 0);
    zt_net_append(b, ZI_OP_FullyConnected, NULL, in, 3, scale * 0.6f * sqrtf((float)n),
                  any_zero(b));
}

/* A linear layer of every pixel: FullyConnected over four axes. */
static void add_linear(zt_net *b)
{
    zi_id x = any(b);
    const zi_tensor *t = zt_net_picture(b, x);
    int32_t c = t->dims[3], out = zt_pick_range(b->source, 1, 40);
    int32_t w_dims[2] = {out, c};
    float scale = t->quant.scale[0];
    zi_id in[3] = {x, zt_net_constant(b, ZURT_S8, 2, w_dims, 8),
                   zt_net_constant(b, ZURT_S32, 1, &out, 14)};
    if (b->failed)
        return;
    zt_net_set_quant(b, in[1], 0.01f, 0);
    zt_net_append(b, ZI_OP_FullyConnected, NULL, in, 3, scale * 0.6f * sqrtf((float)c),
                  any_zero(b));
}

static void add_node(zt_net *b)
{
    switch (zt_pick(b->source, 17)) {
    case 16:
        add_linear(b);
        break;
    case 0:
        add_pool(b, true);
        break;
    case 1:
        add_pool(b, false);
        break;
    case 2:
    case 3:
        add_sum(b);
        break;
    case 4:
        add_table(b);
        break;
    case 5:
        add_resize(b);
        break;
    case 6:
        add_concat(b);
        break;
    case 7:
        add_conv(b, true);
        break;
    case 8:
        add_slice(b);
        break;
    case 9:
        add_gather(b);
        break;
    case 10:
        add_pad(b);
        break;
    case 11:
        add_split(b);
        break;
    default:
        add_conv(b, false);
        break;
    }
}

static void add_input(zt_net *b, int32_t max_side)
{
    zi_id id;
    if (zi_graph_add_tensor(b->ctx, b->g, "x", &id) || zi_graph_add_input(b->ctx, b->g, id)) {
        b->failed = true;
        return;
    }
    zi_tensor *t = zt_net_picture(b, id);
    t->dtype = ZURT_S8;
    t->rank = 4;
    t->dims[0] = zt_one_in(b->source, 5) ? 3 : 1;
    t->dims[1] = zt_pick_range(b->source, max_side > WIDE ? WIDE : 1, max_side);
    t->dims[2] = zt_pick_range(b->source, max_side > WIDE ? WIDE : 1, max_side);
    t->dims[3] =
        zt_one_in(b->source, 2) ? zt_pick_range(b->source, 1, 6) : zt_pick_range(b->source, 7, 48);
    zt_net_set_quant(b, id, 0.05f, any_zero(b));
    b->tensors[b->n++] = id;
}

zi_graph *zt_random_net(zurt_ctx *ctx, zt_source *source, uint32_t max_nodes, int32_t max_side)
{
    zt_net b = {.ctx = ctx, .source = source, .g = zi_graph_create(&ctx->allocator)};
    if (!b.g)
        return NULL;
    add_input(&b, max_side);
    uint32_t n = 1 + zt_pick(source, max_nodes);
    if (max_side > WIDE)
        add_front(&b);
    else if (zt_one_in(source, 4) && zt_net_picture(&b, 0)->dims[3] <= 6)
        add_stem(&b);
    for (uint32_t i = 0; i < n && !b.failed; i++)
        add_node(&b);
    if (zt_one_in(source, 2) && !b.failed && zi_tensor_elems(zt_net_picture(&b, any(&b))) < 4096)
        add_head(&b);
    for (uint32_t i = 0; i < b.n && !b.failed; i++) {
        char name[16];
        snprintf(name, sizeof(name), "t%u", (unsigned)i);
        zt_net_picture(&b, b.tensors[i])->name = zi_arena_strdup(&b.g->arena, name);
        if (i + 1 == b.n || (i > 0 && zt_one_in(source, 8)))
            b.failed |= zi_graph_add_output(ctx, b.g, b.tensors[i]) != ZURT_OK;
    }
    if (b.failed) {
        zi_graph_destroy(b.g);
        return NULL;
    }
    return b.g;
}
