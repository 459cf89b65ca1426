/* SPDX-License-Identifier: Apache-2.0 */
/* Pools and means: AveragePool and MaxPool, GlobalAveragePool as a mean over height and width. */
#include "codegen/layer_impl.h"
#include "quant/requant.h"
#include "quant/rescale.h"

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
    bool ok = alike ? zi_rescale_mean(1.0, 64.0, count, &m)
                    : zi_rescale_mean(x->quant.scale[0], y->quant.scale[0], count, &m);
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

bool zi_layer_pool(zi_layer_answer *a)
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

bool zi_layer_reduce(zi_layer_answer *a)
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
