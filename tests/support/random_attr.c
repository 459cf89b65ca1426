/* SPDX-License-Identifier: Apache-2.0 */
/* Random attributes that a node's inputs allow. */
#include "support/random_graph.h"

#include <string.h>

static void conv(zt_source *s, zi_attr_conv *a, bool transposed)
{
    int32_t groups = a->groups; // chosen with the weights
    *a = (zi_attr_conv){.groups = groups};
    for (int i = 0; i < 2; i++) {
        a->stride[i] = zt_pick_range(s, 1, 2);
        a->dilation[i] = zt_one_in(s, 4) ? 2 : 1;
        a->out_pad[i] = transposed && zt_one_in(s, 4);
    }
    for (int i = 0; i < 4; i++)
        a->pad[i] = zt_pick_range(s, 0, 2);
}

static void pool(zt_source *s, zi_attr_pool *a)
{
    *a = (zi_attr_pool){.ceil_mode = zt_one_in(s, 2),
                        .count_include_pad = zt_one_in(s, 2),
                        .ties_up = zt_one_in(s, 4)};
    for (int i = 0; i < 2; i++) {
        a->kernel[i] = zt_pick_range(s, 1, 3);
        a->stride[i] = zt_pick_range(s, 1, 3);
        a->dilation[i] = zt_one_in(s, 4) ? 2 : 1;
    }
    for (int i = 0; i < 4; i++)
        a->pad[i] = zt_pick_range(s, 0, 1);
}

static void axis(zt_source *s, const zi_tensor *x, zi_op op, zi_attr_axis *a)
{
    static const zurt_dtype dtypes[] = {ZURT_F32, ZURT_S8, ZURT_U8, ZURT_S32, ZURT_S64, ZURT_BOOL};
    *a = (zi_attr_axis){.keep_dims = zt_one_in(s, 2), .select_last = zt_one_in(s, 2)};
    if (op == ZI_OP_Cast)
        a->axis = (int32_t)dtypes[zt_pick(s, 6)];
    else if (op == ZI_OP_Quantize)
        a->axis = zt_one_in(s, 4) ? ZURT_U8 : ZURT_S8;
    else if (op == ZI_OP_DepthToSpace || op == ZI_OP_SpaceToDepth)
        a->axis = zt_pick_range(s, 1, 2);
    else
        a->axis = x->rank ? (int32_t)zt_pick(s, (uint32_t)x->rank) : 0;
}

static void perm(zt_source *s, const zi_tensor *x, zi_attr_perm *a)
{
    for (int32_t d = 0; d < x->rank; d++)
        a->perm[d] = d;
    for (int32_t d = x->rank - 1; d > 0; d--) {
        int32_t other = zt_pick_range(s, 0, d), kept = a->perm[d];
        a->perm[d] = a->perm[other];
        a->perm[other] = kept;
    }
}

static void reshape(zt_source *s, const zi_tensor *x, zi_attr_shape *a)
{
    a->rank = 0;
    int32_t merged = 1;
    for (int32_t d = 0; d < x->rank; d++) { // joins neighbours, puts ones between
        merged *= x->dims[d];
        if (zt_one_in(s, 2))
            continue;
        a->dims[a->rank++] = merged;
        merged = 1;
        if (zt_one_in(s, 8) && a->rank < ZURT_MAX_RANK - x->rank)
            a->dims[a->rank++] = 1;
    }
    if (merged != 1 || a->rank == 0)
        a->dims[a->rank++] = merged;
}

static void shape(zt_source *s, const zi_tensor *x, zi_op op, zi_attr_shape *a)
{
    *a = (zi_attr_shape){.rank = x->rank};
    if (op == ZI_OP_Reshape) {
        reshape(s, x, a);
        return;
    }
    int32_t lead = op == ZI_OP_Expand && zt_one_in(s, 3) && x->rank < 5;
    a->rank += lead;
    a->dims[0] = 2;
    for (int32_t d = 0; d < x->rank; d++) {
        bool may_grow = op == ZI_OP_Tile || x->dims[d] == 1;
        a->dims[lead + d] = x->dims[d] * (may_grow ? zt_pick_range(s, 1, 3) : 1);
    }
}

static void slice(zt_source *s, const zi_tensor *x, zi_attr_slice *a)
{
    memset(a, 0, sizeof(*a));
    for (int32_t d = 0; d < x->rank; d++) {
        int32_t dim = x->dims[d];
        int32_t step = zt_pick_range(s, 1, 2);
        a->start[d] = dim > 0 ? (int32_t)zt_pick(s, dim < 256 ? (uint32_t)dim : 256) : 0;
        bool back = zt_one_in(s, 4);
        a->step[d] = back ? -step : step;
        int32_t room = back ? a->start[d] : dim - 1 - a->start[d];
        a->count[d] = dim > 0 ? room / step + 1 - zt_one_in(s, 4) : 0;
    }
}

static void pad(zt_source *s, const zi_tensor *x, zi_attr_pad *a)
{
    *a = (zi_attr_pad){.mode = (zi_pad_mode)zt_pick(s, 3),
                       .value = (float)zt_pick_range(s, -8, 8) * 0.25f};
    for (int32_t d = 0; d < x->rank; d++) {
        a->before[d] = zt_one_in(s, 2) ? zt_pick_range(s, -1, 2) : 0;
        a->after[d] = zt_one_in(s, 2) ? zt_pick_range(s, -1, 2) : 0;
    }
}

static void resize(zt_source *s, const zi_tensor *x, zi_attr_resize *a)
{
    *a = (zi_attr_resize){
        .mode = (zi_resize_mode)zt_pick(s, 3),
        .coord = (zi_resize_coord)zt_pick(s, 5),
        .nearest = (zi_resize_nearest)zt_pick(s, 4),
        .cubic_coeff = -0.75f,
        .exclude_outside = zt_one_in(s, 3),
        .roi = {0.1f, 0.2f, 0.9f, 1.1f},
        .extrapolation = 0.5f,
    };
    for (int i = 0; i < 2; i++) {
        int32_t in = x->rank == 4 && x->dims[1 + i] > 0 ? x->dims[1 + i] : 1;
        a->out[i] = zt_pick_range(s, 1, 8);
        a->scale[i] = (float)a->out[i] / (float)in;
    }
}

void zt_random_attr(zt_source *s, const zi_graph *g, zi_node *n)
{
    const zi_tensor *x = &g->tensors[n->in[0]];
    switch (zi_op_get((uint32_t)n->op)->attr) {
    case ZI_ATTR_conv:
        conv(s, &n->attr.conv, n->op == ZI_OP_ConvTranspose);
        break;
    case ZI_ATTR_pool:
        pool(s, &n->attr.pool);
        break;
    case ZI_ATTR_axis:
        axis(s, x, n->op, &n->attr.axis);
        break;
    case ZI_ATTR_reduce:
        n->attr.reduce = (zi_attr_reduce){x->rank ? zt_pick(s, 256) & ((1u << x->rank) - 1) : 0,
                                          zt_one_in(s, 2)};
        break;
    case ZI_ATTR_perm:
        perm(s, x, &n->attr.perm);
        break;
    case ZI_ATTR_shape:
        shape(s, x, n->op, &n->attr.shape);
        break;
    case ZI_ATTR_slice:
        slice(s, x, &n->attr.slice);
        break;
    case ZI_ATTR_pad:
        pad(s, x, &n->attr.pad);
        break;
    case ZI_ATTR_resize:
        resize(s, x, &n->attr.resize);
        break;
    case ZI_ATTR_unary:
        n->attr.unary.alpha = (float)zt_pick_range(s, -4, 4) * 0.25f;
        n->attr.unary.beta = n->attr.unary.alpha + (float)zt_pick_range(s, 0, 8) * 0.25f;
        break;
    case ZI_ATTR_lut:
        n->attr.lut = (zi_attr_lut){.op = ZI_OP_Sigmoid};
        break;
    case ZI_ATTR_top:
        n->attr.top = (zi_attr_top){.axis = x->rank ? (int32_t)zt_pick(s, (uint32_t)x->rank) : 0,
                                    .smallest = zt_one_in(s, 2)};
        n->attr.top.k = zt_pick_range(s, 0, 4);
        break;
    case ZI_ATTR_grid:
        n->attr.grid = (zi_attr_grid){(zi_resize_mode)zt_pick(s, 3), (zi_grid_padding)zt_pick(s, 3),
                                      zt_one_in(s, 2)};
        break;
    case ZI_ATTR_nms:
        n->attr.nms = (zi_attr_nms){zt_pick_range(s, 0, 4), 0.5f, -1.0f, zt_one_in(s, 2)};
        break;
    case ZI_ATTR_rnn:     // directions and functions are drawn with the inputs
    case ZI_ATTR_scatter: // drawn with the inputs
    case ZI_ATTR_none:
        break;
    }
}
