/* SPDX-License-Identifier: Apache-2.0 */
/* What was decided for tensors and layers, as users of the library read it. */
#include "quantise/quant_report.h"

#include <math.h>

#include "base/alloc.h"

static zurt_status no_memory(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "quantisation report: out of memory");
}

zurt_status zc_report_create(const zc_scheme *s, zurt_quant_report **out)
{
    *out = NULL;
    zurt_quant_report *r = zi_zalloc(&s->ctx->allocator, sizeof(*r));
    if (!r)
        return no_memory(s->ctx);
    zi_arena_init(&r->arena, &s->ctx->allocator);
    r->tensors = zi_arena_calloc(&r->arena, s->stats->n, sizeof(*r->tensors));
    r->ids = zi_arena_calloc(&r->arena, s->stats->n, sizeof(*r->ids));
    r->n_outputs = s->g->n_outputs;
    r->output_fixed = zi_arena_calloc(&r->arena, r->n_outputs, sizeof(*r->output_fixed));
    for (size_t i = 0; r->output_fixed && i < r->n_outputs; i++)
        r->output_fixed[i] = s->tensor[s->g->outputs[i]].fixed;
    bool ok = r->tensors && r->ids && r->output_fixed;
    for (size_t t = 0; ok && t < s->stats->n; t++) {
        const zc_tensor_plan *p = &s->tensor[t];
        const zc_hist *h = s->stats->hist[t];
        if (!p->quantised)
            continue;
        r->ids[r->n_tensors] = (zi_id)t;
        zurt_quant_tensor *to = &r->tensors[r->n_tensors++];
        *to = (zurt_quant_tensor){.name = zi_arena_strdup(&r->arena, s->g->tensors[t].name),
                                  .scale = p->p.scale,
                                  .zero_point = p->p.zero_point,
                                  .min = (float)p->range.lo,
                                  .max = (float)p->range.hi,
                                  .seen_min = h->min,
                                  .seen_max = h->max,
                                  .method = zi_arena_strdup(&r->arena, p->method)};
        ok = to->name && to->method;
    }
    if (!ok) {
        zurt_quant_report_destroy(r);
        return no_memory(s->ctx);
    }
    *out = r;
    return ZURT_OK;
}

zurt_status zc_report_layers(zurt_ctx *ctx, const zi_graph *g, zurt_quant_report *r)
{
    r->layers = zi_arena_calloc(&r->arena, g->n_nodes, sizeof(*r->layers));
    r->output_sqnr = zi_arena_calloc(&r->arena, g->n_outputs, sizeof(*r->output_sqnr));
    r->computes = zi_arena_calloc(&r->arena, g->n_nodes, sizeof(*r->computes));
    r->quality = zi_arena_calloc(&r->arena, g->n_outputs, sizeof(*r->quality));
    if (!r->layers || !r->output_sqnr || !r->computes || !r->quality)
        return no_memory(ctx);
    for (size_t i = 0; i < g->n_outputs; i++) {
        r->output_sqnr[i] = (double)NAN;
        r->quality[i] =
            (zurt_quant_quality){(double)NAN, (double)NAN, (double)NAN, 0, ZURT_VERDICT_NONE};
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        bool is_int8 = g->tensors[n->out[0]].dtype != ZURT_F32;
        bool is_border = n->op == ZI_OP_Quantize || n->op == ZI_OP_Dequantize;
        r->computes[i] = is_int8 && !is_border && !zi_op_has(n->op, ZI_OPF_MOVE);
        r->is_int8 = r->is_int8 || (is_int8 && !is_border);
        zurt_quant_layer *to = &r->layers[r->n_layers++];
        to->name = zi_arena_strdup(&r->arena, n->name);
        to->op = zi_op_name((uint32_t)n->op);
        to->type = zurt_dtype_name(g->tensors[n->out[0]].dtype);
        to->reason = zi_arena_strdup(&r->arena, n->note);
        to->sqnr_db = to->own_sqnr_db = (double)NAN;
        if (!to->name || !to->reason)
            return no_memory(ctx);
    }
    return ZURT_OK;
}

void zurt_quant_report_destroy(zurt_quant_report *report)
{
    if (!report)
        return;
    zurt_allocator allocator = report->arena.allocator;
    zi_arena_clear(&report->arena);
    zi_free(&allocator, report);
}

size_t zurt_quant_report_n_tensors(const zurt_quant_report *report)
{
    return report ? report->n_tensors : 0;
}

size_t zurt_quant_report_n_layers(const zurt_quant_report *report)
{
    return report ? report->n_layers : 0;
}

const zurt_quant_tensor *zurt_quant_report_tensor(const zurt_quant_report *report, size_t i)
{
    return report && i < report->n_tensors ? &report->tensors[i] : NULL;
}

const zurt_quant_layer *zurt_quant_report_layer(const zurt_quant_report *report, size_t i)
{
    return report && i < report->n_layers ? &report->layers[i] : NULL;
}

size_t zurt_quant_report_n_kept(const zurt_quant_report *report)
{
    return report ? report->n_kept : 0;
}

const char *zurt_quant_report_kept(const zurt_quant_report *report, size_t i)
{
    return i < zurt_quant_report_n_kept(report) ? report->kept[i] : NULL;
}

zurt_status zurt_quant_report_control(const zurt_quant_report *report, zurt_quant_control *out)
{
    if (!report || !out || out->size != sizeof(*out))
        return ZURT_E_ARG;
    *out = (zurt_quant_control){sizeof(*out), report->before_db, report->after_db, report->share};
    return ZURT_OK;
}

int zurt_quant_report_is_equalised(const zurt_quant_report *report)
{
    return report ? report->is_equalised : 0;
}

size_t zurt_quant_report_n_split(const zurt_quant_report *report)
{
    return report ? report->n_split : 0;
}

zurt_calib_method zurt_quant_report_method(const zurt_quant_report *report)
{
    return report ? report->method : ZURT_CALIB_AUTO;
}

double zurt_quant_report_method_db(const zurt_quant_report *report, zurt_calib_method method)
{
    return report && (unsigned)method < ZURT_CALIB_AUTO ? report->method_db[method] : (double)NAN;
}

double zurt_quant_report_output_sqnr(const zurt_quant_report *report, size_t output)
{
    return report && output < report->n_outputs ? report->output_sqnr[output] : (double)NAN;
}
