/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample and NonMaxSuppression. */
#include <math.h>

#include "emit/onnx_ops.h"

/* Opset 16 has it first. */
void zo_emit_grid_sample(zo_builder *b, const zi_node *n)
{
    static const char *const modes[] = {"nearest", "bilinear", "bicubic"};
    const zi_attr_grid *a = &n->attr.grid;
    const char *in[2] = {zo_real(b, n->in[0], true), zo_real(b, n->in[1], false)};
    const char *out = zo_raw_name(b, n->out[0]);
    Onnx__NodeProto *node = zo_node(b, "GridSample", n->name, in, 2, out);
    zo_string(b, node, "mode", modes[a->mode]);
    zo_string(b, node, "padding_mode", zi_word_of(zi_grid_padding_words, a->padding));
    zo_int(b, node, "align_corners", a->align_corners);
    b->opset = b->opset < 16 ? 16 : b->opset;
    zo_finish(b, n, 0, out, true);
}

/* The boxes found, rows of -1 behind them, and of both as many as zurt's node has. */
void zo_emit_non_max_suppression(zo_builder *b, const zi_node *n)
{
    const zi_attr_nms *a = &n->attr.nms;
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    const int32_t *dims = zo_tensor_out(b, n, 0)->dims;
    const char *found = zo_name(b, "%s~found", base), *padded = zo_name(b, "%s~padded", base);
    const int64_t most = a->max_boxes, start = 0, end = dims[0];
    const char *in[5] = {zo_real(b, n->in[0], false), zo_real(b, n->in[1], false),
                         zo_list_s64(b, zo_name(b, "%s~most", base), &most, 1),
                         zo_list_f32(b, zo_name(b, "%s~iou", base), &a->iou_threshold, 1)};
    const bool scored = isfinite(a->score_threshold);
    if (scored)
        in[4] = zo_list_f32(b, zo_name(b, "%s~score", base), &a->score_threshold, 1);
    Onnx__NodeProto *node = zo_node(b, "NonMaxSuppression", n->name, in, scored ? 5 : 4, found);
    zo_int(b, node, "center_point_box", a->centre);
    int64_t *rows = zo_alloc(b, (size_t)dims[0] * 3, sizeof(*rows));
    for (int64_t i = 0; rows && i < 3 * (int64_t)dims[0]; i++)
        rows[i] = -1;
    const char *parts[2] = {found,
                            zo_tensor(b, zo_name(b, "%s~rows", base), ZURT_S64, dims, 2, rows)};
    node = zo_node(b, "Concat", padded, parts, 2, padded);
    zo_int(b, node, "axis", 0);
    const char *cut[4] = {padded, zo_list_s64(b, zo_name(b, "%s~start", base), &start, 1),
                          zo_list_s64(b, zo_name(b, "%s~end", base), &end, 1),
                          zo_list_s64(b, zo_name(b, "%s~first", base), &start, 1)};
    zo_node(b, "Slice", out, cut, 4, out);
    zo_finish(b, n, 0, out, false);
}
