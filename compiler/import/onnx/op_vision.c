/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX GridSample-16 and -20, NonMaxSuppression-11. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

zurt_status zc_op_grid_sample(zc_onnx *o)
{
    static const zi_word before_20[] = {{"nearest", ZI_RESIZE_NEAREST},
                                        {"bilinear", ZI_RESIZE_LINEAR},
                                        {"bicubic", ZI_RESIZE_CUBIC},
                                        {NULL, 0}};
    const bool old = o->opset < 20;
    const zi_tensor x = *zc_input(o, 0);
    int mode = ZI_RESIZE_LINEAR, padding = ZI_GRID_ZEROS;
    zi_attr attr = {0};
    zi_id in[2] = {ZI_NONE, o->in[1]}, out;
    if (x.rank != 4)
        return zc_fail(o, ZURT_E_UNSUPPORTED, "an input of rank %d; images [N,C,H,W] are taken",
                       (int)x.rank);
    zurt_status st = zc_attr_choice(o, "mode", old ? "bilinear" : "linear",
                                    old ? before_20 : zi_resize_mode_words, &mode);
    if (!st)
        st = zc_attr_choice(o, "padding_mode", "zeros", zi_grid_padding_words, &padding);
    if (!st)
        st = zc_attr_bool(o, "align_corners", false, &attr.grid.align_corners);
    if (st)
        return st;
    attr.grid.mode = (zi_resize_mode)mode;
    attr.grid.padding = (zi_grid_padding)padding;
    st = zc_to_nhwc(o, o->in[0], &in[0]);
    if (!st)
        st = zc_emit(o, ZI_OP_GridSample, NULL, &attr, in, 2, &out);
    if (!st)
        st = zc_from_nhwc(o, out, 4, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- NonMaxSuppression ---------------------------------------------------------------------- */

/* The value is an initializer of these bytes: 0 or, of -1, 0xff. */
static bool all_bytes(const zc_onnx *o, uint32_t value, uint8_t byte)
{
    if (value == ZI_NONE || o->values[value].from != ZC_FROM_INITIALIZER)
        return false;
    const Onnx__TensorProto *t = o->graph->initializer[o->values[value].index];
    bool all = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 && t->raw_data.len > 0;
    for (size_t i = 0; i < t->raw_data.len && all; i++)
        all = t->raw_data.data[i] == byte;
    return all;
}

static bool along_axis(const Onnx__NodeProto *n, int64_t axis, int64_t from_end)
{
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__AttributeProto *a = n->attribute[i];
        if (a->name && strcmp(a->name, "axis") == 0)
            return a->i == axis || a->i == from_end;
    }
    return axis == 0;
}

/* Cast, Identity, and Gather or Split of columns: one row stays one row, so that behind them rows
 * of -1 are still known as such. And what zurt itself writes: more rows of -1, and the first of
 * all. */
static bool keeps_rows(const zc_onnx *o, const Onnx__NodeProto *n, const zc_links *links,
                       uint32_t value)
{
    const char *op = n->op_type ? n->op_type : "";
    if (strcmp(op, "Cast") == 0 || strcmp(op, "Identity") == 0)
        return true;
    if (links->in[0] != value) // the rows as indices: that takes them for boxes
        return false;
    if (n->n_input > 1 && links->in[1] == value)
        return false;
    if (strcmp(op, "Gather") == 0 || strcmp(op, "Split") == 0)
        return along_axis(n, 1, -1);
    if (strcmp(op, "Concat") == 0)
        return n->n_input == 2 && along_axis(n, 0, -2) && all_bytes(o, links->in[1], 0xff);
    return strcmp(op, "Slice") == 0 && n->n_input == 4 && all_bytes(o, links->in[1], 0) &&
           all_bytes(o, links->in[3], 0);
}

/* How many rows are real is known only at run time, so nothing may take the others for boxes. */
static zurt_status check_readers(zc_onnx *o, uint32_t value, uint32_t depth)
{
    const zc_value *v = &o->values[value];
    zurt_status st = ZURT_OK;
    if (v->crosses)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "its boxes enter or leave a branch or a function, where what goes by their "
                       "number is not seen; make the indices an output of the model");
    for (uint32_t i = 0; i < v->n_readers && !st; i++) {
        const uint32_t reader = o->readers[v->readers + i];
        const Onnx__NodeProto *n = o->graph->node[reader];
        if (depth == 0 || !keeps_rows(o, n, &o->links[reader], value))
            return zc_fail(o, ZURT_E_UNSUPPORTED,
                           "node '%.80s' (%.40s) goes by the boxes found, whose number is known "
                           "only at run time; make the indices an output of the model "
                           "(onnx.utils.extract_model) and pick the boxes on the host",
                           n->name ? n->name : "", n->op_type ? n->op_type : "");
        for (size_t k = 0; k < n->n_output && !st; k++) {
            if (o->links[reader].out[k] != ZI_NONE)
                st = check_readers(o, o->links[reader].out[k], depth - 1);
        }
    }
    return st;
}

/* A threshold: constant, one number. */
static zurt_status threshold(zc_onnx *o, uint32_t i, float absent, float *out)
{
    *out = absent;
    zurt_status st = zc_has(o, i) ? zc_const_float(o, i, out) : ZURT_OK;
    if (!st && isnan(*out))
        st = zc_fail(o, ZURT_E_FORMAT, "input %u is not a number", (unsigned)i);
    return st;
}

zurt_status zc_op_non_max_suppression(zc_onnx *o)
{
    int64_t most = 0;
    size_t n = 1;
    zi_attr attr = {0};
    zi_id out;
    zurt_status st = zc_has(o, 2) ? zc_const_ints(o, 2, 1, &most, &n) : ZURT_OK;
    if (!st && n != 1)
        st = zc_fail(o, ZURT_E_FORMAT, "max_output_boxes_per_class must be one number");
    if (!st)
        st = threshold(o, 3, 0.0f, &attr.nms.iou_threshold);
    if (!st)
        st = threshold(o, 4, -INFINITY, &attr.nms.score_threshold);
    if (!st)
        st = zc_attr_bool(o, "center_point_box", false, &attr.nms.centre);
    if (!st)
        st = check_readers(o, o->links[o->index].out[0], 8);
    if (st)
        return st;
    attr.nms.max_boxes = (int32_t)(most < 0 ? 0 : most > ZI_MAX_DIM ? ZI_MAX_DIM : most);
    st = zc_emit(o, ZI_OP_NonMaxSuppression, NULL, &attr, o->in, 2, &out);
    return st ? st : zc_define(o, 0, out);
}
