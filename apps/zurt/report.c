/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <math.h>

#include "json.h"
#include "shown.h"

static void write_json(FILE *file, const char *model, const zurt_quant_report *report)
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
        json_close(&j);
    }
    json_close(&j);
    json_double(&j, "output_sqnr_db", zurt_quant_report_output_sqnr(report, 0));
    json_end(&j);
}

static void write_text(FILE *file, const char *model, const zurt_quant_report *report)
{
    fprintf(file, "%s\n\n%-40s %12s %5s %12s %12s %12s %12s  %s\n", shown(model), "tensor", "scale",
            "zero", "min", "max", "seen min", "seen max", "method");
    for (size_t i = 0; i < zurt_quant_report_n_tensors(report); i++) {
        const zurt_quant_tensor *t = zurt_quant_report_tensor(report, i);
        fprintf(file, "%-40s %12.6g %5d %12.5g %12.5g %12.5g %12.5g  %s\n", shown(t->name),
                (double)t->scale, t->zero_point, (double)t->min, (double)t->max,
                (double)t->seen_min, (double)t->seen_max, t->method);
    }
    fprintf(file, "\n%-40s %-16s %-5s %9s  %s\n", "layer", "op", "type", "SQNR dB", "reason");
    for (size_t i = 0; i < zurt_quant_report_n_layers(report); i++) {
        const zurt_quant_layer *l = zurt_quant_report_layer(report, i);
        fprintf(file, "%-40s %-16s %-5s ", shown(l->name), l->op, l->type);
        if (isnan(l->sqnr_db))
            fprintf(file, "%9s  %s\n", "-", shown(l->reason));
        else
            fprintf(file, "%9.2f  %s\n", l->sqnr_db, shown(l->reason));
    }
    fprintf(file, "\noutput SQNR: %.2f dB\n", zurt_quant_report_output_sqnr(report, 0));
}

void report_write(FILE *file, const char *model, const zurt_quant_report *report, bool json)
{
    if (json)
        write_json(file, model, report);
    else
        write_text(file, model, report);
}
