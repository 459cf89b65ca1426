/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates beside float on the samples that judge: how near each comes. */
#include "quantise/jury.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "float/evaluator.h"
#include "quantise/noise.h"

/** Samples that judge, at most, and the bytes of float outputs that may be kept for them. */
#define JUDGES_MOST  16
#define OUTPUT_BYTES ((size_t)64 << 20)

struct zc_jury {
    const zi_graph *from;
    const zurt_quantize_options *options;
    zc_split split;
    size_t n;        /* samples */
    zc_buffers *out; /* [n]: float's answers */
};

static size_t n_judges(const zi_graph *g, zc_split split)
{
    size_t bytes = 1, n = zc_split_n_judges(split);
    for (size_t i = 0; i < g->n_outputs; i++)
        bytes += zi_tensor_bytes(&g->tensors[g->outputs[i]]);
    n = n < JUDGES_MOST ? n : JUDGES_MOST;
    size_t fit = OUTPUT_BYTES / bytes;
    return n <= fit ? n : fit ? fit : 1;
}

static zurt_status ask_float(zurt_ctx *ctx, zc_jury *a)
{
    const zi_graph *g = a->from;
    const zurt_quantize_options *o = a->options;
    zc_executor *e = NULL;
    zc_buffers in = {0};
    a->n = n_judges(g, a->split);
    a->out = zi_calloc(&ctx->allocator, a->n, sizeof(*a->out));
    zurt_status st =
        a->out ? ZURT_OK : zi_fail(ctx, ZURT_E_NOMEM, "choice of a method: out of memory");
    if (!st)
        st = zc_executor_create(ctx, g, o->threads, &e);
    if (!st)
        st = zc_buffers_create(ctx, g, g->inputs, g->n_inputs, &in);
    for (size_t i = 0; !st && i < a->n; i++) {
        st = o->sample(o->sample_self, zc_split_judge(a->split, i), in.spans, in.n);
        if (!st)
            st = zc_buffers_create(ctx, g, g->outputs, g->n_outputs, &a->out[i]);
        if (!st)
            st = zc_executor_run(e, in.views, in.n, a->out[i].spans, a->out[i].n, NULL, NULL);
    }
    zc_buffers_destroy(ctx, &in);
    zc_executor_destroy(e);
    return st;
}

zurt_status zc_jury_create(zurt_ctx *ctx, const zi_graph *from,
                           const zurt_quantize_options *options, zc_jury **out)
{
    zc_jury *jury = *out = zi_zalloc(&ctx->allocator, sizeof(*jury));
    if (!jury)
        return zi_fail(ctx, ZURT_E_NOMEM, "choice of a method: out of memory");
    *jury = (zc_jury){.from = from, .options = options, .split = zc_split_of(options)};
    zurt_status st = ask_float(ctx, jury);
    if (st) {
        zc_jury_destroy(ctx, jury);
        *out = NULL;
    }
    return st;
}

void zc_jury_destroy(zurt_ctx *ctx, zc_jury *jury)
{
    if (!jury)
        return;
    for (size_t i = 0; jury->out && i < jury->n; i++)
        zc_buffers_destroy(ctx, &jury->out[i]);
    zi_free(&ctx->allocator, jury->out);
    zi_free(&ctx->allocator, jury);
}

/** Adds up one output of one sample: values of float, or how many of another type differ. */
static void add_noise(const zi_tensor *t, zurt_span real, zurt_span int8, zc_noise *out)
{
    const size_t bytes = zurt_dtype_bytes(t->dtype);
    const char *r = real.data, *q = int8.data;
    for (size_t i = 0; i < zi_tensor_elems(t); i++) {
        if (t->dtype == ZURT_F32)
            zc_noise_add(out, (double)((const float *)real.data)[i],
                         (double)((const float *)int8.data)[i]);
        else
            zc_noise_add(out, 1.0, memcmp(r + i * bytes, q + i * bytes, bytes) ? 0.0 : 1.0);
    }
}

/** Runs a graph with float inputs and outputs on the first `n` samples that judge. */
static zurt_status judge(zurt_ctx *ctx, const zc_jury *a, const zi_graph *g, size_t n,
                         zc_tap_fn *tap, void *self, zc_trial *t)
{
    const zi_graph *from = a->from;
    const zurt_quantize_options *o = a->options;
    zc_executor *e = NULL;
    zc_buffers in = {0}, out = {0};
    zc_noise *sums = zi_calloc(&ctx->allocator, from->n_outputs, sizeof(*sums));
    zurt_status st =
        sums ? ZURT_OK : zi_fail(ctx, ZURT_E_NOMEM, "choice of a method: out of memory");
    if (!st)
        st = zc_executor_create(ctx, g, o->threads, &e);
    if (!st)
        st = zc_buffers_create(ctx, g, g->inputs, g->n_inputs, &in);
    if (!st)
        st = zc_buffers_create(ctx, g, g->outputs, g->n_outputs, &out);
    for (size_t i = 0; !st && i < n; i++) {
        st = o->sample(o->sample_self, zc_split_judge(a->split, i), in.spans, in.n);
        if (!st)
            st = zc_executor_run(e, in.views, in.n, out.spans, out.n, tap, self);
        for (size_t k = 0; !st && k < from->n_outputs; k++)
            add_noise(&from->tensors[from->outputs[k]], a->out[i].spans[k], out.spans[k], &sums[k]);
    }
    if (!st)
        t->db = zc_noise_mean_db(sums, from->n_outputs);
    t->worst_db = (double)INFINITY;
    for (size_t k = 0; !st && k < from->n_outputs; k++)
        t->worst_db = fmin(t->worst_db, sums[k].signal > 0.0 ? zc_noise_db(sums[k]) : t->worst_db);
    zi_free(&ctx->allocator, sums);
    zc_buffers_destroy(ctx, &in);
    zc_buffers_destroy(ctx, &out);
    zc_executor_destroy(e);
    return st;
}

static size_t n_float_nodes(const zi_graph *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_nodes; i++) {
        zi_op op = g->nodes[i].op;
        n += op != ZI_OP_Quantize && op != ZI_OP_Dequantize &&
             g->tensors[g->nodes[i].out[0]].dtype == ZURT_F32;
    }
    return n;
}

zurt_status zc_jury_try(zurt_ctx *ctx, const zc_jury *jury, const zurt_quantize_options *options,
                        zc_recipe recipe, const zc_stats *stats, zc_trial *out)
{
    zi_graph *g = NULL;
    zurt_quant_report *report = NULL;
    zurt_status st =
        zc_candidate_make(ctx, jury->from, options, recipe, ZURT_IO_FLOAT, stats, &g, &report);
    *out = (zc_trial){.is_possible = st != ZURT_E_UNSUPPORTED, .db = (double)NAN};
    if (!st) {
        out->n_float = n_float_nodes(g);
        st = judge(ctx, jury, g, jury->n, NULL, NULL, out);
    }
    zurt_quant_report_destroy(report);
    zi_graph_destroy(g);
    return out->is_possible ? st : ZURT_OK;
}

zurt_status zc_jury_disturb(zurt_ctx *ctx, const zc_jury *jury, size_t n, zc_tap_fn *tap,
                            void *self, double *db)
{
    zc_trial t = {.db = (double)NAN};
    zurt_status st = judge(ctx, jury, jury->from, n < jury->n ? n : jury->n, tap, self, &t);
    *db = t.db;
    return st;
}
