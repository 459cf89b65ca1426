/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that give indices or go by them, and running sums: in the layout that they are stored in. */
#include "emit/onnx_ops.h"

void zo_emit_top_k(zo_builder *b, const zi_node *n)
{
    const zi_attr_top *a = &n->attr.top;
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    const int64_t k = a->k;
    const char *in[2] = {zo_real(b, n->in[0], false),
                         zo_list_s64(b, zo_name(b, "%s~k", base), &k, 1)};
    Onnx__NodeProto *node = zo_node_second(b, "TopK", n->name, in, 2, out);
    zo_int(b, node, "axis", a->axis);
    zo_int(b, node, "largest", !a->smallest);
    zo_finish(b, n, 0, out, false);
}

void zo_emit_cum_sum(zo_builder *b, const zi_node *n)
{
    const zi_attr_axis *a = &n->attr.axis;
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    const int64_t axis = a->axis;
    const char *in[2] = {zo_real(b, n->in[0], false),
                         zo_list_s64(b, zo_name(b, "%s~axis", base), &axis, 1)};
    Onnx__NodeProto *node = zo_node(b, "CumSum", n->name, in, 2, out);
    zo_int(b, node, "exclusive", a->keep_dims);
    zo_int(b, node, "reverse", a->select_last);
    zo_finish(b, n, 0, out, false);
}

/* GatherElements, ScatterElements, GatherND. */
void zo_emit_indexed(zo_builder *b, const zi_node *n)
{
    const char *in[3], *out = zo_raw_name(b, n->out[0]);
    bool scatter = n->op == ZI_OP_ScatterElements;
    if (scatter && n->attr.scatter.reduction > ZI_SCATTER_MUL) {
        b->st = zi_node_fail(b->ctx, b->g, n, ZURT_E_UNSUPPORTED,
                             "max and min came with opset 18, beyond what is written here");
        return;
    }
    for (uint32_t i = 0; i < n->n_in; i++)
        in[i] = zo_real(b, n->in[i], false);
    Onnx__NodeProto *node = zo_node(b, zi_op_name(n->op), n->name, in, n->n_in, out);
    if (n->op == ZI_OP_GatherND)
        zo_int(b, node, "batch_dims", n->attr.axis.axis);
    else
        zo_int(b, node, "axis", scatter ? n->attr.scatter.axis : n->attr.axis.axis);
    if (scatter && n->attr.scatter.reduction) {
        zo_string(b, node, "reduction",
                  zi_word_of(zi_scatter_reduction_words, n->attr.scatter.reduction));
        b->opset = b->opset < 16 ? 16 : b->opset;
    }
    zo_finish(b, n, 0, out, false);
}
