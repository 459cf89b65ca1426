/* SPDX-License-Identifier: Apache-2.0 */
/* zurt eval: accuracy of one model over labelled data. */
#include <stdio.h>
#include <stdlib.h>

#include "html.h"
#include "judge.h"
#include "score.h"

typedef struct eval_options {
    judge_options judge;
    const char *model;
} eval_options;

static int take_option(cli *c, const option_row *row, const char *value, void *self)
{
    eval_options *o = self;
    return judge_option(c, row, value, &o->judge);
}

static int parse(cli *c, int argc, char **argv, eval_options *o)
{
    int code = cli_parse(c, argc, argv, take_option, o);
    if (code != EXIT_DONE)
        return code;
    if (c->n_arguments != 1 || !o->judge.data)
        return cli_usage(c, "wants one MODEL and --data DATA");
    o->model = c->arguments[0];
    code = cli_reads(c, o->model);
    return code == EXIT_DONE ? judge_check_output(c, &o->judge) : code;
}

static int evaluate(cli *c, target *t, const data_source *s, score *result, verdicts *v)
{
    size_t n = v->n;
    size_t elems = target_out_elems(t, 0);
    float **out = judge_outputs_create(t, t->batch);
    int code = EXIT_DONE;
    score_init(result, elems);
    if (!out || !v->predicted)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t at = 0; code == EXIT_DONE && at < n; at += t->batch) {
        size_t count = n - at < t->batch ? n - at : t->batch;
        code = target_predict(c, t, s, at, count, out);
        for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
            if (!data_is_refused(s, at + i))
                v->predicted[at + i] =
                    (int32_t)score_add(result, out[0] + i * elems, data_label(s, at + i));
        }
        cli_progress(c, "evaluating", at + count, n);
    }
    cli_progress_end(c);
    judge_outputs_destroy(t, out);
    if (code == EXIT_DONE && result->confusion.failed)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    return code;
}

static int report(cli *c, const eval_options *o, target *t, const data_source *s,
                  const score *result, const verdicts *v)
{
    if (o->judge.html) {
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
        int code = html_write(c, o->judge.html, &page);
        if (code != EXIT_DONE)
            return code;
    }
    if (c->stdout_taken)
        return EXIT_DONE;
    if (c->json) {
        json_writer j;
        json_begin(&j, stdout);
        json_string(&j, "model", o->model);
        json_string(&j, "device", target_device(t));
        json_string(&j, "data", o->judge.data);
        json_uint(&j, "unreadable", s->refused->n);
        score_json(&j, result);
        verdicts_json(&j, v, s);
        json_end(&j);
        return EXIT_DONE;
    }
    score_print(result, o->model);
    if (result->labelled)
        score_print_matrix(&result->confusion, "true class (row), predicted:", "taken for", t);
    if (o->judge.files)
        verdicts_print(v, s, t);
    return EXIT_DONE;
}

int cmd_eval(cli *c, int argc, char **argv)
{
    eval_options o = {.judge = judge_options_default()};
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    target t = {0};
    data_source s = {0};
    score result = {0};
    verdicts v = {.n_models = 1};
    code = target_open(c, o.model, &o.judge.target, &t);
    if (code == EXIT_DONE && !target_is_classifier(&t))
        code = cli_fail(c, ZURT_E_UNSUPPORTED,
                        "%s: output 0 is not one score per class; `zurt compare` judges such "
                        "models by their SQNR",
                        o.model);
    if (code == EXIT_DONE)
        code = judge_open_data(c, &o.judge, &s);
    if (code == EXIT_DONE)
        code = target_bind(c, &t, &s);
    if (code == EXIT_DONE)
        code = judge_name_classes(c, &t, &s);
    if (code == EXIT_DONE)
        code = data_tolerate(c, &s);
    if (code == EXIT_DONE) {
        v.n = judge_samples(&o.judge, &s);
        v.predicted = calloc(v.n + 1, sizeof(*v.predicted));
        code = evaluate(c, &t, &s, &result, &v);
    }
    if (code == EXIT_DONE)
        code = report(c, &o, &t, &s, &result, &v);
    code = judge_count_refused(c, &s, code);
    free(v.predicted);
    score_free(&result);
    data_close(&s);
    target_note_fallbacks(c, &t);
    target_close(&t);
    return code;
}
