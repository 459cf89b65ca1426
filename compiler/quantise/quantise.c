/* SPDX-License-Identifier: Apache-2.0 */
/* zurt_quantize(): statistics, scheme, insertion, lowering and the comparison with float. */
#include "quantise/quantise.h"

#include <zurt/compile.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "graph_handle.h"
#include "quantise/finite.h"
#include "quantise/insert.h"
#include "quantise/quant_report.h"

/** Documented limit of threads, as zi_pool_create(). */
#define MAX_THREADS 64

static zurt_status check_options(zurt_ctx *ctx, const zurt_quantize_options *o)
{
    if (o->size != sizeof(*o))
        return zi_fail(ctx, ZURT_E_ARG, "quantize: options of size %zu; set them by their _INIT",
                       o->size);
    if (o->threads > MAX_THREADS)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: %u threads, 0 to %d are taken",
                       (unsigned)o->threads, MAX_THREADS);
    if (!o->sample || o->n_samples < 1)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: no calibration samples");
    if ((unsigned)o->method > ZURT_CALIB_ENTROPY || (unsigned)o->io > ZURT_IO_FLOAT)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: unknown method or type of inputs");
    if (o->method == ZURT_CALIB_PERCENTILE && !(o->percentile > 50.0 && o->percentile <= 100.0))
        return zi_fail(ctx, ZURT_E_ARG, "quantize: percentile %g, must be in (50, 100]",
                       o->percentile);
    if (o->n_keep_float && !o->keep_float)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: keep_float is NULL");
    return ZURT_OK;
}

static bool has_quantised(const zi_graph *g)
{
    bool found = false;
    for (size_t t = 0; t < g->n_tensors; t++)
        found = found || zi_tensor_is_quantised(&g->tensors[t]);
    return found;
}

/** Scheme of a calibrated graph, written into it; the report's first half. */
static zurt_status apply_scheme(zurt_ctx *ctx, zi_graph *g, const zurt_quantize_options *options,
                                const zc_stats *stats, zurt_quant_report **report)
{
    zc_scheme scheme;
    zurt_status st = zc_scheme_make(ctx, g, options, stats, &scheme);
    if (!st)
        st = zc_report_create(&scheme, report);
    if (!st)
        st = zc_insert(&scheme);
    zc_scheme_destroy(&scheme);
    return st;
}

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

static zurt_status quantise(zurt_ctx *ctx, const zi_graph *from, zi_graph *g,
                            const zurt_quantize_options *options, zurt_quant_report **report)
{
    zc_stats stats = {0};
    zurt_status st = zc_check_constants(ctx, g);
    if (!st)
        st = zc_stats_collect(ctx, g, options, &stats);
    if (!st)
        st = apply_scheme(ctx, g, options, &stats, report);
    if (!st)
        st = zc_report_samples(ctx, &stats, *report);
    zc_stats_destroy(ctx, &stats);
    if (!st)
        st = zc_qdq_to_int8(ctx, g);
    if (!st)
        st = zc_set_io(ctx, g, options->io);
    if (!st && options->require_int8)
        st = check_all_int8(ctx, g);
    if (!st)
        st = zc_report_layers(ctx, g, *report);
    if (!st && options->report_sqnr)
        st = zc_report_compare(ctx, from, g, options, *report);
    if (!st)
        st = zc_report_rank(ctx, *report);
    if (!st)
        st = zc_report_judge(ctx, *report);
    return st;
}

static zurt_status wrap(zurt_ctx *ctx, const zurt_graph *from, zi_graph *g, zurt_graph **out)
{
    zurt_status st = zc_graph_wrap(ctx, g, out);
    if (st)
        return st;
    (*out)->source_nodes = from->source_nodes;
    st = zurt_graph_set_norm(ctx, *out, &from->meta.norm);
    if (!st)
        st = zurt_graph_set_labels(ctx, *out, from->meta.labels, from->meta.n_labels);
    if (!st)
        st = zurt_graph_set_description(ctx, *out, from->meta.description);
    if (st) {
        zurt_graph_destroy(*out);
        *out = NULL;
    }
    return st;
}

zurt_status zurt_quantize(zurt_ctx *ctx, const zurt_graph *graph,
                          const zurt_quantize_options *options, zurt_graph **out,
                          zurt_quant_report **report)
{
    if (!ctx || !graph || !options || !out)
        return ZURT_E_ARG;
    *out = NULL;
    if (report)
        *report = NULL;
    zurt_status st = check_options(ctx, options);
    if (st)
        return st;
    if (has_quantised(graph->g))
        return zi_fail(ctx, ZURT_E_ARG, "quantize: the graph is quantised already");
    zi_graph *g;
    zurt_quant_report *r = NULL;
    st = zi_graph_clone(ctx, graph->g, &g);
    if (st)
        return st;
    zurt_quantize_options resolved = *options;
    if (!resolved.threads)
        resolved.threads = zi_cpu_count() < MAX_THREADS ? zi_cpu_count() : MAX_THREADS;
    st = quantise(ctx, graph->g, g, &resolved, &r);
    if (st)
        zi_graph_destroy(g);
    else
        st = wrap(ctx, graph, g, out);
    if (!st && report)
        *report = r;
    else
        zurt_quant_report_destroy(r);
    return st;
}
