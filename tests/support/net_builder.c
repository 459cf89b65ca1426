/* SPDX-License-Identifier: Apache-2.0 */
/* Adds random int8 nodes to a graph. */
#include "support/net_builder.h"

#include <math.h>

void zt_net_set_quant(zt_net *b, zi_id id, float scale, int32_t zero)
{
    b->failed |= zi_graph_set_quant(b->ctx, b->g, id, 1, 0, &scale, &zero) != ZURT_OK;
}

zi_id zt_net_constant(zt_net *b, zurt_dtype dtype, int32_t rank, const int32_t *dims, int32_t bits)
{
    zi_id id = ZI_NONE;
    void *data = NULL;
    if (zi_graph_add_const(b->ctx, b->g, "", dtype, rank, dims, NULL, &id, &data)) {
        b->failed = true;
        return ZI_NONE;
    }
    uint64_t state = zt_pick(b->source, 256);
    size_t n = zi_tensor_elems(&b->g->tensors[id]);
    for (size_t i = 0; i < n; i++) {
        int32_t half = 1 << (bits - 1);
        int32_t v = (int32_t)(zt_random(&state) % (uint64_t)(2 * half)) - half;
        if (dtype == ZURT_S8)
            ((int8_t *)data)[i] = (int8_t)v;
        else
            ((int32_t *)data)[i] = v;
    }
    return id;
}

void zt_net_append(zt_net *b, zi_op op, const zi_attr *attr, const zi_id *in, uint32_t n_in,
                   float scale, int32_t zero)
{
    zi_id out;
    zi_node *n;
    size_t before = b->g->n_nodes;
    if (b->failed || zi_graph_add_tensor(b->ctx, b->g, "", &out) ||
        zi_graph_add_node(b->ctx, b->g, op, "", in, n_in, &out, 1, &n)) {
        b->failed = true;
        return;
    }
    if (attr)
        n->attr = *attr;
    if (zi_op_has(op, ZI_OPF_CLAMP) && zt_one_in(b->source, 2)) {
        n->clamp_lo = 0.0f;
        n->clamp_hi = zt_one_in(b->source, 2) ? INFINITY : 60.0f * scale;
    }
    if (zi_node_infer(b->ctx, b->g, n)) {
        b->g->n_nodes = before;
        return;
    }
    zt_net_set_quant(b, out, scale, zero);
    if (zi_tensor_elems(zt_net_picture(b, out)) > 0 && b->n < ZT_NET_TENSORS)
        b->tensors[b->n++] = out;
}
