/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions and ops that move values, as ONNX. */
#include <string.h>

#include "emit/onnx_ops.h"

static void reduce_node(zo_builder *b, const zi_node *n, const char *x, const int32_t *axes,
                        size_t n_axes, const char *out)
{
    const char *in[2] = {x, NULL};
    bool sum = n->op == ZI_OP_ReduceSum; // in opset 13 alone with its axes as an input
    if (sum) {
        int64_t wide[ZURT_MAX_RANK] = {0};
        for (size_t i = 0; i < n_axes; i++)
            wide[i] = axes[i];
        in[1] = zo_list_s64(b, zo_name(b, "%s~axes", b->values[n->out[0]].base), wide, n_axes);
    }
    Onnx__NodeProto *node = zo_node(b, zi_op_name(n->op), n->name, in, sum ? 2 : 1, out);
    if (!sum)
        zo_ints(b, node, "axes", axes, n_axes);
    zo_int(b, node, "keepdims", n->attr.reduce.keep_dims);
}

void zo_emit_reduce(zo_builder *b, const zi_node *n)
{
    const zi_attr_reduce *a = &n->attr.reduce;
    const zi_tensor *t = zo_tensor_in(b, n, 0);
    bool spatial = t->rank == 4 && a->axes == (1u << 1 | 1u << 2);
    bool in_nchw = zo_is_nchw(b, n->in[0]) && (a->keep_dims || spatial);
    const char *x = zo_real(b, n->in[0], in_nchw), *out = zo_raw_name(b, n->out[0]);
    int32_t axes[ZURT_MAX_RANK];
    size_t n_axes = 0;
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t logical = in_nchw ? zo_to_nchw[i] : i;
        if (a->axes >> logical & 1)
            axes[n_axes++] = i;
    }
    if (n->op == ZI_OP_ReduceMean && spatial && in_nchw && a->keep_dims)
        zo_node(b, "GlobalAveragePool", n->name, &x, 1, out);
    else if (n_axes == 0) // to ONNX no axes would mean all of them
        zo_node(b, "Identity", n->name, &x, 1, out);
    else
        reduce_node(b, n, x, axes, n_axes, out);
    zo_finish(b, n, 0, out, in_nchw && a->keep_dims);
}

/* Concat, Softmax, LogSoftmax, ArgMax, ArgMin. */
void zo_emit_along_axis(zo_builder *b, const zi_node *n)
{
    const zi_attr_axis *a = &n->attr.axis;
    bool arg = n->op == ZI_OP_ArgMax || n->op == ZI_OP_ArgMin;
    bool nchw = zo_prefers_nchw(b, n) && (!arg || a->keep_dims);
    const char *out = zo_raw_name(b, n->out[0]);
    const char **in = zo_alloc(b, n->n_in, sizeof(*in));
    for (uint32_t i = 0; in && i < n->n_in; i++)
        in[i] = zo_real(b, n->in[i], nchw);
    if (!in)
        return;
    Onnx__NodeProto *node = zo_node(b, zi_op_name(n->op), n->name, in, n->n_in, out);
    zo_int(b, node, "axis", zo_axis(nchw, a->axis));
    if (arg) {
        zo_int(b, node, "keepdims", a->keep_dims);
        zo_int(b, node, "select_last_index", a->select_last);
    }
    zo_finish(b, n, 0, out, nchw);
}

/* As Slices, one for each part: a node of this builder has one output. */
void zo_emit_split(zo_builder *b, const zi_node *n)
{
    bool nchw = zo_is_nchw(b, n->in[0]);
    const char *x = zo_real(b, n->in[0], nchw);
    int64_t at = 0, axis = zo_axis(nchw, n->attr.axis.axis);
    for (uint32_t i = 0; i < n->n_out; i++) {
        const char *base = b->values[n->out[i]].base, *out = zo_raw_name(b, n->out[i]);
        int64_t end = at + zo_tensor_out(b, n, i)->dims[n->attr.axis.axis];
        const char *in[4] = {x, zo_list_s64(b, zo_name(b, "%s~start", base), &at, 1),
                             zo_list_s64(b, zo_name(b, "%s~end", base), &end, 1),
                             zo_list_s64(b, zo_name(b, "%s~axis", base), &axis, 1)};
        zo_node(b, "Slice", out, in, 4, out);
        zo_finish(b, n, i, out, nchw);
        at = end;
    }
}

void zo_emit_slice(zo_builder *b, const zi_node *n)
{
    const zi_attr_slice *a = &n->attr.slice;
    const zi_tensor *t = zo_tensor_in(b, n, 0);
    bool nchw = zo_is_nchw(b, n->in[0]);
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    int64_t starts[ZURT_MAX_RANK], ends[ZURT_MAX_RANK], axes[ZURT_MAX_RANK], steps[ZURT_MAX_RANK];
    size_t rank = (size_t)t->rank;
    for (int32_t i = 0; i < t->rank; i++) {
        int64_t end = a->start[i] + (int64_t)a->step[i] * a->count[i];
        starts[i] = a->start[i];
        ends[i] = end < 0 ? -(int64_t)t->dims[i] - 1 : end; // before the first: not "from the end"
        axes[i] = zo_axis(nchw, i);
        steps[i] = a->step[i];
    }
    const char *in[5] = {zo_real(b, n->in[0], nchw),
                         zo_list_s64(b, zo_name(b, "%s~starts", base), starts, rank),
                         zo_list_s64(b, zo_name(b, "%s~ends", base), ends, rank),
                         zo_list_s64(b, zo_name(b, "%s~axes", base), axes, rank),
                         zo_list_s64(b, zo_name(b, "%s~steps", base), steps, rank)};
    zo_node(b, "Slice", n->name, in, 5, out);
    zo_finish(b, n, 0, out, nchw);
}

void zo_emit_pad(zo_builder *b, const zi_node *n)
{
    const zi_attr_pad *a = &n->attr.pad;
    int32_t rank = zo_tensor_in(b, n, 0)->rank;
    bool nchw = zo_is_nchw(b, n->in[0]);
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    int64_t pads[2 * ZURT_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) {
        pads[zo_axis(nchw, i)] = a->before[i];
        pads[rank + zo_axis(nchw, i)] = a->after[i];
    }
    const char *in[3] = {zo_real(b, n->in[0], nchw),
                         zo_list_s64(b, zo_name(b, "%s~pads", base), pads, 2 * (size_t)rank), NULL};
    bool constant = a->mode == ZI_PAD_CONSTANT;
    if (constant)
        in[2] = zo_scalar_f32(b, zo_name(b, "%s~value", base), a->value);
    Onnx__NodeProto *node = zo_node(b, "Pad", n->name, in, constant ? 3 : 2, out);
    zo_string(b, node, "mode", zi_word_of(zi_pad_mode_words, a->mode));
    zo_finish(b, n, 0, out, nchw);
}

static bool same_quant(const zi_quant *a, const zi_quant *b)
{
    return b->n == 0 || (a->n == 1 && b->n == 1 && a->scale[0] == b->scale[0] &&
                         a->zero_point[0] == b->zero_point[0]);
}

/* Layout transposes vanish: the value stands already as its reader wants it. */
void zo_emit_transpose(zo_builder *b, const zi_node *n)
{
    const zi_tensor *x = zo_tensor_in(b, n, 0), *y = zo_tensor_out(b, n, 0);
    const zo_value *from = &b->values[n->in[0]];
    zo_value *to = &b->values[n->out[0]];
    size_t bytes = sizeof(zo_to_nchw);
    bool alias = x->rank == 4 && !zi_tensor_is_const(x) && same_quant(&x->quant, &y->quant);
    if (alias && memcmp(n->attr.perm.perm, zo_to_nchw, bytes) == 0) {
        to->real = zo_real(b, n->in[0], true);
        if (from->quantised && from->quantised_nchw && y->quant.n)
            to->quantised = from->quantised;
        return;
    }
    if (alias && memcmp(n->attr.perm.perm, zo_to_nhwc, bytes) == 0 && from->real) {
        to->real_nchw = from->real;
        to->quantised_nchw = true;
        if (from->quantised && !from->quantised_nchw && y->quant.n)
            to->quantised = from->quantised;
        return;
    }
    const char *out = zo_raw_name(b, n->out[0]);
    zo_transpose(b, zo_real(b, n->in[0], false), n->attr.perm.perm, x->rank, out);
    zo_finish(b, n, 0, out, false);
}

/* Reshape, Expand, Tile. */
void zo_emit_shape(zo_builder *b, const zi_node *n)
{
    const zi_tensor *x = zo_tensor_in(b, n, 0), *y = zo_tensor_out(b, n, 0);
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    int64_t list[ZURT_MAX_RANK];
    for (int32_t i = 0; i < y->rank; i++) {
        bool tile = n->op == ZI_OP_Tile && i < x->rank && x->dims[i];
        list[i] = tile ? y->dims[i] / x->dims[i] : y->dims[i];
    }
    const char *in[2] = {
        zo_real(b, n->in[0], false),
        zo_list_s64(b, zo_name(b, "%s~shape", base), list, (size_t)y->rank),
    };
    Onnx__NodeProto *node = zo_node(b, zi_op_name(n->op), n->name, in, 2, out);
    if (n->op == ZI_OP_Reshape && !zi_tensor_elems(y)) { // a 0 would mean the input's size
        b->opset = b->opset < 14 ? 14 : b->opset;
        zo_int(b, node, "allowzero", 1);
    }
    zo_finish(b, n, 0, out, false);
}

void zo_emit_gather(zo_builder *b, const zi_node *n)
{
    const char *in[2] = {zo_real(b, n->in[0], false), zo_real(b, n->in[1], false)};
    const char *out = zo_raw_name(b, n->out[0]);
    Onnx__NodeProto *node = zo_node(b, "Gather", n->name, in, 2, out);
    zo_int(b, node, "axis", n->attr.axis.axis);
    zo_finish(b, n, 0, out, false);
}
