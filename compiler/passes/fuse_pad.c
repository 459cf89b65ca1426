/* SPDX-License-Identifier: Apache-2.0 */
/* A Pad becomes the padding of the convolution or pool that reads it. */
#include <math.h>

#include "passes/passes_all.h"

/** A Pad of rows and columns alone, by a constant, that crops nothing. */
static bool is_border(const zi_node *n, int32_t rank)
{
    const zi_attr_pad *a = &n->attr.pad;
    if (rank != 4 || a->mode != ZI_PAD_CONSTANT)
        return false;
    for (int d = 0; d < 4; d++) {
        bool spatial = d == 1 || d == 2;
        if (a->before[d] < 0 || a->after[d] < 0 || (!spatial && (a->before[d] || a->after[d])))
            return false;
    }
    return true;
}

/** No element is below zero: then zero padding cannot win a maximum that it should not. */
static bool is_non_negative(const zi_graph *g, const zc_index *index, zi_id id)
{
    const zi_node *w = zc_writer(g, index, id);
    return w && (w->op == ZI_OP_Relu || (w->op == ZI_OP_Clip && w->attr.unary.alpha >= 0.0f) ||
                 w->clamp_lo >= 0.0f);
}

static bool add_border(const zi_attr_pad *pad, const int32_t *own, const int32_t *window,
                       int32_t *sum)
{
    for (int i = 0; i < 2; i++) {
        sum[i] = own[i] + pad->before[1 + i];
        sum[2 + i] = own[2 + i] + pad->after[1 + i];
        if (window && (sum[i] >= window[i] || sum[2 + i] >= window[i]))
            return false;
    }
    return true;
}

static bool merge_into_pool(const zi_graph *g, const zc_index *index, zi_node *n,
                            const zi_node *pad)
{
    zi_attr_pool *a = &n->attr.pool;
    const int32_t *own = a->pad;
    float value = pad->attr.pad.value;
    bool bare = own[0] == 0 && own[1] == 0 && own[2] == 0 && own[3] == 0;
    int32_t sum[4];
    if (a->ceil_mode || !add_border(&pad->attr.pad, own, a->kernel, sum))
        return false;
    bool means_alike = bare || a->count_include_pad;
    bool legal =
        n->op == ZI_OP_AveragePool
            ? value == 0.0f && means_alike
            : value == -INFINITY || (value == 0.0f && is_non_negative(g, index, pad->in[0]));
    if (!legal)
        return false;
    for (int i = 0; i < 4; i++)
        a->pad[i] = sum[i];
    a->count_include_pad = n->op == ZI_OP_AveragePool;
    return true;
}

static bool merge(const zi_graph *g, const zc_index *index, zi_node *n, const zi_node *pad)
{
    int32_t sum[4];
    switch (n->op) {
    case ZI_OP_Conv:
        if (pad->attr.pad.value != 0.0f || !add_border(&pad->attr.pad, n->attr.conv.pad, NULL, sum))
            return false;
        for (int i = 0; i < 4; i++)
            n->attr.conv.pad[i] = sum[i];
        return true;
    case ZI_OP_MaxPool:
    case ZI_OP_AveragePool:
        return merge_into_pool(g, index, n, pad);
    default:
        return false;
    }
}

zurt_status zc_fuse_pad_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_index index;
    zurt_status st = zc_index_make(ctx, g, &index);
    if (st)
        return st;
    for (size_t i = 0; i < g->n_nodes; i++) {
        zi_node *n = &g->nodes[i];
        const zi_node *pad = n->n_in ? zc_writer(g, &index, n->in[0]) : NULL;
        // Several readers may each take the padding over: the Pad dies with the last.
        const bool is_pad = pad && pad->op == ZI_OP_Pad && g->tensors[n->in[0]].dtype == ZURT_F32;
        if (is_pad && is_border(pad, g->tensors[n->in[0]].rank) && merge(g, &index, n, pad))
            n->in[0] = pad->in[0];
    }
    zc_index_free(ctx, &index);
    return ZURT_OK;
}
