/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that move values or replace them one by one: tables, Concat, Reshape. */
#include "codegen/layer_impl.h"
#include "isa/zk_config.h"

bool zi_layer_copy(zi_layer_answer *a)
{
    a->layer->kind = ZI_LAYER_MAX;
    return zi_layer_take_images(a) &&
           zi_layer_check_row(a, zi_blocks(a->layer->x.c), 2 * zi_blocks(a->layer->y.c));
}

bool zi_layer_lut(zi_layer_answer *a)
{
    const zi_tensor *table = zi_node_in(a->q->g, a->n, 1);
    const bool has_table = table && zi_tensor_is_const(table) && table->dtype == ZURT_S8 &&
                           zi_tensor_elems(table) == 256;
    if (a->n->op == ZI_OP_Lut && !has_table)
        return zi_layer_refuse(a, "the table is not a constant of 256 s8",
                               "compile the model again");
    if (a->n->op != ZI_OP_Lut && !a->q->caps->assume_int8)
        return zi_layer_refuse(a, "an activation that is not a table", "compile the model again");
    return zi_layer_copy(a);
}

bool zi_layer_concat(zi_layer_answer *a)
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
bool zi_layer_reshape(zi_layer_answer *a)
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
