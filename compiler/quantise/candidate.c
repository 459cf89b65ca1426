/* SPDX-License-Identifier: Apache-2.0 */
/* Scheme, insertion and lowering on a copy of the float graph. */
#include "quantise/candidate.h"

#include "quantise/insert.h"
#include "quantise/quantise.h"

/** The lowering may still have refused a node that the scheme made int8. */
static zurt_status check_all_int8(zurt_ctx *ctx, const zi_graph *g)
{
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        bool is_border = n->op == ZI_OP_Quantize || n->op == ZI_OP_Dequantize;
        if (!is_border && g->tensors[n->out[0]].dtype == ZURT_F32)
            return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "stays float: %s",
                                n->note[0] ? n->note : "no int8 form");
    }
    return ZURT_OK;
}

/** Scheme of a calibrated graph, written into it; the report's first half. */
static zurt_status apply_scheme(zurt_ctx *ctx, zi_graph *g, const zurt_quantize_options *options,
                                zc_recipe recipe, const zc_stats *stats, zurt_quant_report **report)
{
    zc_scheme scheme;
    zurt_status st = zc_scheme_make(ctx, g, options, recipe, stats, &scheme);
    if (!st)
        st = zc_report_create(&scheme, report);
    if (!st)
        st = zc_insert(&scheme);
    zc_scheme_destroy(&scheme);
    return st;
}

zurt_status zc_candidate_make(zurt_ctx *ctx, const zi_graph *from,
                              const zurt_quantize_options *options, zc_recipe recipe,
                              zurt_io_type io, const zc_stats *stats, zi_graph **out,
                              zurt_quant_report **report)
{
    *out = NULL;
    *report = NULL;
    zi_graph *g;
    zurt_status st = zi_graph_clone(ctx, from, &g);
    if (st)
        return st;
    st = apply_scheme(ctx, g, options, recipe, stats, report);
    if (!st)
        st = zc_qdq_to_int8(ctx, g);
    if (!st)
        st = zc_set_io(ctx, g, io);
    if (!st && options->require_int8)
        st = check_all_int8(ctx, g);
    if (!st) {
        *out = g;
        return ZURT_OK;
    }
    zi_graph_destroy(g);
    zurt_quant_report_destroy(*report);
    *report = NULL;
    return st;
}
