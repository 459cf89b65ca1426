/* SPDX-License-Identifier: Apache-2.0 */
/* Puts Quantize and Dequantize nodes where a scheme wants them. */
#include "quantise/insert.h"

#include "base/alloc.h"
#include "quantise/weights.h"

/** t -> Quantize -> s8 -> Dequantize -> *out. */
static zurt_status add_pair(zc_scheme *s, zi_id t, zi_id *out)
{
    zi_graph *g = s->g;
    const char *name = g->tensors[t].name;
    zi_id q;
    zi_node *n;
    zurt_status st = zi_graph_add_tensor(s->ctx, g, name, &q);
    if (!st)
        st = zi_graph_add_tensor(s->ctx, g, name, out);
    if (!st)
        st = zc_qparam_set(s->ctx, g, q, s->tensor[t].p);
    if (!st)
        st = zi_graph_add_node(s->ctx, g, ZI_OP_Quantize, name, &t, 1, &q, 1, &n);
    if (!st) {
        n->attr.axis.axis = ZURT_S8;
        st = zi_node_infer(s->ctx, g, n);
    }
    if (!st)
        st = zi_graph_add_node(s->ctx, g, ZI_OP_Dequantize, name, &q, 1, out, 1, &n);
    return st ? st : zi_node_infer(s->ctx, g, n);
}

static zurt_status replace_weights(zc_scheme *s, size_t at)
{
    zi_graph *g = s->g;
    const zi_node n = g->nodes[at]; // a copy: adding may move the array
    zi_id x = n.in[0], w, bias, real;
    zi_node *dq;
    zurt_status st = zc_weights_quantise(s->ctx, g, &n, s->tensor[x].p, &s->stats->channels[x],
                                         s->options->per_tensor != 0, &w, &bias);
    if (!st)
        st = zi_graph_add_tensor(s->ctx, g, g->tensors[w].name, &real);
    if (!st)
        st = zi_graph_add_node(s->ctx, g, ZI_OP_Dequantize, n.name, &w, 1, &real, 1, &dq);
    if (!st)
        st = zi_node_infer(s->ctx, g, dq);
    if (st)
        return st;
    zi_node *to = &g->nodes[at];
    if (to->n_in < 3 && bias != ZI_NONE) {
        zi_id *in = zi_arena_calloc(&g->arena, 3, sizeof(*in));
        if (!in)
            return zi_fail(s->ctx, ZURT_E_NOMEM, "layer '%s': out of memory", n.name);
        in[0] = x;
        to->in = in;
        to->n_in = 3;
    }
    to->in[1] = real;
    if (to->n_in > 2)
        to->in[2] = bias;
    return ZURT_OK;
}

/** Points readers at the dequantised twins: int8 nodes always, others if there is no choice. */
static void rewire(zc_scheme *s, const zi_id *twin, size_t n_nodes)
{
    zi_graph *g = s->g;
    for (size_t i = 0; i < n_nodes; i++) {
        zi_node *n = &g->nodes[i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            zi_id t = n->in[k];
            if (t == ZI_NONE || t >= s->stats->n || twin[t] == ZI_NONE)
                continue;
            bool int8_made = s->writer[t] != ZI_NONE && !s->reason[s->writer[t]];
            if (int8_made || (!s->reason[i] && zc_is_data_input(g, n, k)))
                n->in[k] = twin[t];
        }
    }
    for (size_t i = 0; i < g->n_outputs; i++) {
        zi_id t = g->outputs[i];
        if (twin[t] != ZI_NONE && s->writer[t] != ZI_NONE && !s->reason[s->writer[t]])
            g->outputs[i] = twin[t];
    }
}

zurt_status zc_insert(zc_scheme *s)
{
    zi_graph *g = s->g;
    size_t n_tensors = g->n_tensors, n_nodes = g->n_nodes;
    zi_id *twin = zi_calloc(&s->ctx->allocator, n_tensors, sizeof(*twin));
    if (!twin)
        return zi_fail(s->ctx, ZURT_E_NOMEM, "quantise: out of memory");
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < n_nodes; i++) {
        // A note pins a node to float: what the importer remarked must not.
        g->nodes[i].note = s->reason[i] ? s->reason[i] : "";
        if (!s->reason[i] && zc_op_is_linear(g->nodes[i].op))
            st = replace_weights(s, i);
    }
    for (size_t t = 0; t < n_tensors; t++) {
        twin[t] = ZI_NONE;
        if (!st && s->tensor[t].quantised)
            st = add_pair(s, (zi_id)t, &twin[t]);
    }
    if (!st)
        rewire(s, twin, n_nodes);
    zi_free(&s->ctx->allocator, twin);
    return st ? st : zi_graph_compact(s->ctx, g);
}

/* ---- inputs and outputs ---- */

/** The only Quantize node that reads an input; NULL if there is none or more than one. */
static zi_node *quantize_of(zi_graph *g, zi_id input)
{
    zi_node *found = NULL;
    for (size_t i = 0; i < g->n_nodes; i++) {
        zi_node *n = &g->nodes[i];
        if (n->op != ZI_OP_Quantize || n->in[0] != input)
            continue;
        if (found)
            return NULL;
        found = n;
    }
    return found;
}

static bool is_listed(const zi_id *list, size_t n, zi_id t)
{
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || list[i] == t;
    return found;
}

/** A u8 twin of an s8 tensor, with its name and shape. */
static zurt_status add_u8(zurt_ctx *ctx, zi_graph *g, zi_id s8, zi_id *out)
{
    zurt_status st = zi_graph_add_tensor(ctx, g, g->tensors[s8].name, out);
    if (st)
        return st;
    zi_tensor *t = &g->tensors[*out];
    const zi_tensor from = g->tensors[s8];
    t->dtype = ZURT_U8;
    t->rank = from.rank;
    for (int32_t i = 0; i < ZURT_MAX_RANK; i++)
        t->dims[i] = from.dims[i];
    t->from_nchw = from.from_nchw;
    int32_t zero = from.quant.zero_point[0] + 128;
    return zi_graph_set_quant(ctx, g, *out, 1, 0, from.quant.scale, &zero);
}

/** Makes the s8 form of input i the input, or a u8 one before it. */
static zurt_status set_input(zurt_ctx *ctx, zi_graph *g, size_t i, zurt_io_type io)
{
    zi_id t = g->inputs[i];
    zi_node *n = g->tensors[t].dtype == ZURT_F32 ? quantize_of(g, t) : NULL;
    if (!n || is_listed(g->outputs, g->n_outputs, n->out[0]))
        return ZURT_OK;
    zi_id q = n->out[0], u8 = ZI_NONE;
    zi_node *dq;
    g->tensors[q].from_nchw = g->tensors[t].from_nchw;
    g->tensors[q].name = g->tensors[t].name;
    n->op = ZI_OP_NONE;
    zurt_status st = ZURT_OK;
    if (io == ZURT_IO_UINT8) {
        st = add_u8(ctx, g, q, &u8);
        if (st)
            return st;
        n->op = ZI_OP_Quantize;
        n->in[0] = u8;
        g->tensors[q].from_nchw = false;
    }
    g->inputs[i] = u8 != ZI_NONE ? u8 : q;
    // Float nodes that read the input get what the int8 ones see.
    st = zi_graph_add_node(ctx, g, ZI_OP_Dequantize, g->tensors[t].name, &q, 1, &t, 1, &dq);
    g->tensors[t].from_nchw = false;
    return st ? st : zi_node_infer(ctx, g, dq);
}

static zi_node *writer_of(zi_graph *g, zi_id t)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i].op == ZI_OP_Dequantize && g->nodes[i].out[0] == t)
            return &g->nodes[i];
    }
    return NULL;
}

static zurt_status set_output(zurt_ctx *ctx, zi_graph *g, size_t i, zurt_io_type io)
{
    zi_id t = g->outputs[i];
    zi_node *n = g->tensors[t].dtype == ZURT_F32 ? writer_of(g, t) : NULL;
    if (!n || g->tensors[n->in[0]].dtype != ZURT_S8)
        return ZURT_OK;
    zi_id q = n->in[0], u8;
    if (is_listed(g->outputs, g->n_outputs, q) || is_listed(g->inputs, g->n_inputs, q))
        return ZURT_OK; // it has a name of its own there
    const char *name = g->tensors[t].name;
    if (io == ZURT_IO_INT8) {
        g->tensors[q].name = name;
        g->outputs[i] = q;
        return ZURT_OK;
    }
    zurt_status st = add_u8(ctx, g, q, &u8);
    if (st)
        return st;
    g->tensors[u8].name = name;
    g->outputs[i] = u8;
    st = zi_graph_add_node(ctx, g, ZI_OP_Quantize, name, &q, 1, &u8, 1, &n);
    if (st)
        return st;
    n->attr.axis.axis = ZURT_U8;
    return zi_node_infer(ctx, g, n);
}

zurt_status zc_set_io(zurt_ctx *ctx, zi_graph *g, zurt_io_type io)
{
    if (io == ZURT_IO_FLOAT)
        return ZURT_OK;
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < g->n_inputs; i++)
        st = set_input(ctx, g, i, io);
    for (size_t i = 0; !st && i < g->n_outputs; i++)
        st = set_output(ctx, g, i, io);
    if (!st)
        st = zi_graph_compact(ctx, g);
    return st ? st : zi_graph_check(ctx, g);
}
