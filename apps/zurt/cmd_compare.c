/* SPDX-License-Identifier: Apache-2.0 */
/* zurt compare: models on the same samples, each against the first. */
#include <stdio.h>
#include <stdlib.h>

#include "columns.h"
#include "comparison.h"
#include "html.h"

typedef struct compare_options {
    judge_options judge;
    char **paths;
    size_t n_paths;
    size_t max_changed;
} compare_options;

static int parse(cli *c, int argc, char **argv, compare_options *o)
{
    const cli_binding bindings[] = {{OPT_MAX_CHANGED, .size = &o->max_changed}, {0}};
    cli_bind(c, bindings);
    judge_bind_options(c, &o->judge);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    o->paths = c->arguments;
    o->n_paths = c->n_arguments;
    for (size_t m = 0; code == EXIT_DONE && m < o->n_paths; m++)
        code = cli_reads(c, o->paths[m]);
    return code == EXIT_DONE ? judge_check_output(c, &o->judge) : code;
}

static int letter(size_t model)
{
    return (int)('A' + model);
}

/* ---- JSON ---- */

/* What a model is against the first. */
static void json_against(json_writer *j, const comparison *x, size_t m)
{
    const contestant *k = &x->models[m];
    if (x->classify)
        json_uint(j, "changed", k->changed);
    else
        json_null(j, "changed");
    json_matrix(j, "changes", &k->changes);
    json_double(j, "sqnr_db", sqnr_db(&k->noise[0]));
    json_bool(j, "identical", comparison_identical(x, m));
    json_array(j, "outputs");
    for (size_t o = 0; o < k->t.n_out; o++) {
        json_object(j, NULL);
        json_string(j, "name", x->models[0].t.outputs[o].name);
        json_double(j, "sqnr_db", sqnr_db(&k->noise[o]));
        json_close(j);
    }
    json_close(j);
}

static void json_model(json_writer *j, const comparison *x, size_t m, const char *key)
{
    json_object(j, key);
    json_string(j, "model", x->models[m].t.path);
    score_json(j, &x->models[m].score);
    if (!key)
        json_against(j, x, m);
    json_close(j);
}

static void report_json(const compare_options *o, const comparison *x, const data_source *s)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "data", o->judge.data);
    json_uint(&j, "unreadable", s->refused->n);
    json_model(&j, x, 0, "a");
    json_model(&j, x, 1, "b");
    json_against(&j, x, 1);
    json_array(&j, "further");
    for (size_t m = 2; m < x->n_models; m++)
        json_model(&j, x, m, NULL);
    json_close(&j);
    verdicts_json(&j, &x->verdicts, s);
    json_end(&j);
}

/* ---- text ---- */

/* A column for each model. */
static void print_table(const comparison *x)
{
    enum { LABEL = 30 };
    const score *first = &x->models[0].score;
    char text[SQNR_BYTES];
    for (size_t m = 0; m < x->n_models; m++) {
        printf("%c  ", letter(m));
        columns_print(stdout, x->models[m].t.path);
        putchar('\n');
    }
    printf("%-*s", LABEL, "");
    for (size_t m = 0; m < x->n_models; m++)
        printf(" %11c", letter(m));
    for (int top = 1; first->labelled && top <= 5; top += 4) {
        printf("\ntop-%d of %-*zu", top, LABEL - 9, first->labelled);
        for (size_t m = 0; m < x->n_models; m++) {
            const score *s = &x->models[m].score;
            double share = (double)(top == 1 ? s->top1 : s->top5) / (double)s->labelled;
            printf(" %9.2f %%", 100.0 * share);
        }
    }
    if (x->classify)
        printf("\n%-*s %11s", LABEL, "changed against A", "");
    for (size_t m = 1; x->classify && m < x->n_models; m++)
        printf(" %11zu", x->models[m].changed);
    for (size_t o = 0; o < x->models[0].t.n_out; o++) {
        char name[COLUMNS_BYTES(LABEL)];
        int used = columns_fit(x->models[0].t.outputs[o].name, LABEL - 9, name);
        printf("\nSQNR dB, %s%*s %11s", name, LABEL - 9 - used, "", "");
        for (size_t m = 1; m < x->n_models; m++)
            printf(" %11s", sqnr_text(&x->models[m].noise[o], text));
    }
    putchar('\n');
}

static void report_text(const compare_options *o, const comparison *x, const data_source *s)
{
    const target *t = comparison_named(x);
    char title[80];
    print_table(x);
    if (!x->models[0].score.labelled)
        printf("%zu samples%s\n", x->models[0].score.samples,
               x->classify ? " without known classes" : "");
    for (size_t m = 1; x->classify && m < x->n_models; m++) {
        const contestant *k = &x->models[m];
        printf("%c: %zu of %zu predictions changed\n", letter(m), k->changed, k->score.samples);
        snprintf(title, sizeof(title), "changed predictions, A (row) to %c (column):", letter(m));
        if (k->changed)
            score_print_matrix(&k->changes, title, "became", t);
        snprintf(title, sizeof(title), "%c, true class (row), predicted:", letter(m));
        if (k->score.labelled)
            score_print_matrix(&k->score.confusion, title, "taken for", t);
    }
    if (o->judge.files)
        verdicts_print(&x->verdicts, s, t);
}

/* ---- page ---- */

static void name_matrix(html_matrix *m, const char *title, size_t model)
{
    snprintf(m->title, sizeof(m->title), "%s %c", title, letter(model));
    snprintf(m->columns, sizeof(m->columns), "predicted by %c", letter(model));
}

static int write_page(cli *c, const compare_options *o, comparison *x, const data_source *s)
{
    html_model *models = calloc(x->n_models, sizeof(*models));
    html_matrix *matrices = calloc(2 * x->n_models, sizeof(*matrices));
    size_t n = 0;
    int code = models && matrices ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t m = 0; code == EXIT_DONE && m < x->n_models; m++) {
        const contestant *k = &x->models[m];
        models[m] = (html_model){k->t.path, &k->score, k->noise, k->changed};
        if (m > 0 && x->classify) {
            matrices[n] = (html_matrix){.counts = &k->changes, .rows = "predicted by A"};
            name_matrix(&matrices[n++], "Changed predictions, A to", m);
        }
    }
    for (size_t m = 0; code == EXIT_DONE && x->classify && m < x->n_models; m++) {
        const contestant *k = &x->models[m];
        if (!k->score.labelled)
            continue;
        matrices[n] = (html_matrix){.counts = &k->score.confusion, .rows = "true class"};
        name_matrix(&matrices[n++], "Confusion of", m);
    }
    html_page page = {.title = "zurt compare",
                      .models = models,
                      .n_models = x->n_models,
                      .matrices = matrices,
                      .n_matrices = n,
                      .verdicts = x->classify ? &x->verdicts : NULL,
                      .data = s,
                      .shown = comparison_named(x)};
    if (code == EXIT_DONE)
        code = html_write(c, o->judge.html, &page);
    free(models);
    free(matrices);
    return code;
}

static int report(cli *c, const compare_options *o, comparison *x, const data_source *s)
{
    int code = o->judge.html ? write_page(c, o, x, s) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        report_json(o, x, s);
    else if (!c->stdout_taken)
        report_text(o, x, s);
    for (size_t m = 1; m < x->n_models; m++)
        code = x->models[m].changed > o->max_changed ? EXIT_DIFFERS : code;
    return code;
}

int cmd_compare(cli *c, int argc, char **argv)
{
    compare_options o = {.judge = judge_options_default()};
    comparison x = {0};
    data_source s = {0};
    int code = parse(c, argc, argv, &o);
    if (code == EXIT_DONE)
        code = comparison_open(c, o.paths, o.n_paths, &o.judge, &x);
    if (code == EXIT_DONE)
        code = judge_open_data(c, &o.judge, &s);
    for (size_t m = 0; code == EXIT_DONE && m < x.n_models; m++)
        code = target_bind(c, &x.models[m].t, &s);
    if (code == EXIT_DONE)
        code = judge_name_classes(c, comparison_named(&x), &s);
    if (code == EXIT_DONE)
        code = data_tolerate(c, &s);
    if (code == EXIT_DONE)
        code = comparison_run(c, &x, &s, judge_samples(&o.judge, &s));
    if (code == EXIT_DONE)
        code = report(c, &o, &x, &s);
    code = judge_count_refused(c, &s, code);
    comparison_close(c, &x);
    data_close(&s);
    return code;
}
