/* SPDX-License-Identifier: Apache-2.0 */
/* Relu and Clip behind a layer become the layer's own clamp. */
#include <math.h>

#include "passes/passes_all.h"

static float limit(float x, float lo, float hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/** Bounds of an activation that is a clamp. */
static bool bounds_of(const zi_node *n, float *lo, float *hi)
{
    *lo = 0.0f;
    *hi = INFINITY;
    if (n->op == ZI_OP_Relu)
        return true;
    *lo = n->attr.unary.alpha;
    *hi = n->attr.unary.beta;
    return n->op == ZI_OP_Clip && *lo <= *hi;
}

zurt_status zc_fuse_activation_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_index index;
    zurt_status st = zc_index_make(ctx, g, &index);
    if (st)
        return st;
    for (size_t i = 0; i < g->n_nodes; i++) {
        zi_node *n = &g->nodes[i];
        float lo, hi;
        if (!bounds_of(n, &lo, &hi))
            continue;
        zi_id x = n->in[0];
        zi_node *before = zc_writer(g, &index, x);
        if (!before || !zi_op_has(before->op, ZI_OPF_CLAMP) || index.n_readers[x] != 1 ||
            g->tensors[x].dtype != ZURT_F32)
            continue;
        before->clamp_lo = limit(before->clamp_lo, lo, hi);
        before->clamp_hi = limit(before->clamp_hi, lo, hi);
        zc_take_output(g, &index, before, n);
    }
    zc_index_free(ctx, &index);
    return ZURT_OK;
}
