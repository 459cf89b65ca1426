/* SPDX-License-Identifier: Apache-2.0 */
/* Plans a graph for a board; a float one is quantised with assumed scales first. */
#include "graph_handle.h"
#include "plan/board.h"
#include "plan/plan_report.h"
#include "synthetic.h"

enum { SAMPLES = 2 };

/* What the quantiser would make of it: the same code that makes the file. */
static zurt_status plan_quantised(zurt_ctx *ctx, const zurt_graph *graph, const zi_caps *caps,
                                  zurt_plan **out)
{
    zurt_quantize_options options = ZURT_QUANTIZE_OPTIONS_INIT;
    zc_synthetic source = {graph};
    options.method = ZURT_CALIB_MSE; // of noise: a choice among methods would say nothing
    options.report_sqnr = 0;
    options.sample = zc_synthetic_fill;
    options.sample_self = &source;
    options.n_samples = SAMPLES;
    zurt_graph *int8;
    zurt_status st = zurt_quantize(ctx, graph, &options, &int8, NULL);
    if (!st)
        st = zi_plan_report_create(ctx, int8->g, caps, out);
    if (!st) {
        zi_plan_report_adopt(*out, int8->g);
        int8->g = NULL;
    }
    zurt_graph_destroy(int8);
    return st;
}

zurt_status zurt_graph_plan(zurt_ctx *ctx, const zurt_graph *graph, const zurt_board *board,
                            zurt_plan **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !graph || !board)
        return ZURT_E_ARG;
    const zi_caps *caps = &board->record.caps;
    if (caps->kind == ZI_CAPS_PL && !zurt_graph_is_quantized(graph))
        return plan_quantised(ctx, graph, caps, out);
    return zi_plan_report_create(ctx, graph->g, caps, out);
}
