/* SPDX-License-Identifier: Apache-2.0 */
/* zurt eval: accuracy of one model over labelled data, or over a shard of it. */
#include <stdio.h>
#include <stdlib.h>

#include "eval_result.h"
#include "flights.h"
#include "html.h"

typedef struct eval_options {
    judge_options judge;
    const char *model;
    eval_shard shard;
    bool list; /**< --list0 */
} eval_options;

static int take_shard(cli *c, const option_row *row, const char *value, void *self)
{
    return eval_shard_parse(value, self) ? EXIT_DONE : cli_refuse_value(c, row, value);
}

static int parse(cli *c, int argc, char **argv, eval_options *o)
{
    const cli_binding bindings[] = {
        {OPT_SHARD, .take = take_shard, .self = &o->shard},
        {OPT_LIST0, .flag = &o->list},
        {0},
    };
    cli_bind(c, bindings);
    judge_bind_options(c, &o->judge);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    if (o->list && (c->json || o->judge.html || o->judge.files))
        return cli_usage(c, "--list0 prints names alone: it goes with neither --json, --html nor "
                            "--files");
    o->model = c->arguments[0];
    code = cli_reads(c, o->model);
    return code == EXIT_DONE ? judge_check_output(c, &o->judge) : code;
}

/* What became of the oldest run. */
static int take_run(cli *c, flights *f, const data_source *s, float *values, eval_result *r,
                    verdicts *v)
{
    const flight *done;
    int code = flights_finish(c, f, &done);
    if (code != EXIT_DONE)
        return code;
    const size_t elems = target_out_elems(&done->t, 0);
    code = target_out_floats(c, &done->t, 0, values);
    for (size_t i = 0; code == EXIT_DONE && i < done->count; i++) {
        const size_t at = done->first + i;
        if (data_is_refused(s, at))
            continue;
        v->predicted[at] = (int32_t)score_add(&r->score, values + i * elems, data_label(s, at));
        eval_result_add_outputs(r, at, &done->t, i);
    }
    cli_progress(c, "evaluating", done->first + done->count - v->first, v->n - v->first);
    return code;
}

static int evaluate(cli *c, const target *t, const data_source *s, eval_result *r, verdicts *v)
{
    flights f;
    score_init(&r->score, target_out_elems(t, 0));
    float *values = calloc(target_out_elems(t, 0) * t->batch, sizeof(*values));
    int code = flights_open(c, t, &f);
    if (code == EXIT_DONE && (!values || !v->predicted))
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t at = v->first; code == EXIT_DONE && at < v->n; at += t->batch) {
        if (flights_are_full(&f))
            code = take_run(c, &f, s, values, r, v);
        if (code == EXIT_DONE)
            code = flights_start(c, &f, s, at, v->n - at < t->batch ? v->n - at : t->batch);
    }
    while (code == EXIT_DONE && !flights_are_empty(&f))
        code = take_run(c, &f, s, values, r, v);
    cli_progress_end(c);
    flights_close(&f);
    free(values);
    if (code == EXIT_DONE && r->score.confusion.failed)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    return code;
}

static int list_files(cli *c, const eval_options *o, const data_source *s, const verdicts *v)
{
    if (!s->files)
        return cli_fail(c, ZURT_E_UNSUPPORTED,
                        "%s: its samples are not files of their own, as those of dir:PATH are",
                        o->judge.data);
    for (size_t i = v->first; i < v->n; i++) {
        fputs(s->files[i], stdout);
        putchar(0);
    }
    return EXIT_DONE;
}

static int write_page(cli *c, const eval_options *o, target *t, const data_source *s,
                      const score *result, const verdicts *v)
{
    html_model model = {.path = o->model, .score = result};
    html_matrix matrix = {&result->confusion, "true class", "predicted", "Confusion"};
    html_page page = {.title = o->model,
                      .models = &model,
                      .n_models = 1,
                      .matrices = &matrix,
                      .n_matrices = 1,
                      .verdicts = v,
                      .data = s,
                      .shown = t};
    return html_write(c, o->judge.html, &page);
}

static int report_json(cli *c, const eval_options *o, const target *t, const data_source *s,
                       eval_result *r, const verdicts *v)
{
    r->model = o->model;
    r->device = target_device(t);
    r->data = o->judge.data;
    r->unreadable = s->refused->n;
    int code = eval_result_identify(c, r, t, &o->judge.target, s);
    if (code == EXIT_DONE) {
        json_writer j;
        json_begin(&j, stdout);
        eval_result_json(&j, r);
        verdicts_json(&j, v, s);
        json_end(&j);
    }
    free(r->options);
    return code;
}

static int report(cli *c, const eval_options *o, target *t, const data_source *s, eval_result *r,
                  const verdicts *v)
{
    int code = o->judge.html ? write_page(c, o, t, s, &r->score, v) : EXIT_DONE;
    if (code != EXIT_DONE || c->stdout_taken)
        return code;
    if (c->json)
        return report_json(c, o, t, s, r, v);
    score_print(&r->score, o->model);
    if (r->score.labelled)
        score_print_matrix(&r->score.confusion, "true class (row), predicted:", "taken for", t);
    if (o->judge.files)
        verdicts_print(v, s, t);
    return EXIT_DONE;
}

/* Settles what there is to judge. */
static int choose_samples(cli *c, const eval_options *o, const data_source *s, eval_result *r,
                          verdicts *v)
{
    uint64_t first, end;
    r->shard = o->shard;
    r->data_samples = judge_samples(&o->judge, s);
    if (r->data_samples > EVAL_MOST_SAMPLES)
        return cli_fail(c, ZURT_E_LIMIT, "%s: more than 2^40 samples; --limit takes some of them",
                        o->judge.data);
    eval_shard_range(o->shard, r->data_samples, &first, &end);
    v->first = (size_t)first;
    v->n = (size_t)end;
    v->predicted = calloc(v->n + 1, sizeof(*v->predicted));
    return EXIT_DONE;
}

static int open_all(cli *c, const eval_options *o, target *t, data_source *s)
{
    int code = target_open(c, o->model, &o->judge.target, t);
    if (code == EXIT_DONE && !target_is_classifier(t))
        code = cli_fail(c, ZURT_E_UNSUPPORTED,
                        "%s: output 0 is not one score per class; `zurt compare` judges such "
                        "models by their SQNR",
                        o->model);
    if (code == EXIT_DONE)
        code = judge_open_data(c, &o->judge, s);
    if (code == EXIT_DONE)
        code = target_bind(c, t, s);
    if (code == EXIT_DONE)
        code = judge_name_classes(c, t, s);
    return code == EXIT_DONE ? data_tolerate(c, s) : code;
}

int cmd_eval(cli *c, int argc, char **argv)
{
    eval_options o = {.judge = judge_options_default(), .shard = {1, 1}};
    o.judge.target.session.streams = 0; // no sample waits for another's answer
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    target t = {0};
    data_source s = {0};
    eval_result r = {0};
    verdicts v = {.n_models = 1};
    code = open_all(c, &o, &t, &s);
    if (code == EXIT_DONE)
        code = choose_samples(c, &o, &s, &r, &v);
    if (code == EXIT_DONE && o.list)
        code = list_files(c, &o, &s, &v);
    else if (code == EXIT_DONE)
        code = evaluate(c, &t, &s, &r, &v);
    if (code == EXIT_DONE && !o.list)
        code = report(c, &o, &t, &s, &r, &v);
    code = judge_count_refused(c, &s, code);
    free(v.predicted);
    score_free(&r.score);
    data_close(&s);
    target_note_fallbacks(c, &t);
    target_close(&t);
    return code;
}
