/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a quantisation as a file. */
#include "report.h"

#include <math.h>

#include "data.h"
#include "json.h"
#include "shown.h"

/* Layers that the text lists by their own error. */
#define RANKED_SHOWN 10

const char *report_method_name(zurt_calib_method method)
{
    static const char *const names[] = {"minmax", "percentile", "mse", "entropy", "auto"};
    return names[method];
}

/* What a budget of float bought. */
static void write_control(FILE *file, const zurt_quant_report *report)
{
    zurt_quant_control q = {.size = sizeof(q)};
    char before[REPORT_DB_BYTES], after[REPORT_DB_BYTES];
    if (zurt_quant_report_control(report, &q) || isnan(q.before_db))
        return;
    fprintf(file,
            "in float, by --float-budget: %zu nodes, %.1f %% of the multiply-accumulates; %s "
            "before, %s now\n",
            zurt_quant_report_n_kept(report), q.share, report_db(q.before_db, 1, " dB", before),
            report_db(q.after_db, 1, " dB", after));
}

static void write_json_control(json_writer *j, const zurt_quant_report *report)
{
    zurt_quant_control q = {.size = sizeof(q)};
    if (zurt_quant_report_control(report, &q) || isnan(q.before_db))
        return;
    json_object(j, "float_budget");
    json_double(j, "before_db", q.before_db);
    json_double(j, "after_db", q.after_db);
    json_double(j, "percent", q.share);
    json_array(j, "kept");
    for (size_t i = 0; i < zurt_quant_report_n_kept(report); i++)
        json_string(j, NULL, zurt_quant_report_kept(report, i));
    json_close(j);
    json_close(j);
}

void report_json_choice(json_writer *j, const zurt_quant_report *report, const report_counts *n)
{
    json_uint(j, "samples_held_out", n->held_out);
    json_uint(j, "samples_compared", n->compared);
    json_string(j, "method", report_method_name(zurt_quant_report_method(report)));
    json_bool(j, "equalised", zurt_quant_report_is_equalised(report));
    json_uint(j, "layers_split", zurt_quant_report_n_split(report));
    write_json_control(j, report);
    json_object(j, "methods");
    for (zurt_calib_method m = ZURT_CALIB_MINMAX; m < ZURT_CALIB_AUTO; m++) {
        double db = zurt_quant_report_method_db(report, m);
        if (!isnan(db))
            json_double(j, report_method_name(m), db);
    }
    json_close(j);
}

void report_write_choice(FILE *file, const zurt_quant_report *report, const report_counts *n)
{
    fprintf(file, "calibrated with %zu sample%s, ", n->calibrated, n->calibrated == 1 ? "" : "s");
    if (n->held_out)
        fprintf(file, "%zu of %zu others compared with float\n", n->compared, n->held_out);
    else
        fprintf(file, "%zu of them compared with float%s\n", n->compared,
                n->compared ? "; of samples that it has not seen this says little" : "");
    const size_t n_split = zurt_quant_report_n_split(report);
    bool chosen = false;
    char text[REPORT_DB_BYTES];
    for (zurt_calib_method m = ZURT_CALIB_MINMAX; m < ZURT_CALIB_AUTO; m++) {
        double db = zurt_quant_report_method_db(report, m);
        if (isnan(db))
            continue;
        if (!chosen)
            fprintf(file,
                    "method %s, the best:", report_method_name(zurt_quant_report_method(report)));
        fprintf(file, "%s %s %s", chosen ? "," : "", report_method_name(m),
                report_db(db, 1, " dB", text));
        chosen = true;
    }
    if (chosen)
        fprintf(file, "\n");
    write_control(file, report);
    if (zurt_quant_report_is_equalised(report))
        fprintf(file, "ranges of channels are equalised between layers\n");
    if (n_split)
        fprintf(file,
                "the channels of %zu layer%s differ much in range: computed in groups of their own "
                "scales\n",
                n_split, n_split == 1 ? "" : "s");
}

static void write_json_outputs(json_writer *j, const zurt_quant_report *report,
                               const report_samples *samples)
{
    json_array(j, "outputs");
    zurt_quant_quality q;
    for (size_t i = 0; !zurt_quant_report_quality(report, i, &q); i++) {
        json_object(j, NULL);
        json_string(j, "verdict", zurt_quant_verdict_name(q.verdict));
        json_double(j, "sqnr_db", q.sqnr_db);
        json_double(j, "median_sqnr_db", q.median_db);
        json_double(j, "worst_sqnr_db", q.worst_db);
        char text[DATA_NAME_BYTES];
        if (!isnan(q.worst_db))
            json_string(j, "worst_sample", samples->name(samples->self, q.worst_sample, text));
        json_close(j);
    }
    json_close(j);
}

static void write_json_samples(json_writer *j, const zurt_quant_report *report,
                               const report_samples *samples)
{
    json_array(j, "samples");
    for (size_t i = 0, compared = 0; i < zurt_quant_report_n_samples(report); i++) {
        const zurt_quant_sample *s = zurt_quant_report_sample(report, i);
        char text[DATA_NAME_BYTES];
        json_object(j, NULL);
        json_string(j, "name", samples->name(samples->self, i, text));
        json_double(j, "range", s->range);
        json_bool(j, "unusual", s->is_unusual != 0);
        if (i == zurt_quant_report_compared(report, compared)) {
            json_array(j, "sqnr_db");
            zurt_quant_quality q;
            for (size_t k = 0; !zurt_quant_report_quality(report, k, &q); k++)
                json_double(j, NULL, zurt_quant_report_sample_sqnr(report, k, compared));
            json_close(j);
            compared++;
        }
        json_close(j);
    }
    json_close(j);
}

static void write_json(FILE *file, const char *model, const zurt_quant_report *report,
                       const report_samples *samples)
{
    json_writer j;
    json_begin(&j, file);
    json_string(&j, "model", model);
    report_json_choice(&j, report, &samples->counts);
    json_array(&j, "tensors");
    for (size_t i = 0; i < zurt_quant_report_n_tensors(report); i++) {
        const zurt_quant_tensor *t = zurt_quant_report_tensor(report, i);
        json_object(&j, NULL);
        json_string(&j, "name", t->name);
        json_double(&j, "scale", (double)t->scale);
        json_int(&j, "zero_point", t->zero_point);
        json_double(&j, "min", (double)t->min);
        json_double(&j, "max", (double)t->max);
        json_double(&j, "seen_min", (double)t->seen_min);
        json_double(&j, "seen_max", (double)t->seen_max);
        json_string(&j, "method", t->method);
        json_close(&j);
    }
    json_close(&j);
    json_array(&j, "layers");
    for (size_t i = 0; i < zurt_quant_report_n_layers(report); i++) {
        const zurt_quant_layer *l = zurt_quant_report_layer(report, i);
        json_object(&j, NULL);
        json_string(&j, "name", l->name);
        json_string(&j, "op", l->op);
        json_string(&j, "type", l->type);
        json_string(&j, "reason", l->reason);
        json_double(&j, "sqnr_db", l->sqnr_db);
        json_double(&j, "own_sqnr_db", l->own_sqnr_db);
        json_close(&j);
    }
    json_close(&j);
    json_array(&j, "ranked_layers");
    for (size_t k = 0, i; (i = zurt_quant_report_ranked(report, k)) != SIZE_MAX; k++)
        json_string(&j, NULL, zurt_quant_report_layer(report, i)->name);
    json_close(&j);
    write_json_outputs(&j, report, samples);
    write_json_samples(&j, report, samples);
    json_double(&j, "output_sqnr_db", zurt_quant_report_output_sqnr(report, 0));
    json_end(&j);
}

const char *report_db(double db, int decimals, const char *unit, char text[REPORT_DB_BYTES])
{
    if (isinf(db) && db > 0)
        return "no difference";
    if (!isfinite(db))
        return "-";
    snprintf(text, REPORT_DB_BYTES, "%.*f%s", decimals, db, unit);
    return text;
}

static void write_layer(FILE *file, const zurt_quant_layer *l)
{
    char own[REPORT_DB_BYTES], all[REPORT_DB_BYTES];
    fprintf(file, "%-40s %-16s %-5s %13s %13s  %s\n", shown(l->name), l->op, l->type,
            report_db(l->own_sqnr_db, 2, "", own), report_db(l->sqnr_db, 2, "", all),
            shown(l->reason));
}

static void write_text(FILE *file, const char *model, const zurt_quant_report *report,
                       const report_samples *samples)
{
    fprintf(file, "%s\n\n%-40s %12s %5s %12s %12s %12s %12s  %s\n", shown(model), "tensor", "scale",
            "zero", "min", "max", "seen min", "seen max", "method");
    for (size_t i = 0; i < zurt_quant_report_n_tensors(report); i++) {
        const zurt_quant_tensor *t = zurt_quant_report_tensor(report, i);
        fprintf(file, "%-40s %12.6g %5d %12.5g %12.5g %12.5g %12.5g  %s\n", shown(t->name),
                (double)t->scale, t->zero_point, (double)t->min, (double)t->max,
                (double)t->seen_min, (double)t->seen_max, t->method);
    }
    fprintf(file, "\n%-40s %-16s %-5s %13s %13s  %s\n", "layer", "op", "type", "own dB", "SQNR dB",
            "reason");
    for (size_t i = 0; i < zurt_quant_report_n_layers(report); i++)
        write_layer(file, zurt_quant_report_layer(report, i));
    if (zurt_quant_report_ranked(report, 0) != SIZE_MAX)
        fprintf(file, "\nlayers by their own error (float's inputs in int8), worst first: what "
                      "--keep-float helps first\n");
    for (size_t k = 0; k < RANKED_SHOWN && zurt_quant_report_ranked(report, k) != SIZE_MAX; k++)
        write_layer(file, zurt_quant_report_layer(report, zurt_quant_report_ranked(report, k)));
    fprintf(file, "\n");
    report_write_choice(file, report, &samples->counts);
    zurt_quant_quality q;
    for (size_t i = 0; !zurt_quant_report_quality(report, i, &q); i++) {
        if (q.verdict == ZURT_VERDICT_NONE)
            continue;
        char name[DATA_NAME_BYTES];
        char all[REPORT_DB_BYTES], median[REPORT_DB_BYTES], worst[REPORT_DB_BYTES];
        fprintf(file, "output %zu: %s; SQNR %s, median of samples %s, worst %s (%s)\n", i,
                zurt_quant_verdict_name(q.verdict), report_db(q.sqnr_db, 2, " dB", all),
                report_db(q.median_db, 2, " dB", median), report_db(q.worst_db, 2, " dB", worst),
                isnan(q.worst_db) ? "-" : samples->name(samples->self, q.worst_sample, name));
    }
}

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json,
                  const report_samples *samples)
{
    if (json)
        write_json(file, model, report, samples);
    else
        write_text(file, model, report, samples);
}
