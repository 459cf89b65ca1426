/* SPDX-License-Identifier: Apache-2.0 */
/* A data source for each input, by its name: sample i takes the i-th of every one. */
#include <stdlib.h>
#include <string.h>

#include "data.h"

typedef struct part {
    char *name;
    data_source data;
} part;

typedef struct each {
    part *parts;
    size_t n;
} each;

int data_open_each(cli *c, const char *const *names, data_source *parts, size_t n, data_source *out)
{
    *out = (data_source){.kind = &data_kind_each};
    each *e = calloc(1, sizeof(*e));
    part *list = calloc(n + 1, sizeof(*list));
    if (!e || !list) {
        free(e);
        free(list);
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    *e = (each){list, n};
    out->state = e;
    out->n = 1; // until the parts have met the model
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        list[i] = (part){strdup(names[i]), parts[i]};
        parts[i] = (data_source){0};
        good = good && list[i].name;
    }
    return good ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

/* Index of the input that a part is for; n_in if there is none. */
static size_t input_of(const part *p, const zurt_tensor_info *inputs, size_t n_in)
{
    size_t k = 0;
    while (k < n_in && strcmp(p->name, inputs[k].name) != 0)
        k++;
    return k;
}

static int check_names(cli *c, const each *e, const zurt_tensor_info *inputs, size_t n_in)
{
    for (size_t i = 0; i < e->n; i++) {
        if (input_of(&e->parts[i], inputs, n_in) == n_in)
            return cli_fail(c, ZURT_E_FORMAT, "the model has no input '%s'; it has '%s'%s%s%s",
                            e->parts[i].name, inputs[0].name, n_in > 1 ? ", '" : "",
                            n_in > 1 ? inputs[1].name : "",
                            n_in > 2   ? "', ..."
                            : n_in > 1 ? "'"
                                       : "");
    }
    for (size_t k = 0; k < n_in; k++) {
        size_t found = 0;
        for (size_t i = 0; i < e->n; i++)
            found += input_of(&e->parts[i], inputs, n_in) == k;
        if (found != 1)
            return cli_fail(c, ZURT_E_FORMAT, "input '%s' %s", inputs[k].name,
                            found ? "is given twice" : "is given no data: add it as NAME=...");
    }
    return EXIT_DONE;
}

static bool knows_classes(const data_source *d)
{
    size_t i = 0;
    while (d->labels && i < d->n && d->labels[i] < 0)
        i++;
    return d->labels && i < d->n;
}

/* The first part that knows the class of any sample says them for all. The arrays become the
 * whole's; the texts that they point to stay with the part. */
static void take_classes(data_source *s, each *e)
{
    size_t i = 0;
    while (i < e->n && !knows_classes(&e->parts[i].data))
        i++;
    if (i == e->n)
        return;
    data_source *d = &e->parts[i].data;
    s->labels = d->labels;
    s->folder_of = d->folder_of;
    s->folders = d->folders;
    s->n_folders = d->n_folders;
    d->labels = d->folder_of = NULL;
    d->folders = NULL;
    d->n_folders = 0;
}

/* The first part whose samples are files names those of all. */
static void take_files(data_source *s, each *e)
{
    size_t i = 0;
    while (i < e->n && !e->parts[i].data.files)
        i++;
    if (i == e->n)
        return;
    s->files = e->parts[i].data.files;
    e->parts[i].data.files = NULL;
}

static int each_bind(cli *c, data_source *s, const zurt_tensor_info *inputs,
                     const zurt_span *sample, size_t n_in)
{
    each *e = s->state;
    int code = check_names(c, e, inputs, n_in);
    for (size_t i = 0; code == EXIT_DONE && i < e->n; i++) {
        data_source *d = &e->parts[i].data;
        size_t k = input_of(&e->parts[i], inputs, n_in);
        d->layout = s->layout;
        d->orientation = s->orientation;
        code = data_bind(c, d, &inputs[k], &sample[k], 1);
        if (code == EXIT_DONE && i > 0 && d->n != e->parts[0].data.n)
            code = cli_fail(c, ZURT_E_FORMAT, "'%s' has %zu samples, '%s' has %zu",
                            e->parts[0].name, e->parts[0].data.n, e->parts[i].name, d->n);
    }
    if (code != EXIT_DONE)
        return code;
    s->n = e->parts[0].data.n;
    if (!s->labels)
        take_classes(s, e);
    if (!s->files)
        take_files(s, e);
    return EXIT_DONE;
}

static int each_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                     const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    const each *e = s->state;
    int code = EXIT_DONE;
    for (size_t p = 0; code == EXIT_DONE && p < e->n; p++) {
        size_t k = input_of(&e->parts[p], inputs, n_in);
        data_source one = e->parts[p].data;
        one.refused = s->refused; // a sample is left out if one of its inputs cannot be read
        code = data_fill(c, &one, i, norm, &inputs[k], &out[k], 1);
    }
    return code;
}

static void each_digest(const data_source *s, sha256 *h)
{
    const each *e = s->state;
    for (size_t i = 0; i < e->n; i++) {
        sha256_add_text(h, e->parts[i].name);
        data_digest(&e->parts[i].data, s->n, h);
    }
}

static void each_close(data_source *s)
{
    each *e = s->state;
    for (size_t i = 0; e->parts && i < e->n; i++) {
        free(e->parts[i].name);
        data_close(&e->parts[i].data);
    }
    free(e->parts);
    free(e);
}

const data_kind data_kind_each = {"NAME=DATA", NULL, each_bind,  each_fill,
                                  each_close,  NULL, each_digest};
