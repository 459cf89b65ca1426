/* SPDX-License-Identifier: Apache-2.0 */
/* zurt compare: two models on the same samples. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "html.h"
#include "score.h"
#include "target.h"

enum { OPT_DATA = OPT_COMMAND_FIRST, OPT_LIMIT, OPT_MAX_CHANGED, OPT_HTML, OPT_FORCE };

typedef struct compare_options {
    target_options target;
    const char *path[2];
    const char *data;
    const char *html;
    size_t limit;
    size_t max_changed;
    bool force;
} compare_options;

typedef struct comparison {
    target t[2];
    float **out[2]; // outputs of one chunk, per model
    size_t chunk;
    bool classify;
    score s[2];
    size_t changed;
    uint32_t *changes; // [prediction of A][prediction of B] where they differ
    sqnr *noise;       // per output
} comparison;

static void print_help(void)
{
    printf("usage: zurt compare A B --data DATA [options]\n\n"
           "A, B: float or QDQ .onnx, or .zurt; a float model without --input-norm is fed as the\n"
           "other, a .zurt, says. Exit 6 if more predictions changed than --max-changed.\n%s\n"
           "  --limit N                  at most N samples\n"
           "  --max-changed N            changed predictions that still count as equal (0)\n"
           "  --html FILE                the matrices as a page\n"
           "  --force                    overwrite FILE\n%s%s"
           "  --json  --quiet\n",
           data_help, target_input_help, target_device_help);
}

static int parse(cli *c, int argc, char **argv, compare_options *o)
{
    static const struct option rows[] = {
        CLI_COMMON_OPTIONS,
        TARGET_INPUT_OPTIONS,
        TARGET_DEVICE_OPTIONS,
        {"data", required_argument, NULL, OPT_DATA},
        {"limit", required_argument, NULL, OPT_LIMIT},
        {"max-changed", required_argument, NULL, OPT_MAX_CHANGED},
        {"html", required_argument, NULL, OPT_HTML},
        {"force", no_argument, NULL, OPT_FORCE},
        {0},
    };
    for (int opt; (opt = getopt_long(argc, argv, "", rows, NULL)) != -1;) {
        int code = target_option(c, opt, argc, argv, &o->target);
        if (code == EXIT_DONE)
            continue;
        if (code != -1)
            return code;
        switch (opt) {
        case OPT_DATA:
            o->data = optarg;
            break;
        case OPT_LIMIT:
            if (!cli_parse_size(c, "--limit", optarg, 1, SIZE_MAX / 2, &o->limit))
                return EXIT_USAGE;
            break;
        case OPT_MAX_CHANGED:
            if (!cli_parse_size(c, "--max-changed", optarg, 0, SIZE_MAX / 2, &o->max_changed))
                return EXIT_USAGE;
            break;
        case OPT_HTML:
            o->html = optarg;
            break;
        case OPT_FORCE:
            o->force = true;
            break;
        default:
            print_help();
            exit(EXIT_DONE);
        }
    }
    if (optind + 2 != argc || !o->data)
        return cli_usage(c, "wants two models and --data DATA");
    o->path[0] = argv[optind];
    o->path[1] = argv[optind + 1];
    return o->html ? cli_check_output(c, o->html, o->force) : EXIT_DONE;
}

/* A float model that was given no preprocessing takes the other's, if that is a .zurt. */
static void share_norm(cli *c, const compare_options *o, comparison *x)
{
    for (int m = 0; m < 2; m++) {
        if (o->target.norm_given || x->t[m].is_zurt || !x->t[1 - m].is_zurt)
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

static int prepare(cli *c, comparison *x)
{
    if (x->t[0].n_out != x->t[1].n_out)
        return cli_fail(c, ZURT_E_UNSUPPORTED, "%s has %zu outputs, %s has %zu", x->t[0].path,
                        x->t[0].n_out, x->t[1].path, x->t[1].n_out);
    x->chunk = least_common_multiple(x->t[0].batch, x->t[1].batch);
    bool good = (x->noise = calloc(x->t[0].n_out + 1, sizeof(*x->noise))) != NULL;
    for (int m = 0; m < 2; m++) {
        x->out[m] = calloc(x->t[m].n_out + 1, sizeof(**x->out));
        for (size_t k = 0; x->out[m] && k < x->t[m].n_out; k++) {
            size_t elems = target_out_elems(&x->t[m], k);
            if (elems != target_out_elems(&x->t[1 - m], k))
                return cli_fail(c, ZURT_E_UNSUPPORTED,
                                "output %zu: %zu values a sample in %s, "
                                "%zu in %s",
                                k, elems, x->t[m].path, target_out_elems(&x->t[1 - m], k),
                                x->t[1 - m].path);
            x->out[m][k] = malloc((elems * x->chunk + 1) * sizeof(float));
            good = good && x->out[m][k];
        }
        good = good && x->out[m];
    }
    x->classify = target_is_classifier(&x->t[0]) && target_is_classifier(&x->t[1]);
    size_t n = x->classify ? target_out_elems(&x->t[0], 0) : 0;
    good = good && score_init(&x->s[0], n) && score_init(&x->s[1], n) &&
           (x->changes = calloc(n * n + 1, sizeof(*x->changes))) != NULL;
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
        x->changes[a * n + b]++;
    }
}

static int compare(cli *c, comparison *x, const data_source *s, size_t n)
{
    int code = EXIT_DONE;
    for (size_t at = 0; code == EXIT_DONE && at < n; at += x->chunk) {
        size_t count = n - at < x->chunk ? n - at : x->chunk;
        for (int m = 0; code == EXIT_DONE && m < 2; m++)
            code = target_predict(c, &x->t[m], s, at, count, x->out[m]);
        for (size_t i = 0; code == EXIT_DONE && i < count; i++)
            add_sample(x, i, data_label(s, at + i));
        cli_progress(c, "comparing", at + count, n);
    }
    cli_progress_end(c);
    return code;
}

static void report_json(const compare_options *o, const comparison *x)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "data", o->data);
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
    json_matrix(&j, "changes", x->changes, x->s[0].n_classes);
    json_double(&j, "sqnr_db", sqnr_db(&x->noise[0]));
    json_bool(&j, "identical", x->noise[0].noise == 0.0);
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
            score_print_matrix(x->changes, x->s[0].n_classes,
                               "changed predictions, A (row) to B (column):", "became");
        if (x->s[1].labelled)
            score_print_matrix(x->s[1].confusion, x->s[1].n_classes,
                               "B, true class (row), predicted:", "taken for");
    } else {
        printf("%zu samples\n", x->s[0].samples);
    }
    for (size_t k = 0; k < x->t[0].n_out; k++) {
        double db = sqnr_db(&x->noise[k]);
        printf("output '%s': ", x->t[0].outputs[k].name);
        if (isinf(db))
            printf("identical\n");
        else
            printf("SQNR %.2f dB\n", db);
    }
}

static int report(cli *c, const compare_options *o, const comparison *x)
{
    if (o->html && x->classify) {
        size_t n = x->s[0].n_classes;
        html_matrix pages[] = {
            {x->changes, n, "predicted by A", "predicted by B", "Changed predictions"},
            {x->s[0].confusion, n, "true class", "predicted by A", "Confusion of A"},
            {x->s[1].confusion, n, "true class", "predicted by B", "Confusion of B"},
        };
        char title[1024];
        snprintf(title, sizeof(title), "%s (A) and %s (B)", o->path[0], o->path[1]);
        size_t shown = x->s[0].labelled ? 3 : 1;
        int code = html_write(c, o->html, title, pages, shown, &x->s[0], &x->s[1], &x->t[1]);
        if (code != EXIT_DONE)
            return code;
    } else if (o->html) {
        cli_note(c, "--html: no matrices, the models are not classifiers");
    }
    if (c->json)
        report_json(o, x);
    else
        report_text(o, x);
    return x->changed > o->max_changed ? EXIT_DIFFERS : EXIT_DONE;
}

static void free_comparison(comparison *x)
{
    for (int m = 0; m < 2; m++) {
        for (size_t k = 0; x->out[m] && k < x->t[m].n_out; k++)
            free(x->out[m][k]);
        free(x->out[m]);
        score_free(&x->s[m]);
        target_close(&x->t[m]);
    }
    free(x->changes);
    free(x->noise);
}

int cmd_compare(cli *c, int argc, char **argv)
{
    compare_options o = {.target = target_options_default()};
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    comparison x = {0};
    data_source s = {0};
    for (int m = 0; code == EXIT_DONE && m < 2; m++)
        code = target_open(c, o.path[m], &o.target, &x.t[m]);
    if (code == EXIT_DONE) {
        share_norm(c, &o, &x);
        code = prepare(c, &x);
    }
    if (code == EXIT_DONE)
        code = data_open(c, o.data, &s);
    s.label_offset = (int32_t)o.target.label_offset;
    for (int m = 0; code == EXIT_DONE && m < 2; m++)
        code = target_bind(c, &x.t[m], &s);
    size_t n = o.limit && o.limit < s.n ? o.limit : s.n;
    if (code == EXIT_DONE)
        code = compare(c, &x, &s, n);
    if (code == EXIT_DONE)
        code = report(c, &o, &x);
    free_comparison(&x);
    data_close(&s);
    return code;
}
