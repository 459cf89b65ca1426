/* SPDX-License-Identifier: Apache-2.0 */
/* Well-known networks as lists of layers. */
#include "support/networks.h"
#include "codegen/codegen.h"

/* Constants of this graph are shapes: planning a float graph reads no weight. */
static const float shape_only = 0.0f;

static const zi_tensor *shape_of(const builder *b, zi_id id)
{
    return &b->g->tensors[id];
}

static zi_id conv(builder *b, zi_id x, int32_t out, int32_t k, int32_t stride, int32_t pad,
                  bool depthwise)
{
    int32_t c = shape_of(b, x)->dims[3];
    zi_attr attr = {.conv = {.stride = {stride, stride},
                             .dilation = {1, 1},
                             .pad = {pad, pad, pad, pad},
                             .groups = depthwise ? c : 1}};
    zi_id w = build_const(b, "", ZURT_F32, DIMS(out, k, k, depthwise ? 1 : c), &shape_only);
    zi_id bias = build_const(b, "", ZURT_F32, DIMS(out), &shape_only);
    return build_op(b, ZI_OP_Conv, "", &attr, 3, x, w, bias);
}

static zi_id max_pool(builder *b, zi_id x, int32_t k, int32_t stride, int32_t before, int32_t after)
{
    zi_attr attr = {.pool = {.kernel = {k, k},
                             .stride = {stride, stride},
                             .dilation = {1, 1},
                             .pad = {before, before, after, after}}};
    return build_op(b, ZI_OP_MaxPool, "", &attr, 1, x);
}

static zi_id leaky(builder *b, zi_id x)
{
    return build_op(b, ZI_OP_LeakyRelu, "", ATTR(.unary = {.alpha = 0.1f, .beta = 0.0f}), 1, x);
}

static zi_id classifier(builder *b, zi_id x, int32_t classes)
{
    const zi_tensor *t = shape_of(b, x);
    int32_t n = t->dims[1] * t->dims[2] * t->dims[3];
    zi_attr flat = {.shape = {.rank = 2, .dims = {1, n}}};
    zi_id v = build_op(b, ZI_OP_Reshape, "", &flat, 1, x);
    zi_id w = build_const(b, "", ZURT_F32, DIMS(classes, n), &shape_only);
    return build_op(b, ZI_OP_FullyConnected, "", NULL, 2, v, w);
}

static zi_id mean(builder *b, zi_id x)
{
    return build_op(b, ZI_OP_ReduceMean, "",
                    ATTR(.reduce = {.axes = AXIS_1 | AXIS_2, .keep_dims = true}), 1, x);
}

/* v1: the first convolution of a block strides; v1.5: the second. Shortcuts stand where the common
 * files have them: Keras' before the block, PyTorch's after it. */
static void resnet50(builder *b, bool v1)
{
    static const int32_t width[4] = {64, 128, 256, 512}, blocks[4] = {3, 4, 6, 3};
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 224, 224, 3));
    x = max_pool(b, conv(b, x, 64, 7, 2, 3, false), 3, 2, 1, 1);
    for (int s = 0; s < 4; s++) {
        for (int32_t i = 0; i < blocks[s]; i++) {
            int32_t stride = i == 0 && s > 0 ? 2 : 1;
            zi_id y = x;
            if (i == 0 && v1)
                y = conv(b, x, 4 * width[s], 1, stride, 0, false);
            x = conv(b, x, width[s], 1, v1 ? stride : 1, 0, false);
            x = conv(b, x, width[s], 3, v1 ? 1 : stride, 1, false);
            x = conv(b, x, 4 * width[s], 1, 1, 0, false);
            if (i == 0 && !v1)
                y = conv(b, y, 4 * width[s], 1, stride, 0, false);
            x = build_op(b, ZI_OP_Add, "", NULL, 2, x, y);
        }
    }
    build_output(b, classifier(b, mean(b, x), 1000));
}

static void resnet50_v1(builder *b)
{
    resnet50(b, true);
}

static void resnet50_v1_5(builder *b)
{
    resnet50(b, false);
}

static void mobilenet_v2(builder *b)
{
    static const int32_t rows[7][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                       {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 224, 224, 3));
    x = conv(b, x, 32, 3, 2, 1, false);
    for (int r = 0; r < 7; r++) {
        for (int32_t i = 0; i < rows[r][2]; i++) {
            zi_id in = x;
            int32_t c = shape_of(b, x)->dims[3], stride = i ? 1 : rows[r][3];
            if (rows[r][0] > 1)
                x = conv(b, x, c * rows[r][0], 1, 1, 0, false);
            x = conv(b, x, shape_of(b, x)->dims[3], 3, stride, 1, true);
            x = conv(b, x, rows[r][1], 1, 1, 0, false);
            if (i)
                x = build_op(b, ZI_OP_Add, "", NULL, 2, x, in);
        }
    }
    build_output(b, classifier(b, mean(b, conv(b, x, 1280, 1, 1, 0, false)), 1000));
}

static void yolov3_tiny(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 416, 416, 3)), route = ZI_NONE;
    for (int32_t i = 0, c = 16; i < 6; i++, c *= 2) {
        x = leaky(b, conv(b, x, c, 3, 1, 1, false));
        route = i == 4 ? x : route;
        x = i < 5 ? max_pool(b, x, 2, 2, 0, 0) : max_pool(b, x, 2, 1, 0, 1);
    }
    x = leaky(b, conv(b, x, 1024, 3, 1, 1, false));
    zi_id narrow = leaky(b, conv(b, x, 256, 1, 1, 0, false));
    x = leaky(b, conv(b, narrow, 512, 3, 1, 1, false));
    build_output(b, conv(b, x, 255, 1, 1, 0, false));
    x = leaky(b, conv(b, narrow, 128, 1, 1, 0, false));
    zi_attr twice = {.resize = {.out = {26, 26},
                                .scale = {2.0f, 2.0f},
                                .mode = ZI_RESIZE_NEAREST,
                                .coord = ZI_COORD_ASYMMETRIC,
                                .nearest = ZI_NEAREST_FLOOR}};
    x = build_op(b, ZI_OP_Resize, "", &twice, 1, x);
    x = build_op(b, ZI_OP_Concat, "", ATTR(.axis = {.axis = 3}), 2, x, route);
    x = leaky(b, conv(b, x, 256, 3, 1, 1, false));
    build_output(b, conv(b, x, 255, 1, 1, 0, false));
}

static void vgg16(builder *b)
{
    static const int32_t convs[5][2] = {{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}};
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 224, 224, 3));
    for (int s = 0; s < 5; s++) {
        for (int32_t i = 0; i < convs[s][1]; i++)
            x = conv(b, x, convs[s][0], 3, 1, 1, false);
        x = max_pool(b, x, 2, 2, 0, 0);
    }
    x = classifier(b, x, 4096);
    for (int i = 0; i < 2; i++) {
        zi_id w = build_const(b, "", ZURT_F32, DIMS(i ? 1000 : 4096, 4096), &shape_only);
        x = build_op(b, ZI_OP_FullyConnected, "", NULL, 2, x, w);
    }
    build_output(b, x);
}

const zt_network zt_networks[ZT_N_NETWORKS] = {
    {"ResNet-50 v1", resnet50_v1},
    {"ResNet-50 v1.5", resnet50_v1_5},
    {"MobileNetV2", mobilenet_v2},
    {"YOLOv3-tiny 416", yolov3_tiny},
    {"VGG-16", vgg16},
};

zt_modelled zt_network_model(const zt_network *network, const zi_caps *caps)
{
    builder b = builder_make();
    network->build(&b);
    zi_caps table = *caps;
    table.assume_int8 = true; // the geometry alone: these weights have no values
    const zi_caps *tables[] = {&table, zi_caps_cpu()};
    zi_partition *p = NULL;
    if (zi_partition_create(b.ctx, b.g, tables, 2, &p))
        fail_msg("%s: %s", network->name, zurt_ctx_error(b.ctx));
    zt_modelled out = {0};
    for (zi_id i = 0; i < b.g->n_nodes; i++) {
        uint64_t macs = zi_node_macs(b.g, &b.g->nodes[i]);
        out.macs += macs;
        out.pl_macs += p->nodes[i].device == 0 ? macs : 0;
        out.cycles += p->nodes[i].cycles;
        out.ddr_bytes += p->nodes[i].ddr_bytes;
    }
    out.launches = 0;
    for (uint32_t i = 0; i < p->n_segments; i++)
        out.launches += zi_cg_program_of(&p->segments[i]) != NULL;
    double per_cycle = (double)table.pixel_parallel * table.in_parallel * table.out_parallel;
    out.fps = table.clock_khz * 1000.0 / (double)out.cycles;
    out.utilisation = (double)out.pl_macs / ((double)out.cycles * per_cycle);
    zi_partition_destroy(p);
    builder_free(&b);
    return out;
}
