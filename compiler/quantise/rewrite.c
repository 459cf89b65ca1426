/* SPDX-License-Identifier: Apache-2.0 */
/* What rewrites of the float graph share: the copy, and the layers that they look for. */
#include "quantise/rewrite.h"

#include <string.h>

#include "base/alloc.h"

zurt_status zc_rewrite_begin(zurt_ctx *ctx, const zi_graph *from, const zc_stats *stats,
                             const zurt_quantize_options *options, zc_rewrite *out)
{
    zi_id *writer = NULL;
    *out = (zc_rewrite){.ctx = ctx, .stats = stats, .options = options};
    zurt_status st = zi_graph_clone(ctx, from, &out->g);
    if (!st)
        st = zi_graph_index(ctx, from, &writer, &out->n_readers);
    zi_free(&ctx->allocator, writer);
    return st;
}

zurt_status zc_rewrite_end(zc_rewrite *s, zurt_status st, bool changed, zi_graph **out)
{
    *out = NULL;
    if (!st && changed)
        st = zi_graph_compact(s->ctx, s->g);
    if (!st && changed)
        st = zi_graph_check(s->ctx, s->g);
    zi_free(&s->ctx->allocator, s->n_readers);
    if (st || !changed)
        zi_graph_destroy(s->g);
    else
        *out = s->g;
    return st;
}

bool zc_is_kept(const zc_rewrite *s, const zi_node *n)
{
    const zurt_quantize_options *o = s->options;
    for (size_t i = 0; i < o->n_keep_float; i++) {
        if (!strcmp(o->keep_float[i], n->name))
            return true;
    }
    return false;
}

zi_id zc_only_reader(const zc_rewrite *s, zi_id n)
{
    const zi_id tensor = s->g->nodes[n].out[0];
    if (s->n_readers[tensor] != 1)
        return ZI_NONE;
    for (zi_id i = n + 1; i < s->g->n_nodes; i++) {
        for (uint32_t k = 0; k < s->g->nodes[i].n_in; k++) {
            if (s->g->nodes[i].in[k] == tensor)
                return i;
        }
    }
    return ZI_NONE; // an output of the graph
}

static bool is_const_f32(const zi_graph *g, const zi_node *n, uint32_t i)
{
    const zi_tensor *t = zi_node_in(g, n, i);
    return t && zi_tensor_is_const(t) && t->dtype == ZURT_F32;
}

static bool has_const_operands(const zi_graph *g, const zi_node *n)
{
    return is_const_f32(g, n, 1) && (!zi_node_in(g, n, 2) || is_const_f32(g, n, 2));
}

bool zc_is_dense(const zi_graph *g, const zi_node *n)
{
    return n->op == ZI_OP_Conv && n->attr.conv.groups == 1 && has_const_operands(g, n);
}

bool zc_is_depthwise(const zi_graph *g, const zi_node *n, int32_t channels)
{
    return n->op == ZI_OP_Conv && n->attr.conv.groups == channels && has_const_operands(g, n) &&
           g->tensors[n->in[1]].dims[0] == channels;
}
