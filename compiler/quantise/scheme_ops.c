/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes cannot compute in int8 by their nature, or by request. */
#include <string.h>

#include "ops/lut.h"
#include "ops/ops.h"
#include "quantise/finite.h"
#include "quantise/scheme.h"

bool zc_op_is_linear(zi_op op)
{
    return op == ZI_OP_Conv || op == ZI_OP_ConvTranspose || op == ZI_OP_FullyConnected;
}

bool zc_is_data_input(const zi_graph *g, const zi_node *n, uint32_t i)
{
    const bool is_parameter = i > 0 && (zc_op_is_linear(n->op) || n->op == ZI_OP_Gather);
    return !is_parameter && n->in[i] != ZI_NONE && g->tensors[n->in[i]].dtype == ZURT_F32;
}

static bool is_const(const zi_graph *g, zi_id t)
{
    return t == ZI_NONE || zi_tensor_is_const(&g->tensors[t]);
}

static bool keep_named(zc_scheme *s, const char *name, size_t length)
{
    bool found = false;
    for (size_t i = 0; i < s->g->n_nodes; i++) {
        const char *node = s->g->nodes[i].name;
        if (strncmp(node, name, length) || node[length])
            continue;
        s->reason[i] = "kept in float on request";
        found = true;
    }
    return found;
}

/** Keeps the nodes of a name in float. `NAME/0` and so on, parts of a layer in groups of channels,
 * are the layer itself where it is whole. */
static zurt_status keep(zc_scheme *s, const char *name)
{
    const char *slash = strrchr(name, '/');
    const bool is_part = slash && slash[1] && !slash[1 + strspn(slash + 1, "0123456789")];
    bool found = keep_named(s, name, strlen(name));
    if (!found && is_part)
        found = keep_named(s, name, (size_t)(slash - name));
    return found ? ZURT_OK
                 : zi_fail(s->ctx, ZURT_E_ARG, "keep in float: there is no node '%s'", name);
}

/** No data input is computed in float: there is nothing to quantise. */
static bool has_data(const zi_graph *g, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (zc_is_data_input(g, n, i) && !is_const(g, n->in[i]))
            return true;
    }
    return false;
}

/** Its result is where values stand, not what they are. */
static bool gives_indices(zi_op op)
{
    return op == ZI_OP_ArgMax || op == ZI_OP_ArgMin || op == ZI_OP_TopK ||
           op == ZI_OP_MaxPoolIndices;
}

static bool is_finite(const zi_tensor *t)
{
    size_t n = zi_tensor_elems(t);
    return zc_first_not_finite(t->data, n) == n;
}

/** Why a node cannot be int8 by its nature; NULL if it can. */
static const char *obstacle(const zi_graph *g, const zi_node *n)
{
    double y;
    bool indices = gives_indices(n->op);
    if (n->op == ZI_OP_Quantize || n->op == ZI_OP_Dequantize)
        return "already a change of type";
    if (!has_data(g, n))
        return "computes on integers, not on activations";
    for (uint32_t i = 0; !indices && i < n->n_out; i++) {
        if (g->tensors[n->out[i]].dtype != ZURT_F32)
            return "its result is not a real number";
    }
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (zc_is_data_input(g, n, i) && is_const(g, n->in[i]) && !is_finite(&g->tensors[n->in[i]]))
            return "one of its constants is infinite";
    }
    if (n->op == ZI_OP_MatMul)
        return "multiplies two activations";
    if (zc_op_is_linear(n->op) && !is_const(g, n->in[1]))
        return "its weights are computed";
    if (zc_op_is_linear(n->op) && n->n_in > 2 && !is_const(g, n->in[2]))
        return "its bias is computed";
    if (n->op == ZI_OP_Gather && !is_const(g, n->in[1]))
        return "its indices are computed";
    if (zi_op_has(n->op, ZI_OPF_MAP) && zi_unary_real(n->op, &n->attr.unary, 0.5, &y))
        return NULL;
    return zi_op_has_int8(n->op) ? NULL : "the operator has no int8 kernel";
}

zurt_status zc_scheme_ops(zc_scheme *s)
{
    for (size_t i = 0; i < s->g->n_nodes; i++)
        s->reason[i] = obstacle(s->g, &s->g->nodes[i]);
    zurt_status st = ZURT_OK;
    for (size_t k = 0; !st && k < s->options->n_keep_float; k++)
        st = keep(s, s->options->keep_float[k]);
    return st;
}
