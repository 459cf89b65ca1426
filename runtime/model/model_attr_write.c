/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes as a .zurt file holds them. */
#include "model/messages.h"

/* One function for each kind that needs more than a line. Lists are borrowed from the node: the
 * message does not outlive it. */

static bool write_conv(zi_arena *arena, const zi_attr_conv *a, Zurt__ConvAttr **out)
{
    Zurt__ConvAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__conv_attr__init(m);
    m->stride_h = a->stride[0];
    m->stride_w = a->stride[1];
    m->dilation_h = a->dilation[0];
    m->dilation_w = a->dilation[1];
    m->pad_top = a->pad[0];
    m->pad_left = a->pad[1];
    m->pad_bottom = a->pad[2];
    m->pad_right = a->pad[3];
    m->groups = a->groups;
    m->out_pad_h = a->out_pad[0];
    m->out_pad_w = a->out_pad[1];
    *out = m;
    return true;
}

static bool write_pool(zi_arena *arena, const zi_attr_pool *a, Zurt__PoolAttr **out)
{
    Zurt__PoolAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__pool_attr__init(m);
    m->kernel_h = a->kernel[0];
    m->kernel_w = a->kernel[1];
    m->stride_h = a->stride[0];
    m->stride_w = a->stride[1];
    m->dilation_h = a->dilation[0];
    m->dilation_w = a->dilation[1];
    m->pad_top = a->pad[0];
    m->pad_left = a->pad[1];
    m->pad_bottom = a->pad[2];
    m->pad_right = a->pad[3];
    m->ceil_mode = a->ceil_mode;
    m->count_include_pad = a->count_include_pad;
    m->column_major = a->column_major;
    m->ties_up = a->ties_up;
    *out = m;
    return true;
}

static bool write_axis(zi_arena *arena, const zi_attr_axis *a, Zurt__AxisAttr **out)
{
    Zurt__AxisAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__axis_attr__init(m);
    m->axis = a->axis;
    m->keep_dims = a->keep_dims;
    m->select_last = a->select_last;
    *out = m;
    return true;
}

static bool write_reduce(zi_arena *arena, const zi_attr_reduce *a, Zurt__ReduceAttr **out)
{
    Zurt__ReduceAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__reduce_attr__init(m);
    m->axes = a->axes;
    m->keep_dims = a->keep_dims;
    *out = m;
    return true;
}

static bool write_perm(zi_arena *arena, const zi_attr_perm *a, size_t rank, Zurt__PermAttr **out)
{
    Zurt__PermAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__perm_attr__init(m);
    m->n_perm = rank;
    m->perm = (int32_t *)a->perm;
    *out = m;
    return true;
}

static bool write_shape(zi_arena *arena, const zi_attr_shape *a, Zurt__ShapeAttr **out)
{
    Zurt__ShapeAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__shape_attr__init(m);
    m->n_dims = (size_t)a->rank;
    m->dims = (int32_t *)a->dims;
    *out = m;
    return true;
}

static bool write_slice(zi_arena *arena, const zi_attr_slice *a, size_t rank, Zurt__SliceAttr **out)
{
    Zurt__SliceAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__slice_attr__init(m);
    m->n_start = m->n_step = m->n_count = rank;
    m->start = (int32_t *)a->start;
    m->step = (int32_t *)a->step;
    m->count = (int32_t *)a->count;
    *out = m;
    return true;
}

static bool write_pad(zi_arena *arena, const zi_attr_pad *a, size_t rank, Zurt__PadAttr **out)
{
    Zurt__PadAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__pad_attr__init(m);
    m->n_before = m->n_after = rank;
    m->before = (int32_t *)a->before;
    m->after = (int32_t *)a->after;
    m->mode = a->mode;
    m->value = a->value;
    *out = m;
    return true;
}

static bool write_resize(zi_arena *arena, const zi_attr_resize *a, Zurt__ResizeAttr **out)
{
    Zurt__ResizeAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__resize_attr__init(m);
    m->out_h = a->out[0];
    m->out_w = a->out[1];
    m->scale_h = a->scale[0];
    m->scale_w = a->scale[1];
    m->mode = a->mode;
    m->coord = a->coord;
    m->nearest = a->nearest;
    m->cubic_coeff = a->cubic_coeff;
    m->exclude_outside = a->exclude_outside;
    m->n_roi = 4;
    m->roi = (float *)a->roi;
    m->extrapolation = a->extrapolation;
    *out = m;
    return true;
}

static bool write_unary(zi_arena *arena, const zi_attr_unary *a, Zurt__UnaryAttr **out)
{
    Zurt__UnaryAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__unary_attr__init(m);
    m->alpha = a->alpha;
    m->beta = a->beta;
    *out = m;
    return true;
}

static bool write_lut(zi_arena *arena, const zi_attr_lut *a, Zurt__LutAttr **out)
{
    Zurt__LutAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__lut_attr__init(m);
    m->op = (uint32_t)a->op;
    m->alpha = a->unary.alpha;
    m->beta = a->unary.beta;
    *out = m;
    return true;
}

static bool write_top(zi_arena *arena, const zi_attr_top *a, Zurt__TopAttr **out)
{
    Zurt__TopAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__top_attr__init(m);
    m->axis = a->axis;
    m->k = a->k;
    m->smallest = a->smallest;
    *out = m;
    return true;
}

static bool write_scatter(zi_arena *arena, const zi_attr_scatter *a, Zurt__ScatterAttr **out)
{
    Zurt__ScatterAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__scatter_attr__init(m);
    m->axis = a->axis;
    m->reduction = (uint32_t)a->reduction;
    *out = m;
    return true;
}

static bool write_grid(zi_arena *arena, const zi_attr_grid *a, Zurt__GridAttr **out)
{
    Zurt__GridAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__grid_attr__init(m);
    m->mode = (uint32_t)a->mode;
    m->padding = (uint32_t)a->padding;
    m->align_corners = a->align_corners;
    *out = m;
    return true;
}

static bool write_nms(zi_arena *arena, const zi_attr_nms *a, Zurt__NmsAttr **out)
{
    Zurt__NmsAttr *m = zi_arena_alloc(arena, sizeof(*m));
    if (!m)
        return false;
    zurt__nms_attr__init(m);
    m->max_boxes = a->max_boxes;
    m->iou_threshold = a->iou_threshold;
    m->score_threshold = a->score_threshold;
    m->centre = a->centre;
    *out = m;
    return true;
}

static bool write_rnn(zi_arena *arena, zi_op op, const zi_attr_rnn *a, Zurt__RnnAttr **out)
{
    const size_t n = (size_t)zi_rnn_functions(op) * (a->direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1);
    Zurt__RnnAttr *m = zi_arena_alloc(arena, sizeof(*m));
    uint32_t *functions = zi_arena_calloc(arena, n, sizeof(*functions));
    if (!m || !functions)
        return false;
    for (size_t i = 0; i < n; i++)
        functions[i] = (uint32_t)a->function[i];
    zurt__rnn_attr__init(m);
    m->direction = (uint32_t)a->direction;
    m->clip = a->clip;
    m->input_forget = a->input_forget;
    m->linear_before_reset = a->linear_before_reset;
    m->n_function = m->n_alpha = m->n_beta = n;
    m->function = functions;
    m->alpha = (float *)a->alpha;
    m->beta = (float *)a->beta;
    *out = m;
    return true;
}

bool zi_message_write_attr(zi_arena *arena, const zi_graph *g, const zi_node *n, Zurt__Node *m)
{
    zi_attr_kind kind = zi_op_get(n->op)->attr;
    size_t rank = n->n_in && n->in[0] != ZI_NONE ? (size_t)g->tensors[n->in[0]].rank : 0;
    m->attr_case = (Zurt__Node__AttrCase)(kind ? 15u + (unsigned)kind : 0u);
    switch (kind) {
    case ZI_ATTR_none:
        break;
    case ZI_ATTR_conv:
        return write_conv(arena, &n->attr.conv, &m->conv);
    case ZI_ATTR_pool:
        return write_pool(arena, &n->attr.pool, &m->pool);
    case ZI_ATTR_axis:
        return write_axis(arena, &n->attr.axis, &m->axis);
    case ZI_ATTR_reduce:
        return write_reduce(arena, &n->attr.reduce, &m->reduce);
    case ZI_ATTR_perm:
        return write_perm(arena, &n->attr.perm, rank, &m->perm);
    case ZI_ATTR_shape:
        return write_shape(arena, &n->attr.shape, &m->shape);
    case ZI_ATTR_slice:
        return write_slice(arena, &n->attr.slice, rank, &m->slice);
    case ZI_ATTR_pad:
        return write_pad(arena, &n->attr.pad, rank, &m->pad);
    case ZI_ATTR_resize:
        return write_resize(arena, &n->attr.resize, &m->resize);
    case ZI_ATTR_unary:
        return write_unary(arena, &n->attr.unary, &m->unary);
    case ZI_ATTR_lut:
        return write_lut(arena, &n->attr.lut, &m->lut);
    case ZI_ATTR_top:
        return write_top(arena, &n->attr.top, &m->top);
    case ZI_ATTR_scatter:
        return write_scatter(arena, &n->attr.scatter, &m->scatter);
    case ZI_ATTR_grid:
        return write_grid(arena, &n->attr.grid, &m->grid);
    case ZI_ATTR_nms:
        return write_nms(arena, &n->attr.nms, &m->nms);
    case ZI_ATTR_rnn:
        return write_rnn(arena, n->op, &n->attr.rnn, &m->rnn);
    }
    return true;
}
