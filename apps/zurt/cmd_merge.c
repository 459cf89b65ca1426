/* SPDX-License-Identifier: Apache-2.0 */
/* zurt merge: the results of shards become that of all samples. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "merge_read.h"

typedef struct merge {
    merge_part *parts; /**< in the order of the command line, then of the shards */
    size_t n;
    bool files;
    char *devices; /**< different ones with commas between */
    eval_result sum;
} merge;

/* ---- what may be added ---- */

static int state_differs(cli *c, const merge_part *a, const merge_part *b, const char *what,
                         const char *of_a, const char *of_b)
{
    return cli_fail(c, ZURT_E_FORMAT, "%s and %s are of different %s: '%s' and '%s'", a->path,
                    b->path, what, of_a, of_b);
}

/* Whether a result is of the same as the first one. */
static int check_same(cli *c, const merge_part *a, const merge_part *b)
{
    const eval_result *x = &a->result, *y = &b->result;
    char of_a[EVAL_SHARD_TEXT], of_b[EVAL_SHARD_TEXT];
    if (strcmp(x->model_sha256, y->model_sha256) != 0)
        return state_differs(c, a, b, "models (model_sha256)", x->model_sha256, y->model_sha256);
    if (strcmp(x->options, y->options) != 0)
        return state_differs(c, a, b, "options", x->options, y->options);
    snprintf(of_a, sizeof(of_a), "%" PRIu64, x->data_samples);
    snprintf(of_b, sizeof(of_b), "%" PRIu64, y->data_samples);
    if (x->data_samples != y->data_samples)
        return state_differs(c, a, b, "data (data_samples)", of_a, of_b);
    if (strcmp(x->data_sha256, y->data_sha256) != 0)
        return state_differs(c, a, b, "data (data_sha256)", x->data_sha256, y->data_sha256);
    snprintf(of_a, sizeof(of_a), "1/%" PRIu64, x->shard.n);
    snprintf(of_b, sizeof(of_b), "1/%" PRIu64, y->shard.n);
    if (x->shard.n != y->shard.n)
        return state_differs(c, a, b, "partitions (shard)", of_a, of_b);
    snprintf(of_a, sizeof(of_a), "%zu", x->score.n_classes);
    snprintf(of_b, sizeof(of_b), "%zu", y->score.n_classes);
    if (x->score.n_classes != y->score.n_classes)
        return state_differs(c, a, b, "numbers of classes (confusion)", of_a, of_b);
    return EXIT_DONE;
}

static int by_shard(const void *a, const void *b)
{
    const merge_part *x = a, *y = b;
    uint64_t i = x->result.shard.i, k = y->result.shard.i;
    return i < k ? -1 : i > k;
}

/* The shards, sorted, are 1 to N, each once. */
static int check_complete(cli *c, const merge *m)
{
    uint64_t n = m->parts[0].result.shard.n;
    for (size_t i = 0; i + 1 < m->n; i++) {
        if (m->parts[i].result.shard.i == m->parts[i + 1].result.shard.i)
            return cli_fail(c, ZURT_E_FORMAT,
                            "%s and %s are both shard %" PRIu64 "/%" PRIu64 ": give one of them",
                            m->parts[i].path, m->parts[i + 1].path, m->parts[i].result.shard.i, n);
    }
    if (m->n == n)
        return EXIT_DONE;
    uint64_t missing = 1;
    while (missing <= m->n && m->parts[missing - 1].result.shard.i == missing)
        missing++;
    return cli_fail(c, ZURT_E_FORMAT,
                    "%" PRIu64 " of %" PRIu64 " shards missing, the first is %" PRIu64 "/%" PRIu64
                    ": `zurt eval --shard %" PRIu64 "/%" PRIu64 " --json` makes it",
                    n - m->n, n, missing, n, missing, n);
}

/* ---- sums ---- */

/* "cpu" and "xrt" give the same bytes; both are named. */
static bool add_device(merge *m, const char *device)
{
    size_t n = strlen(device);
    for (const char *p = n ? m->devices : NULL; p && (p = strstr(p, device)); p++) {
        bool begins = p == m->devices || p[-1] == ' ';
        if (begins && (p[n] == 0 || p[n] == ','))
            return true;
    }
    size_t used = m->devices ? strlen(m->devices) : 0;
    char *grown = realloc(m->devices, used + n + 3);
    if (!grown)
        return false;
    m->devices = grown;
    snprintf(grown + used, n + 3, "%s%s", used ? ", " : "", device);
    return true;
}

static bool add_part(merge *m, const eval_result *r)
{
    eval_result *sum = &m->sum;
    sum->unreadable += r->unreadable;
    sum->score.samples += r->score.samples;
    sum->score.labelled += r->score.labelled;
    sum->score.top1 += r->score.top1;
    sum->score.top5 += r->score.top5;
    for (size_t i = 0; i < SHA256_BYTES; i++)
        sum->outputs[i] ^= r->outputs[i];
    const counts *cells = &r->score.confusion;
    for (size_t i = 0; i < cells->capacity; i++)
        counts_add(&sum->score.confusion, cells->table[i].row, cells->table[i].col,
                   cells->table[i].count);
    return add_device(m, r->device) && !sum->score.confusion.failed;
}

static int add_up(cli *c, merge *m)
{
    const eval_result *first = &m->parts[0].result;
    bool good = true;
    m->sum = (eval_result){.model = first->model,
                           .data = first->data,
                           .options = first->options,
                           .shard = {1, 1},
                           .data_samples = first->data_samples};
    memcpy(m->sum.model_sha256, first->model_sha256, SHA256_TEXT);
    memcpy(m->sum.data_sha256, first->data_sha256, SHA256_TEXT);
    score_init(&m->sum.score, first->score.n_classes);
    for (size_t i = 0; good && i < m->n; i++)
        good = add_part(m, &m->parts[i].result);
    m->sum.device = m->devices;
    return good ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory, or a count beyond 2^32");
}

/* ---- results ---- */

static void print_rows(const merge_part *p)
{
    for (size_t i = 0; i < p->n_rows; i++) {
        const merge_row *row = &p->rows[i];
        printf("wrong   ");
        if (row->file)
            columns_print(stdout, row->file);
        else
            printf("sample %" PRIu64, row->sample);
        if (row->label >= 0)
            printf(": is %d", (int)row->label);
        printf("; taken for %d\n", (int)row->predicted);
    }
}

static void report(const cli *c, const merge *m)
{
    if (!c->json) {
        score_print(&m->sum.score, m->sum.model);
        if (m->sum.score.labelled)
            score_print_matrix(&m->sum.score.confusion, "true class (row), predicted:", "taken for",
                               NULL);
        for (size_t i = 0; m->files && i < m->n; i++)
            print_rows(&m->parts[i]);
        return;
    }
    json_writer j;
    json_begin(&j, stdout);
    eval_result_json(&j, &m->sum);
    json_array(&j, "files");
    for (size_t i = 0; i < m->n; i++) {
        const merge_part *p = &m->parts[i];
        for (size_t k = 0; k < p->n_rows; k++)
            verdict_json(&j, p->rows[k].sample, p->rows[k].file, p->rows[k].label,
                         &p->rows[k].predicted, 1, false);
    }
    json_close(&j);
    json_end(&j);
}

static int merge_files(cli *c, merge *m)
{
    int code = m->parts ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t i = 0; code == EXIT_DONE && i < c->n_arguments; i++) {
        code = merge_read(c, c->arguments[i], &m->parts[m->n++]);
        if (code == EXIT_DONE)
            code = check_same(c, &m->parts[0], &m->parts[i]);
    }
    if (code != EXIT_DONE)
        return code;
    qsort(m->parts, m->n, sizeof(*m->parts), by_shard);
    code = check_complete(c, m);
    return code == EXIT_DONE ? add_up(c, m) : code;
}

int cmd_merge(cli *c, int argc, char **argv)
{
    merge m = {0};
    const cli_binding bindings[] = {{OPT_FILES, .flag = &m.files}, {0}};
    cli_bind(c, bindings);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    m.parts = calloc(c->n_arguments, sizeof(*m.parts));
    code = merge_files(c, &m);
    if (code == EXIT_DONE) {
        report(c, &m);
        if (m.sum.unreadable) {
            cli_note(c, "%" PRIu64 " of %" PRIu64 " samples could not be read and were left out",
                     m.sum.unreadable, m.sum.data_samples);
            code = EXIT_INPUT; // as eval ends
        }
    }
    score_free(&m.sum.score);
    free(m.devices);
    for (size_t i = 0; i < m.n; i++)
        merge_part_free(&m.parts[i]);
    free(m.parts);
    return code;
}
