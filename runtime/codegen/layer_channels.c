/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that choose channels: Slice, Split, Gather, Pad; and which channels they choose. */
#include <math.h>
#include <stddef.h>

#include "codegen/layer_impl.h"
#include "quant/scale.h"

static int64_t split_start(const zi_graph *g, const zi_node *n, uint32_t k)
{
    int64_t start = 0;
    for (uint32_t i = 0; i < k; i++)
        start += g->tensors[n->out[i]].dims[3];
    return start;
}

void zi_layer_channels(const zi_graph *g, const zi_node *n, uint32_t k, int32_t *out)
{
    const int32_t c = g->tensors[n->in[0]].dims[3], count = g->tensors[n->out[k]].dims[3];
    const int64_t *indices = n->op == ZI_OP_Gather ? g->tensors[n->in[1]].data : NULL;
    int64_t start = n->op == ZI_OP_Slice   ? n->attr.slice.start[3]
                    : n->op == ZI_OP_Split ? split_start(g, n, k)
                    : n->op == ZI_OP_Pad   ? -(int64_t)n->attr.pad.before[3]
                                           : 0;
    int64_t step = n->op == ZI_OP_Slice ? n->attr.slice.step[3] : 1;
    for (int32_t i = 0; i < count; i++) {
        int64_t at = indices ? indices[i] + (indices[i] < 0 ? c : 0) : start + i * step;
        out[i] = at >= 0 && at < c ? (int32_t)at : -1;
    }
}

int8_t zi_layer_fill(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *y = zi_node_out(g, n, 0);
    if (n->op != ZI_OP_Pad || y->quant.n != 1)
        return 0;
    return (int8_t)zi_quantize(n->attr.pad.value, y->quant.scale[0], y->quant.zero_point[0], -128,
                               127);
}

static bool check_slice(zi_layer_answer *a)
{
    const zi_attr_slice *s = &a->n->attr.slice;
    zi_layer *l = a->layer;
    if (s->start[0] != 0 || s->step[0] != 1 || l->y.n != l->x.n)
        return zi_layer_refuse(a, "slices the batch", "");
    for (int d = 1; d < 4; d++) {
        if (s->step[d] < 1)
            return zi_layer_refuse(a, "walks backwards", "");
    }
    for (int d = 0; d < 2; d++) {
        l->stride[d] = s->step[1 + d];
        l->pad[d] = -s->start[1 + d];
    }
    return true;
}

static bool check_gather(zi_layer_answer *a)
{
    const zi_tensor *indices = zi_node_in(a->q->g, a->n, 1);
    if (!zi_tensor_is_const(indices) || indices->dtype != ZURT_S64)
        return zi_layer_refuse(a, "the indices are computed", "make them constant");
    for (size_t i = 0; i < zi_tensor_elems(indices); i++) {
        int64_t at = ((const int64_t *)indices->data)[i];
        if (at < -a->layer->x.c || at >= a->layer->x.c)
            return zi_layer_refuse(a, "an index is outside the axis", "");
    }
    return true;
}

static bool check_pad(zi_layer_answer *a)
{
    const zi_attr_pad *p = &a->n->attr.pad;
    bool others = false;
    for (int d = 0; d < 3; d++)
        others = others || p->before[d] != 0 || p->after[d] != 0;
    if (others || p->mode != ZI_PAD_CONSTANT || !isfinite(p->value))
        return zi_layer_refuse(a, "pads another axis than the channels, or with other values",
                               "pad pictures within a convolution");
    return true;
}

bool zi_layer_choose(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    zi_layer *l = a->layer;
    l->kind = ZI_LAYER_CHOOSE;
    if (!zi_layer_take_images(a))
        return false;
    if (zi_node_in(g, a->n, 0)->rank != 4 || zi_node_out(g, a->n, 0)->rank != 4)
        return zi_layer_refuse(a, "not a choice of a picture's channels",
                               "choose before flattening, of a picture");
    if ((a->n->op == ZI_OP_Split || a->n->op == ZI_OP_Gather) && a->n->attr.axis.axis != 3)
        return zi_layer_refuse(a, "chooses along another axis than the channels",
                               "choose channels (axis 1 of NCHW); cut pictures before the network");
    for (uint32_t k = 0; k < a->n->n_out; k++) {
        if (!zi_same_quant(zi_node_in(g, a->n, 0), zi_node_out(g, a->n, k)))
            return zi_layer_refuse(a, "input and output have different scales",
                                   "compile from the float model, or give both the same scale");
        if (zi_tensor_elems(zi_node_out(g, a->n, k)) == 0)
            return zi_layer_refuse(a, "a tensor is empty", "");
    }
    bool ok = a->n->op == ZI_OP_Slice    ? check_slice(a)
              : a->n->op == ZI_OP_Gather ? check_gather(a)
              : a->n->op == ZI_OP_Pad    ? check_pad(a)
                                         : true;
    int32_t in = zi_blocks(l->x.c), out = zi_blocks(l->y.c);
    return ok && zi_layer_check_window(a) && zi_layer_check_row(a, in, in > out ? in : out) &&
           zi_layer_check_ring(a, in);
}
