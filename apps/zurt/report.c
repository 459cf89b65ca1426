/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a quantisation as a file. */
#include "report.h"

#include <math.h>

#include "data.h"
#include "json.h"
#include "shown.h"

/* Layers that the text lists by their own error. */
#define RANKED_SHOWN 10

static void write_json_outputs(json_writer *j, const zurt_quant_report *report,
                               report_name_fn *name, void *self)
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
            json_string(j, "worst_sample", name(self, q.worst_sample, text));
        json_close(j);
    }
    json_close(j);
}

static void write_json_samples(json_writer *j, const zurt_quant_report *report,
                               report_name_fn *name, void *self)
{
    json_array(j, "samples");
    for (size_t i = 0; i < zurt_quant_report_n_samples(report); i++) {
        const zurt_quant_sample *s = zurt_quant_report_sample(report, i);
        char text[DATA_NAME_BYTES];
        json_object(j, NULL);
        json_string(j, "name", name(self, i, text));
        json_double(j, "range", s->range);
        json_bool(j, "unusual", s->is_unusual != 0);
        if (i < zurt_quant_report_n_compared(report)) {
            json_array(j, "sqnr_db");
            zurt_quant_quality q;
            for (size_t k = 0; !zurt_quant_report_quality(report, k, &q); k++)
                json_double(j, NULL, zurt_quant_report_sample_sqnr(report, k, i));
            json_close(j);
        }
        json_close(j);
    }
    json_close(j);
}

static void write_json(FILE *file, const char *model, const zurt_quant_report *report,
                       report_name_fn *name, void *self)
{
    json_writer j;
    json_begin(&j, file);
    json_string(&j, "model", model);
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
    write_json_outputs(&j, report, name, self);
    write_json_samples(&j, report, name, self);
    json_double(&j, "output_sqnr_db", zurt_quant_report_output_sqnr(report, 0));
    json_end(&j);
}

static void write_db(FILE *file, double db)
{
    if (isnan(db))
        fprintf(file, " %9s", "-");
    else
        fprintf(file, " %9.2f", db);
}

static void write_layer(FILE *file, const zurt_quant_layer *l)
{
    fprintf(file, "%-40s %-16s %-5s", shown(l->name), l->op, l->type);
    write_db(file, l->own_sqnr_db);
    write_db(file, l->sqnr_db);
    fprintf(file, "  %s\n", shown(l->reason));
}

static void write_text(FILE *file, const char *model, const zurt_quant_report *report,
                       report_name_fn *name, void *self)
{
    fprintf(file, "%s\n\n%-40s %12s %5s %12s %12s %12s %12s  %s\n", shown(model), "tensor", "scale",
            "zero", "min", "max", "seen min", "seen max", "method");
    for (size_t i = 0; i < zurt_quant_report_n_tensors(report); i++) {
        const zurt_quant_tensor *t = zurt_quant_report_tensor(report, i);
        fprintf(file, "%-40s %12.6g %5d %12.5g %12.5g %12.5g %12.5g  %s\n", shown(t->name),
                (double)t->scale, t->zero_point, (double)t->min, (double)t->max,
                (double)t->seen_min, (double)t->seen_max, t->method);
    }
    fprintf(file, "\n%-40s %-16s %-5s %9s %9s  %s\n", "layer", "op", "type", "own dB", "SQNR dB",
            "reason");
    for (size_t i = 0; i < zurt_quant_report_n_layers(report); i++)
        write_layer(file, zurt_quant_report_layer(report, i));
    if (zurt_quant_report_ranked(report, 0) != SIZE_MAX)
        fprintf(file, "\nlayers by their own error (float's inputs in int8), worst first: what "
                      "--keep-float helps first\n");
    for (size_t k = 0; k < RANKED_SHOWN && zurt_quant_report_ranked(report, k) != SIZE_MAX; k++)
        write_layer(file, zurt_quant_report_layer(report, zurt_quant_report_ranked(report, k)));
    fprintf(file, "\n%zu calibration samples, %zu of them compared with float\n",
            zurt_quant_report_n_samples(report), zurt_quant_report_n_compared(report));
    zurt_quant_quality q;
    for (size_t i = 0; !zurt_quant_report_quality(report, i, &q); i++) {
        if (q.verdict == ZURT_VERDICT_NONE)
            continue;
        char text[DATA_NAME_BYTES];
        fprintf(file,
                "output %zu: %s; SQNR %.2f dB, median of samples %.2f dB, worst %.2f dB (%s)\n", i,
                zurt_quant_verdict_name(q.verdict), q.sqnr_db, q.median_db, q.worst_db,
                isnan(q.worst_db) ? "-" : name(self, q.worst_sample, text));
    }
}

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json,
                  report_name_fn *name, void *name_self)
{
    if (json)
        write_json(file, model, report, name, name_self);
    else
        write_text(file, model, report, name, name_self);
}
