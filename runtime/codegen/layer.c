/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each op: what its nodes are to the engine. */
#include "codegen/layer_impl.h"
#include "isa/zk_config.h"
#include "quant/qparams.h"
#include "quant/requant.h"

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

static bool conv_layer(zi_layer_answer *a)
{
    const zi_attr_conv *c = &a->n->attr.conv;
    const zi_tensor *w = zi_node_in(a->q->g, a->n, 1);
    zi_layer *l = a->layer;
    if (!zi_layer_take_images(a) || !zi_layer_check_weights(a))
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
static bool fully_connected_layer(zi_layer_answer *a)
{
    if (!zi_layer_take_images(a) || !zi_layer_check_weights(a))
        return false;
    int32_t in = zi_blocks(a->layer->x.c), out = zi_blocks(a->layer->y.c);
    if (!zi_layer_check_window(a) || !zi_layer_check_row(a, in, out))
        return false;
    return zi_layer_check_ring(a, (int64_t)in * a->layer->passes);
}

/* Weight 64, so that the first rounding is exact enough; proved for every sum that can occur. A
 * bias of one 64th lifts ties that would round down. */
static bool mean_is_exact(int32_t count, const zi_multiplier *m, bool ties_up)
{
    const int32_t low = ties_up ? -128 : 0, bias = ties_up ? 1 : 0;
    for (int32_t sum = -128 * count; sum <= 127 * count; sum++) {
        if (zi_requant(64 * sum + bias, m->multiplier, m->shift) !=
            zi_div_round(sum - low * count, count) + low)
            return false;
    }
    return true;
}

bool zi_layer_mean(zi_layer_answer *a)
{
    const zi_tensor *x = zi_node_in(a->q->g, a->n, 0), *y = zi_node_out(a->q->g, a->n, 0);
    zi_layer *l = a->layer;
    zi_multiplier m = {1 << 30, 0};
    l->kind = ZI_LAYER_DEPTHWISE;
    if (!zi_layer_check_window(a) || !zi_layer_check_row(a, zi_blocks(l->x.c), zi_blocks(l->y.c)))
        return false;
    int32_t count = l->kernel[0] * l->kernel[1];
    bool alike = zi_same_quant(x, y);
    bool ties_up = alike && a->n->op == ZI_OP_AveragePool && a->n->attr.pool.ties_up;
    l->mean_weight = alike ? 64 : 1;
    bool ok = alike ? zi_qparams_mean(1.0, 64.0, count, &m)
                    : zi_qparams_mean(x->quant.scale[0], y->quant.scale[0], count, &m);
    if (!ok || m.shift > 0)
        return zi_layer_refuse(a, "the output's scale is too small for the input's",
                               "calibrate again: a mean has its input's range");
    if (alike && !mean_is_exact(count, &m, ties_up))
        return zi_layer_refuse(
            a, zi_arena_printf(a->q->arena, "no multiplier is exact for a mean of %d", (int)count),
            "use a window of another size");
    l->mean_multiplier = m.multiplier;
    l->mean_shift = m.shift;
    l->mean_bias = ties_up ? 1 : alike ? 0 : -count * x->quant.zero_point[0];
    return true;
}

static bool pool_layer(zi_layer_answer *a)
{
    const zi_attr_pool *p = &a->n->attr.pool;
    zi_layer *l = a->layer;
    if (!zi_layer_take_images(a))
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
        if (!zi_same_quant(zi_node_in(a->q->g, a->n, 0), zi_node_out(a->q->g, a->n, 0)))
            return zi_layer_refuse(a, "input and output have different scales",
                                   "compile from the float model, or give both the same scale");
        return zi_layer_check_window(a) &&
               zi_layer_check_row(a, zi_blocks(l->x.c), zi_blocks(l->y.c));
    }
    if (padded)
        return zi_layer_refuse(a, "windows at the border average fewer pixels",
                               "use no padding, or count_include_pad without ceil_mode");
    return zi_layer_mean(a);
}

static bool reduce_layer(zi_layer_answer *a)
{
    zi_layer *l = a->layer;
    if (!zi_layer_take_images(a))
        return false;
    if (zi_node_in(a->q->g, a->n, 0)->rank != 4 || a->n->attr.reduce.axes != 6)
        return zi_layer_refuse(a, "a mean over other axes than height and width",
                               "take the mean over height and width (GlobalAveragePool)");
    l->kernel[0] = l->x.h;
    l->kernel[1] = l->x.w;
    l->y = (zi_image){l->x.n, 1, 1, l->x.c};
    return zi_layer_mean(a);
}

static bool copy_layer(zi_layer_answer *a)
{
    a->layer->kind = ZI_LAYER_MAX;
    return zi_layer_take_images(a) &&
           zi_layer_check_row(a, zi_blocks(a->layer->x.c), 2 * zi_blocks(a->layer->y.c));
}

static bool add_layer(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *x = zi_node_in(g, a->n, 0), *b = zi_node_in(g, a->n, 1);
    if (!copy_layer(a))
        return false;
    if (zi_tensor_is_const(b) || !zi_tensor_same_shape(x, b))
        return zi_layer_refuse(
            a, "operands of different shape, or a constant one",
            "add tensors of one shape; a constant folds into a convolution's bias");
    if (!(a->n->clamp_lo <= a->n->clamp_hi))
        return zi_layer_refuse(a, "the fused activation's bounds are not in order",
                               "set its lower bound below the upper");
    zi_add_numbers numbers;
    if (zi_node_is_s8(g, a->n) && !zi_add_numbers_get(g, a->n, &numbers))
        return zi_layer_refuse(a, "the operands' scales are too far apart from the output's",
                               "calibrate again");
    if (!zi_node_is_s8(g, a->n))
        return true;
    zi_sum_tables *tables = zi_arena_alloc(a->q->arena, sizeof(*tables));
    a->layer->sum = tables;
    if (!tables)
        return false;
    if (!zi_sum_tables_make(&numbers, tables))
        return zi_layer_refuse(a, "no tables give these operands' sums exactly",
                               "calibrate again: scales nearly in the proportion of small integers "
                               "are the cause");
    return true;
}

static bool lut_layer(zi_layer_answer *a)
{
    const zi_tensor *table = zi_node_in(a->q->g, a->n, 1);
    if (a->n->op == ZI_OP_Lut && (!table || !zi_tensor_is_const(table) || table->dtype != ZURT_S8 ||
                                  zi_tensor_elems(table) != 256))
        return zi_layer_refuse(a, "the table is not a constant of 256 s8",
                               "compile the model again");
    if (a->n->op != ZI_OP_Lut && !a->q->caps->assume_int8)
        return zi_layer_refuse(a, "an activation that is not a table", "compile the model again");
    return copy_layer(a);
}

static bool concat_layer(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *y = zi_node_out(g, a->n, 0);
    bool gaps = false; // the parts are put in order after they are joined
    int32_t blocks = 0;
    a->layer->kind = ZI_LAYER_CONCAT;
    if (!zi_layer_take_images(a))
        return false;
    if (a->n->attr.axis.axis != y->rank - 1 || y->rank != 4)
        return zi_layer_refuse(
            a, "concatenates another axis than the channels of pictures",
            "concatenate channels (axis 1 of NCHW), or end the network before it");
    for (uint32_t i = 0; i < a->n->n_in; i++) {
        const zi_tensor *x = zi_node_in(g, a->n, i);
        int8_t table[256];
        if (zi_tensor_is_const(x))
            return zi_layer_refuse(a, "an operand is a constant",
                                   "let a convolution's bias make the constant channels");
        gaps = gaps || (i + 1 < a->n->n_in && x->dims[3] % 16);
        blocks += zi_blocks(x->dims[3]);
        if (!zi_same_quant(x, y) && !zi_layer_rescale(x, y, table))
            return zi_layer_refuse(a, "the operands' scales are too far apart", "calibrate again");
    }
    return zi_layer_check_row(a, blocks, blocks) && (!gaps || zi_layer_check_ring(a, blocks));
}

/* A vector from a picture: FullyConnected reads it as a convolution with the picture's size. */
static bool reshape_layer(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    zi_layer *l = a->layer;
    l->kind = ZI_LAYER_VIEW;
    if (!zi_layer_take_images(a))
        return false;
    bool flat = zi_node_out(g, a->n, 0)->rank == 2 && l->y.n == l->x.n;
    bool same = l->x.n == l->y.n && l->x.h == l->y.h && l->x.w == l->y.w && l->x.c == l->y.c;
    if (!zi_same_quant(zi_node_in(g, a->n, 0), zi_node_out(g, a->n, 0)))
        return zi_layer_refuse(a, "input and output have different scales",
                               "compile from the float model, or give both the same scale");
    if (same || (flat && (int64_t)l->x.h * l->x.w <= ZK_TAPS / 2))
        return true;
    return zi_layer_refuse(a, "channels move to other axes",
                           "pool to at most 128 pixels before flattening; at an output, end the "
                           "network before it");
}

bool zi_layer_from_node(const zi_layer_query *q, const zi_node *n, zi_layer *out,
                        const char **reason, const char **remedy)
{
    zi_layer_answer a = {.q = q, .n = n, .layer = out};
    *out = (zi_layer){
        .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .passes = 1};
    out->node = (zi_id)(n - q->g->nodes);
    bool ok = zi_layer_check_types(&a);
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
            ok = zi_layer_resize(&a);
            break;
        case ZI_OP_Concat:
            ok = concat_layer(&a);
            break;
        case ZI_OP_Slice:
        case ZI_OP_Split:
        case ZI_OP_Gather:
        case ZI_OP_Pad:
            ok = zi_layer_choose(&a);
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
