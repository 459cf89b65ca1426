/* SPDX-License-Identifier: Apache-2.0 */
/* zurt_quantize(): statistics, the choice of a method and of a split of channels, the int8 graph,
 * its comparison with float. */
#include "quantise/quantise.h"

#include <math.h>
#include <string.h>

#include <zurt/compile.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/options.h"
#include "graph_handle.h"
#include "quantise/control.h"
#include "quantise/equalise.h"
#include "quantise/finite.h"
#include "quantise/jury.h"
#include "quantise/split_channels.h"

/** Documented limit of threads, as zi_pool_create(). */
#define MAX_THREADS 64

static zurt_status check_options(zurt_ctx *ctx, const zurt_quantize_options *o)
{
    if (o->threads > MAX_THREADS)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: %u threads, 0 to %d are taken",
                       (unsigned)o->threads, MAX_THREADS);
    if (!o->sample || o->n_samples < 1)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: no calibration samples");
    if ((unsigned)o->method > ZURT_CALIB_AUTO || (unsigned)o->io > ZURT_IO_FLOAT)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: unknown method or type of inputs");
    if ((o->method == ZURT_CALIB_PERCENTILE || o->method == ZURT_CALIB_AUTO) &&
        !(o->percentile >= 50.0 && o->percentile <= 100.0))
        return zi_fail(ctx, ZURT_E_ARG, "quantize: percentile %g, must be in [50, 100]",
                       o->percentile);
    if (o->hold_out == 1)
        return zi_fail(ctx, ZURT_E_ARG, "quantize: hold_out 1 leaves no sample to calibrate with");
    if (!(o->float_budget >= 0.0 && o->float_budget <= 100.0) || !(o->target_db >= 0.0))
        return zi_fail(ctx, ZURT_E_ARG,
                       "quantize: float_budget %g, must be in [0, 100]; target_db %g, at least 0",
                       o->float_budget, o->target_db);
    if (o->float_budget > 0.0 && (!o->report_sqnr || o->require_int8))
        return zi_fail(ctx, ZURT_E_ARG,
                       "quantize: a float_budget wants report_sqnr, which ranks "
                       "layers, and no require_int8");
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

/** Rewrites of the float graph, one on the other. */
enum { MOST_REWRITES = ZC_MOST_REWRITES };

/** A float graph, what its tensors hold, and the best way to quantise it. */
typedef struct choice {
    zi_graph *rewritten[MOST_REWRITES]; /* the last one is it; none: the caller's */
    size_t n_rewritten;
    zc_stats stats;
    zc_recipe recipe;
    double db[ZURT_CALIB_AUTO];
    zc_trial trial; /* what comes of it */
    size_t n_split;
    bool is_equalised;
} choice;

static const zi_graph *graph_of(const choice *c, const zi_graph *from)
{
    return c->n_rewritten ? c->rewritten[c->n_rewritten - 1] : from;
}

static void choice_destroy(zurt_ctx *ctx, choice *c)
{
    zc_stats_destroy(ctx, &c->stats);
    for (size_t i = c->n_rewritten; i > 0; i--)
        zi_graph_destroy(c->rewritten[i - 1]);
    *c = (choice){0};
}

static zurt_status choose(zurt_ctx *ctx, const zi_graph *g, const zurt_quantize_options *options,
                          choice *c)
{
    zurt_status st = zc_stats_collect(ctx, g, options, &c->stats);
    return st ? st : zc_choose_method(ctx, g, options, &c->stats, &c->recipe, c->db, &c->trial);
}

/** How near a graph comes by the recipe that is known to be the best of another. */
static zurt_status weigh(zurt_ctx *ctx, const zi_graph *g, const zurt_quantize_options *options,
                         zc_recipe recipe, zc_stats *stats, zc_trial *out)
{
    zc_jury *jury = NULL;
    zurt_status st = zc_stats_collect(ctx, g, options, stats);
    if (!st)
        st = zc_jury_create(ctx, g, options, &jury);
    if (!st)
        st = zc_jury_try(ctx, jury, options, recipe, stats, out);
    zc_jury_destroy(ctx, jury);
    return st;
}

/** How much further from float one output may be if all are nearer, dB: regression heads must not
 * pay for scores. */
#define WORST_MAY_LOSE 0.5

static bool is_nearer(zc_trial t, zc_trial than, double least_gain)
{
    return t.is_possible && t.n_float <= than.n_float && t.db - than.db >= least_gain &&
           t.worst_db >= than.worst_db - WORST_MAY_LOSE;
}

/** Takes a rewritten graph over: into *best if it is nearer to float by least_gain dB, without more
 *  nodes in float. *out_taken: whether it is. */
static zurt_status try_graph(zurt_ctx *ctx, zi_graph *g, const zurt_quantize_options *options,
                             double least_gain, choice *best, bool *out_taken)
{
    zc_stats stats = {0};
    zc_trial t = {0};
    zurt_status st = weigh(ctx, g, options, best->recipe, &stats, &t);
    *out_taken = !st && is_nearer(t, best->trial, least_gain);
    if (*out_taken) {
        zc_stats_destroy(ctx, &best->stats);
        best->stats = stats;
        best->rewritten[best->n_rewritten++] = g;
        best->trial = t;
        best->db[best->recipe.method] = t.db;
    } else {
        zc_stats_destroy(ctx, &stats);
        zi_graph_destroy(g);
    }
    return st;
}

/** What rewrites must gain, dB. Factors cost no time, but a dozen samples tell no less from chance,
 * and what they take from one channel another has to bear; more layers cost time. And the share of
 * a difference in range that activations give up where weights can take it. */
#define EQUALISE_LEAST_GAIN 1.0
#define SPLIT_LEAST_GAIN    0.5
#define EQUALISE_ALPHA      0.5

static zurt_status try_rewrites(zurt_ctx *ctx, const zi_graph *from,
                                const zurt_quantize_options *options, choice *best)
{
    zi_graph *g;
    size_t n_split = 0;
    bool taken = false;
    zurt_status st = zc_equalise(ctx, from, &best->stats, options, EQUALISE_ALPHA, &g);
    if (!st && g)
        st = try_graph(ctx, g, options, EQUALISE_LEAST_GAIN, best, &taken);
    best->is_equalised = taken;
    if (!st)
        st = zc_split_channels(ctx, graph_of(best, from), &best->stats, options, &g, &n_split);
    taken = false;
    if (!st && g)
        st = try_graph(ctx, g, options, SPLIT_LEAST_GAIN, best, &taken);
    best->n_split = taken ? n_split : 0;
    return st;
}

static zurt_status describe(zurt_ctx *ctx, const zi_graph *from, const zi_graph *g,
                            const zurt_quantize_options *options, const choice *c,
                            zurt_quant_report *report)
{
    report->method = c->recipe.method;
    report->n_split = c->n_split;
    report->is_equalised = c->is_equalised;
    report->before_db = report->after_db = (double)NAN;
    memcpy(report->method_db, c->db, sizeof(c->db));
    zurt_status st = zc_report_samples(ctx, &c->stats, report);
    if (!st)
        st = zc_report_layers(ctx, g, report);
    if (!st && options->report_sqnr)
        st = zc_report_compare(ctx, from, g, options, report);
    if (!st)
        st = zc_report_rank(ctx, report);
    return st ? st : zc_report_judge(ctx, report);
}

/** Copies what the budget left in float into the report. */
static zurt_status note_control(zurt_ctx *ctx, const zc_control *c, zurt_quant_report *report)
{
    report->before_db = c->before_db;
    report->after_db = c->after_db;
    report->share = c->share;
    report->n_kept = c->n - c->n_own;
    report->kept = zi_arena_calloc(&report->arena, report->n_kept, sizeof(*report->kept));
    if (!report->kept)
        return zi_fail(ctx, ZURT_E_NOMEM, "report: out of memory");
    for (size_t i = 0; i < report->n_kept; i++) {
        report->kept[i] = zi_arena_strdup(&report->arena, c->names[c->n_own + i]);
        if (!report->kept[i])
            return zi_fail(ctx, ZURT_E_NOMEM, "report: out of memory");
    }
    return ZURT_OK;
}

static zurt_status make(zurt_ctx *ctx, const zi_graph *from, const zurt_quantize_options *options,
                        const choice *c, zi_graph **out, zurt_quant_report **report)
{
    zurt_status st =
        zc_candidate_make(ctx, from, options, c->recipe, options->io, &c->stats, out, report);
    return st ? st : describe(ctx, from, *out, options, c, *report);
}

/** Makes it again, with nodes in float that the budget allows and the first one's report ranks. */
static zurt_status spend_budget(zurt_ctx *ctx, const zi_graph *from,
                                const zurt_quantize_options *options, const choice *c,
                                zi_graph **out, zurt_quant_report **report)
{
    zc_control found;
    zi_graph *better = NULL;
    zurt_quant_report *told = NULL;
    zurt_status st = zc_control_find(ctx, from, options, c->recipe, &c->stats, *report, &found);
    if (!st && found.n > found.n_own) {
        zurt_quantize_options with = *options;
        with.keep_float = found.names;
        with.n_keep_float = found.n;
        st = make(ctx, from, &with, c, &better, &told);
    }
    if (!st && better) {
        zi_graph_destroy(*out);
        zurt_quant_report_destroy(*report);
        *out = better;
        *report = told;
    } else {
        zi_graph_destroy(better);
        zurt_quant_report_destroy(told);
    }
    if (!st)
        st = note_control(ctx, &found, *report);
    zc_control_destroy(ctx, &found);
    return st;
}

static zurt_status quantise(zurt_ctx *ctx, const zi_graph *from,
                            const zurt_quantize_options *options, zi_graph **out,
                            zi_graph *rewritten[MOST_REWRITES], zurt_quant_report **report)
{
    choice c = {0};
    zurt_status st = zc_check_constants(ctx, from);
    if (!st)
        st = choose(ctx, from, options, &c);
    // Samples that have calibrated find every rewrite good.
    if (!st && options->method == ZURT_CALIB_AUTO && zc_split_of(options).hold_out)
        st = try_rewrites(ctx, from, options, &c);
    const zi_graph *chosen = graph_of(&c, from);
    if (!st)
        st = make(ctx, chosen, options, &c, out, report);
    if (!st && options->float_budget > 0.0)
        st = spend_budget(ctx, chosen, options, &c, out, report);
    memcpy(rewritten, c.rewritten, sizeof(c.rewritten));
    c.n_rewritten = 0;
    choice_destroy(ctx, &c);
    return st;
}

static void destroy_graphs(zi_graph *rewritten[MOST_REWRITES])
{
    for (size_t i = MOST_REWRITES; i > 0; i--)
        zi_graph_destroy(rewritten[i - 1]);
}

/** Takes over all graphs, even on failure. */
static zurt_status wrap(zurt_ctx *ctx, const zurt_graph *from, zi_graph *g,
                        zi_graph *rewritten[MOST_REWRITES], zurt_graph **out)
{
    zurt_status st = zc_graph_wrap(ctx, g, out);
    if (st) {
        destroy_graphs(rewritten);
        return st;
    }
    memcpy((*out)->rewritten, rewritten, sizeof((*out)->rewritten));
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
    zurt_quantize_options resolved;
    if (!zi_options_take(&resolved, sizeof(resolved), offsetof(zurt_quantize_options, hold_out),
                         options))
        return zi_fail(ctx, ZURT_E_ARG, "quantize: options of size %zu; set them by their _INIT",
                       options->size);
    zurt_status st = check_options(ctx, &resolved);
    if (st)
        return st;
    if (has_quantised(graph->g))
        return zi_fail(ctx, ZURT_E_ARG, "quantize: the graph is quantised already");
    zi_graph *g = NULL, *rewritten[MOST_REWRITES] = {NULL};
    zurt_quant_report *r = NULL;
    if (!resolved.threads)
        resolved.threads = zi_cpu_count() < MAX_THREADS ? zi_cpu_count() : MAX_THREADS;
    st = quantise(ctx, graph->g, &resolved, &g, rewritten, &r);
    if (st) {
        zi_graph_destroy(g);
        destroy_graphs(rewritten);
    } else {
        st = wrap(ctx, graph, g, rewritten, out);
    }
    if (!st && report)
        *report = r;
    else
        zurt_quant_report_destroy(r);
    return st;
}
