/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul with constant weights becomes FullyConnected, with the bias added behind it. */
#include "passes/passes_all.h"

/** A matrix of weights: a constant, or the Dequantize of one. */
static bool is_weight(const zi_graph *g, const zc_index *index, zi_id id)
{
    const zi_tensor *t = &g->tensors[id];
    if (t->rank != 2 || t->dtype != ZURT_F32)
        return false;
    const zi_node *w = zc_writer(g, index, id);
    return t->data || (w && w->op == ZI_OP_Dequantize && g->tensors[w->in[0]].data);
}

/** Makes node `i` a FullyConnected. Its weights are the matrix transposed: the layout pass turns
 *  that Transpose into a rearranged constant, quantised or not. */
static zurt_status convert(zurt_ctx *ctx, zi_graph *g, zc_index *index, size_t i)
{
    zi_id in[2] = {g->nodes[i].in[0], ZI_NONE};
    zi_id matrix = g->nodes[i].in[1];
    zi_node *turn;
    zurt_status st = zi_graph_add_tensor(ctx, g, g->tensors[matrix].name, &in[1]);
    if (!st)
        st = zi_graph_add_node(ctx, g, ZI_OP_Transpose, g->tensors[matrix].name, &matrix, 1, &in[1],
                               1, &turn);
    if (st)
        return st;
    turn->attr.perm.perm[0] = 1;
    turn->attr.perm.perm[1] = 0;
    st = zi_node_infer(ctx, g, turn);
    g->nodes[i].op = ZI_OP_FullyConnected;
    zi_id *operands = g->nodes[i].in;
    operands[1] = in[1];
    index->n_readers[matrix]--;
    return st ? st : zi_node_infer(ctx, g, &g->nodes[i]);
}

/** Add of a constant vector behind a FullyConnected without bias: its bias. */
static zurt_status take_bias(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *add)
{
    for (uint32_t k = 0; k < 2; k++) {
        zi_node *fc = zc_writer(g, index, add->in[k]);
        zi_id bias = add->in[1 - k];
        if (!fc || fc->op != ZI_OP_FullyConnected || fc->n_in != 2 ||
            index->n_readers[add->in[k]] != 1 || !zc_is_const_f32(g, bias))
            continue;
        const zi_tensor *b = &g->tensors[bias];
        const zi_tensor *y = &g->tensors[fc->out[0]];
        if (b->rank != 1 || b->dims[0] != y->dims[y->rank - 1])
            continue;
        zi_id in[3] = {fc->in[0], fc->in[1], bias};
        zc_take_output(g, index, fc, add);
        zi_id *copy = zi_arena_memdup(&g->arena, in, sizeof(in));
        if (!copy)
            return zi_fail(ctx, ZURT_E_NOMEM, "passes: out of memory");
        fc->in = copy;
        fc->n_in = 3;
        fc->clamp_lo = add->clamp_lo;
        fc->clamp_hi = add->clamp_hi;
        break;
    }
    return ZURT_OK;
}

zurt_status zc_matmul_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_index index;
    zurt_status st = zc_index_make(ctx, g, &index);
    if (st)
        return st;
    size_t n_nodes = g->n_nodes; // those added here need no look
    for (size_t i = 0; i < n_nodes && !st; i++) {
        zi_node *n = &g->nodes[i];
        if (n->op == ZI_OP_MatMul && is_weight(g, &index, n->in[1]))
            st = convert(ctx, g, &index, i);
        else if (n->op == ZI_OP_Add)
            st = take_bias(ctx, g, &index, n);
    }
    zc_index_free(ctx, &index);
    return st;
}
