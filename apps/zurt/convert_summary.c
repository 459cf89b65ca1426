/* SPDX-License-Identifier: Apache-2.0 */
/* What a conversion says at its end: sizes, what int8 costs, and the next command to try. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "convert.h"
#include "json.h"
#include "report.h"
#include "shown.h"

/* Layers to keep in float are proposed up to this error of their own, at least so many and at most
 * so many of them. */
#define KEEP_DB       15.0
#define KEEP_LEAST    3
#define KEEP_MOST     8
#define SAMPLES_NAMED 5

static int64_t file_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

/* A node that computes in float, and not only to hand int8 results out. */
static bool is_float_node(const zurt_graph *g, size_t i, zurt_node_info *info)
{
    return zurt_graph_node(g, i, info) == ZURT_OK && info->dtype == ZURT_F32 &&
           strcmp(info->op, "Dequantize") != 0;
}

static size_t count_float(const zurt_graph *g)
{
    size_t n = 0;
    zurt_node_info info;
    for (size_t i = 0; i < zurt_graph_n_nodes(g); i++)
        n += is_float_node(g, i, &info);
    return n;
}

/* Layers worth keeping in float: ranks [0, n). */
static size_t n_to_keep(const zurt_quant_report *report)
{
    size_t n = 0;
    for (size_t i; n < KEEP_MOST && (i = zurt_quant_report_ranked(report, n)) != SIZE_MAX; n++) {
        if (n >= KEEP_LEAST && zurt_quant_report_layer(report, i)->own_sqnr_db >= KEEP_DB)
            break;
    }
    return n;
}

static const char *kept_name(const zurt_quant_report *report, size_t rank)
{
    return zurt_quant_report_layer(report, zurt_quant_report_ranked(report, rank))->name;
}

static zurt_quant_verdict worst_verdict(const zurt_quant_report *report)
{
    zurt_quant_verdict worst = ZURT_VERDICT_NONE;
    zurt_quant_quality q;
    for (size_t i = 0; !zurt_quant_report_quality(report, i, &q); i++)
        worst = q.verdict > worst ? q.verdict : worst;
    return worst;
}

static void json_quality(json_writer *j, const convert_options *o, const zurt_graph *out,
                         const zurt_quant_report *report)
{
    char text[DATA_NAME_BYTES];
    const report_counts n = convert_count(o, report);
    json_uint(j, "samples", n.calibrated + n.held_out);
    report_json_choice(j, report, &n);
    json_array(j, "outputs");
    zurt_quant_quality q;
    for (size_t i = 0; !zurt_quant_report_quality(report, i, &q); i++) {
        zurt_tensor_info info = {.name = ""};
        zurt_graph_output(out, i, &info);
        json_object(j, NULL);
        json_string(j, "name", info.name);
        json_string(j, "verdict", zurt_quant_verdict_name(q.verdict));
        json_double(j, "sqnr_db", q.sqnr_db);
        json_double(j, "median_sqnr_db", q.median_db);
        json_double(j, "worst_sqnr_db", q.worst_db);
        if (!isnan(q.worst_db))
            json_string(j, "worst_sample",
                        convert_sample_name((void *)(uintptr_t)o, q.worst_sample, text));
        json_close(j);
    }
    json_close(j);
    json_array(j, "unusual_samples");
    for (size_t i = 0; i < zurt_quant_report_n_samples(report); i++) {
        if (zurt_quant_report_sample(report, i)->is_unusual)
            json_string(j, NULL, convert_sample_name((void *)(uintptr_t)o, i, text));
    }
    json_close(j);
    json_array(j, "keep_float");
    bool poor = worst_verdict(report) > ZURT_VERDICT_GOOD;
    for (size_t k = 0; poor && k < n_to_keep(report); k++)
        json_string(j, NULL, kept_name(report, k));
    json_close(j);
}

static void print_outputs(const convert_options *o, const zurt_graph *out,
                          const zurt_quant_report *report)
{
    char text[DATA_NAME_BYTES];
    zurt_quant_quality q;
    for (size_t i = 0; !zurt_quant_report_quality(report, i, &q); i++) {
        zurt_tensor_info info = {.name = ""};
        zurt_graph_output(out, i, &info);
        if (isnan(q.sqnr_db))
            continue;
        char all[REPORT_DB_BYTES], median[REPORT_DB_BYTES], worst[REPORT_DB_BYTES];
        printf("output '%s': %s; SQNR against float %s", shown(info.name),
               zurt_quant_verdict_name(q.verdict), report_db(q.sqnr_db, 1, " dB", all));
        if (!isnan(q.median_db)) {
            printf("; of single %s, median %s, worst %s", o->batch > 1 ? "batches" : "samples",
                   report_db(q.median_db, 1, " dB", median),
                   report_db(q.worst_db, 1, " dB", worst));
            printf(" (%s)", shown(convert_sample_name((void *)(uintptr_t)o, q.worst_sample, text)));
        }
        printf("\n");
    }
}

static void print_unusual(cli *c, const convert_options *o, const zurt_quant_report *report)
{
    char text[DATA_NAME_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < zurt_quant_report_n_samples(report); i++) {
        const zurt_quant_sample *s = zurt_quant_report_sample(report, i);
        if (!s->is_unusual)
            continue;
        if (n++ < SAMPLES_NAMED)
            cli_note(c,
                     "warning: %s reaches %.0f times as far as the median sample; it widens every "
                     "scale, or judges what is not like it",
                     convert_sample_name((void *)(uintptr_t)o, i, text), s->range);
    }
    if (n > SAMPLES_NAMED)
        cli_note(c, "warning: so do %zu more samples; --report FILE.json lists all",
                 n - SAMPLES_NAMED);
}

/* The next command, by the worst output. */
static void print_next(const convert_options *o, const zurt_quant_report *report)
{
    zurt_quant_verdict verdict = worst_verdict(report);
    if (verdict <= ZURT_VERDICT_GOOD)
        return;
    for (size_t i = 0; i < zurt_quant_report_n_samples(report); i++) {
        if (zurt_quant_report_sample(report, i)->is_unusual) {
            printf("next: the same command without the samples of another scale\n");
            return;
        }
    }
    if (verdict == ZURT_VERDICT_LOOK)
        printf("next: zurt compare %s %s --data DATA, with samples of the task\n", shown(o->model),
               shown(o->output));
    printf("%s the same command with", verdict == ZURT_VERDICT_LOOK ? "or:  " : "next:");
    for (size_t k = 0; k < n_to_keep(report); k++)
        printf(" --keep-float %s", shown(kept_name(report, k)));
    printf("\n");
}

static void print_quality(cli *c, const convert_options *o, const zurt_graph *out,
                          const zurt_quant_report *report, size_t n_float)
{
    const report_counts n = convert_count(o, report);
    report_write_choice(stdout, report, &n);
    print_unusual(c, o, report);
    print_outputs(o, out, report);
    print_next(o, report);
    if (n_float > 0 && zurt_quant_report_ranked(report, 0) == SIZE_MAX &&
        zurt_quant_report_n_compared(report))
        printf("nothing computes in int8\n");
}

void convert_summary(cli *c, const convert_options *o, const zurt_graph *source,
                     const zurt_graph *out, const zurt_quant_report *report)
{
    int64_t before = file_bytes(o->model);
    int64_t after = file_bytes(o->output);
    size_t n_float = count_float(out);
    double ratio = before > 0 ? (double)after / (double)before : NAN;
    if (c->stdout_taken)
        return;
    double sqnr = report ? zurt_quant_report_output_sqnr(report, 0) : NAN;
    size_t source_nodes = zurt_graph_source_nodes(source ? source : out);
    if (c->json) {
        json_writer j;
        json_begin(&j, stdout);
        json_string(&j, "model", o->model);
        json_string(&j, "output", o->output);
        json_uint(&j, "source_nodes", source_nodes);
        json_uint(&j, "nodes", zurt_graph_n_nodes(out));
        json_uint(&j, "float_nodes", n_float);
        json_int(&j, "source_bytes", before);
        json_int(&j, "bytes", after);
        json_double(&j, "ratio", ratio);
        json_double(&j, "output_sqnr_db", sqnr);
        if (report)
            json_quality(&j, o, out, report);
        json_end(&j);
        return;
    }
    printf("%s: %zu nodes (%zu in the source), %lld bytes, %.3f of the source's\n",
           shown(o->output), zurt_graph_n_nodes(out), source_nodes, (long long)after, ratio);
    if (report)
        print_quality(c, o, out, report, n_float);
    if (n_float == 0)
        printf("every node computes in int8\n");
    for (size_t i = 0; i < zurt_graph_n_nodes(out); i++) {
        zurt_node_info info;
        if (is_float_node(out, i, &info))
            printf("in float: %s '%s'%s%s\n", info.op, shown(info.name), info.note[0] ? ": " : "",
                   shown(info.note));
    }
}
