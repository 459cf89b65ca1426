/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that keep elements and their order: a copy, where memory is not shared. */
#include <string.h>

#include "ops/impl.h"

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (x->dtype != out->dtype || x->quant.n > 1 || !zi_same_quant(x, out))
        return zi_unsupported(ctx, g, n,
                              "input and output must have one type, one scale and zero point");
    return ZURT_OK;
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    size_t bytes = zi_tensor_bytes(zi_node_out(p->graph, p->node, 0));
    if (args->in[0] != args->out[0] && bytes)
        memmove(args->out[0], args->in[0], bytes);
}

const zi_op_impl zi_impl_reshape = {check, NULL, run, true};
