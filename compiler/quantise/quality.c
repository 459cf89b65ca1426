/* SPDX-License-Identifier: Apache-2.0 */
/* What the figures of the report mean: samples unlike the rest, a verdict per output, the layers to
 * look at first. */
#include <math.h>
#include <stdlib.h>

#include "quantise/quant_report.h"

/** Limits of the verdicts in dB. docs/accuracy.md has the measurements behind them. */
#define GOOD_DB   20.0
#define BROKEN_DB 10.0

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double zc_median(double *values, size_t n)
{
    if (n == 0)
        return (double)NAN;
    qsort(values, n, sizeof(*values), ascending);
    double lo = values[(n - 1) / 2], hi = values[n / 2];
    return lo == hi ? lo : lo + (hi - lo) / 2.0;
}

zurt_status zc_report_samples(zurt_ctx *ctx, const zc_stats *stats, zurt_quant_report *r)
{
    const size_t n_samples = stats->split.n_samples;
    r->samples = zi_arena_calloc(&r->arena, n_samples, sizeof(*r->samples));
    double *sorted = zi_arena_calloc(&r->arena, n_samples, sizeof(*sorted));
    if (!r->samples || !sorted)
        return zi_fail(ctx, ZURT_E_NOMEM, "quantisation report: out of memory");
    r->n_samples = n_samples;
    r->split = stats->split;
    for (size_t k = 0; k < stats->n_inputs; k++) {
        for (size_t i = 0; i < n_samples; i++)
            sorted[i] = (double)stats->reach[i * stats->n_inputs + k];
        double median = zc_median(sorted, n_samples);
        for (size_t i = 0; median > 0.0 && i < r->n_samples; i++) {
            double range = (double)stats->reach[i * stats->n_inputs + k] / median;
            r->samples[i].range = fmax(r->samples[i].range, range);
            r->samples[i].is_unusual = r->samples[i].range > ZURT_QUANT_UNUSUAL_RANGE;
        }
    }
    return ZURT_OK;
}

/* ---- the order of layers ---- */

typedef struct ranked {
    double db;
    size_t layer;
} ranked;

static int worst_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    int order = (x->db > y->db) - (x->db < y->db);
    return order ? order : (x->layer > y->layer) - (x->layer < y->layer);
}

zurt_status zc_report_rank(zurt_ctx *ctx, zurt_quant_report *r)
{
    ranked *list = zi_arena_calloc(&r->arena, r->n_layers, sizeof(*list));
    r->ranked = zi_arena_calloc(&r->arena, r->n_layers, sizeof(*r->ranked));
    if (!list || !r->ranked)
        return zi_fail(ctx, ZURT_E_NOMEM, "quantisation report: out of memory");
    for (size_t i = 0; i < r->n_layers; i++) {
        if (r->computes[i] && !isnan(r->layers[i].own_sqnr_db))
            list[r->n_ranked++] = (ranked){r->layers[i].own_sqnr_db, i};
    }
    qsort(list, r->n_ranked, sizeof(*list), worst_first);
    for (size_t i = 0; i < r->n_ranked; i++)
        r->ranked[i] = list[i].layer;
    return ZURT_OK;
}

size_t zurt_quant_report_ranked(const zurt_quant_report *report, size_t rank)
{
    return report && rank < report->n_ranked ? report->ranked[rank] : SIZE_MAX;
}

/* ---- samples and outputs ---- */

size_t zurt_quant_report_n_samples(const zurt_quant_report *report)
{
    return report ? report->n_samples : 0;
}

size_t zurt_quant_report_n_held_out(const zurt_quant_report *report)
{
    return report && report->split.hold_out ? zc_split_n_judges(report->split) : 0;
}

size_t zurt_quant_report_n_compared(const zurt_quant_report *report)
{
    return report ? report->n_compared : 0;
}

size_t zurt_quant_report_compared(const zurt_quant_report *report, size_t k)
{
    return report && k < report->n_compared ? zc_split_judge(report->split, k) : SIZE_MAX;
}

const zurt_quant_sample *zurt_quant_report_sample(const zurt_quant_report *report, size_t i)
{
    return report && i < report->n_samples ? &report->samples[i] : NULL;
}

double zurt_quant_report_sample_sqnr(const zurt_quant_report *report, size_t output, size_t sample)
{
    return report && output < report->n_outputs && sample < report->n_compared
               ? report->sample_sqnr[output * report->n_compared + sample]
               : (double)NAN;
}

/** Half of the samples decide; one that is lost among good ones is to be looked at. */
static zurt_quant_verdict verdict(double median, double worst)
{
    if (isnan(median))
        return ZURT_VERDICT_NONE;
    if (median < BROKEN_DB)
        return ZURT_VERDICT_BROKEN;
    return median >= GOOD_DB && worst >= BROKEN_DB ? ZURT_VERDICT_GOOD : ZURT_VERDICT_LOOK;
}

zurt_status zurt_quant_report_quality(const zurt_quant_report *report, size_t output,
                                      zurt_quant_quality *out)
{
    if (!report || !out || output >= report->n_outputs)
        return ZURT_E_ARG;
    *out = report->quality[output];
    return ZURT_OK;
}

zurt_status zc_report_judge(zurt_ctx *ctx, zurt_quant_report *r)
{
    double *sorted = zi_arena_calloc(&r->arena, r->n_compared, sizeof(*sorted));
    if (!sorted)
        return zi_fail(ctx, ZURT_E_NOMEM, "quantisation report: out of memory");
    for (size_t k = 0; k < r->n_outputs; k++) {
        const double *db = r->sample_sqnr + k * r->n_compared;
        zurt_quant_quality *q = &r->quality[k];
        if (isnan(r->output_sqnr[k]))
            continue;
        q->sqnr_db = r->output_sqnr[k];
        size_t n = 0;
        for (size_t i = 0; i < r->n_compared; i++) {
            if (isnan(db[i]))
                continue;
            if (n == 0 || db[i] < q->worst_db) {
                q->worst_db = db[i];
                q->worst_sample = zc_split_judge(r->split, i);
            }
            sorted[n++] = db[i];
        }
        q->median_db = zc_median(sorted, n);
        q->verdict = verdict(q->median_db, q->worst_db);
    }
    return ZURT_OK;
}

const char *zurt_quant_verdict_name(zurt_quant_verdict v)
{
    switch (v) {
    case ZURT_VERDICT_GOOD:
        return "good";
    case ZURT_VERDICT_LOOK:
        return "look at it";
    case ZURT_VERDICT_BROKEN:
        return "broken";
    case ZURT_VERDICT_NONE:
        break;
    }
    return "not compared";
}
