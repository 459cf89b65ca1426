/* SPDX-License-Identifier: Apache-2.0 */
/* zurt compare: two models on the same samples. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "html.h"
#include "judge.h"
#include "score.h"
#include "shown.h"

enum { MOST_CHUNK = 1 << 20 };

typedef struct compare_options {
    judge_options judge;
    const char *path[2];
    size_t max_changed;
} compare_options;

typedef struct comparison {
    target t[2];
    float **out[2]; // outputs of one chunk, per model
    size_t chunk;
    bool classify;
    score s[2];
    size_t changed;
    counts changes; // [prediction of A][prediction of B] where they differ
    sqnr *noise;    // per output
} comparison;

static int take_option(cli *c, const option_row *row, const char *value, void *self)
{
    compare_options *o = self;
    if (row->id != OPT_MAX_CHANGED)
        return judge_option(c, row, value, &o->judge);
    return cli_parse_size(c, "--max-changed", value, 0, SIZE_MAX / 2, &o->max_changed) ? EXIT_DONE
                                                                                       : EXIT_USAGE;
}

static int parse(cli *c, int argc, char **argv, compare_options *o)
{
    int code = cli_parse(c, argc, argv, take_option, o);
    if (code != EXIT_DONE)
        return code;
    if (c->n_arguments != 2 || !o->judge.data)
        return cli_usage(c, "wants two models and --data DATA");
    for (int m = 0; code == EXIT_DONE && m < 2; m++) {
        o->path[m] = c->arguments[m];
        code = cli_reads(c, o->path[m]);
    }
    return code == EXIT_DONE ? judge_check_output(c, &o->judge) : code;
}

/* A float model that was given no preprocessing takes the other's, if that is a .zurt. */
static void share_norm(cli *c, const compare_options *o, comparison *x)
{
    for (int m = 0; m < 2; m++) {
        if (o->judge.target.norm_given || x->t[m].is_zurt || !x->t[1 - m].is_zurt)
            continue;
        x->t[m].norm = x->t[1 - m].norm;
        cli_note(c, "%s is fed with the preprocessing that %s carries", o->path[m], o->path[1 - m]);
    }
}

static size_t least_common_multiple(size_t a, size_t b)
{
    size_t x = a;
    size_t y = b;
    while (y) {
        size_t r = x % y;
        x = y;
        y = r;
    }
    return a / x * b;
}

static int check_outputs(cli *c, const comparison *x)
{
    const target *a = &x->t[0];
    const target *b = &x->t[1];
    if (a->n_out != b->n_out)
        return cli_fail(c, ZURT_E_UNSUPPORTED, "%s has %zu outputs, %s has %zu", a->path, a->n_out,
                        b->path, b->n_out);
    for (size_t k = 0; k < a->n_out; k++) {
        size_t elems[2] = {target_out_elems(a, k), target_out_elems(b, k)};
        if (elems[0] != elems[1])
            return cli_fail(c, ZURT_E_UNSUPPORTED,
                            "output %zu: %zu values a sample in %s, %zu in %s", k, elems[0],
                            a->path, elems[1], b->path);
    }
    return EXIT_DONE;
}

static int prepare(cli *c, comparison *x)
{
    int code = check_outputs(c, x);
    if (code != EXIT_DONE)
        return code;
    x->chunk = least_common_multiple(x->t[0].batch, x->t[1].batch);
    if (x->chunk > MOST_CHUNK)
        return cli_fail(c, ZURT_E_LIMIT,
                        "batches of %zu and %zu meet after %zu samples; compile with --batch",
                        x->t[0].batch, x->t[1].batch, x->chunk);
    x->noise = calloc(x->t[0].n_out + 1, sizeof(*x->noise));
    x->classify = target_is_classifier(&x->t[0]) && target_is_classifier(&x->t[1]);
    size_t n = x->classify ? target_out_elems(&x->t[0], 0) : 0;
    x->changes = (counts){.n = (uint32_t)n};
    bool good = x->noise;
    for (int m = 0; m < 2; m++) {
        x->out[m] = judge_outputs_create(&x->t[m], x->chunk);
        score_init(&x->s[m], n);
        good = good && x->out[m];
    }
    return good ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

static void add_sample(comparison *x, size_t i, int32_t label)
{
    for (size_t k = 0; k < x->t[0].n_out; k++) {
        size_t elems = target_out_elems(&x->t[0], k);
        sqnr_add(&x->noise[k], x->out[0][k] + i * elems, x->out[1][k] + i * elems, elems);
    }
    if (!x->classify) {
        x->s[0].samples++;
        x->s[1].samples++;
        return;
    }
    size_t n = x->s[0].n_classes;
    size_t a = score_add(&x->s[0], x->out[0][0] + i * n, label);
    size_t b = score_add(&x->s[1], x->out[1][0] + i * n, label);
    if (a != b) {
        x->changed++;
        counts_add(&x->changes, (uint32_t)a, (uint32_t)b);
    }
}

static int compare(cli *c, comparison *x, const data_source *s, size_t n)
{
    int code = EXIT_DONE;
    for (size_t at = 0; code == EXIT_DONE && at < n; at += x->chunk) {
        size_t count = n - at < x->chunk ? n - at : x->chunk;
        for (int m = 0; code == EXIT_DONE && m < 2; m++)
            code = target_predict(c, &x->t[m], s, at, count, x->out[m]);
        for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
            if (!data_is_refused(s, at + i))
                add_sample(x, i, data_label(s, at + i));
        }
        cli_progress(c, "comparing", at + count, n);
    }
    cli_progress_end(c);
    if (code == EXIT_DONE &&
        (x->changes.failed || x->s[0].confusion.failed || x->s[1].confusion.failed))
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    return code;
}

static bool is_identical(const comparison *x)
{
    bool same = true;
    for (size_t k = 0; k < x->t[0].n_out; k++)
        same = same && x->noise[k].noise == 0.0;
    return same;
}

static void report_json(const compare_options *o, const comparison *x, const data_source *s)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "data", o->judge.data);
    json_uint(&j, "unreadable", s->refused->n);
    for (int m = 0; m < 2; m++) {
        json_object(&j, m ? "b" : "a");
        json_string(&j, "model", o->path[m]);
        score_json(&j, &x->s[m]);
        json_close(&j);
    }
    if (x->classify)
        json_uint(&j, "changed", x->changed);
    else
        json_null(&j, "changed");
    json_matrix(&j, "changes", &x->changes);
    json_double(&j, "sqnr_db", sqnr_db(&x->noise[0]));
    json_bool(&j, "identical", is_identical(x));
    json_array(&j, "outputs");
    for (size_t k = 0; k < x->t[0].n_out; k++) {
        json_object(&j, NULL);
        json_string(&j, "name", x->t[0].outputs[k].name);
        json_double(&j, "sqnr_db", sqnr_db(&x->noise[k]));
        json_close(&j);
    }
    json_close(&j);
    json_end(&j);
}

static void report_text(const compare_options *o, const comparison *x)
{
    if (x->classify) {
        for (int m = 0; m < 2; m++) {
            char title[512];
            snprintf(title, sizeof(title), "%c %s", 'A' + m, o->path[m]);
            score_print(&x->s[m], title);
        }
        printf("%zu of %zu predictions changed\n", x->changed, x->s[0].samples);
        if (x->changed)
            score_print_matrix(&x->changes,
                               "changed predictions, A (row) to B (column):", "became");
        if (x->s[1].labelled)
            score_print_matrix(&x->s[1].confusion, "B, true class (row), predicted:", "taken for");
    } else {
        printf("%zu samples\n", x->s[0].samples);
    }
    for (size_t k = 0; k < x->t[0].n_out; k++) {
        double db = sqnr_db(&x->noise[k]);
        printf("output '%s': ", shown(x->t[0].outputs[k].name));
        if (isinf(db))
            printf("identical\n");
        else
            printf("SQNR %.2f dB\n", db);
    }
}

static int report(cli *c, const compare_options *o, const comparison *x, const data_source *s)
{
    if (o->judge.html && x->classify) {
        html_matrix pages[] = {
            {&x->changes, "predicted by A", "predicted by B", "Changed predictions"},
            {&x->s[0].confusion, "true class", "predicted by A", "Confusion of A"},
            {&x->s[1].confusion, "true class", "predicted by B", "Confusion of B"},
        };
        char title[1024];
        snprintf(title, sizeof(title), "%s (A) and %s (B)", o->path[0], o->path[1]);
        size_t shown = x->s[0].labelled ? 3 : 1;
        int code = html_write(c, o->judge.html, title, pages, shown, &x->s[0], &x->s[1], &x->t[1]);
        if (code != EXIT_DONE)
            return code;
    } else if (o->judge.html) {
        cli_note(c, "--html: no matrices, the models are not classifiers");
    }
    if (c->json)
        report_json(o, x, s);
    else if (!c->stdout_taken)
        report_text(o, x);
    return x->changed > o->max_changed ? EXIT_DIFFERS : EXIT_DONE;
}

static void free_comparison(comparison *x)
{
    for (int m = 0; m < 2; m++) {
        judge_outputs_destroy(&x->t[m], x->out[m]);
        score_free(&x->s[m]);
        target_close(&x->t[m]);
    }
    counts_free(&x->changes);
    free(x->noise);
}

/* The device is meant for the .zurt, if one of them is. */
static int open_model(cli *c, const compare_options *o, int m, target *out)
{
    target_options options = o->judge.target;
    if (!cli_has_suffix(o->path[m], ".zurt") && cli_has_suffix(o->path[1 - m], ".zurt")) {
        options.session.device = ZURT_DEVICE_AUTO;
        options.session.xclbin = NULL;
    }
    return target_open(c, o->path[m], &options, out);
}

int cmd_compare(cli *c, int argc, char **argv)
{
    compare_options o = {.judge = judge_options_default()};
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    comparison x = {0};
    data_source s = {0};
    for (int m = 0; code == EXIT_DONE && m < 2; m++)
        code = open_model(c, &o, m, &x.t[m]);
    if (code == EXIT_DONE) {
        share_norm(c, &o, &x);
        code = prepare(c, &x);
    }
    if (code == EXIT_DONE)
        code = judge_open_data(c, &o.judge, &s);
    for (int m = 0; code == EXIT_DONE && m < 2; m++)
        code = target_bind(c, &x.t[m], &s);
    if (code == EXIT_DONE)
        code = data_tolerate(c, &s);
    if (code == EXIT_DONE)
        code = compare(c, &x, &s, judge_samples(&o.judge, &s));
    if (code == EXIT_DONE)
        code = report(c, &o, &x, &s);
    code = judge_count_refused(c, &s, code);
    for (int m = 0; m < 2; m++)
        target_note_fallbacks(c, &x.t[m]);
    free_comparison(&x);
    data_close(&s);
    return code;
}
