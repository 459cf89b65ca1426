/* SPDX-License-Identifier: Apache-2.0 */
/* One NaN in one sample of hundreds reaches every layer behind it, so it is refused, not skipped.
 */
#include "quantise/finite.h"

#include <math.h>

#include "quantise/scheme.h"

size_t zc_first_not_finite(const float *x, size_t n)
{
    size_t i = 0;
    while (i < n && isfinite(x[i]))
        i++;
    return i;
}

static const char *kind(float x)
{
    return isnan(x) ? "NaN" : "infinite";
}

static zurt_status check_weight(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, zi_id id)
{
    const zi_tensor *t = &g->tensors[id];
    size_t n_values = zi_tensor_elems(t), at = zc_first_not_finite(t->data, n_values);
    if (at == n_values)
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                        "weight '%s': value %zu is %s; train or export the model again", t->name,
                        at, kind(((const float *)t->data)[at]));
}

zurt_status zc_check_constants(zurt_ctx *ctx, const zi_graph *g)
{
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        for (uint32_t k = 1; !st && zc_op_is_linear(n->op) && k < n->n_in; k++) {
            if (n->in[k] != ZI_NONE && zi_tensor_is_const(&g->tensors[n->in[k]]) &&
                g->tensors[n->in[k]].dtype == ZURT_F32)
                st = check_weight(ctx, g, n, n->in[k]);
        }
    }
    for (size_t i = 0; !st && i < g->n_tensors; i++) {
        const zi_tensor *t = &g->tensors[i];
        if (t->dtype != ZURT_F32 || !zi_tensor_is_const(t))
            continue;
        const float *x = t->data;
        for (size_t k = 0; !st && k < zi_tensor_elems(t); k++) {
            if (isnan(x[k]))
                st = zi_fail(ctx, ZURT_E_FORMAT,
                             "constant '%s': value %zu is NaN; train or export the model again",
                             t->name, k);
        }
    }
    return st;
}

zurt_status zc_check_sample(zurt_ctx *ctx, const zi_graph *g, const zurt_span *inputs, size_t index)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        const zi_tensor *t = &g->tensors[g->inputs[i]];
        if (t->dtype != ZURT_F32)
            continue;
        const float *x = inputs[i].data;
        size_t n = zi_tensor_elems(t), at = zc_first_not_finite(x, n);
        if (at < n)
            return zi_fail(ctx, ZURT_E_FORMAT,
                           "calibration sample %zu: value %zu of input '%s' is %s; leave the "
                           "sample out or mend it",
                           index, at, t->name, kind(x[at]));
    }
    return ZURT_OK;
}
