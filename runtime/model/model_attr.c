/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes from a .zurt file, checked as they are read. */
#include <math.h>
#include <string.h>

#include "model/messages.h"

/* One function reads and one writes each kind; kinds stand in the order of zi_attr_kind. */

typedef struct attr_reader {
    zurt_ctx *ctx;
    const zi_graph *g;
    const zi_node *node;
    size_t rank; /* of input 0 */
} attr_reader;

static size_t input_rank(const zi_graph *g, const zi_node *n)
{
    return n->n_in && n->in[0] != ZI_NONE ? (size_t)g->tensors[n->in[0]].rank : 0;
}

static zurt_status bad(const attr_reader *r, const char *what)
{
    return zi_node_fail(r->ctx, r->g, r->node, ZURT_E_FORMAT, "attribute: %s", what);
}

static zurt_status read_list(const attr_reader *r, size_t n, const int32_t *values, int32_t *out)
{
    if (n != r->rank || n > ZURT_MAX_RANK)
        return bad(r, "a list has not one value per axis");
    if (n)
        memcpy(out, values, n * sizeof(*out));
    return ZURT_OK;
}

static zurt_status read_conv(const Zurt__ConvAttr *m, zi_attr_conv *out)
{
    *out = (zi_attr_conv){
        .stride = {m->stride_h, m->stride_w},
        .dilation = {m->dilation_h, m->dilation_w},
        .pad = {m->pad_top, m->pad_left, m->pad_bottom, m->pad_right},
        .groups = m->groups,
        .out_pad = {m->out_pad_h, m->out_pad_w},
    };
    return ZURT_OK;
}

static zurt_status read_pool(const Zurt__PoolAttr *m, zi_attr_pool *out)
{
    *out = (zi_attr_pool){
        .kernel = {m->kernel_h, m->kernel_w},
        .stride = {m->stride_h, m->stride_w},
        .dilation = {m->dilation_h, m->dilation_w},
        .pad = {m->pad_top, m->pad_left, m->pad_bottom, m->pad_right},
        .ceil_mode = m->ceil_mode,
        .count_include_pad = m->count_include_pad,
        .column_major = m->column_major,
        .ties_up = m->ties_up,
    };
    return ZURT_OK;
}

static zurt_status read_slice(const attr_reader *r, const Zurt__SliceAttr *m, zi_attr_slice *out)
{
    zurt_status st = read_list(r, m->n_start, m->start, out->start);
    if (!st)
        st = read_list(r, m->n_step, m->step, out->step);
    if (!st)
        st = read_list(r, m->n_count, m->count, out->count);
    return st;
}

static zurt_status read_pad(const attr_reader *r, const Zurt__PadAttr *m, zi_attr_pad *out)
{
    zurt_status st = read_list(r, m->n_before, m->before, out->before);
    if (!st)
        st = read_list(r, m->n_after, m->after, out->after);
    if (!st && m->mode > ZI_PAD_EDGE)
        st = bad(r, "unknown pad mode");
    if (!st && isnan(m->value))
        st = bad(r, "value is not a number");
    out->mode = (zi_pad_mode)m->mode;
    out->value = m->value;
    return st;
}

static zurt_status read_resize(const attr_reader *r, const Zurt__ResizeAttr *m, zi_attr_resize *out)
{
    if (m->mode > ZI_RESIZE_CUBIC || m->coord > ZI_COORD_TF_CROP_AND_RESIZE ||
        m->nearest > ZI_NEAREST_CEIL)
        return bad(r, "unknown resize mode");
    if (m->n_roi != 4)
        return bad(r, "roi has not 4 values");
    for (int i = 0; i < 4; i++) {
        if (!isfinite(m->roi[i]))
            return bad(r, "roi is not finite");
    }
    if (!isfinite(m->scale_h) || !isfinite(m->scale_w) || !isfinite(m->cubic_coeff) ||
        isnan(m->extrapolation))
        return bad(r, "a value is not a number");
    *out = (zi_attr_resize){
        .out = {m->out_h, m->out_w},
        .scale = {m->scale_h, m->scale_w},
        .mode = (zi_resize_mode)m->mode,
        .coord = (zi_resize_coord)m->coord,
        .nearest = (zi_resize_nearest)m->nearest,
        .cubic_coeff = m->cubic_coeff,
        .exclude_outside = m->exclude_outside,
        .roi = {m->roi[0], m->roi[1], m->roi[2], m->roi[3]},
        .extrapolation = m->extrapolation,
    };
    return ZURT_OK;
}

static zurt_status read_unary(const attr_reader *r, float alpha, float beta, zi_attr_unary *out)
{
    if (isnan(alpha) || isnan(beta))
        return bad(r, "a value is not a number");
    *out = (zi_attr_unary){alpha, beta};
    return ZURT_OK;
}

static zurt_status read_lut(const attr_reader *r, const Zurt__LutAttr *m, zi_attr_lut *out)
{
    if (m->op != ZI_OP_NONE && !zi_op_get(m->op))
        return bad(r, "the table stands for an unknown op");
    out->op = (int32_t)m->op;
    return read_unary(r, m->alpha, m->beta, &out->unary);
}

static zurt_status read_shape(const attr_reader *r, const Zurt__ShapeAttr *m, zi_attr_shape *out)
{
    if (m->n_dims > ZURT_MAX_RANK)
        return bad(r, "more than 8 dims");
    out->rank = (int32_t)m->n_dims;
    if (m->n_dims)
        memcpy(out->dims, m->dims, m->n_dims * sizeof(*out->dims));
    return ZURT_OK;
}

static zurt_status read_grid(const attr_reader *r, const Zurt__GridAttr *m, zi_attr_grid *out)
{
    if (m->mode > ZI_RESIZE_CUBIC || m->padding > ZI_GRID_REFLECTION)
        return bad(r, "unknown grid mode");
    *out = (zi_attr_grid){(zi_resize_mode)m->mode, (zi_grid_padding)m->padding, m->align_corners};
    return ZURT_OK;
}

static zurt_status read_nms(const attr_reader *r, const Zurt__NmsAttr *m, zi_attr_nms *out)
{
    if (isnan(m->iou_threshold) || isnan(m->score_threshold))
        return bad(r, "a threshold is not a number");
    *out = (zi_attr_nms){m->max_boxes, m->iou_threshold, m->score_threshold, m->centre};
    return ZURT_OK;
}

static zurt_status read_rnn(const attr_reader *r, const Zurt__RnnAttr *m, zi_attr_rnn *out)
{
    const bool both = m->direction == ZI_RNN_BIDIRECTIONAL;
    const size_t n = (size_t)zi_rnn_functions(r->node->op) * (both ? 2 : 1);
    if (m->direction > ZI_RNN_BIDIRECTIONAL)
        return bad(r, "unknown direction");
    if (m->n_function != n || m->n_alpha != n || m->n_beta != n)
        return bad(r, "a list has not one value per function");
    *out = (zi_attr_rnn){.direction = (zi_rnn_direction)m->direction,
                         .clip = m->clip,
                         .input_forget = m->input_forget,
                         .linear_before_reset = m->linear_before_reset};
    for (size_t i = 0; i < n; i++) {
        if (m->function[i] >= ZI_RNN_N_FUNCTIONS)
            return bad(r, "unknown function");
        if (isnan(m->alpha[i]) || isnan(m->beta[i]))
            return bad(r, "a value is not a number");
        out->function[i] = (zi_rnn_function)m->function[i];
        out->alpha[i] = m->alpha[i];
        out->beta[i] = m->beta[i];
    }
    return isnan(m->clip) ? bad(r, "clip is not a number") : ZURT_OK;
}

/* The message in the oneof must be the op's kind: field number 15 + kind. */
static const ProtobufCMessage *attr_message(const Zurt__Node *m)
{
    switch (m->attr_case) {
    case ZURT__NODE__ATTR_CONV:
        return &m->conv->base;
    case ZURT__NODE__ATTR_POOL:
        return &m->pool->base;
    case ZURT__NODE__ATTR_AXIS:
        return &m->axis->base;
    case ZURT__NODE__ATTR_REDUCE:
        return &m->reduce->base;
    case ZURT__NODE__ATTR_PERM:
        return &m->perm->base;
    case ZURT__NODE__ATTR_SHAPE:
        return &m->shape->base;
    case ZURT__NODE__ATTR_SLICE:
        return &m->slice->base;
    case ZURT__NODE__ATTR_PAD:
        return &m->pad->base;
    case ZURT__NODE__ATTR_RESIZE:
        return &m->resize->base;
    case ZURT__NODE__ATTR_UNARY:
        return &m->unary->base;
    case ZURT__NODE__ATTR_LUT:
        return &m->lut->base;
    case ZURT__NODE__ATTR_TOP:
        return &m->top->base;
    case ZURT__NODE__ATTR_SCATTER:
        return &m->scatter->base;
    case ZURT__NODE__ATTR_GRID:
        return &m->grid->base;
    case ZURT__NODE__ATTR_NMS:
        return &m->nms->base;
    case ZURT__NODE__ATTR_RNN:
        return &m->rnn->base;
    default:
        return NULL;
    }
}

zurt_status zi_message_read_attr(zurt_ctx *ctx, const zi_graph *g, const Zurt__Node *m, zi_node *n)
{
    attr_reader r = {ctx, g, n, input_rank(g, n)};
    zi_attr_kind kind = zi_op_get(n->op)->attr;
    zi_attr *out = &n->attr;
    const ProtobufCMessage *message = attr_message(m);
    if ((unsigned)m->attr_case != (kind ? 15u + (unsigned)kind : 0u))
        return bad(&r, "not of the kind that the op takes");
    if (message && zi_message_has_unknown(message))
        return bad(&r, "unknown field");
    switch (kind) {
    case ZI_ATTR_none:
        break;
    case ZI_ATTR_conv:
        return read_conv(m->conv, &out->conv);
    case ZI_ATTR_pool:
        return read_pool(m->pool, &out->pool);
    case ZI_ATTR_axis:
        out->axis = (zi_attr_axis){m->axis->axis, m->axis->keep_dims, m->axis->select_last};
        break;
    case ZI_ATTR_reduce:
        out->reduce = (zi_attr_reduce){m->reduce->axes, m->reduce->keep_dims};
        break;
    case ZI_ATTR_perm:
        return read_list(&r, m->perm->n_perm, m->perm->perm, out->perm.perm);
    case ZI_ATTR_shape:
        return read_shape(&r, m->shape, &out->shape);
    case ZI_ATTR_slice:
        return read_slice(&r, m->slice, &out->slice);
    case ZI_ATTR_pad:
        return read_pad(&r, m->pad, &out->pad);
    case ZI_ATTR_resize:
        return read_resize(&r, m->resize, &out->resize);
    case ZI_ATTR_unary:
        return read_unary(&r, m->unary->alpha, m->unary->beta, &out->unary);
    case ZI_ATTR_lut:
        return read_lut(&r, m->lut, &out->lut);
    case ZI_ATTR_top:
        out->top = (zi_attr_top){m->top->axis, m->top->k, m->top->smallest};
        break;
    case ZI_ATTR_scatter:
        if (m->scatter->reduction > ZI_SCATTER_MIN)
            return bad(&r, "unknown reduction");
        out->scatter =
            (zi_attr_scatter){m->scatter->axis, (zi_scatter_reduction)m->scatter->reduction};
        break;
    case ZI_ATTR_grid:
        return read_grid(&r, m->grid, &out->grid);
    case ZI_ATTR_nms:
        return read_nms(&r, m->nms, &out->nms);
    case ZI_ATTR_rnn:
        return read_rnn(&r, m->rnn, &out->rnn);
    }
    return ZURT_OK;
}
