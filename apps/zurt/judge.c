/* SPDX-License-Identifier: Apache-2.0 */
/* The options that eval and compare share, the classes of their samples, room for outputs. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

judge_options judge_options_default(void)
{
    return (judge_options){.target = target_options_default()};
}

void judge_bind_options(cli *c, judge_options *o)
{
    const cli_binding bindings[] = {
        {OPT_DATA, .text = &o->data},   {OPT_LIMIT, .size = &o->limit},
        {OPT_HTML, .text = &o->html},   {OPT_FORCE, .flag = &o->force},
        {OPT_FILES, .flag = &o->files}, {0},
    };
    cli_bind(c, bindings);
    target_bind_options(c, &o->target);
}

int judge_check_output(cli *c, const judge_options *o)
{
    int code = cli_reads(c, o->data);
    if (code == EXIT_DONE && o->target.labels)
        code = cli_reads(c, o->target.labels);
    if (code == EXIT_DONE && o->target.session.xclbin)
        code = cli_reads(c, o->target.session.xclbin);
    return code == EXIT_DONE && o->html ? cli_check_output(c, o->html, o->force) : code;
}

int judge_open_data(cli *c, const judge_options *o, data_source *out)
{
    int code = data_open(c, o->data, out);
    out->label_offset = o->target.label_offset;
    return code;
}

int judge_count_refused(cli *c, const data_source *s, int code)
{
    if (!s->refused || s->refused->n == 0)
        return code;
    cli_note(c, "%zu of %zu samples could not be read and were left out", s->refused->n, s->n);
    return code == EXIT_DONE ? EXIT_INPUT : code;
}

/* ---- classes of folders ---- */

/* The class that a folder is named for; -1: none. Where others' names fit as well ("crane" is two
 * of ImageNet's classes) *other is one of them. */
static int32_t class_by_name(const target *t, size_t n_classes, const char *folder, int32_t *other)
{
    int32_t found = -1;
    for (size_t i = 0; i < n_classes; i++) {
        if (!names_match(target_label(t, i), folder))
            continue;
        *other = found;
        if (found >= 0)
            return (int32_t)i;
        found = (int32_t)i;
    }
    return found;
}

/* The number that is all of a folder's name; -1: it is none. */
static int32_t class_by_number(size_t n_classes, const char *folder)
{
    size_t digits = strspn(folder, "0123456789");
    if (!digits || folder[digits] || digits > 6)
        return -1;
    long number = strtol(folder, NULL, 10);
    return (size_t)number < n_classes ? (int32_t)number : -1;
}

/* The samples in folders alone. */
static void set_classes(data_source *s, const int32_t *classes)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->folder_of[i] >= 0)
            s->labels[i] = classes[s->folder_of[i]];
    }
}

static void say_order(cli *c, const target *t, const data_source *s)
{
    bool fits = s->n_folders == target_out_elems(t, 0);
    cli_note(c,
             "no folder has a class's %s: the %zu folders are taken for classes 0 to %zu in the "
             "order of their names%s; --labels FILE with names or WordNet ids (n01440764 tench), "
             "or dir:PATH,LABELS.txt, would say which is which",
             target_label(t, 0)[0] ? "name" : "number, and no names of classes are known",
             s->n_folders, s->n_folders - 1,
             fits ? "" : ", which is unlikely to be right, as the model has others");
}

/* What the names of folders that hold pictures say, one number each. */
typedef struct folder_classes {
    bool *used;                   /**< the folder holds pictures: another one says nothing */
    int32_t *by_name, *by_number; /**< -1: none */
    size_t n_used, n_named, n_numbered;
    size_t unnamed, unnumbered; /**< a folder without a class's name or number, if there is one */
} folder_classes;

/* Settles the classes of folders. `*named` if names or numbers say them, not the order. */
static int choose_classes(cli *c, const target *t, data_source *s, const folder_classes *f,
                          bool *named)
{
    *named = f->n_named == f->n_used || f->n_numbered == f->n_used;
    if (f->n_named == f->n_used)
        set_classes(s, f->by_name);
    else if (f->n_numbered == f->n_used)
        set_classes(s, f->by_number);
    else if (f->n_named)
        return cli_fail(c, ZURT_E_FORMAT,
                        "folder '%s' has the name of no class, %zu of %zu others have: rename it, "
                        "give other names by --labels FILE, or classes by dir:PATH,LABELS.txt",
                        s->folders[f->unnamed], f->n_named, f->n_used - 1);
    else if (f->n_numbered)
        return cli_fail(c, ZURT_E_FORMAT,
                        "folder '%s' has the number of no class (0 to %zu), %zu of %zu others "
                        "have: rename or remove it, give names by --labels FILE, or classes by "
                        "dir:PATH,LABELS.txt",
                        s->folders[f->unnumbered], target_out_elems(t, 0) - 1, f->n_numbered,
                        f->n_used - 1);
    else
        say_order(c, t, s);
    return EXIT_DONE;
}

static int read_folders(cli *c, const target *t, const data_source *s, folder_classes *f)
{
    size_t n_classes = target_out_elems(t, 0);
    for (size_t i = 0; i < s->n; i++) {
        if (s->folder_of[i] >= 0)
            f->used[s->folder_of[i]] = true;
    }
    int code = EXIT_DONE;
    for (size_t i = 0; code == EXIT_DONE && i < s->n_folders; i++) {
        int32_t other = -1;
        if (!f->used[i])
            continue;
        f->n_used++;
        f->by_name[i] = class_by_name(t, n_classes, s->folders[i], &other);
        f->by_number[i] = class_by_number(n_classes, s->folders[i]);
        f->n_named += f->by_name[i] >= 0;
        f->n_numbered += f->by_number[i] >= 0;
        f->unnamed = f->by_name[i] < 0 ? i : f->unnamed;
        f->unnumbered = f->by_number[i] < 0 ? i : f->unnumbered;
        if (other >= 0)
            code = cli_fail(c, ZURT_E_FORMAT,
                            "folder '%s' has the name of classes %d and %d: name it by its number, "
                            "or give classes by dir:PATH,LABELS.txt",
                            s->folders[i], (int)other, (int)f->by_name[i]);
    }
    return code;
}

/* Classes of samples in folders; `*named` as choose_classes() has it. */
static int name_folders(cli *c, const target *t, data_source *s, bool *named)
{
    folder_classes f = {.used = calloc(s->n_folders, sizeof(*f.used)),
                        .by_name = calloc(s->n_folders, sizeof(*f.by_name)),
                        .by_number = calloc(s->n_folders, sizeof(*f.by_number))};
    int code = EXIT_DONE;
    if (!f.used || !f.by_name || !f.by_number)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (code == EXIT_DONE)
        code = read_folders(c, t, s, &f);
    if (code == EXIT_DONE && f.n_used)
        code = choose_classes(c, t, s, &f, named);
    free(f.used);
    free(f.by_name);
    free(f.by_number);
    return code;
}

/* ---- classes of samples ---- */

/* Adds the offset, and forgets classes that the model does not have, which is said: a sample of one
 * can be neither right nor wrong. `named`: folders say the classes themselves, without an offset.
 */
static void settle_labels(cli *c, size_t n_classes, data_source *s, bool named)
{
    size_t n_foreign = 0, first = 0;
    int64_t first_class = 0;
    for (size_t i = 0; s->labels && i < s->n; i++) {
        bool by_folder = named && s->folder_of[i] >= 0;
        int64_t sum = (int64_t)s->labels[i] + (by_folder ? 0 : s->label_offset);
        if (s->labels[i] < 0)
            continue;
        bool known = (uint64_t)sum < n_classes;
        s->labels[i] = known ? (int32_t)sum : -1;
        if (!known && n_foreign++ == 0) {
            first = i;
            first_class = sum;
        }
    }
    s->label_offset = 0;
    char text[DATA_NAME_BYTES];
    if (n_foreign)
        cli_note(c,
                 "%zu of %zu samples have a class that the model does not have, and are counted as "
                 "without one: the first, %s, has %lld, the model 0 to %zu; do the labels begin at "
                 "1, or is --label-offset wrong?%s",
                 n_foreign, s->n, s->files ? s->files[first] : data_name(s, first, text),
                 (long long)first_class, n_classes - 1,
                 s->files ? " A number that a file's name begins with is its class, unless "
                            "dir:PATH,LABELS.txt says another"
                          : "");
}

int judge_name_classes(cli *c, const target *t, data_source *s)
{
    if (!target_is_classifier(t))
        return EXIT_DONE;
    bool named = false;
    int code = EXIT_DONE;
    if (s->folder_of && s->n_folders)
        code = name_folders(c, t, s, &named);
    if (code == EXIT_DONE)
        settle_labels(c, target_out_elems(t, 0), s, named);
    return code;
}

size_t judge_samples(const judge_options *o, const data_source *s)
{
    return o->limit && o->limit < s->n ? o->limit : s->n;
}

float **judge_outputs_create(const target *t, size_t n)
{
    float **outputs = calloc(t->n_out + 1, sizeof(*outputs));
    for (size_t k = 0; outputs && k < t->n_out; k++) {
        size_t elems = target_out_elems(t, k);
        if (elems < SIZE_MAX / sizeof(**outputs) / (n + 1))
            outputs[k] = malloc((elems * n + 1) * sizeof(**outputs));
        if (!outputs[k]) {
            judge_outputs_destroy(t, outputs);
            return NULL;
        }
    }
    return outputs;
}

void judge_outputs_destroy(const target *t, float **outputs)
{
    for (size_t k = 0; outputs && k < t->n_out; k++)
        free(outputs[k]);
    free(outputs);
}
