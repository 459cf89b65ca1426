/* SPDX-License-Identifier: Apache-2.0 */
/* Computes nodes whose inputs are constant, where the result is worth its size. */
#include "float/evaluator.h"
#include "passes/passes_all.h"

/** Beyond this, an output larger than its inputs is better computed than stored. */
enum { MAX_GROWN_BYTES = 1 << 20 };

static bool worth_folding(const zi_graph *g, const zi_node *n)
{
    size_t in_bytes = 0, out_bytes = 0;
    if (n->op == ZI_OP_NONE || n->op == ZI_OP_Dequantize)
        return false;
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] == ZI_NONE)
            continue;
        if (!g->tensors[n->in[i]].data)
            return false;
        in_bytes += zi_tensor_bytes(&g->tensors[n->in[i]]);
    }
    for (uint32_t i = 0; i < n->n_out; i++)
        out_bytes += zi_tensor_bytes(&g->tensors[n->out[i]]);
    return out_bytes <= in_bytes || out_bytes <= MAX_GROWN_BYTES;
}

zurt_status zc_fold_constants_pass(zurt_ctx *ctx, zi_graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (!worth_folding(g, &g->nodes[i]))
            continue;
        zurt_status st = zc_fold_node(ctx, g, &g->nodes[i]);
        if (st && st != ZURT_E_UNSUPPORTED && st != ZURT_E_LIMIT) // those stay as they are
            return st;
    }
    return ZURT_OK;
}
