/* SPDX-License-Identifier: Apache-2.0 */
/* The calibration method whose int8 graph is nearest to float, by running all four. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "float/evaluator.h"
#include "quantise/candidate.h"
#include "quantise/noise.h"

/** Samples that judge, at most, and the bytes of float outputs that may be kept for them. */
#define JUDGES_MOST  16
#define OUTPUT_BYTES ((size_t)64 << 20)

/** Float's answers to the samples that judge. */
typedef struct answers {
    zc_split split;
    size_t n;        /* samples */
    zc_buffers *out; /* [n] */
} answers;

static size_t n_judges(const zi_graph *g, zc_split split)
{
    size_t bytes = 1, n = zc_split_n_judges(split);
    for (size_t i = 0; i < g->n_outputs; i++)
        bytes += zi_tensor_bytes(&g->tensors[g->outputs[i]]);
    n = n < JUDGES_MOST ? n : JUDGES_MOST;
    size_t fit = OUTPUT_BYTES / bytes;
    return n <= fit ? n : fit ? fit : 1;
}

static zurt_status ask_float(zurt_ctx *ctx, const zi_graph *g, const zurt_quantize_options *o,
                             answers *a)
{
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

static void answers_destroy(zurt_ctx *ctx, answers *a)
{
    for (size_t i = 0; a->out && i < a->n; i++)
        zc_buffers_destroy(ctx, &a->out[i]);
    zi_free(&ctx->allocator, a->out);
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

/** Runs an int8 graph with float inputs and outputs on the samples that judge. */
static zurt_status judge(zurt_ctx *ctx, const zi_graph *g, const zi_graph *from,
                         const zurt_quantize_options *o, const answers *a, double *db)
{
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
    for (size_t i = 0; !st && i < a->n; i++) {
        st = o->sample(o->sample_self, zc_split_judge(a->split, i), in.spans, in.n);
        if (!st)
            st = zc_executor_run(e, in.views, in.n, out.spans, out.n, NULL, NULL);
        for (size_t k = 0; !st && k < from->n_outputs; k++)
            add_noise(&from->tensors[from->outputs[k]], a->out[i].spans[k], out.spans[k], &sums[k]);
    }
    if (!st)
        *db = zc_noise_mean_db(sums, from->n_outputs);
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

/** What came of a method. */
typedef struct trial {
    bool is_possible; /* else a node stays float that must not */
    size_t n_float;
    double db;
} trial;

static zurt_status try_method(zurt_ctx *ctx, const zi_graph *from, const zurt_quantize_options *o,
                              zc_recipe recipe, const zc_stats *stats, const answers *a, trial *t)
{
    zi_graph *g = NULL;
    zurt_quant_report *report = NULL;
    zurt_status st = zc_candidate_make(ctx, from, o, recipe, ZURT_IO_FLOAT, stats, &g, &report);
    *t = (trial){.is_possible = st != ZURT_E_UNSUPPORTED, .db = (double)NAN};
    if (!st) {
        t->n_float = n_float_nodes(g);
        st = judge(ctx, g, from, o, a, &t->db);
    }
    zurt_quant_report_destroy(report);
    zi_graph_destroy(g);
    return st;
}

/** Fewest nodes in float first, for they cost time; then what is nearest to float. Methods stand in
 *  the order of their numbers: of equals the simpler one is taken. */
static bool is_better(trial t, trial best)
{
    if (!best.is_possible)
        return t.is_possible;
    return t.n_float != best.n_float ? t.n_float < best.n_float : t.db > best.db;
}

zurt_status zc_choose_method(zurt_ctx *ctx, const zi_graph *from,
                             const zurt_quantize_options *options, const zc_stats *stats,
                             zc_recipe *out, double db[ZURT_CALIB_AUTO], size_t *n_float)
{
    *n_float = 0;
    for (int m = 0; m < ZURT_CALIB_AUTO; m++)
        db[m] = (double)NAN;
    *out = (zc_recipe){options->method, false};
    if (options->method != ZURT_CALIB_AUTO)
        return ZURT_OK;
    answers a = {.split = zc_split_of(options)};
    zurt_status st = ask_float(ctx, from, options, &a), refused = ZURT_OK;
    trial best = {0};
    for (int m = 0; !st && m < ZURT_CALIB_AUTO; m++) {
        const zc_recipe recipe = {(zurt_calib_method)m, true};
        trial t;
        st = try_method(ctx, from, options, recipe, stats, &a, &t);
        db[m] = t.db;
        if (!t.is_possible) {
            refused = st;
            st = ZURT_OK;
        } else if (!st && is_better(t, best)) {
            *out = recipe;
            *n_float = t.n_float;
            best = t;
        }
        if (!st && options->progress)
            options->progress(options->progress_self, "choose a method", (size_t)m + 1,
                              ZURT_CALIB_AUTO);
    }
    answers_destroy(ctx, &a);
    return !st && !best.is_possible ? refused : st;
}
