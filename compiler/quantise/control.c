/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy search for tensors in float: by the noise that each makes for the work that it costs. */
#include "quantise/control.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "quantise/jury.h"

/** Samples by which a tensor's noise is estimated; what is taken is measured on all. */
enum { FEW = 2 };

/** What a batch of tensors must take of the noise; and the work that even a tensor without any
 * counts as, of all. */
#define LEAST_GAIN 0.02
#define FREE_WORK  1e-3

/** A tensor that may stay in float. */
typedef struct option {
    zi_id tensor;
    float scale;
    int32_t zero_point;
    double worth; /* noise that it makes alone, for the work of its nodes */
    bool is_kept;
} option;

typedef struct search {
    zurt_ctx *ctx;
    const zi_graph *g;
    zurt_quantize_options options; /* keep_float is the list below */
    zc_recipe recipe;
    const zc_stats *stats;
    zc_jury *jury;
    zc_control *found;
    bool *in_float; /* per node: for a trial */
    double all_work;
    option *tried; /* in the order of their worth, once they are known */
    size_t n_tried;
} search;

static double noise_of(double db)
{
    return isnan(db) ? (double)INFINITY : pow(10.0, -db / 10.0);
}

static void tell(const search *s, const char *what, size_t done, size_t all)
{
    if (s->options.progress)
        s->options.progress(s->options.progress_self, what, done, all);
}

// ---- the nodes of tensors

static bool touches(const zi_node *n, zi_id tensor)
{
    for (uint32_t k = 0; k < n->n_in; k++) {
        if (n->in[k] == tensor)
            return true;
    }
    for (uint32_t k = 0; k < n->n_out; k++) {
        if (n->out[k] == tensor)
            return true;
    }
    return false;
}

/* The nodes of those of `n` tensors that are kept; percent of all work. */
static double choose(search *s, const option *tensors, size_t n)
{
    double work = 0.0;
    s->found->n = s->found->n_own;
    for (size_t i = 0; i < s->g->n_nodes; i++) {
        const zi_node *node = &s->g->nodes[i];
        bool in_float = false;
        for (size_t k = 0; !in_float && k < n; k++)
            in_float = tensors[k].is_kept && touches(node, tensors[k].tensor);
        if (!in_float)
            continue;
        s->found->names[s->found->n++] = node->name;
        work += (double)zi_node_macs(s->g, node);
    }
    s->options.n_keep_float = s->found->n;
    return 100.0 * work / s->all_work;
}

// ---- what a tensor alone costs and wins

typedef struct rounding {
    const option *of;
    size_t n; /* elements */
} rounding;

/* Rounds one tensor as int8 would. */
static zurt_status round_tensor(void *self, zi_id tensor, void *data)
{
    const rounding *r = self;
    const zc_qparam p = {r->of->scale, r->of->zero_point};
    float *x = data;
    for (size_t i = 0; tensor == r->of->tensor && i < r->n; i++)
        x[i] = p.scale * (float)(zc_qparam_quantise(p, (double)x[i]) - p.zero_point);
    return ZURT_OK;
}

static bool is_input(const zi_graph *g, zi_id tensor)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        if (g->inputs[i] == tensor)
            return true;
    }
    return false;
}

/* Each tensor of int8 that a node writes: the noise that it alone makes at the outputs. */
static zurt_status estimate(search *s, const zurt_quant_report *report)
{
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < report->n_tensors; i++) {
        const zurt_quant_tensor *t = &report->tensors[i];
        option o = {.tensor = report->ids[i],
                    .scale = t->scale,
                    .zero_point = t->zero_point,
                    .is_kept = true};
        const zi_tensor *tensor = &s->g->tensors[o.tensor];
        const double share = choose(s, &o, 1);
        rounding r = {&o, zi_tensor_elems(tensor)};
        double db = (double)INFINITY;
        if (tensor->dtype == ZURT_F32 && !is_input(s->g, o.tensor) &&
            share <= s->options.float_budget)
            st = zc_jury_disturb(s->ctx, s->jury, FEW, round_tensor, &r, &db);
        o.worth = noise_of(db) / (share / 100.0 + FREE_WORK);
        o.is_kept = false;
        if (o.worth > 0.0)
            s->tried[s->n_tried++] = o;
        tell(s, "measure tensors", i + 1, report->n_tensors);
    }
    return st;
}

static int compare_worth(const void *left, const void *right)
{
    const option *a = left, *b = right;
    if (a->worth < b->worth || a->worth > b->worth)
        return a->worth > b->worth ? -1 : 1;
    return a->tensor < b->tensor ? -1 : 1;
}

// ---- together

/* Takes up to `count` more from *at on, as far as the budget lets. Returns how many. */
static size_t take(search *s, size_t *at, size_t count, size_t *batch)
{
    size_t n = 0;
    for (; *at < s->n_tried && n < count; ++*at) {
        s->tried[*at].is_kept = true;
        if (choose(s, s->tried, s->n_tried) <= s->options.float_budget)
            batch[n++] = *at;
        else
            s->tried[*at].is_kept = false;
    }
    return n;
}

static zurt_status measure(search *s, double *db)
{
    zc_trial t;
    s->found->share = choose(s, s->tried, s->n_tried);
    zurt_status st = zc_jury_try(s->ctx, s->jury, &s->options, s->recipe, s->stats, &t);
    *db = t.db;
    return st;
}

static bool is_enough(const search *s)
{
    return s->options.target_db > 0.0 && s->found->after_db >= s->options.target_db;
}

/* In batches that grow as the worth falls; one that brings nothing is given back. */
static zurt_status add_tensors(search *s, size_t *batch)
{
    zurt_status st = ZURT_OK;
    size_t count = 1;
    for (size_t at = 0; !st && at < s->n_tried && !is_enough(s); count += count / 2 + 1) {
        double db;
        const size_t n = take(s, &at, count, batch);
        if (n == 0)
            break;
        st = measure(s, &db);
        const bool helps = !st && noise_of(db) < (1.0 - LEAST_GAIN) * noise_of(s->found->after_db);
        for (size_t i = 0; i < n; i++)
            s->tried[batch[i]].is_kept = helps;
        if (helps)
            s->found->after_db = db;
        tell(s, "try tensors in float", at, s->n_tried);
    }
    s->found->share = choose(s, s->tried, s->n_tried);
    return st;
}

static zurt_status run(search *s, const zurt_quant_report *report)
{
    zurt_status st = measure(s, &s->found->before_db);
    s->found->after_db = s->found->before_db;
    if (st || is_enough(s))
        return st;
    const zurt_allocator *a = &s->ctx->allocator;
    size_t *batch = zi_calloc(a, report->n_tensors, sizeof(*batch));
    s->tried = zi_calloc(a, report->n_tensors, sizeof(*s->tried));
    if (!batch || !s->tried)
        st = zi_fail(s->ctx, ZURT_E_NOMEM, "accuracy control: out of memory");
    if (!st)
        st = estimate(s, report);
    if (!st) {
        qsort(s->tried, s->n_tried, sizeof(s->tried[0]), compare_worth);
        st = add_tensors(s, batch);
    }
    zi_free(a, batch);
    zi_free(a, s->tried);
    return st;
}

zurt_status zc_control_find(zurt_ctx *ctx, const zi_graph *from,
                            const zurt_quantize_options *options, zc_recipe recipe,
                            const zc_stats *stats, const zurt_quant_report *report, zc_control *out)
{
    const zurt_allocator *a = &ctx->allocator;
    search s = {
        .ctx = ctx, .g = from, .options = *options, .recipe = recipe, .stats = stats, .found = out};
    *out = (zc_control){.n = options->n_keep_float, .n_own = options->n_keep_float};
    for (size_t i = 0; i < from->n_nodes; i++)
        s.all_work += (double)zi_node_macs(from, &from->nodes[i]);
    if (!(s.all_work > 0.0))
        return ZURT_OK;
    out->names = zi_calloc(a, options->n_keep_float + from->n_nodes, sizeof(*out->names));
    if (!out->names)
        return zi_fail(ctx, ZURT_E_NOMEM, "accuracy control: out of memory");
    if (out->n_own)
        memcpy(out->names, options->keep_float, out->n_own * sizeof(*out->names));
    s.options.keep_float = out->names;
    zurt_status st = zc_jury_create(ctx, from, &s.options, &s.jury);
    if (!st)
        st = run(&s, report);
    zc_jury_destroy(ctx, s.jury);
    return st;
}

void zc_control_destroy(zurt_ctx *ctx, zc_control *c)
{
    zi_free(&ctx->allocator, c->names);
    *c = (zc_control){0};
}
