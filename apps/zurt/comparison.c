/* SPDX-License-Identifier: Apache-2.0 */
/* Runs models side by side, chunk by chunk, and counts. */
#include "comparison.h"

#include <stdlib.h>

enum { MOST_CHUNK = 1 << 20 };

/* The device is meant for the .zurt files, if there are any. */
static int open_model(cli *c, const char *path, const judge_options *o, bool any_zurt, target *out)
{
    target_options options = o->target;
    bool is_zurt = false;
    int code = target_recognise(c, path, &is_zurt);
    if (code != EXIT_DONE)
        return code;
    if (!is_zurt && any_zurt) {
        options.session.device = ZURT_DEVICE_AUTO;
        options.session.xclbin = NULL;
    }
    return target_open(c, path, &options, out);
}

/* A float model that was given no preprocessing takes that of the first .zurt. */
static void share_norm(cli *c, const judge_options *o, comparison *x)
{
    const target *from = NULL;
    for (size_t m = 0; !from && m < x->n_models; m++)
        from = x->models[m].t.is_zurt ? &x->models[m].t : NULL;
    for (size_t m = 0; from && !o->target.norm_given && m < x->n_models; m++) {
        target *t = &x->models[m].t;
        if (t->is_zurt)
            continue;
        t->norm = from->norm;
        cli_note(c, "%s is fed with the preprocessing that %s carries", t->path, from->path);
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

static int check_outputs(cli *c, const target *a, const target *b)
{
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

/* Samples of a chunk; within MOST_CHUNK. */
static int settle_chunk(cli *c, comparison *x)
{
    x->chunk = 1;
    for (size_t m = 0; m < x->n_models; m++) {
        size_t before = x->chunk, batch = x->models[m].t.batch;
        x->chunk = least_common_multiple(before, batch);
        if (x->chunk > MOST_CHUNK)
            return cli_fail(c, ZURT_E_LIMIT,
                            "batches of %zu and %zu meet after %zu samples; compile with --batch",
                            before, batch, x->chunk);
    }
    return EXIT_DONE;
}

static int prepare(cli *c, comparison *x)
{
    const target *first = &x->models[0].t;
    int code = settle_chunk(c, x);
    x->classify = true;
    for (size_t m = 0; code == EXIT_DONE && m < x->n_models; m++) {
        code = check_outputs(c, first, &x->models[m].t);
        x->classify = x->classify && target_is_classifier(&x->models[m].t);
    }
    if (code != EXIT_DONE)
        return code;
    size_t n = x->classify ? target_out_elems(first, 0) : 0;
    bool good = true;
    for (size_t m = 0; m < x->n_models; m++) {
        contestant *k = &x->models[m];
        k->out = judge_outputs_create(&k->t, x->chunk);
        k->noise = calloc(first->n_out + 1, sizeof(*k->noise));
        k->changes = (counts){.n = (uint32_t)n};
        score_init(&k->score, n);
        good = good && k->out && k->noise;
    }
    return good ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

int comparison_open(cli *c, char *const *paths, size_t n, const judge_options *options,
                    comparison *out)
{
    *out = (comparison){.models = calloc(n, sizeof(*out->models))};
    if (!out->models)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    int code = EXIT_DONE;
    bool any_zurt = false;
    for (size_t m = 0; code == EXIT_DONE && m < n; m++) {
        bool is_zurt = false;
        code = target_recognise(c, paths[m], &is_zurt);
        any_zurt = any_zurt || is_zurt;
    }
    for (size_t m = 0; code == EXIT_DONE && m < n; m++) {
        out->n_models++;
        code = open_model(c, paths[m], options, any_zurt, &out->models[m].t);
    }
    if (code != EXIT_DONE)
        return code;
    share_norm(c, options, out);
    return prepare(c, out);
}

void comparison_close(cli *c, comparison *x)
{
    for (size_t m = 0; m < x->n_models; m++) {
        contestant *k = &x->models[m];
        target_note_fallbacks(c, &k->t);
        judge_outputs_destroy(&k->t, k->out);
        score_free(&k->score);
        counts_free(&k->changes);
        free(k->noise);
        target_close(&k->t);
    }
    free(x->models);
    free(x->verdicts.predicted);
    *x = (comparison){0};
}

/* Sample `at` of the source, the i-th of the chunk. */
static void add_sample(comparison *x, size_t at, size_t i, int32_t label)
{
    const contestant *first = &x->models[0];
    for (size_t m = 0; m < x->n_models; m++) {
        contestant *k = &x->models[m];
        for (size_t o = 0; o < first->t.n_out; o++) {
            size_t elems = target_out_elems(&first->t, o);
            sqnr_add(&k->noise[o], first->out[o] + i * elems, k->out[o] + i * elems, elems);
        }
        if (!x->classify) {
            k->score.samples++;
            continue;
        }
        int32_t *predicted = x->verdicts.predicted + at * x->n_models;
        size_t n = k->score.n_classes;
        predicted[m] = (int32_t)score_add(&k->score, k->out[0] + i * n, label);
        if (predicted[m] != predicted[0]) {
            k->changed++;
            counts_add(&k->changes, (uint32_t)predicted[0], (uint32_t)predicted[m], 1);
        }
    }
}

static bool memory_failed(const comparison *x)
{
    bool failed = false;
    for (size_t m = 0; m < x->n_models; m++)
        failed = failed || x->models[m].changes.failed || x->models[m].score.confusion.failed;
    return failed;
}

int comparison_run(cli *c, comparison *x, const data_source *s, size_t n)
{
    int code = EXIT_DONE;
    x->verdicts = (verdicts){.n_models = x->n_models, .n = x->classify ? n : 0};
    if (n > SIZE_MAX / sizeof(*x->verdicts.predicted) / x->n_models - 1)
        return cli_fail(c, ZURT_E_LIMIT, "%zu samples are too many", n);
    x->verdicts.predicted = calloc(x->verdicts.n * x->n_models + 1, sizeof(int32_t));
    if (!x->verdicts.predicted)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t at = 0; code == EXIT_DONE && at < n; at += x->chunk) {
        size_t count = n - at < x->chunk ? n - at : x->chunk;
        for (size_t m = 0; code == EXIT_DONE && m < x->n_models; m++)
            code = target_predict(c, &x->models[m].t, s, at, count, x->models[m].out);
        for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
            if (!data_is_refused(s, at + i))
                add_sample(x, at + i, i, data_label(s, at + i));
        }
        cli_progress(c, "comparing", at + count, n);
    }
    cli_progress_end(c);
    if (code == EXIT_DONE && memory_failed(x))
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    return code;
}

bool comparison_identical(const comparison *x, size_t m)
{
    bool same = true;
    for (size_t o = 0; o < x->models[0].t.n_out; o++)
        same = same && x->models[m].noise[o].noise == 0.0;
    return same;
}

target *comparison_named(const comparison *x)
{
    for (size_t m = 0; m < x->n_models; m++) {
        if (target_label(&x->models[m].t, 0)[0])
            return &x->models[m].t;
    }
    return &x->models[0].t;
}
