/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a graph node by node on plain memory. */
#include "support/reference.h"

#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"

static void *alloc_or_abort(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes / 64 + 1) * 64);
    if (!p)
        abort();
    memset(p, 0xa5, bytes);
    return p;
}

static zurt_status run_node(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, void **memory)
{
    zk_table kernels;
    zk_table_init(&kernels, 0);
    zi_prepared *p = NULL;
    zurt_status st = zi_op_prepare(ctx, g, n, &kernels, 1, &p);
    if (st)
        return st;
    const void **in = alloc_or_abort(n->n_in * sizeof(*in));
    void **out = alloc_or_abort(n->n_out * sizeof(*out));
    for (uint32_t i = 0; i < n->n_in; i++)
        in[i] = n->in[i] == ZI_NONE ? NULL : memory[n->in[i]];
    for (uint32_t i = 0; i < n->n_out; i++)
        out[i] = memory[n->out[i]];
    void *scratch = alloc_or_abort(zi_op_scratch_bytes(p));
    zi_parallel serial = zi_parallel_serial();
    zi_op_run(p, &(zi_op_args){in, out, scratch, &serial});
    free(scratch);
    free(in);
    free(out);
    zi_op_destroy(p);
    return ZURT_OK;
}

zurt_status zt_reference_run(zurt_ctx *ctx, const zi_graph *g, const zt_io *io)
{
    void **memory = alloc_or_abort(g->n_tensors * sizeof(*memory));
    for (size_t i = 0; i < g->n_tensors; i++) {
        const zi_tensor *t = &g->tensors[i];
        memory[i] = alloc_or_abort(zi_tensor_bytes(t));
        if (t->data)
            memcpy(memory[i], t->data, zi_tensor_bytes(t));
    }
    for (size_t i = 0; i < g->n_inputs; i++)
        memcpy(memory[g->inputs[i]], io->in[i].data, io->in[i].bytes);
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < g->n_nodes; i++)
        st = run_node(ctx, g, &g->nodes[i], memory);
    for (size_t i = 0; i < g->n_outputs; i++)
        memcpy(io->out[i].data, memory[g->outputs[i]], io->out[i].bytes);
    for (size_t i = 0; i < g->n_tensors; i++)
        free(memory[i]);
    free(memory);
    return st;
}
